module.exports = {
  apps: [
    { name: 'consumer', script: 'consumer.js' },
    { name: 'consumer-backup', script: './consumer.js' },
    { name: 'web', script: 'web.js' },
    { name: 'web', script: 'web.js' },
    { name: 'args-differ', script: 'web.js', args: '--other' },
  ],
}
