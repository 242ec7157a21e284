const app = (name, value) => ({ name, script: `${name}.js`, max_memory_restart: value })
module.exports = {
  apps: [
    app('mega', '400M'), app('giga', '1G'), app('kilo', '204800K'), app('bytes', 314572800), app('odd', 300000000),
    app('tiny', '300'), app('small', '200m'), app('word', '200MB'), app('point', '1.5G'), app('nothing', 'lots'), app('list', ['1G']),
  ],
}
