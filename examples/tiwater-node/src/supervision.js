'use strict';
/** What is told to whoever supervises, when it listens: a channel to the parent process. Else nothing happens. */

let told = false;

/** Messages are being taken. Told once. */
function ready() {
  if (told) return;
  told = true;
  if (process.connected) process.send('ready', () => {}); // a parent that is gone is no reason to stop
}

module.exports = { ready };
