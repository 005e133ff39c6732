/** @typedef {{now(): number, setTimeout(call: () => void, ms: number): any, clearTimeout(timer: any): void}} Clock */
/**
 * @typedef {object} LinkOptions
 * @property {string} url
 * @property {any} WebSocket
 * @property {Clock} clock
 * @property {() => number} random
 * @property {number} connectTimeoutMs
 * @property {number} heartbeatMs between pings
 * @property {number} staleAfterMs without a frame the connection counts as stale; and after one more heartbeat as dead
 * @property {number} backoffMinMs
 * @property {number} backoffMaxMs
 */
/**
 * @typedef {object} LinkEvents
 * @property {() => void} onOpen
 * @property {(text: string) => void} onText
 * @property {(reason: string) => void} onLost
 * @property {(state: 'connecting' | 'waiting' | 'stale' | 'fresh' | 'closed', more?: {retryInMs?: number, reason?: string}) => void} onState
 */

/** A connection that held this long was a good one: the next wait begins small again. */
const GOOD_AFTER_MS = 5000;

/** One connection after another: opened, watched, and opened again with full jitter. */
export class Link {
  /** @type {any} */
  #socket = null;
  /** @type {any} */
  #timer;
  #isOpen = false;
  #isStale = false;
  #attempts = 0;
  #openedAt = 0;
  #frameAt = 0;
  #isHeld = false;

  /**
   * @param {LinkOptions} options
   * @param {LinkEvents} events
   */
  constructor(options, events) {
    this.options = options;
    this.events = events;
  }

  /** Whether permessage-deflate was agreed on. */
  get isCompressed() {
    return String(this.#socket?.extensions ?? '').includes('permessage-deflate');
  }

  open() {
    const { WebSocket, url, clock, connectTimeoutMs } = this.options;
    clock.clearTimeout(this.#timer);
    this.#let();
    this.events.onState('connecting');
    /** @type {any} */
    let socket;
    try {
      socket = new WebSocket(url);
    } catch (error) {
      this.close(String(error));
      throw error;
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#isOpen = true;
      this.#openedAt = this.#frameAt = clock.now();
      this.#beat();
      this.events.onOpen();
    };
    socket.onmessage = (/** @type {{data: unknown}} */ event) => {
      if (this.#socket !== socket) return;
      this.#frameAt = clock.now();
      if (this.#isStale) {
        this.#isStale = false;
        this.events.onState('fresh');
      }
      if (typeof event.data === 'string') this.events.onText(event.data);
    };
    socket.onclose = (/** @type {{code?: number, reason?: string}} */ event) => {
      if (this.#socket === socket) this.drop(event.reason || `CLOSED_${event.code ?? 1006}`);
    };
    // A close follows, which says all that there is.
    socket.onerror = () => {};
    this.#timer = clock.setTimeout(() => this.drop('CONNECT_TIMEOUT'), connectTimeoutMs);
  }

  /**
   * @param {string} text
   * @returns {boolean} whether it is on its way
   */
  send(text) {
    if (!this.#isOpen || this.#socket.readyState !== 1) return false;
    this.#socket.send(text);
    return true;
  }

  /**
   * Lets the connection go and opens another one later.
   * @param {string} reason
   * @param {{isHeld?: boolean, atOnce?: boolean}} [how] `isHeld`: not before `resume`
   */
  drop(reason, { isHeld = false, atOnce = false } = {}) {
    const { clock, random, backoffMinMs, backoffMaxMs } = this.options;
    if (this.#isOpen && clock.now() - this.#openedAt >= GOOD_AFTER_MS) this.#attempts = 0;
    this.#let();
    this.#isHeld = isHeld;
    clock.clearTimeout(this.#timer);
    const most = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    const retryInMs = atOnce ? 0 : Math.floor(random() * most);
    this.events.onLost(reason);
    this.events.onState('waiting', isHeld ? { reason } : { retryInMs, reason });
    if (!isHeld) this.#timer = clock.setTimeout(() => this.open(), retryInMs);
  }

  /** Opens again what was held. */
  resume() {
    if (this.#isHeld) this.open();
  }

  /** @param {string} [reason] */
  close(reason) {
    this.options.clock.clearTimeout(this.#timer);
    this.#attempts = 0;
    this.#let(true);
    this.events.onLost(reason ?? 'CLOSED');
    this.events.onState('closed', { reason });
  }

  /** Hears no more of the socket: a close that the other side does not answer may take a minute. */
  #let(isPolite = false) {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = this.#isStale = this.#isHeld = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState > 1) return;
    // Node's `ws` tells of a connection that never opened by an error, and can end at once.
    socket.onerror = () => {};
    if (!isPolite && socket.terminate) socket.terminate();
    else socket.close();
  }

  /** Asks for a sign of life, and counts how long there was none. */
  #beat() {
    const { clock, heartbeatMs, staleAfterMs } = this.options;
    clock.clearTimeout(this.#timer);
    const quiet = clock.now() - this.#frameAt;
    if (this.#isStale && quiet >= staleAfterMs + heartbeatMs) {
      this.drop('STALE');
      return;
    }
    if (!this.#isStale && quiet >= staleAfterMs) {
      this.#isStale = true;
      this.events.onState('stale', { reason: 'NO_FRAMES' });
    }
    this.send(JSON.stringify({ type: 'ping', requestId: `p${clock.now()}` }));
    this.#timer = clock.setTimeout(() => this.#beat(), heartbeatMs);
  }
}
