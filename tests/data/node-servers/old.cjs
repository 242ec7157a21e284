'use strict';
// As plain.cjs on a node before 18.2, whose servers cannot close their idle connections.
const { Server } = require('http');

delete Server.prototype.closeIdleConnections;
delete Server.prototype.closeAllConnections;
require('./plain.cjs');
