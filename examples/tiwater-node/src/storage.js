'use strict';
/**
 * What storing means to the consumer, whatever the database: two tables, one way to save, three ways to fail.
 *
 * `storage-sqlite.js` and `storage-postgresql.js` are the databases; the address in DATABASE says which. A store has
 * `save(readings, deadLetters)`, which writes all or nothing and resolves when it is on the disk, and `close()`.
 *
 * @typedef {import('./readings').Reading} Reading
 * @typedef {{topic: string, payload: Uint8Array, reason: string, receivedAt: string}} DeadLetter
 * @typedef {{save: (readings: Reading[], deadLetters: DeadLetter[]) => Promise<void>, close: () => Promise<void>}} Store
 */

const crypto = require('node:crypto');

/** The database is locked or away; the same write may succeed later. */
class DatabaseBusyError extends Error {}

/** The database cannot be written, and waiting will not mend it. */
class DatabaseBrokenError extends Error {}

/** The database takes other rows, and never these: a constraint or a type says no. */
class RowsRefusedError extends Error {}

/**
 * Open postgresql://[user:password@]host/name, or else the SQLite file of that path.
 *
 * @param {string} address
 * @returns {Promise<Store>}
 */
function openStore(address) {
  if (/^postgres(ql)?:\/\//.test(address)) return require('./storage-postgresql').PostgresqlStore.open(address);
  return require('./storage-sqlite').SqliteStore.open(address);
}

/** The SHA-256 of a payload: with the topic, the key of a dead letter. */
function digest(payload) {
  return crypto.createHash('sha256').update(payload).digest('hex');
}

/** The address as it may be shown. */
function withoutCredentials(address) {
  const [scheme, rest] = address.split('://', 2);
  return rest === undefined ? address : `${scheme}://${rest.slice(rest.lastIndexOf('@') + 1)}`;
}

module.exports = {
  DatabaseBrokenError,
  DatabaseBusyError,
  RowsRefusedError,
  digest,
  openStore,
  withoutCredentials,
};
