/** @import { LinkEvents, LinkOptions, Message } from './types.js' */

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
  #isHeld = false;
  #attempts = 0;
  #openedAt = 0;
  #frameAt = 0;

  /** @param {LinkOptions} options @param {LinkEvents} events */
  constructor(options, events) {
    this.options = options;
    this.events = events;
  }

  /** Whether permessage-deflate was agreed on. */
  get isCompressed() {
    return String(this.#socket?.extensions).includes('permessage-deflate');
  }

  open() {
    const { WebSocket, url, clock, connectTimeoutMs } = this.options;
    const socket = new WebSocket(url);
    this.#release(false);
    this.#socket = socket;
    this.#timer = clock.setTimeout(() => this.drop('CONNECT_TIMEOUT'), connectTimeoutMs);
    socket.onopen = () => {
      this.#isOpen = true;
      this.#openedAt = this.#frameAt = clock.now();
      this.#beat();
      this.events.onOpen();
    };
    socket.onmessage = (/** @type {{data: string}} */ { data }) => {
      this.#frameAt = clock.now();
      if (this.#isStale) {
        this.#isStale = false;
        this.events.onState('fresh');
      }
      this.events.onText(data);
    };
    socket.onclose = (/** @type {{code: number}} */ { code }) => this.drop(`CLOSED_${code}`);
    // A close follows, which says all that there is.
    socket.onerror = () => {};
    this.events.onState('connecting');
  }

  /** @param {Message} message @returns {boolean} whether it is on its way */
  send(message) {
    if (!this.#isOpen || this.#socket.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Lets the connection go and opens another one later; one that is held, not before `resume`.
   * @param {string} reason
   * @param {{isHeld?: boolean, atOnce?: boolean}} [how]
   */
  drop(reason, { isHeld = false, atOnce = false } = {}) {
    const { clock, random, backoffMinMs, backoffMaxMs } = this.options;
    if (this.#isOpen && clock.now() - this.#openedAt >= GOOD_AFTER_MS) this.#attempts = 0;
    this.#release(false);
    const most = Math.min(backoffMaxMs, backoffMinMs * 2 ** this.#attempts);
    this.#attempts += 1;
    const retryInMs = atOnce ? 0 : Math.floor(random() * most);
    this.#isHeld = isHeld;
    if (!isHeld) this.#timer = clock.setTimeout(() => this.open(), retryInMs);
    this.events.onLost();
    this.events.onState('waiting', isHeld ? { reason } : { retryInMs, reason });
  }

  /** Opens again what was held. */
  resume() {
    if (this.#isHeld) this.open();
  }

  /** @param {string} [reason] */
  close(reason) {
    this.#attempts = 0;
    this.#release(true);
    this.events.onLost();
    this.events.onState('closed', { reason });
  }

  /**
   * Hears no more of the socket: a close that the other side does not answer may take a minute.
   * @param {boolean} isPolite whether the other side is told why
   */
  #release(isPolite) {
    const socket = this.#socket;
    this.options.clock.clearTimeout(this.#timer);
    this.#socket = null;
    this.#isOpen = this.#isStale = this.#isHeld = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState > 1) return;
    // Node's `ws` can end at once, and tells by an error of what never opened.
    if (!isPolite && socket.terminate) socket.terminate();
    else socket.close(1000);
  }

  /** Asks for a sign of life, and counts how long there was none. */
  #beat() {
    const { clock, heartbeatMs, staleAfterMs } = this.options;
    const quiet = clock.now() - this.#frameAt;
    if (this.#isStale && quiet >= staleAfterMs + heartbeatMs) {
      this.drop('STALE');
      return;
    }
    if (!this.#isStale && quiet >= staleAfterMs) {
      this.#isStale = true;
      this.events.onState('stale', { reason: 'NO_FRAMES' });
    }
    this.send({ type: 'ping', requestId: `p${clock.now()}` });
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#beat(), heartbeatMs);
  }
}
