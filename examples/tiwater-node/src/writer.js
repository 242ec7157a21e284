'use strict';
/** Commits batches, however long the database is locked or away, and sets aside what is no reading. */

const { BadMessageError, parse } = require('./readings');
const { DatabaseBusyError, RowsRefusedError, openStore, withoutCredentials } = require('./storage');

const FIRST_WAIT = 100; // milliseconds, doubled up to LONGEST_WAIT
const LONGEST_WAIT = 1_000;

/**
 * Open the database, however long it is locked or away.
 *
 * @param {string} address
 * @param {(milliseconds: number) => Promise<void>} patience waits, or throws when it is time to give up
 * @param {(line: string) => void} say
 */
function opened(address, patience, say) {
  const meanwhile = `cannot open ${withoutCredentials(address)} yet`;
  return persist(() => openStore(address), patience, (line) => say(`${line}; ${meanwhile}`));
}

class Writer {
  constructor(store, patience, say) {
    this.store = store;
    this.patience = patience;
    this.say = say;
  }

  /** Write the whole batch; when it resolves, all of it may be acknowledged. */
  async commit(batch) {
    if (batch.length > 0) await this.#save(batch.map((delivery) => this.#judged(delivery)));
  }

  /** One transaction; when the database refuses it, halves, until the message it will never take stands alone. */
  async #save(entries) {
    const readings = entries.flatMap((entry) => entry.reading ?? []);
    const deadLetters = entries.flatMap((entry) => (entry.reading ? [] : deadLetter(entry)));
    try {
      const waiting = (line) => this.say(`${line}; ${entries.length} messages wait, unacknowledged`);
      await persist(() => this.store.save(readings, deadLetters), this.patience, waiting);
    } catch (error) {
      if (!(error instanceof RowsRefusedError) || deadLetters.length === entries.length) throw error;
      if (entries.length === 1) {
        await this.#save([this.#setAside(entries[0].delivery, `the database refuses it: ${error.message}`)]);
      } else {
        const middle = entries.length >> 1;
        await this.#save(entries.slice(0, middle));
        await this.#save(entries.slice(middle));
      }
    }
  }

  #judged(delivery) {
    try {
      return { delivery, reading: parse(delivery.topic, delivery.payload) };
    } catch (error) {
      if (!(error instanceof BadMessageError)) throw error;
      return this.#setAside(delivery, error.message);
    }
  }

  #setAside(delivery, reason) {
    this.say(`set aside a message on ${JSON.stringify(delivery.topic)}: ${reason}`);
    return { delivery, reading: null, reason };
  }
}

function deadLetter({ delivery, reason }) {
  return { topic: delivery.topic, payload: delivery.payload, reason, receivedAt: new Date().toISOString() };
}

async function persist(write, patience, sayWaiting) {
  for (let delay = FIRST_WAIT; ; delay = Math.min(delay * 2, LONGEST_WAIT)) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof DatabaseBusyError)) throw error;
      sayWaiting(error.message);
    }
    await patience(delay);
  }
}

module.exports = { Writer, opened };
