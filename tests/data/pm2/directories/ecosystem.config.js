const path = require('path')
module.exports = {
  apps: [
    { name: 'here', script: 'a.js', cwd: __dirname },
    { name: 'below', script: 'a.js', cwd: path.join(__dirname, 'packages/api') },
    { name: 'relative', script: 'a.js', cwd: './packages/web' },
    { name: 'elsewhere', script: 'a.js', cwd: '/opt/elsewhere' },
    { name: 'above', script: '../a.js', cwd: '..' },
  ],
}
