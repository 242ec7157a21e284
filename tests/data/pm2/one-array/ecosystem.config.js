module.exports = [
  { name: 'api', script: 'api.js', exec_mode: 'cluster', instances: 2, env: { PORT: 3000 } },
  { name: 'mailer', script: 'mailer.js' },
]
