'use strict';
const express = require('express');
const { answer } = require('../../../bench/cluster/apps/node.cjs');

const app = express();
app.use((request, response) => answer(request, response));
app.listen(process.env.PORT);
