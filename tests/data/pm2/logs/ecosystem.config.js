module.exports = {
  apps: [
    { name: 'files', script: 'a.js', out_file: './logs/out.log', error_file: './logs/err.log', log_date_format: 'YYYY-MM-DD HH:mm Z', merge_logs: true },
    { name: 'aliases', script: 'b.js', output: '/var/log/b.log', error: '/dev/null', log: 'all.log', combine_logs: true, time: true, log_type: 'json' },
    { name: 'none', script: 'c.js', disable_logs: true, pid_file: '/run/c.pid' },
  ],
}
