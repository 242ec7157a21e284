'use strict';
// https, with a key and certificate of the test.
const { readFileSync } = require('fs');
const { createServer } = require('https');
const { answer } = require('../../../bench/cluster/apps/node.cjs');

const options = { key: readFileSync(process.env.KEY), cert: readFileSync(process.env.CERT) };
createServer(options, answer).listen(Number(process.env.PORT));
