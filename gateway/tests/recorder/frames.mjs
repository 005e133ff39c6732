// Frames, written down one a line as the exchange heard and said them, for the test that runs this
// to hold against `asyncapi.yaml`.

import { appendFileSync } from 'node:fs';

const { FRAMES } = process.env;
/** What is expected of messages that are sent badly on purpose. */
const bad = [];

/** Ports behind which messages are changed or lost on their way. */
export const relays = new Set();

/**
 * As it stood on the wire, so that digits and doubled members are kept.
 * @param {'sent' | 'received'} way
 * @param {string} text
 */
export function record(way, text) {
  if (!FRAMES) return;
  appendFileSync(FRAMES, `{"${way}":${text}${way === 'sent' && isBad(text) ? ',"bad":true' : ''}}\n`);
}

/** The next message that is sent and is this one is bad: the document must not allow it. */
export function sendsBad(isThis) {
  bad.push(isThis);
}

function isBad(text) {
  const found = bad.length > 0 ? bad.findIndex((isThis) => isThis(JSON.parse(text))) : -1;
  if (found >= 0) bad.splice(found, 1);
  return found >= 0;
}

/** Writes down what a page of a browser sends and receives from now on. */
export function watch(page) {
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => record('sent', String(payload)));
    socket.on('framereceived', ({ payload }) => record('received', String(payload)));
  });
}
