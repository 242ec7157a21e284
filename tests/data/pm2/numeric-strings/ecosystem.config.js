module.exports = {
  apps: [
    {
      name: 'api', script: 'api.js', exec_mode: 'cluster', instances: '2', max_memory_restart: '314572800', kill_timeout: '5000',
      listen_timeout: '8000', max_restarts: '10', min_uptime: '5000', env: { PORT: '3000' },
    },
  ],
}
