module.exports = {
  apps: [{ name: 'api', script: 'api.js', exec_mode: 'cluster', instances: 4, max_memory_restart: '1G', env: { PORT: 3000 } }],
}
