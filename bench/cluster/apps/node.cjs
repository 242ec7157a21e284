'use strict';
// A plain node server that knows nothing of procman: what the load client asks for, and no handler of any signal.
const http = require('http');
const { createHash } = require('crypto');

const SLOW = 300;
const PIECES = 10;
const PIECE = 20;
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const pid = String(process.pid);

function stream(response) {
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    response.write(sent < PIECES ? `piece ${sent}\n` : 'end\n');
    if (sent === PIECES) {
      clearInterval(timer);
      response.end();
    }
  }, PIECE);
}

function answer(request, response) {
  response.setHeader('X-Pid', pid);
  if (request.url === '/slow') setTimeout(() => response.end('slow\n'), SLOW);
  else if (request.url === '/stream') stream(response);
  else if (request.url === '/upload') {
    let size = 0;
    request.on('data', (data) => { size += data.length; });
    request.on('end', () => response.end(String(size)));
  } else response.end('hello\n');
}

/** Echo the short frames of a WebSocket. */
function echo(socket) {
  let buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    while (buffer.length >= 6 && buffer.length >= 6 + (buffer[1] & 127)) {
      const length = buffer[1] & 127;
      const body = Buffer.from(buffer.subarray(6, 6 + length)).map((byte, index) => byte ^ buffer[2 + (index % 4)]);
      socket.write(Buffer.concat([Buffer.from([buffer[0], length]), body]));
      const closes = (buffer[0] & 15) === 8;
      buffer = buffer.subarray(6 + length);
      if (closes) socket.end();
    }
  });
}

function upgrade(request, socket) {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + MAGIC).digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    + `Sec-WebSocket-Accept: ${accept}\r\nX-Pid: ${pid}\r\n\r\n`);
  echo(socket);
}

if (require.main === module) {
  const server = http.createServer(answer);
  server.on('upgrade', upgrade);
  server.listen(process.env.PORT, () => console.log(`node ${pid} listens`));
} else module.exports = { answer, upgrade };
