module.exports = {
  apps: [
    { name: 'My API', script: 'a.js' },
    { name: 'my-api', script: 'b.js' },
    { name: 'worker-2', script: 'c.js' },
    { name: '2fast', script: 'd.js' },
    { name: 'Ünïcode naïve', script: 'e.js' },
    { name: 42, script: 'f.js' },
    { name: 'a name that goes on and on and is longer than any name may be', script: 'g.js' },
    { name: 'My API', script: 'h.js' },
  ],
}
