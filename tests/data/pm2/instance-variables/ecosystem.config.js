module.exports = {
  apps: [
    { name: 'api', script: 'api.js', instances: 3, exec_mode: 'fork', increment_var: 'PORT', env: { PORT: 3000 } },
    { name: 'web', script: 'web.js', instances: 2, exec_mode: 'cluster', instance_var: 'INSTANCE_ID', env: { PORT: 4000 } },
    { name: 'usual', script: 'web.js', instance_var: 'NODE_APP_INSTANCE' },
  ],
}
