module.exports = {
  apps: [{ name: 'api', script: 'api.js', instances: [2], watch: 3, env: 'A=1', kill_timeout: 'soon', exec_mode: 'clustered', args: { a: 1 }, autorestart: 'no' }],
}
