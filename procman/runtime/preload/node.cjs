'use strict';
// Loaded before a node service (NODE_OPTIONS --require). Gives its servers the listening sockets that procman passed on,
// and ends it without losing a request. Must not change anything of a program that listens elsewhere.
//
// LISTEN_FDS     how many sockets lie at descriptor 3 and above; which is which is asked of the kernel
// PROCMAN_READY_FD  a socket to the manager, for `ready: ipc`: process.send('ready') becomes READY=1 there
// PROCMAN_DRAIN  "SECONDS SIGNAL": how long open requests may take after the signal; without it nothing is drained
//
// Leans on: net.Server.prototype.listen and close, process.emit, server.closeIdleConnections. All of them are documented.
const fs = require('fs');
const net = require('net');

const FIRST = 3;
const BACKLOG = 4096;
const CHUNK = 16384;
const RUNNERS = /(^|[/\\])(npm|npx|yarn|pnpm|pnpx|nodemon|tsx)(-cli)?(\.[cm]?js)?$/;
const TELLS_WS = Buffer.from([0x88, 2, 0x03, 0xf4]); // a close frame, 1012: the service restarts
const count = Number(process.env.LISTEN_FDS) || 0;
const worker = process.env.NODE_UNIQUE_ID !== undefined; // of the app's own use of `cluster`
const runner = RUNNERS.test(process.argv[1] || '');
const ear = Number(process.env.PROCMAN_READY_FD) || 0;
const passed = count + (ear ? 1 : 0); // the ear lies behind the sockets

// --- the listening sockets -----------------------------------------------------------------------------------------

/** Take from the set `inodes` what listens according to a table of /proc/net, and note its port or path in `into`. */
function bound(table, inodes, into) {
  let file;
  try {
    file = fs.openSync(`/proc/self/net/${table}`);
  } catch {
    return; // without IPv6 there is no such table
  }
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  let rest = '';
  try {
    // Listeners come first: the lines that follow, one for each connection of the host, need not be read.
    for (let size; inodes.size && (size = fs.readSync(file, chunk)) > 0;) {
      const lines = (rest + chunk.latin1Slice(0, size)).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const parts = line.trim().split(/\s+/);
        if (table === 'unix') {
          if (parts.length > 7 && parseInt(parts[3], 16) & 0x10000 && inodes.delete(parts[6])) into.set(parts[6], parts[7]);
        } else if (parts[3] === '0A' && inodes.delete(parts[9])) {
          into.set(parts[9], parseInt(parts[1].split(':').pop(), 16));
        }
      }
    }
  } finally {
    fs.closeSync(file);
  }
}

/** Return the inode of the socket at each inherited descriptor. */
function handed() {
  const found = new Map();
  for (let fd = FIRST; fd < FIRST + count; fd++) {
    try {
      const link = fs.readlinkSync(`/proc/self/fd/${fd}`);
      if (link.startsWith('socket:[')) found.set(fd, link.slice(8, -1));
    } catch {
      continue; // closed already: this process has listened before
    }
  }
  return found;
}

/** Return the descriptor that listens where `asked` says (a port or a path), or undefined. */
function inherited(asked) {
  if (worker) return asked === Number(process.env.PORT) ? FIRST : undefined; // its primary has it
  const sockets = handed();
  const inodes = new Set(sockets.values());
  const known = new Map();
  for (const table of typeof asked === 'string' ? ['unix'] : ['tcp', 'tcp6']) bound(table, inodes, known);
  const place = typeof asked === 'string' ? Buffer.from(asked).latin1Slice() : asked; // as the table is read
  for (const [fd, inode] of sockets) if (known.get(inode) === place) return fd;
  return undefined;
}

/** Return what server.listen(...args) asks for: {asked, options}, or undefined when it is nothing of ours. */
function wanted(args) {
  const first = args[0];
  if (first !== null && typeof first === 'object') {
    if ('fd' in first || first._handle || first.handle) return undefined;
    if (typeof first.path === 'string') return { asked: first.path, options: first };
    return { asked: Number(first.port), options: first };
  }
  if (typeof first === 'number') return { asked: first, options: {} };
  if (typeof first !== 'string') return undefined;
  return { asked: /^\d+$/.test(first) ? Number(first) : first, options: {} };
}

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  if (typeof this.closeIdleConnections === 'function') watch(this);
  const want = count ? wanted(args) : undefined;
  const fd = want && want.asked ? inherited(want.asked) : undefined;
  if (fd === undefined) return listen.apply(this, args);
  const { signal, backlog } = want.options;
  const given = { fd, backlog: backlog || BACKLOG };
  if (signal) given.signal = signal;
  const callback = args[args.length - 1];
  return typeof callback === 'function' ? listen.call(this, given, callback) : listen.call(this, given);
};

// A package runner is a node program too, and node closes what it inherited in its children: pass the sockets on.
if (passed && runner) {
  const { ChildProcess } = require('child_process');
  const spawn = ChildProcess.prototype.spawn;
  ChildProcess.prototype.spawn = function (options) {
    let stdio = options && options.stdio;
    if (stdio === undefined || typeof stdio === 'string') stdio = Array(3).fill(stdio || 'pipe');
    if (Array.isArray(stdio) && stdio.length <= 3) {
      stdio = [...stdio, ...Array(3 - stdio.length).fill('pipe')];
      for (let fd = FIRST; fd < FIRST + passed; fd++) stdio.push(fd);
      options = { ...options, stdio };
    }
    return spawn.call(this, options);
  };
}

// --- ready -----------------------------------------------------------------------------------------------------------

// A real channel would need somebody who reads whatever a program says, for as long as it runs. One word is heard here.
if (ear && !runner) delete process.env.PROCMAN_READY_FD; // what this process starts has no such descriptor
if (ear && !process.send) {
  process.connected = true;
  process.send = function (message, ...rest) {
    if (message === 'ready') say();
    const callback = rest.find((one) => typeof one === 'function');
    if (callback) process.nextTick(callback, null);
    return true;
  };
  process.disconnect = function () {
    if (!process.connected) return;
    process.connected = false;
    process.nextTick(() => process.emit('disconnect'));
  };
}

function say() {
  try {
    fs.writeSync(ear, 'READY=1');
  } catch (error) {
    if (error.code === 'EAGAIN') setTimeout(say, 10).unref(); // many speak at once
  }
}

// --- the end -------------------------------------------------------------------------------------------------------

const [seconds, name] = (process.env.PROCMAN_DRAIN || '').split(' ');
const LIMIT = Number(seconds) * 1000;
const SIGNAL = `SIG${name}`;
const LAST = 0.9; // of the limit: then idle connections are closed, for a server that keeps them longer
const LOOK = 50;
const TOLD = 1000;
const servers = new Set();
const upgraded = new Set();
const state = { armed: false, draining: false, over: false };

/** Follow a server from the moment it listens. */
function watch(server) {
  if (!LIMIT || servers.has(server)) return;
  servers.add(server);
  server.once('listening', arm);
  server.once('close', () => servers.delete(server));
  const follow = () => server.prependListener('upgrade', (_request, socket) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  if (server.listenerCount('upgrade')) follow();
  else server.on('newListener', function first(event) {
    if (event !== 'upgrade') return;
    server.removeListener('newListener', first); // before `follow`, which adds one too
    follow();
  });
}

function keeper() {} // without a listener of ours, node would not hear of the signal

function arm() {
  if (state.armed) return;
  state.armed = true;
  process.on(SIGNAL, keeper);
}

const emit = process.emit;
process.emit = function (event, ...rest) {
  if (event !== SIGNAL || !state.armed || state.over) return emit.call(this, event, ...rest);
  if (!state.draining) drain();
  return true; // the program hears of it when its connections are done
};

function drain() {
  state.draining = true;
  const open = [...servers].filter((server) => server.listening);
  let left = open.length;
  if (!left) return finish();
  const timers = [
    setTimeout(finish, LIMIT),
    setTimeout(() => open.forEach((server) => server.closeIdleConnections()), LIMIT * LAST),
    setInterval(() => looks(open), LOOK),
  ];
  state.stop = () => timers.forEach(clearTimeout);
  for (const server of open) {
    server.prependListener('request', last);
    // Not http.Server's own close: that one closes idle connections at once, and with them requests on their way.
    net.Server.prototype.close.call(server, () => {
      server.close = closed;
      left -= 1;
      if (!left) finish();
    });
  }
  return undefined;
}

function last(_request, response) {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

/** What close() does once the server is closed: a program that closes it again at the signal is not told of an error. */
function closed(callback) {
  if (typeof callback === 'function') setImmediate(callback);
  return this;
}

/** Nothing but upgraded connections: they have no end of their own, so the program, or a close frame, ends them. */
function looks(open) {
  if (!upgraded.size) return;
  let all = 0;
  let asked = open.length;
  for (const server of open) {
    server.getConnections((_error, number) => {
      all += number || 0;
      asked -= 1;
      if (!asked && all <= upgraded.size) leave();
    });
  }
}

function leave() {
  if (process.listenerCount(SIGNAL) > 1) return finish();
  if (state.told) return undefined;
  state.told = true;
  for (const socket of upgraded) if (socket.writable) socket.write(TELLS_WS);
  setTimeout(finish, TOLD);
  return undefined;
}

function finish() {
  if (state.over) return;
  state.over = true;
  if (state.stop) state.stop();
  process.removeListener(SIGNAL, keeper);
  if (!process.listenerCount(SIGNAL)) process.kill(process.pid, SIGNAL);
  else process.emit(SIGNAL, SIGNAL, require('os').constants.signals[SIGNAL]);
}
