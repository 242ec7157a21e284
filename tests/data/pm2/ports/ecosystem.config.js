module.exports = {
  apps: [
    { name: 'shortcut', script: 'a.js', port: 4000, exec_mode: 'cluster', instances: 2 },
    { name: 'option', script: 'b.js', args: '--port 5000', exec_mode: 'cluster', instances: 2 },
    { name: 'short', script: 'c.js', args: ['-p', '5001'], exec_mode: 'cluster', instances: 'max' },
    { name: 'host', script: 'd.js', exec_mode: 'cluster', env: { HOST: '127.0.0.1', PORT: 6000 } },
    { name: 'clash', script: 'e.js', env: { PORT: 6000 } },
  ],
}
