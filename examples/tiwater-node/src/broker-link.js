'use strict';
/**
 * The consumer's door to the broker: a persistent session, whose messages are acknowledged when they are safe.
 *
 * mqtt.js handles one message at a time and acknowledges it when `handleMessage` calls back. So nothing piles up
 * in memory: while a message is being committed the next ones wait with the broker.
 */

const { setImmediate: turn, setTimeout: wait } = require('node:timers/promises');
const mqtt = require('mqtt');

const QOS = 1; // at least once: the broker keeps a message until it is acknowledged
const KEEPALIVE_SECONDS = 30;
const FIRST_WAIT = 500; // milliseconds, doubled up to LONGEST_WAIT
const LONGEST_WAIT = 10_000;
const GOODBYE = 2_000;

class BrokerLink {
  /**
   * @param {{url: string, topic: string, clientId: string}} broker
   * @param {(topic: string, payload: Buffer) => Promise<void>} commit resolves when the message is safe
   * @param {(line: string) => void} say
   */
  constructor({ url, topic, clientId }, commit, say) {
    this.topic = topic;
    this.commit = commit;
    this.say = say;
    this.name = withoutCredentials(url);
    this.connection = 0;
    this.closing = false;
    this.inHand = Promise.resolve();
    this.client = mqtt.connect(url, {
      clientId,
      clean: false, // the broker keeps the session, and what is not acknowledged, while the consumer is away
      protocolVersion: 4,
      keepalive: KEEPALIVE_SECONDS,
      connectTimeout: 3_000,
      reconnectPeriod: FIRST_WAIT,
      reconnectOnConnackError: true, // a broker that refuses today may be configured right tomorrow
      resubscribe: false, // done below, with a check of the answer
    });
    this.client.handleMessage = (packet, callback) => {
      if (this.closing) return callback(new Error('not taken'));
      this.inHand = this.#commitAndAcknowledge(packet, callback);
      return undefined;
    };
    this.client.on('connect', (connack) => this.#connected(connack));
    this.client.on('close', () => this.#closed());
    this.client.on('error', (error) => this.say(`broker ${this.name}: ${error.message || error.code}`));
  }

  /** Take no more messages, finish the one in hand, leave; the session stays with the broker. */
  async close() {
    this.closing = true;
    clearTimeout(this.subscribeTimer);
    await this.inHand;
    await Promise.race([this.client.endAsync(), wait(GOODBYE)]);
  }

  /**
   * Acknowledge only on the connection the message came on: on a later one its packet id may name another message,
   * which would be lost. Called back with an error, mqtt.js does not acknowledge, and the broker sends it again.
   */
  async #commitAndAcknowledge(packet, callback) {
    const { connection } = this;
    await this.commit(packet.topic.toString(), packet.payload);
    // mqtt.js handles all messages of one network read without a pause; signals and timers get their turn here.
    await turn();
    const sameConnection = this.client.connected && connection === this.connection;
    callback(sameConnection ? undefined : new Error('the connection it came on is gone'));
  }

  #connected(connack) {
    this.connection += 1;
    this.client.options.reconnectPeriod = FIRST_WAIT;
    this.say(`connected to ${this.name}, ${connack.sessionPresent ? 'session kept' : 'new session'}`);
    this.#subscribe(2_000);
  }

  #closed() {
    this.connection += 1;
    clearTimeout(this.subscribeTimer);
    if (this.closing) return;
    const { options } = this.client;
    this.say(`broker ${this.name}: no connection; next try in ${options.reconnectPeriod / 1000} s`);
    options.reconnectPeriod = Math.min(options.reconnectPeriod * 2, LONGEST_WAIT);
  }

  /** Subscribe, and again until the broker confirms it: an answer may be a refusal or never come. */
  #subscribe(delay) {
    clearTimeout(this.subscribeTimer);
    this.subscribeTimer = setTimeout(() => this.#subscribe(Math.min(delay * 2, 30_000)), delay);
    this.client.subscribe(this.topic, { qos: QOS }, (error, granted) => {
      // QoS 0 means messages lost at every restart.
      if (!error && granted.every((subscription) => subscription.qos === QOS)) {
        clearTimeout(this.subscribeTimer);
        this.say(`subscribed to ${this.topic}`);
      } else if (!this.closing && this.client.connected) {
        this.say(`broker ${this.name} refused ${this.topic} at QoS ${QOS}; trying again in ${delay / 1000} s`);
      }
    });
  }
}

/** The broker's address as it may be shown. */
function withoutCredentials(url) {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

module.exports = { BrokerLink };
