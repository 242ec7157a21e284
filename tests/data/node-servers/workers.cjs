'use strict';
// An app that uses node's own cluster module, and starts a worker again that has ended.
const cluster = require('cluster');

if (cluster.isPrimary || cluster.isMaster) {
  for (let i = 0; i < 2; i += 1) cluster.fork();
  let stopping = false;
  cluster.on('exit', () => {
    if (!stopping) {
      console.log('started again');
      cluster.fork();
    } else if (!Object.keys(cluster.workers).length) process.exit(9);
  });
  if (process.env.HEARS === 'ends') process.on('SIGTERM', () => process.exit(7));
  if (process.env.HEARS === 'waits') {
    process.on('SIGTERM', () => { stopping = true; });
    setInterval(() => {}, 1000);
  }
} else {
  const { createServer } = require('http');
  createServer(require('../../../bench/cluster/apps/node.cjs').answer).listen(process.env.PORT);
}
