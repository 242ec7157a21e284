const apps = []
for (const queue of ['mail', 'invoice']) {
  apps.push({ name: `${queue}-queue`, script: 'worker.js', args: ['--queue', queue] })
}
apps.push({ name: 'web', script: 'web.js' })
module.exports = { apps }
