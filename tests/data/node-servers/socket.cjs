'use strict';
// A WebSocket server by ws, which echoes.
const { createServer } = require('http');
const { WebSocketServer } = require('ws');

const server = createServer((_request, response) => response.end('hello\n'));
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.listen(process.env.PORT);
