'use strict';
// An app that uses node's own cluster module, and starts a worker again that has ended.
const cluster = require('cluster');

if (cluster.isPrimary) {
  for (let i = 0; i < 2; i += 1) cluster.fork();
  cluster.on('exit', () => {
    console.log('started again');
    cluster.fork();
  });
  if (process.env.HEARS) process.on('SIGTERM', () => process.exit(7));
} else {
  const { createServer } = require('http');
  createServer(require('../../../bench/cluster/apps/node.cjs').answer).listen(process.env.PORT);
}
