'use strict';
const { createServer } = require('http');
const { answer } = require('../../../bench/cluster/apps/node.cjs');

createServer(answer).listen(process.env.PORT, () => console.log('listens'));
