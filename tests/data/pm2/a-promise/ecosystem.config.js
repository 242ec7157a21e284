module.exports = Promise.resolve({ apps: [{ name: 'late', script: 'late.js' }] })
