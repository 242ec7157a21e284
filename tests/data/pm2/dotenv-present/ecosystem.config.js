require('dotenv').config({ path: 'production.env' })
module.exports = { apps: [{ name: 'api', script: 'api.js', env: { TOKEN: process.env.TOKEN } }] }
