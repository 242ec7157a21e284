'use strict';
/**
 * What is told to whoever supervises, when it listens: ready, alive, stopping, by a channel to the parent process or by
 * the protocol of sd_notify. Else nothing happens. node cannot write to such a socket itself; the program
 * `systemd-notify` does it, where it is installed.
 */

const { execFile } = require('node:child_process');

const MICROSECONDS = 1_000; // in a millisecond
const DEFAULT_INTERVAL = 10_000; // milliseconds
const NOTIFYING = 5_000; // how long the program may take

// Three times in the interval in which whoever supervises wants to hear of it.
const aliveEvery = (Number(process.env.WATCHDOG_USEC) / MICROSECONDS || DEFAULT_INTERVAL) / 3;

let told = false;
let aliveAt = 0;
let telling = false;

/** Messages are being taken. Told once. */
function ready() {
  if (told) return;
  told = true;
  if (process.connected) process.send('ready', nobodyListens);
  notify('READY=1');
}

/** The loop turns. Say it at each turn: it is told three times in an interval. */
function alive() {
  if (telling || Date.now() < aliveAt) return;
  aliveAt = Date.now() + aliveEvery;
  notify('WATCHDOG=1');
}

/** No more messages are taken. */
function stopping() {
  notify('STOPPING=1');
}

function notify(state) {
  if (!process.env.NOTIFY_SOCKET) return;
  telling = true;
  execFile('systemd-notify', [state], { timeout: NOTIFYING }, () => {
    telling = false;
  });
}

function nobodyListens() {} // which is no reason to stop

module.exports = { alive, ready, stopping };
