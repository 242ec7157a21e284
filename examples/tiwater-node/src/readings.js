'use strict';
/**
 * What a reading is, and how it is read from a message. Pure: no network, no database.
 *
 * A message comes on `tiwater/<codigo_tienda>/data` and carries
 * `{"timestamp": "2026-01-01T00:00:00Z", "equipo_id": "E1", "values": {"flow": 1.5}}`.
 * Timestamp, tienda and equipo together name a reading. They come from the device: a time of receipt would make
 * a new reading of every redelivery.
 *
 * @typedef {{timestamp: string, codigoTienda: string, equipoId: string, values: string}} Reading
 *     the first three are the key, `values` is JSON text
 */

const LONGEST_NAME = 128;
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;
// eslint-disable-next-line no-control-regex -- that is what it looks for
const CONTROL = /[\x00-\x1f\x7f]/;
const HALF = /\p{Surrogate}/u; // of a surrogate pair: JSON can write it and no database can store it
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A message that is not a reading; its text says why and never quotes the payload. */
class BadMessageError extends Error {}

/**
 * Read a message as a reading; any bytes either give one or throw BadMessageError.
 *
 * @param {string} topic
 * @param {Uint8Array} payload
 * @returns {Reading}
 */
function parse(topic, payload) {
  const document = load(payload);
  if (!isObject(document)) throw new BadMessageError('the payload is not a JSON object');
  return {
    timestamp: readTimestamp(document.timestamp),
    codigoTienda: readTienda(topic),
    equipoId: readName('equipo_id', document.equipo_id),
    values: readValues(document.values),
  };
}

function load(payload) {
  let text;
  try {
    text = utf8.decode(payload);
  } catch {
    throw new BadMessageError('the payload is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new BadMessageError('the payload is not JSON');
  }
}

function readTienda(topic) {
  const levels = topic.split('/');
  if (levels.length !== 3) throw new BadMessageError('the topic is not tiwater/<codigo_tienda>/data');
  return readName('codigo_tienda', levels[1]);
}

function readName(field, value) {
  if (typeof value !== 'string' || value === '') throw new BadMessageError(`${field} is missing or not a text`);
  // A text has never more characters than units.
  if ((value.length > LONGEST_NAME && [...value].length > LONGEST_NAME) || CONTROL.test(value)) {
    throw new BadMessageError(`${field} is longer than ${LONGEST_NAME} characters or holds control characters`);
  }
  if (HALF.test(value)) throw new BadMessageError(`${field} is not valid Unicode`);
  return value;
}

/** Write the instant in one form, UTC: two spellings of one instant must not be two readings. */
function readTimestamp(value) {
  const match = typeof value === 'string' ? TIMESTAMP.exec(value) : null;
  if (!match) throw new BadMessageError('timestamp is missing or not like 2026-01-01T00:00:00Z');
  const [, local, fraction = '', zone] = match;
  const asWritten = new Date(`${local}Z`);
  const instant = zone === 'Z' ? asWritten : new Date(local + zone);
  // Date turns February 30 into March 2 and 24:00 into the next day; what it was given must come out again.
  const exists =
    !Number.isNaN(instant.getTime()) &&
    asWritten.getUTCDate() === Number(local.slice(8, 10)) &&
    asWritten.getUTCHours() === Number(local.slice(11, 13));
  const year = exists ? instant.getUTCFullYear() : 0;
  if (year < 1 || year > 9999 || local.startsWith('0000')) {
    throw new BadMessageError('timestamp is not a time that exists');
  }
  const digits = fraction.replace(/0+$/, '');
  const utc = zone === 'Z' ? local : instant.toISOString().slice(0, 19);
  return `${utc}${digits && `.${digits}`}Z`;
}

function readValues(value) {
  if (!isObject(value) || !Object.values(value).every(isPlain)) {
    throw new BadMessageError('values is missing or not an object of numbers, texts, booleans and nulls');
  }
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value) {
  if (typeof value === 'number') return Number.isFinite(value); // 1e999 is good JSON and reads as infinity
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

module.exports = { BadMessageError, parse };
