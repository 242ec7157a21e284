// the smallest file there is
module.exports = { name: 'api', script: './server.js' }
