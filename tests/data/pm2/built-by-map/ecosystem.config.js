const services = { orders: 3001, users: 3002, billing: 3003 }
module.exports = {
  apps: Object.entries(services).map(([name, port]) => ({
    name: `${name}-api`, script: `services/${name}/index.js`, exec_mode: 'cluster', instances: 2, env: { PORT: port },
  })),
}
