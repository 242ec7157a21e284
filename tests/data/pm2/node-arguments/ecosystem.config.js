module.exports = {
  apps: [
    { name: 'heap', script: 'a.js', node_args: '--max-old-space-size=384 --trace-warnings', max_memory_restart: '512M' },
    { name: 'list', script: 'a.js', interpreter_args: ['--require', './hook.js'] },
    { name: 'camel', script: 'a.js', nodeArgs: '--inspect=127.0.0.1:9229' },
    { name: 'maps', script: 'a.js', source_map_support: true },
    { name: 'nomaps', script: 'a.js', disable_source_map_support: true },
    { name: 'version', script: 'a.js', interpreter: 'node@18.20.0' },
    { name: 'nvm', script: 'a.js', interpreter: '/home/ana/.nvm/versions/node/v20/bin/node' },
  ],
}
