const app = (name, instances) => ({ name, script: 'api.js', exec_mode: 'cluster', instances, env: { PORT: 3000 + name.length } })
module.exports = {
  apps: [app('a-max', 'max'), app('b-zero', 0), app('c-minus', -1), app('d-text-2', '2'), app('e-word', 'two'), app('f-mixed', '3 or so')],
}
