module.exports = {
  apps: [
    { name: 'site', script: 'npm', args: 'start' },
    { name: 'next', script: 'node_modules/.bin/next', args: 'start -p 3000' },
    { name: 'repl', script: 'node', args: 'index.js' },
    { name: 'artisan', script: 'php', args: 'artisan queue:work --tries=3' },
    { name: 'script', script: 'artisan.php' },
    { name: 'noext', script: './server' },
    { name: 'shell', script: './run' },
    { name: 'binary', script: './tool', interpreter: 'none', args: ['--fast'] },
    { name: 'bare', script: 'tool', interpreter: 'none' },
    { name: 'gone', script: 'nowhere' },
  ],
}
