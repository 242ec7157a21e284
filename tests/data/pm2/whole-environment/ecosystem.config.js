module.exports = { apps: [{ name: 'api', script: 'api.js', env: { ...process.env, PORT: 3000 } }] }
