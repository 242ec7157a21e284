const mqtt = require('mqtt')
mqtt.connect(process.env.MQTT_URL).subscribe(process.env.MQTT_TOPIC)
