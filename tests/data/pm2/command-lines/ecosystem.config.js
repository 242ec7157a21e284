module.exports = {
  apps: [
    { name: 'plain', script: 'node src/index.js --port 3000' },
    { name: 'piped', script: 'node a.js | tee -a out.log' },
    { name: 'variables', script: 'NODE_ENV=production node b.js' },
    { name: 'chained', script: 'npm run migrate && npm start', args: '--lost' },
    { name: 'home', script: 'node $HOME/app.js ${X}' },
  ],
}
