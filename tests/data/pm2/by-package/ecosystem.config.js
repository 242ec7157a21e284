module.exports = {
  apps: [
    { name: 'lectura', script: 'dist/main.js', cwd: 'reader' },
    { name: 'panel', script: 'dist/main.js', cwd: 'panel', exec_mode: 'cluster', instances: 2 },
  ],
}
