module.exports = {
  apps: [
    { name: 'api', script: 'api.js', exec_mode: 'cluster', instances: 2, wait_ready: true, listen_timeout: 10000, kill_timeout: 5000, env: { PORT: 3000 } },
    { name: 'one', script: 'one.js', wait_ready: true, listen_timeout: 3000, kill_timeout: 1600, treekill: false, shutdown_with_message: true },
    { name: 'term', script: 'term.js', kill_timeout: 90000, treekill: true },
  ],
}
