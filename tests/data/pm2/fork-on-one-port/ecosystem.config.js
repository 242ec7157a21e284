module.exports = { apps: [{ name: 'api', script: 'api.js', exec_mode: 'fork', instances: 2, env: { PORT: 3000 } }] }
