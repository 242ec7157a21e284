module.exports = {
  apps: [
    { name: 'tiwater-api', script: 'src/index.js', instances: 'max', exec_mode: 'cluster', max_memory_restart: '500M', env: { PORT: 3000, NODE_ENV: 'production' } },
    { name: 'tiwater-mqtt', script: 'src/mqtt-consumer.js', instances: 2, exec_mode: 'cluster', max_memory_restart: '300M', env: { MQTT_URL: 'mqtt://user:secret@broker.local:1883', MQTT_TOPIC: 'tiwater/+/data' } },
    { name: 'ingesta', script: 'src/ingesta.js', instances: 1 },
  ],
}
