const port = 3000
export default { apps: [{ name: 'web', script: './web.mjs', exec_mode: 'cluster', instances: 2, env: { PORT: port } }] }
