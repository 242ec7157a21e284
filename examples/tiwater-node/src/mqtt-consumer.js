'use strict';
/**
 * The MQTT consumer of the example: every published reading becomes exactly one row.
 *
 * Three things together make that true; none of them is enough alone.
 * - The broker keeps the session of a fixed client id, so what is published while the consumer is down waits.
 * - A message is acknowledged after its row is committed, so a crash at any moment brings it again instead of
 *   losing it.
 * - The table has a unique key and rows are upserted, so what comes again changes nothing.
 *
 * Environment: DATABASE, MQTT_BROKER, MQTT_TOPIC, MQTT_CLIENT_ID.
 * Exit codes: 0 stopped and drained; 74 cannot write the database; 75 stopped while it is locked; 78 settings.
 * After 74 and 75 nothing uncommitted was acknowledged: the next start receives it again.
 */

const { setTimeout: wait } = require('node:timers/promises');
const { BrokerLink } = require('./broker-link');
const { BadMessageError, parse } = require('./readings');
const { Store, isBusy, isDatabaseError } = require('./storage');

const EXIT = { cannotWrite: 74, locked: 75, settings: 78 };
const LOCKED_AFTER_STOP = 4_000; // well within the 10 s that procman waits before it kills

const settings = {
  database: process.env.DATABASE || 'run/tiwater.db',
  url: process.env.MQTT_BROKER || 'mqtt://127.0.0.1:1883',
  topic: process.env.MQTT_TOPIC || 'tiwater/+/data',
  clientId: process.env.MQTT_CLIENT_ID || 'tiwater-consumer',
};
let stopRequestedAt = Infinity;

/** Try until the database is free. Another error of it, or a stop meanwhile, ends the process with a sentence. */
async function persist(write) {
  for (let delay = 100; ; delay = Math.min(delay * 2, 1_000)) {
    try {
      return write();
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      if (!isBusy(error)) {
        quit(EXIT.cannotWrite, `cannot write ${settings.database}: ${error.message}; the broker keeps the rest`);
      }
      say(`${error.message}; what comes in waits, unacknowledged`);
    }
    if (Date.now() > stopRequestedAt + LOCKED_AFTER_STOP) {
      quit(EXIT.locked, 'told to stop while the database is locked; the broker keeps what is not committed');
    }
    await wait(delay);
  }
}

/** Commit one message: as a reading, or set aside with the reason. */
function commit(store, topic, payload) {
  try {
    const reading = parse(topic, payload);
    return persist(() => store.saveReading(reading));
  } catch (error) {
    if (!(error instanceof BadMessageError)) throw error;
    say(`set aside a message on ${JSON.stringify(topic)}: ${error.message}`);
    return persist(() => store.saveDeadLetter(topic, payload, error.message));
  }
}

async function stop(store, link) {
  if (stopRequestedAt !== Infinity) return;
  stopRequestedAt = Date.now();
  await link.close();
  store.close();
  say('stopped; everything taken is committed and acknowledged');
  process.exit(0);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function quit(code, line) {
  say(line);
  process.exit(code);
}

async function main() {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : null;
  if (!url?.hostname || !['mqtt:', 'mqtts:'].includes(url.protocol)) {
    quit(EXIT.settings, 'MQTT_BROKER: a broker is written mqtt://host:port or mqtts://host:port');
  }
  const store = await persist(() => new Store(settings.database));
  const link = new BrokerLink(settings, (topic, payload) => commit(store, topic, payload), say);
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop(store, link));
}

main();
