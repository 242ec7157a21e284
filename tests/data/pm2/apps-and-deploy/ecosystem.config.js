module.exports = {
  apps: [{ name: 'site', script: 'site.js', instances: 4, exec_mode: 'cluster', env: { PORT: '8080' }, max_memory_restart: '300M' }],
  deploy: {
    production: {
      user: 'node', host: '203.0.113.4', ref: 'origin/master', repo: 'git@example.com:repo.git', path: '/srv/site',
      'post-deploy': 'npm install && pm2 reload ecosystem.config.js --env production',
    },
  },
}
