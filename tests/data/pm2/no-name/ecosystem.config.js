module.exports = [{ script: './src/billing.service.js' }, { script: 'dist/' }, { script: 'node jobs.js' }]
