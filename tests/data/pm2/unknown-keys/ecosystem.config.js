module.exports = {
  apps: [
    {
      name: 'api', script: 'api.js', max_memory: '200M', maxMemoryRestart: '300M', memory_limit: '1G', instnaces: 2, autoRestart: false, Env: { A: 1 },
      max_restart: 5, restartDelay: 1000, kill_timout: 3000, colour: 'blue', healthcheck: '/health', depends_on: ['db'],
    },
  ],
  version: 2,
}
