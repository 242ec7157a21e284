'use strict';
/**
 * The consumer's door to the broker: a persistent session, from which messages are taken and acknowledged in batches.
 *
 * mqtt.js hands out one message, waits until `handleMessage` calls back, acknowledges it and hands out the next. Called
 * back with an error it goes on **without** acknowledging. So every message is called back with one, is kept in a
 * bounded inbox, and is acknowledged here when its batch is committed. When the inbox is full the last callback is held
 * back: mqtt.js reads no further, and the rest waits with the broker.
 */

const { setTimeout: wait } = require('node:timers/promises');
const mqtt = require('mqtt');

const QOS = 1; // at least once: the broker keeps a message until it is acknowledged
const KEEPALIVE_SECONDS = 30;
const CONNECT = 3_000; // milliseconds, as everything below
const FIRST_WAIT = 500; // doubled up to LONGEST_WAIT
const LONGEST_WAIT = 10_000;
const GOODBYE = 2_000;
const IDLE = 250; // how long take() waits for a first message, and so how soon a stop is noticed
// How long it then collects more, unless they pause before that: a broker stops when so many messages wait for an
// acknowledgement as it allows (mosquitto: 20, unless max_inflight_messages says otherwise).
const LINGER = 20;
const PAUSE = 3;
const BATCH = 500;
const QUIET_ROUNDS = 2; // answers in a row with no message before them, until nothing is held to be left for a member
const PUBACK = 0x40;
const NOT_ACKNOWLEDGED_YET = new Error('not acknowledged yet');

/**
 * A message as it came. Its packet id means something on its own connection only.
 *
 * @typedef {{topic: string, payload: Buffer, id: number, qos: number, connection: object}} Delivery
 */

class BrokerLink {
  /**
   * @param {{url: string, topics: string[], clientId: string, ca?: Buffer}} broker `ca`: the authorities to trust
   * @param {(line: string) => void} say
   */
  constructor({ url, topics, clientId, ca }, say) {
    Object.assign(this, { url, topics, clientId, ca, say });
    this.name = withoutCredentials(url);
    this.inbox = [];
    this.goOn = null;
    this.arrived = () => {};
    this.confirmed = false;
    this.closing = false;
    this.leaving = false;
    this.quietRounds = 0;
    this.asking = false;
    this.askAt = 0;
    this.client = mqtt.connect(url, {
      ...this.#options(),
      clean: false, // the broker keeps the session, and what is not acknowledged, while the consumer is away
      reconnectPeriod: FIRST_WAIT,
      reconnectOnConnackError: true, // a broker that refuses today may be configured right tomorrow
      resubscribe: false, // done below, with a check of the answer
    });
    this.client.handleMessage = (packet, callback) => this.#received(packet, callback);
    this.client.on('connect', (connack) => this.#connected(connack));
    this.client.on('close', () => this.#closed());
    this.client.on('error', (error) => this.say(`broker ${this.name}: ${error.message || error.code}`));
  }

  /** Whether the broker has confirmed the subscription on the connection that is open now. */
  get subscribed() {
    return this.client.connected && this.confirmed;
  }

  /** Whether, after leave(), nothing is left for this member at the broker. */
  get drained() {
    return this.quietRounds >= QUIET_ROUNDS;
  }

  /**
   * Up to BATCH messages; none when none came for a moment.
   *
   * @returns {Promise<Delivery[]>}
   */
  async take() {
    if (this.leaving) this.#askWhatIsLeft();
    if (this.inbox.length === 0) await this.#arrival();
    const until = Date.now() + LINGER;
    for (let seen = 0; seen < this.inbox.length && this.inbox.length < BATCH && Date.now() < until; ) {
      seen = this.inbox.length;
      await wait(PAUSE);
    }
    const taken = this.inbox;
    this.inbox = [];
    this.goOn?.(NOT_ACKNOWLEDGED_YET);
    this.goOn = null;
    return taken;
  }

  /**
   * Tell the broker that these are safe.
   *
   * One that came on an earlier connection is skipped: the broker sends it again, and on the new connection its packet
   * id may name another message, which would be lost. mqtt.js writes whole packets, so these fall between them.
   *
   * @param {Delivery[]} deliveries
   */
  acknowledge(deliveries) {
    const { stream, connected } = this.client;
    const packets = deliveries
      .filter(({ qos, connection }) => qos > 0 && connected && connection === stream)
      .map(({ id }) => Buffer.of(PUBACK, 2, id >> 8, id & 0xff));
    if (packets.length > 0) stream.write(Buffer.concat(packets));
  }

  /** Unsubscribe from now on; take() then brings what the broker has kept for this member, until `drained`. */
  leave() {
    this.leaving = true;
    this.confirmed = false;
    clearTimeout(this.subscribeTimer);
  }

  /** Send what waits and leave; the session stays with the broker. */
  async close() {
    this.closing = true;
    clearTimeout(this.subscribeTimer);
    this.goOn?.(NOT_ACKNOWLEDGED_YET);
    await Promise.race([this.client.endAsync(), wait(GOODBYE)]);
  }

  /** Leave for good, after close(): the broker forgets the session. Rejects when it does not say so. */
  async endSession() {
    // MQTT 3.1.1 ends a session by opening it once more, clean, under the same client id.
    const client = await mqtt.connectAsync(this.url, { ...this.#options(), clean: true, reconnectPeriod: 0 });
    await Promise.race([client.endAsync(), wait(GOODBYE)]);
  }

  #options() {
    return {
      clientId: this.clientId,
      protocolVersion: 4, // a PUBACK as it is written above
      keepalive: KEEPALIVE_SECONDS,
      connectTimeout: CONNECT,
      ...(this.ca && { ca: this.ca }), // without: the authorities that node knows
    };
  }

  #received(packet, callback) {
    this.quietRounds = 0;
    this.heard = true;
    if (this.closing) return callback(NOT_ACKNOWLEDGED_YET); // thrown away; the broker sends it again
    const { messageId: id, payload, qos } = packet;
    this.inbox.push({ topic: packet.topic.toString(), payload, id, qos, connection: this.client.stream });
    this.arrived();
    if (this.inbox.length < BATCH) return callback(NOT_ACKNOWLEDGED_YET);
    this.goOn = callback;
    return undefined;
  }

  async #arrival() {
    let timer;
    await new Promise((resolve) => {
      this.arrived = resolve;
      timer = setTimeout(resolve, IDLE);
    });
    clearTimeout(timer);
  }

  #connected(connack) {
    this.client.options.reconnectPeriod = FIRST_WAIT;
    this.say(`connected to ${this.name}, ${connack.sessionPresent ? 'session kept' : 'new session'}`);
    if (!this.leaving) this.#subscribe(2_000);
  }

  #closed() {
    this.confirmed = false;
    this.quietRounds = 0;
    this.asking = false;
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
    const topics = this.topics.join(', ');
    this.client.subscribe(this.topics, { qos: QOS }, (error, granted) => {
      // QoS 0 means messages lost at every restart.
      if (!error && granted.every((subscription) => subscription.qos === QOS)) {
        clearTimeout(this.subscribeTimer);
        this.confirmed = !this.leaving;
        this.say(`subscribed to ${topics}`);
      } else if (!this.closing && this.client.connected) {
        this.say(`broker ${this.name} refused ${topics} at QoS ${QOS}; trying again in ${delay / 1000} s`);
      }
    });
  }

  /**
   * A member that leaves unsubscribes, again and again: where packets come in order, an answer with no message before it
   * means that none is left. Asked only when nothing is in hand, and not at once again: time for a broker that does not
   * answer in order.
   */
  #askWhatIsLeft() {
    if (this.asking || !this.client.connected || this.inbox.length > 0 || Date.now() < this.askAt) return;
    this.askAt = Date.now() + IDLE;
    this.asking = true;
    this.heard = false;
    this.client.unsubscribe(this.topics, (error) => {
      this.asking = false;
      this.quietRounds = error || this.heard ? 0 : this.quietRounds + 1;
    });
  }
}

/** The broker's address as it may be shown. */
function withoutCredentials(url) {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

module.exports = { BrokerLink };
