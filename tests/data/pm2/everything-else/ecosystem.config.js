module.exports = {
  apps: [
    {
      name: 'api', script: 'api.js', namespace: 'shop', autostart: false, force: true, append_env_to_name: true, name_prefix: 'eu', username: 'ana',
      execute_command: true, kill_retry_time: 100, vizion: false, windowsHide: true, pmx: false, automation: false, trace: true, disable_trace: true,
      v8: true, event_loop_inspector: true, deep_monitoring: true, io: { key: 1 }, install_url: 'x', post_update: ['npm install'], write: true,
      disable_source_map_support: false,
    },
    { name: 'quiet', script: 'quiet.js', namespace: 'default', autostart: true, force: false, pmx: true, vizion: true, undefined_key: undefined, nothing: null },
  ],
  static: [{ path: './public', port: 8080 }],
}
