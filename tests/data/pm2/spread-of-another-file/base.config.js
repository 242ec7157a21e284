module.exports = { script: 'region.js', env: { NODE_ENV: 'production' }, max_memory_restart: '256M' }
