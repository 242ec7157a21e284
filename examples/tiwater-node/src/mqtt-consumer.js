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
 * Environment: DATABASE, MQTT_BROKER, MQTT_CA (a file of the authorities to trust), MQTT_TOPIC, MQTT_CLIENT_ID; what
 * procman says (PROCMAN_MQTT_...) about topics, client id, authorities and leaving goes before. NOTIFY_SOCKET, when set, is told when it is ready, alive, stopping.
 * Exit codes: 0 stopped and drained; 74 cannot write the database; 75 stopped while the database is locked or away, or
 * told to leave and not done in time; 78 settings. After 74 and 75 nothing uncommitted was acknowledged: the next start
 * receives it again.
 */

const fs = require('node:fs');
const { setTimeout: wait } = require('node:timers/promises');
const { BrokerLink } = require('./broker-link');
const { DatabaseBrokenError, RowsRefusedError, withoutCredentials } = require('./storage');
const supervision = require('./supervision');
const { Writer, opened } = require('./writer');

const EXIT = { cannotWrite: 74, notDone: 75, settings: 78 };
// Both within the 10 s that procman waits before it kills.
const LOCKED_AFTER_STOP = 4_000;
const LEAVE = 8_000;

const told = process.env;
const settings = {
  database: told.DATABASE || 'run/tiwater.db',
  // The address in `env` may hold a password; the one from procman never does.
  url: told.MQTT_BROKER || told.PROCMAN_MQTT_BROKER || 'mqtt://127.0.0.1:1883',
  topics: (told.PROCMAN_MQTT_TOPICS || told.MQTT_TOPIC || 'tiwater/+/data').split('\n'),
  clientId: told.PROCMAN_MQTT_CLIENT_ID || told.MQTT_CLIENT_ID || 'tiwater-consumer',
  leaveMark: told.PROCMAN_MQTT_LEAVE,
};
const authorities = told.PROCMAN_MQTT_CA || told.MQTT_CA;

/** The process shall end, and something is not done. */
class ToldToStopError extends Error {}

/** Notes that a stop was asked for, and when; nothing else happens in the handler. */
const stop = { at: Infinity };
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    stop.at = Math.min(stop.at, Date.now());
  });
}

/** Wait for the database, unless a stop was asked for a while ago. */
async function patience(milliseconds) {
  if (Date.now() > stop.at + LOCKED_AFTER_STOP) {
    throw new ToldToStopError('told to stop while the database is locked or away; the broker keeps what is in hand');
  }
  supervision.alive();
  await wait(milliseconds);
}

/** Take, commit, acknowledge, until told to stop; then finish the batch in hand and leave. */
async function consume() {
  const store = await opened(settings.database, patience, say);
  const writer = new Writer(store, patience, say);
  const ca = authorities ? fs.readFileSync(authorities) : undefined;
  const link = new BrokerLink({ ...settings, ca }, say);
  while (stop.at === Infinity) {
    await turn(link, writer);
    supervision.alive();
    if (link.subscribed) supervision.ready();
  }
  supervision.stopping();
  const leaving = Boolean(settings.leaveMark) && fs.existsSync(settings.leaveMark);
  if (leaving) await drain(link, writer);
  await link.close();
  if (leaving) await endSession(link);
  await store.close();
  say('stopped; everything taken is committed and acknowledged');
}

async function turn(link, writer) {
  const batch = await link.take();
  await writer.commit(batch);
  link.acknowledge(batch);
}

/** Nobody will come back for this session: take what is left in it. */
async function drain(link, writer) {
  link.leave();
  while (!link.drained) {
    if (Date.now() > stop.at + LEAVE) {
      throw new ToldToStopError('told to leave, and not done in time; start it again, or its session keeps messages');
    }
    await turn(link, writer);
    supervision.alive();
  }
}

async function endSession(link) {
  try {
    await link.endSession();
  } catch (error) {
    throw new ToldToStopError(`the broker did not confirm that the session has ended: ${error.message || error.code}`);
  }
  say(`left for good; the broker keeps nothing for ${settings.clientId}`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function quit(code, line) {
  say(line);
  process.exit(code);
}

function readUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function main() {
  const url = readUrl(settings.url);
  if (!url?.hostname || !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(url.protocol)) {
    quit(EXIT.settings, 'MQTT_BROKER: a broker is written mqtt://host:port; or mqtts, ws, wss');
  }
  if (authorities && !fs.existsSync(authorities)) quit(EXIT.settings, `MQTT_CA: there is no file ${authorities}`);
  consume().then(
    () => process.exit(0),
    (error) => {
      if (error instanceof ToldToStopError) quit(EXIT.notDone, error.message);
      if (!(error instanceof DatabaseBrokenError || error instanceof RowsRefusedError)) throw error;
      const database = withoutCredentials(settings.database);
      quit(EXIT.cannotWrite, `cannot write ${database}: ${error.message}; the broker keeps the rest`);
    },
  );
}

main();
