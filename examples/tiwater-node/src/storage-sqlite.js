'use strict';
/**
 * SQLite: one door for the consumer, which writes, and one for the API, which reads.
 *
 * In WAL mode, so that reading never waits for writing. `readings` carries the key that makes a redelivered message
 * the same row instead of a second one. The tables are those of the Python example.
 */

const fs = require('node:fs');
const path = require('node:path');
const { DatabaseBrokenError, DatabaseBusyError, RowsRefusedError, digest } = require('./storage');
const { DatabaseSync } = loadSqlite();

const BUSY_MILLISECONDS = 500; // short: a call blocks the process, and the caller tries again
// The low byte of an error is its primary code: BUSY_SNAPSHOT and its kin are busy as well.
const BUSY = [5, 6]; // SQLITE_BUSY, SQLITE_LOCKED
const REFUSED = [18, 19, 20]; // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH

// NOT NULL is written out: SQLite lets NULL into a primary key, and no two NULLs are equal.
// In dead_letters the same bytes on the same topic are one row: a device that repeats a bad message must not fill
// the disk, and a redelivery must not look like a second fault. `deliveries` counts both.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS readings (
    timestamp     TEXT NOT NULL,
    codigo_tienda TEXT NOT NULL,
    equipo_id     TEXT NOT NULL,
    "values"      TEXT NOT NULL,
    PRIMARY KEY (timestamp, codigo_tienda, equipo_id)
  );
  CREATE TABLE IF NOT EXISTS dead_letters (
    topic          TEXT NOT NULL,
    payload        BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL,
    reason         TEXT NOT NULL,
    received_at    TEXT NOT NULL,
    deliveries     INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (topic, payload_sha256)
  );
`;
const UPSERT_READING = `
  INSERT INTO readings (timestamp, codigo_tienda, equipo_id, "values") VALUES (?, ?, ?, ?)
  ON CONFLICT (timestamp, codigo_tienda, equipo_id) DO UPDATE SET "values" = excluded."values"
`;
const UPSERT_DEAD_LETTER = `
  INSERT INTO dead_letters (topic, payload, payload_sha256, reason, received_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (topic, payload_sha256) DO UPDATE SET deliveries = deliveries + 1
`;
const NEWEST = `
  SELECT timestamp, codigo_tienda, equipo_id, "values" FROM readings
  WHERE ?1 IS NULL OR codigo_tienda = ?1
  ORDER BY timestamp DESC, codigo_tienda, equipo_id LIMIT ?2
`;

/** The consumer's door. */
class SqliteStore {
  /** @param {string} file created with its folder and tables when missing */
  static async open(file) {
    return new SqliteStore(file);
  }

  constructor(file) {
    toldApart(() => {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      this.database = new DatabaseSync(file);
      try {
        // A commit is what allows an acknowledgement, so it must survive a power cut too: NORMAL may lose it.
        this.database.exec(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
        this.database.exec('PRAGMA journal_mode = WAL');
        this.database.exec('PRAGMA synchronous = FULL');
        this.database.exec(SCHEMA);
        this.upsertReading = this.database.prepare(UPSERT_READING);
        this.upsertDeadLetter = this.database.prepare(UPSERT_DEAD_LETTER);
      } catch (error) {
        this.database.close();
        throw error;
      }
    });
  }

  /**
   * @param {import('./storage').Reading[]} readings
   * @param {import('./storage').DeadLetter[]} deadLetters
   */
  async save(readings, deadLetters) {
    toldApart(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        for (const each of readings) {
          this.upsertReading.run(each.timestamp, each.codigoTienda, each.equipoId, each.values);
        }
        for (const each of deadLetters) {
          this.upsertDeadLetter.run(each.topic, each.payload, digest(each.payload), each.reason, each.receivedAt);
        }
        this.database.exec('COMMIT');
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  /** Leave everything in the file itself, so that a copy of it made now is whole. */
  async close() {
    try {
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (!isDatabaseError(error)) throw error; // the rows are safe in the write-ahead log all the same
    }
    this.database.close();
  }

  #rollBack() {
    try {
      this.database.exec('ROLLBACK');
    } catch (error) {
      if (!isDatabaseError(error)) throw error; // SQLite has rolled back by itself, as it does on a full disk
    }
  }
}

/** Run `work`; every failure of the database is thrown as one of the three. */
function toldApart(work) {
  try {
    work();
  } catch (error) {
    if (!isDatabaseError(error) && error.syscall === undefined) throw error;
    const code = error.errcode & 0xff;
    if (BUSY.includes(code)) throw new DatabaseBusyError(error.message);
    if (REFUSED.includes(code)) throw new RowsRefusedError(error.message);
    throw new DatabaseBrokenError(error.message);
  }
}

/** Whether the database itself failed, rather than this program. */
function isDatabaseError(error) {
  return error.code === 'ERR_SQLITE_ERROR';
}

/**
 * The newest readings first; none while the consumer has not made the table yet.
 *
 * @param {string} file
 * @param {number} limit
 * @param {string | null} tienda
 */
function newest(file, limit, tienda) {
  const rows = read(file, 'readings', NEWEST, [tienda, limit]);
  return rows.map((row) => ({ ...row, values: JSON.parse(row.values) }));
}

/**
 * How many rows a table holds; 0 while it is not there yet.
 *
 * @param {string} file
 * @param {'readings' | 'dead_letters'} table
 */
function count(file, table) {
  const [row] = read(file, table, `SELECT count(*) AS total FROM ${table}`, []);
  return row ? row.total : 0;
}

function read(file, table, statement, values) {
  if (!fs.existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
    const known = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table);
    return known ? database.prepare(statement).all(...values) : [];
  } finally {
    database.close();
  }
}

/** node's own SQLite where it is built in (from 22.5), else a package with the same interface. */
function loadSqlite() {
  try {
    return require('node:sqlite');
  } catch {
    return require('@photostructure/sqlite');
  }
}

module.exports = { SqliteStore, count, isDatabaseError, newest };
