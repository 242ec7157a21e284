const workers = process.env.WORKERS || 2
module.exports = {
  apps: [
    {
      name: 'api', script: 'api.js', exec_mode: 'cluster', instances: workers,
      env: { PORT: process.env.PORT || 3000, URL: `http://${process.env.HOST_NAME}:${process.env.PORT}/`, DEBUG: process.env.NODE_ENV !== 'production' },
    },
  ],
}
