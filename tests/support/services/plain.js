'use strict';
/**
 * An MQTT consumer as many a first version is: acknowledged by itself, one insert for each message, no key. Its session
 * is persistent, so that a backlog can wait for it. Environment: DATABASE, MQTT_BROKER, MQTT_TOPIC, MQTT_CLIENT_ID, and
 * GUARDS=quick for commits that a power cut may take back.
 */

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const load = createRequire(path.join(process.cwd(), 'package.json')); // of the example it is started in
const { DATABASE, MQTT_BROKER, MQTT_TOPIC, MQTT_CLIENT_ID } = process.env;
const quick = process.env.GUARDS === 'quick';
const TABLE = 'readings (timestamp text, codigo_tienda text, equipo_id text, "values" text)';

async function openDatabase() {
  if (DATABASE.startsWith('postgresql://')) {
    const client = new (load('pg').Client)(DATABASE);
    await client.connect();
    if (quick) await client.query('SET synchronous_commit = off');
    await client.query(`CREATE TABLE IF NOT EXISTS ${TABLE}`);
    return (row) => client.query('INSERT INTO readings VALUES ($1, $2, $3, $4)', row);
  }
  fs.mkdirSync(path.dirname(DATABASE), { recursive: true });
  const { DatabaseSync } = load('@photostructure/sqlite');
  const database = new DatabaseSync(DATABASE);
  database.exec('PRAGMA busy_timeout = 30000'); // it is counted meanwhile
  if (quick) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(`CREATE TABLE IF NOT EXISTS ${TABLE}`);
  const insert = database.prepare('INSERT INTO readings VALUES (?, ?, ?, ?)');
  return (row) => database.isOpen && insert.run(...row); // names the database, which would be collected otherwise
}

async function main() {
  const write = await openDatabase();
  const client = load('mqtt').connect(MQTT_BROKER, { clientId: MQTT_CLIENT_ID, clean: false });
  client.on('connect', () => client.subscribe(MQTT_TOPIC, { qos: 1 }, () => console.log('subscribed')));
  client.on('message', (topic, payload) => {
    const reading = JSON.parse(payload);
    write([reading.timestamp, topic.split('/')[1], reading.equipo_id, JSON.stringify(reading.values)]);
  });
}

main();
