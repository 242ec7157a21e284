'use strict';
// The address, and a port of its own for metrics.
const { createServer } = require('http');
const { answer } = require('../../../bench/cluster/apps/node.cjs');

createServer(answer).listen(process.env.PORT);
const metrics = createServer(answer).listen(0, '127.0.0.1', () => console.log(`metrics ${metrics.address().port}`));
