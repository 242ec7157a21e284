// without exec_mode: cluster mode for node, but for -2 and for everything that is not node
module.exports = {
  apps: [
    { name: 'api', script: 'api.js', instances: 2, env: { PORT: 3000 } },
    { name: 'one', script: 'one.js', instances: 1 },
    { name: 'two-less', script: 'less.js', instances: -2, env: { PORT: 3001 } },
    { name: 'py', script: 'task.py', instances: 3 },
  ],
}
