module.exports = {
  apps: [
    { name: 'counted', script: 'a.js', max_restarts: 10, min_uptime: '20s', restart_delay: 4000 },
    { name: 'backoff', script: 'b.js', exp_backoff_restart_delay: 100 },
    { name: 'many', script: 'c.js', max_restarts: 1000, min_uptime: 500 },
    { name: 'never', script: 'd.js', autorestart: false },
    { name: 'codes', script: 'e.js', stop_exit_codes: [0, 78] },
    { name: 'code', script: 'f.js', stop_exit_codes: [0] },
    { name: 'hours', script: 'g.js', min_uptime: '1h', max_restarts: 0, autorestart: true, restart_delay: 0 },
  ],
}
