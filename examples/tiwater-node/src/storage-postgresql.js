'use strict';
/**
 * PostgreSQL for the consumer: the tables of the SQLite example, written in one statement per batch.
 *
 * A server that is restarted, fails over or cannot be reached delays the consumer; it connects again by itself.
 */

const pg = require('pg');
const { DatabaseBrokenError, DatabaseBusyError, RowsRefusedError, digest } = require('./storage');

// A commit is what allows an acknowledgement, so it must be on the disk, whatever the server's own setting. A lock that
// somebody holds is waited for by the consumer, which can be told to stop meanwhile.
const SESSION = '-c synchronous_commit=on -c lock_timeout=1s';
// Without these a server that vanished from the network is noticed after a quarter of an hour.
const NETWORK = { connectionTimeoutMillis: 3_000, query_timeout: 10_000, keepAlive: true };

// "values" is json, not jsonb, which refuses what JSON allows (a text with the character 0).
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS readings (
    timestamp     timestamptz NOT NULL,
    codigo_tienda text NOT NULL,
    equipo_id     text NOT NULL,
    "values"      json NOT NULL,
    PRIMARY KEY (timestamp, codigo_tienda, equipo_id)
  );
  CREATE TABLE IF NOT EXISTS dead_letters (
    topic          text NOT NULL,
    payload        bytea NOT NULL,
    payload_sha256 text NOT NULL,
    reason         text NOT NULL,
    received_at    timestamptz NOT NULL,
    deliveries     integer NOT NULL DEFAULT 1,
    PRIMARY KEY (topic, payload_sha256)
  )
`;
const KNOWN = "SELECT to_regclass('readings') IS NOT NULL AND to_regclass('dead_letters') IS NOT NULL AS known";
// Two members that start at once must not create the tables at once: IF NOT EXISTS does not hold against that.
const ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('tiwater schema'))";
const UPSERT_READINGS = `
  INSERT INTO readings (timestamp, codigo_tienda, equipo_id, "values")
  SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::json[])
  ON CONFLICT (timestamp, codigo_tienda, equipo_id) DO UPDATE SET "values" = excluded."values"
`;
const UPSERT_DEAD_LETTER = `
  INSERT INTO dead_letters (topic, payload, payload_sha256, reason, received_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (topic, payload_sha256) DO UPDATE SET deliveries = dead_letters.deliveries + 1
`;
const LOCKED = '55P03'; // lock_not_available
const REFUSED = ['22', '23']; // classes of SQLSTATE: data exception, integrity constraint violation
const LATER = ['08', '28', '3D', '40', '53', '57']; // connection, login, no such database, deadlock, resources, operator

/** The consumer's door: one connection, opened again when it was lost. */
class PostgresqlStore {
  /** @param {string} url */
  static async open(url) {
    const store = new PostgresqlStore(url);
    await store.#transaction(async (client) => {
      const { rows } = await client.query(KNOWN);
      if (rows[0].known) return;
      await client.query(ONE_AT_A_TIME);
      await client.query(SCHEMA);
    });
    return store;
  }

  constructor(url) {
    this.url = url;
    this.client = null;
  }

  /**
   * @param {import('./storage').Reading[]} readings
   * @param {import('./storage').DeadLetter[]} deadLetters
   */
  async save(readings, deadLetters) {
    const rows = oncePerKey(readings);
    await this.#transaction(async (client) => {
      if (rows.length > 0) {
        const columns = ['timestamp', 'codigoTienda', 'equipoId', 'values'];
        await client.query(UPSERT_READINGS, columns.map((name) => rows.map((row) => row[name])));
      }
      for (const each of sortedBy(deadLetters, (letter) => [letter.topic, digest(letter.payload)])) {
        const topic = each.topic.replaceAll('\0', '\ufffd'); // which MQTT forbids in a topic, and PostgreSQL in a text
        const row = [topic, each.payload, digest(each.payload), each.reason, each.receivedAt];
        await client.query(UPSERT_DEAD_LETTER, row);
      }
    });
  }

  async close() {
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => {}); // it is gone either way
  }

  /** A transaction, committed at the end; every failure of the server is thrown as one of the three. */
  async #transaction(work) {
    try {
      const client = await this.#connected();
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } catch (error) {
      throw await this.#toldApart(error);
    }
  }

  async #connected() {
    if (this.client === null) {
      const client = new pg.Client({ connectionString: this.url, options: SESSION, ...NETWORK });
      client.on('error', () => this.#forget(client));
      await client.connect();
      this.client = client;
    }
    return this.client;
  }

  async #toldApart(error) {
    if (error instanceof TypeError || error instanceof ReferenceError) return error; // a fault of this program
    const { client } = this;
    const code = error instanceof pg.DatabaseError ? error.code : null;
    const words = error.message || error.code; // several addresses refused at once have no message
    const kept = code !== null && !LATER.includes(code.slice(0, 2));
    if (!kept || (await rolledBack(client)) === false) this.#forget(client);
    if (code === LOCKED) return new DatabaseBusyError(`the database is locked: ${words}`);
    if (REFUSED.includes(code?.slice(0, 2))) return new RowsRefusedError(words);
    return kept ? new DatabaseBrokenError(words) : new DatabaseBusyError(words);
  }

  #forget(client) {
    if (this.client === client) this.client = null;
    client?.end().catch(() => {});
  }
}

/**
 * One statement may not touch a row twice: of readings with one key the last counts. And members that write the same
 * rows must take them in one order, or each waits for the other.
 */
function oncePerKey(readings) {
  const keyOf = (reading) => [reading.timestamp, reading.codigoTienda, reading.equipoId];
  const last = new Map(readings.map((reading) => [JSON.stringify(keyOf(reading)), reading]));
  return sortedBy([...last.values()], keyOf);
}

function sortedBy(entries, keyOf) {
  const keyed = entries.map((entry) => [JSON.stringify(keyOf(entry)), entry]);
  return keyed.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, entry]) => entry);
}

async function rolledBack(client) {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

module.exports = { PostgresqlStore };
