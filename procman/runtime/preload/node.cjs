'use strict';
// Loaded before a node service (NODE_OPTIONS --require). Gives its servers the listening sockets that procman passed on,
// and ends it without losing a request. Must not change anything of a program that listens elsewhere.
//
// LISTEN_FDS     how many sockets lie at descriptor 3 and above; which is which is asked of the kernel
// PROCMAN_READY_FD  a socket to the manager, for `ready: ipc`: process.send('ready') becomes READY=1 there
// PROCMAN_DRAIN  "SECONDS SIGNAL": how long open requests may take after the signal; without it nothing is drained
//
// Leans on: net.Server.prototype.listen and close, process.emit, server.keepAliveTimeout and closeIdleConnections. All of
// them are documented. Runs on node 12, too, so it has none of the language that came later.
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

const FIRST = 3;
const BACKLOG = 4096;
const CHUNK = 16384;
const EVERY = new Set([undefined, '0.0.0.0', '::', 'localhost']);
const RUNNERS = /(^|[/\\])(npm|npx|yarn|pnpm|pnpx|nodemon|tsx)(-cli)?(\.[cm]?js)?$/;
const TELLS_WS = Buffer.from([0x88, 2, 0x03, 0xf4]); // a close frame, 1012: the service restarts
const count = Number(process.env.LISTEN_FDS) || 0;
const worker = process.env.NODE_UNIQUE_ID !== undefined; // of the app's own use of `cluster`
const runner = RUNNERS.test(process.argv[1] || '');
const ear = Number(process.env.PROCMAN_READY_FD) || 0;
const given = new Set(); // inodes of sockets that a server of this process has taken
const passed = count + (ear ? 1 : 0); // the ear lies behind the sockets

// --- the listening sockets -----------------------------------------------------------------------------------------

/** Take from the set `inodes` what listens according to a table of /proc/net; note in `into` its port, or path, and host. */
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
          if (parts.length > 7 && parseInt(parts[3], 16) & 0x10000 && inodes.delete(parts[6])) into.set(parts[6], [parts[7]]);
        } else if (parts[3] === '0A' && inodes.delete(parts[9])) {
          const [host, port] = parts[1].split(':');
          into.set(parts[9], [parseInt(port, 16), address(host)]);
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

/** Return an address as a table has it: in words of 4 bytes, each the wrong way round on most machines. */
function address(hex) {
  const bytes = Buffer.from(hex, 'hex');
  if (os.endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  return plain(bytes.toString('hex').match(/.{4}/g).join(':'));
}

/** Return `host` in the one way in which it is written, when it is an address. */
function plain(host) {
  if (!net.isIPv6(host) || !net.SocketAddress) return host;
  return new net.SocketAddress({ address: host, family: 'ipv6' }).address;
}

/** Return the descriptors that listen where `asked` says (a port or a path) and are nobody's yet: more than one for all hosts. */
function inherited(asked, host) {
  if (worker) return asked === Number(process.env.PORT) ? [FIRST] : []; // its primary has it
  const sockets = handed();
  const inodes = new Set(sockets.values());
  const known = new Map();
  const unix = typeof asked === 'string';
  for (const table of unix ? ['unix'] : ['tcp', 'tcp6']) bound(table, inodes, known);
  const place = unix ? Buffer.from(path.resolve(asked)).latin1Slice() : asked; // as the table is read
  const found = [...sockets].filter(([, inode]) => !given.has(inode) && (known.get(inode) || [])[0] === place);
  const own = found.filter(([, inode]) => known.get(inode)[1] === plain(host));
  const chosen = !unix && EVERY.has(host) && !own.length ? found : (own.length ? own : found).slice(0, 1);
  for (const [, inode] of chosen) given.add(inode);
  return chosen.map(([fd]) => fd);
}

/** Return what server.listen(...args) asks for: {asked, host, options}, or undefined when it is nothing of ours. */
function wanted(args) {
  const first = args[0];
  const host = typeof args[1] === 'string' ? args[1] : undefined;
  if (first !== null && typeof first === 'object') {
    if ('fd' in first || first._handle || first.handle) return undefined;
    if (typeof first.path === 'string') return { asked: first.path, options: first };
    return { asked: Number(first.port), host: first.host || undefined, options: first };
  }
  if (typeof first === 'number') return { asked: first, host, options: {} };
  if (typeof first !== 'string') return undefined;
  return { asked: /^\d+$/.test(first) ? Number(first) : first, host, options: {} };
}

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  // http and https have the first, also before node 18.2; http2 with TLS has the second
  if (typeof this.keepAliveTimeout === 'number' || typeof this.closeIdleConnections === 'function') watch(this);
  else hold(this);
  const want = count ? wanted(args) : undefined;
  const [fd, ...others] = want && want.asked ? inherited(want.asked, want.host) : [];
  if (fd === undefined) return listen.apply(this, args);
  const { signal, backlog } = want.options;
  const options = { fd, backlog: backlog || BACKLOG };
  if (signal) options.signal = signal;
  for (const one of others) alsoAt(this, one);
  const callback = args[args.length - 1];
  return typeof callback === 'function' ? listen.call(this, options, callback) : listen.call(this, options);
};

/** Let `server` have the connections of a further socket: a server of node listens at one. */
function alsoAt(server, fd) {
  const { allowHalfOpen, pauseOnConnect, noDelay } = server;
  const other = new net.Server({ allowHalfOpen, pauseOnConnect, noDelay }, (socket) => server.emit('connection', socket));
  const close = server.close;
  server.close = function (...args) {
    if (other.listening) net.Server.prototype.close.call(other);
    return close.apply(this, args);
  };
  if (servers.has(server)) servers.add(other);
  listen.call(other, { fd, backlog: BACKLOG });
}

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
const accepting = new Set();
const state = { armed: false, draining: false, over: false, later: [] };

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

/**
 * Follow the primary of the app's own use of `cluster`, which has accepted what its workers answer: `server` is what it
 * accepts with. It stops accepting at the signal and stays until its workers are gone; else they would go with it.
 */
function hold(server) {
  const cluster = LIMIT ? require('cluster') : {};
  if (!Object.keys(cluster.workers || {}).length) return;
  server.once('listening', () => { // before cluster takes it from the server
    if (server._handle && state.draining) server._handle.close();
    else if (server._handle) accepting.add(server._handle);
  });
  arm();
  if (state.cluster) return;
  state.cluster = cluster;
  const told = cluster.emit;
  cluster.emit = function (event, ...rest) {
    if (event !== 'exit' || !state.draining || state.over) return told.call(this, event, ...rest);
    state.later.push(() => told.call(this, event, ...rest)); // the program would start another one
    state.gone(rest[0]);
    return true;
  };
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
  const workers = new Set(state.cluster ? Object.values(state.cluster.workers).filter((one) => !one.isDead()) : []);
  let left = open.length + workers.size;
  const done = () => {
    left -= 1;
    if (!left) finish();
  };
  state.gone = (one) => workers.delete(one) && done();
  for (const handle of accepting) handle.close();
  if (!left) return finish();
  const timers = [
    setTimeout(finish, LIMIT),
    setTimeout(() => open.forEach((server) => server.closeIdleConnections && server.closeIdleConnections()), LIMIT * LAST),
    setInterval(() => looks(open), LOOK),
  ];
  state.stop = () => timers.forEach(clearTimeout);
  const shutAll = () => open.forEach((server) => shut(server, done));
  if (process.channel && require('cluster').isWorker) calm(open, shutAll);
  else shutAll();
  return undefined;
}

/**
 * Call `then` when no connection has come for a while: a worker has those that its primary has accepted before. When the
 * primary goes on, because the worker alone is told to end, that is after half of the limit.
 */
function calm(open, then) {
  const latest = Date.now() + LIMIT / 2;
  let came = true;
  open.forEach((server) => server.on('connection', () => { came = true; }));
  const look = () => {
    if (!came || Date.now() > latest) return then();
    came = false;
    return setTimeout(() => setImmediate(() => setImmediate(look)), LOOK); // what has come meanwhile is seen before
  };
  look();
}

/** Let `server` answer what it has, and call `done` when nothing is open. */
function shut(server, done) {
  server.prependListener('request', last);
  // Not http.Server's own close: that one closes idle connections at once, and with them requests on their way.
  net.Server.prototype.close.call(server, () => {
    server.close = closed;
    done();
  });
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
  else process.emit(SIGNAL, SIGNAL, os.constants.signals[SIGNAL]);
  for (const tell of state.later.splice(0)) tell();
}
