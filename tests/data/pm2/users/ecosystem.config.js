module.exports = {
  apps: [
    { name: 'a', script: 'a.js', user: 'app', gid: 'www-data' },
    { name: 'b', script: 'b.js', uid: 1000 },
  ],
}
