const memory = (mib) => `${mib}M`
function app (name, mib) {
  return { name, script: `${name}.js`, max_memory_restart: memory(mib), onExit () { return 1 } }
}
module.exports = () => ({ apps: [app('api', 400), app('poller', 200)] })
