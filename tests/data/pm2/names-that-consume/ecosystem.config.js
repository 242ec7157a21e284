const names = ['mail-worker', 'nightlyCron', 'mqtt_bridge', 'order-queue', 'telegram-bot', 'robotics', 'job-runner', 'scheduler']
module.exports = { apps: names.map((name, i) => ({ name, script: `s${i}.js`, exec_mode: 'cluster', instances: 2, env: { PORT: 4000 + i } })) }
