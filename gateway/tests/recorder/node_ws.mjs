// Loaded before a program: writes down what its clients send and receive over the `ws` that it finds
// from its folder. A proxy of the tests is no client: what it passes on has been written down at the
// client that sent it, and at the proxy's own socket that received it.

import { createRequire } from 'node:module';
import { record, relays } from './frames.mjs';

const WebSocket = createRequire(`${process.cwd()}/`)('ws');
const { emit, send } = WebSocket.prototype;

/** The sockets of a server have no address. */
const isRelayed = (socket) => relays.has(new URL(socket.url).port);

WebSocket.prototype.send = function (data, ...rest) {
  if (this.url && !this.isRelay && this.readyState === WebSocket.OPEN) record('sent', String(data));
  return send.call(this, data, ...rest);
};

WebSocket.prototype.emit = function (event, ...rest) {
  if (event === 'message' && this.url && !isRelayed(this)) record('received', String(rest[0]));
  return emit.call(this, event, ...rest);
};
