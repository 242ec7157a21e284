'use strict'
/* read without node as with it */
module.exports = {
  apps: [
    { name: "here", script: `a.js`, cwd: __dirname + '/packages', env: { "N": 0x10, 'M': -1.5, tab: 'a\tb\u00e9' }, watch: false, args: [], },
  ],
};
