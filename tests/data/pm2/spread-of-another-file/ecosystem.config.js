const base = require('./base.config.js')
module.exports = { apps: [{ ...base, name: 'eu', env: { ...base.env, REGION: 'eu' } }, { ...base, name: 'us' }] }
