'use strict';
/**
 * What is told to whoever supervises, when it listens: a channel to the parent process, or NOTIFY_SOCKET. Else nothing
 * happens. node cannot write to such a socket itself; the program `systemd-notify` does it, where it is installed.
 */

const { execFile } = require('node:child_process');

let told = false;

/** Messages are being taken. Told once. */
function ready() {
  if (told) return;
  told = true;
  const nobodyListens = () => {}; // which is no reason to stop
  if (process.connected) process.send('ready', nobodyListens);
  if (process.env.NOTIFY_SOCKET) execFile('systemd-notify', ['--ready'], { timeout: 5_000 }, nobodyListens);
}

module.exports = { ready };
