// options: --env production
module.exports = {
  apps: [
    {
      name: 'api', script: 'api.js', filter_env: true,
      env: { NODE_ENV: 'development', N: null, B: true, L: [1, 2], O: { a: { b: 1 } }, F: 1.5, E: '', 'bad-name': 1, PROCMAN_X: 1, Q: 'a "b" \'c\'' },
      env_production: { NODE_ENV: 'production', PORT: 80 },
      env_staging: { NODE_ENV: 'staging' },
    },
    { name: 'other', script: 'other.js', env: { NODE_ENV: 'development' } },
  ],
}
