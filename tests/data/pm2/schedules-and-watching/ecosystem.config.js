module.exports = {
  apps: [
    { name: 'nightly', script: 'report.js', cron_restart: '0 3 * * *', autorestart: false },
    { name: 'alias', script: 'a.js', cron: '*/5 * * * *' },
    { name: 'off', script: 'b.js', cron_restart: '0', watch: false },
    { name: 'watched', script: 'c.js', watch: ['src'], ignore_watch: ['node_modules', /\.log$/], watch_delay: 1000, watch_options: { followSymlinks: false } },
  ],
}
