'use strict';
/**
 * The HTTP API of the example: reads what the consumer wrote.
 *
 * `GET /health`, `GET /count`, `GET /readings?limit=&tienda=`. Every answer is JSON and says which instance gave
 * it. Any number of instances may run: they only read.
 *
 * procman opens the address once and passes it on as descriptor 3, by the convention of socket activation
 * (LISTEN_FDS, LISTEN_PID). Started by hand, the server opens HOST and PORT itself.
 */

const http = require('node:http');
const storage = require('./storage-sqlite');

const FIRST_PASSED_DESCRIPTOR = 3;
const DRAIN_MILLISECONDS = 8_000; // within the stop timeout of 10 s
const LIMIT = 100;
const HIGHEST_LIMIT = 1000;

const database = process.env.DATABASE || 'run/tiwater.db';
const instance = /^\d+$/.test(process.env.PROCMAN_INSTANCE ?? '') ? Number(process.env.PROCMAN_INSTANCE) : null;

/** A parameter that cannot be understood. */
class BadRequestError extends Error {}

const ROUTES = {
  '/health': () => ({ status: 'ok' }),
  '/count': () => ({
    count: storage.count(database, 'readings'),
    dead_letters: storage.count(database, 'dead_letters'),
  }),
  '/readings': (query) => ({
    readings: storage.newest(database, readLimit(query.get('limit')), query.get('tienda') || null),
  }),
};

function readLimit(text) {
  if (text === null || text === '') return LIMIT;
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > HIGHEST_LIMIT) {
    throw new BadRequestError(`limit is a number from 1 to ${HIGHEST_LIMIT}`);
  }
  return Number(text);
}

function handle(request, response) {
  const [path, search = ''] = request.url.split('?', 2);
  if (!Object.hasOwn(ROUTES, path)) return respond(response, 404, { error: 'not found' });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return respond(response, 405, { error: 'method not allowed' });
  }
  try {
    return respond(response, 200, ROUTES[path](new URLSearchParams(search)));
  } catch (error) {
    if (error instanceof BadRequestError) return respond(response, 400, { error: error.message });
    if (storage.isDatabaseError(error)) {
      response.setHeader('retry-after', '1');
      return respond(response, 503, { error: 'the database cannot be read' });
    }
    console.error(error);
    return respond(response, 500, { error: 'internal error' });
  }
}

function respond(response, status, content) {
  const body = JSON.stringify({ ...content, instance, pid: process.pid });
  if (!server.listening) response.setHeader('connection', 'close'); // node 18 would keep it, and wait for it
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Where to listen: on what was passed to this very process, else on an address of its own. */
function listeningPlace() {
  const passed = Number(process.env.LISTEN_FDS) >= 1 && process.env.LISTEN_PID === String(process.pid);
  if (passed) return { fd: FIRST_PASSED_DESCRIPTOR };
  return { host: process.env.HOST || '127.0.0.1', port: Number(process.env.PORT || 3000) };
}

/** Accept nothing new, finish what is being answered, then leave. */
function stop(server) {
  server.close(() => process.exit(0));
  server.closeIdleConnections(); // which close() does by itself from node 19 on
  setTimeout(() => server.closeAllConnections(), DRAIN_MILLISECONDS).unref();
}

const server = http.createServer(handle);
server.listen(listeningPlace());
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop(server));
