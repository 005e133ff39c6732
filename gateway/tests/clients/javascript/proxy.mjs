// Between a client and the gateway: cuts, delays and swallows bytes, or single messages.

import { once } from 'node:events';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import WebSocket, { WebSocketServer } from 'ws';
import { relays } from '../recorder/frames.mjs';

/** Bytes, which it knows nothing of. Where it leads may change. */
export class ByteProxy {
  /** @param {() => number} port */
  static async start(port) {
    const proxy = new ByteProxy();
    proxy.port = port;
    proxy.sockets = new Set();
    /** Bytes towards the client until the next cut. */
    proxy.left = Infinity;
    proxy.isSilent = false;
    /** How long the next bytes are held up. */
    proxy.delayMs = () => 0;
    proxy.server = net.createServer((client) => proxy.lead(client));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `ws://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  lead(client) {
    const server = net.connect(this.port(), '127.0.0.1');
    const both = [client, server];
    const end = () => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    this.pump(client, (bytes) => server.write(bytes));
    this.pump(server, (bytes) => {
      this.left -= bytes.length;
      if (this.left > 0) {
        client.write(bytes);
        return;
      }
      // In the middle of a frame, wherever that is.
      client.write(bytes.subarray(0, bytes.length + this.left), () => this.cut());
      this.left = Infinity;
    });
  }

  /** Passes on what comes, late perhaps but in its order. */
  pump(from, pass) {
    let before = Promise.resolve();
    from.on('data', (bytes) => {
      if (this.isSilent) return;
      const ms = this.delayMs();
      before = before.then(() => (ms > 0 ? setTimeout(ms) : undefined)).then(() => from.destroyed || pass(bytes));
    });
  }

  cut() {
    for (const socket of [...this.sockets]) socket.destroy();
  }

  close() {
    this.cut();
    this.server.close();
  }
}

/** Messages: each may be dropped or changed on its way. */
export class MessageProxy {
  /** @param {() => string} url */
  static async start(url) {
    const proxy = new MessageProxy();
    proxy.url_ = url;
    proxy.connections = 0;
    /** Gives what goes on: a message, or nothing. */
    proxy.up = (message) => message;
    proxy.down = (message) => message;
    proxy.server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    proxy.server.on('connection', (client) => proxy.lead(client));
    await once(proxy.server, 'listening');
    const { port } = proxy.server.address();
    proxy.url = `ws://127.0.0.1:${port}`;
    relays.add(String(port));
    return proxy;
  }

  lead(client) {
    this.connections += 1;
    const server = new WebSocket(this.url_());
    server.isRelay = true;
    const waiting = [];
    const pass = (text, to, change) => {
      const message = change(JSON.parse(text));
      if (message) to.send(JSON.stringify(message));
    };
    client.on('message', (text) => {
      if (server.readyState === WebSocket.OPEN) pass(text, server, this.up);
      else waiting.push(text);
    });
    server.on('open', () => waiting.splice(0).forEach((text) => pass(text, server, this.up)));
    server.on('message', (text) => pass(text, client, this.down));
    for (const [socket, other] of [[client, server], [server, client]]) {
      socket.on('error', () => {});
      socket.on('close', (code) => {
        if (code >= 1000 && code !== 1005 && code !== 1006) other.close(code);
        else other.terminate();
      });
    }
  }

  cut() {
    for (const client of this.server.clients) client.terminate();
  }

  close() {
    this.cut();
    this.server.close();
  }
}
