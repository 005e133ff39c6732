import { NexVestXRError } from './error.js';
import { Link } from './link.js';
import { Requests } from './requests.js';
import { MessageStream } from './stream.js';
import { View } from './view.js';

/** @typedef {import('./error.js').Message} Message */
/** @typedef {import('./book.js').BookView} BookView */
/** @typedef {import('./link.js').Clock} Clock */
/** @typedef {{type: string, pair?: string, symbol?: string, depth?: number, updates?: 'delta' | 'full'}} Channel */
/** @typedef {'idle' | 'connecting' | 'authenticating' | 'ready' | 'waiting' | 'stale' | 'closed'} State */
/** @typedef {string | (() => string | Promise<string>)} Token */
/** @typedef {{orderId?: string, clientOrderId?: string}} OrderName */
/** @typedef {string | OrderName} OrderReference an order's id, or either of its names */
/**
 * @typedef {object} ClientOptions
 * @property {string} url `ws://` or `wss://`
 * @property {Token} [token] a function is asked for a new one before the old one ends; without a token there are public channels only
 * @property {any} [WebSocket] where the platform has none: Node before 22 takes that of `ws`
 * @property {Message} [options] of `authenticate`, such as `cancel_on_disconnect`
 * @property {number} [requestTimeoutMs] until a request without an answer is repeated, or given up where it must not be
 * @property {number} [connectTimeoutMs]
 * @property {number} [heartbeatMs] between two pings
 * @property {number} [staleAfterMs] how long a connection may be silent
 * @property {number} [backoffMinMs] the first wait is between nothing and this long
 * @property {number} [backoffMaxMs] no wait is longer
 * @property {Clock} [clock]
 * @property {() => number} [random] from 0 up to 1
 */

/** @type {Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};
/** The rate before the exchange has told which one is in force. */
const MESSAGES_PER_SECOND = 50;
/** A token is renewed this long before it ends, or when four fifths of a short life are over. */
const RENEWED_BEFORE_MS = 60_000;
/** A book that keeps being wrong is asked for again so often. */
const RESUBSCRIBED_EVERY_MS = 1000;
/** The longest time that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const IS_PRIVATE = /^(orders|positions|portfolio|margin_calls)$/;

/** @param {Channel} channel */
const keyOf = ({ type, pair, symbol }) => `${type}:${pair ?? symbol ?? ''}`;

/** @param {OrderReference} order @returns {OrderName} */
const nameOf = (order) => (typeof order === 'string' ? { orderId: order } : order);

/** A name that no other order has. */
function newClientOrderId() {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(12));
  return `c-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * One session with the exchange over as many connections as it takes. An `EventTarget`: each
 * message of the wire is an event of its type with the message in `detail`, once, whatever was
 * sent twice. Beside them there are `state`, `message` (all of the wire, repetitions too), `book`,
 * `fill`, `orders` (the open orders were told anew), `gap` and `error`.
 */
export class NexVestXRClient extends EventTarget {
  /** @type {State} */
  state = 'idle';
  /** `data` of `authenticated`, while it is in force. @type {Message | null} */
  session = null;
  /** @type {{latencyMs: number | null, messagesReceived: number, messagesSent: number, reconnects: number, sequenceGaps: number, compressed: boolean}} */
  stats = {
    latencyMs: null,
    messagesReceived: 0,
    messagesSent: 0,
    reconnects: 0,
    sequenceGaps: 0,
    compressed: false,
  };
  #view = new View();
  /** @type {Map<string, Channel>} */
  #channels = new Map();
  /** @type {Set<MessageStream<any>>} */
  #streams = new Set();
  /** @type {Set<MessageStream<any>>} */
  #full = new Set();
  /** When a book was last asked for again. @type {Map<string, number>} */
  #mended = new Map();
  /** @type {string | null} */
  #user = null;
  /** Counts connections and logins, so that what belongs to an earlier one is known. */
  #login = 0;
  /** @type {any} */
  #renewal;
  /** What the exchange said last before it closed the connection. @type {string | undefined} */
  #farewell;
  #wasReady = false;

  /** @param {ClientOptions} options */
  constructor(options) {
    super();
    const { url, token, clock = CLOCK, random = Math.random } = options;
    const WebSocket = options.WebSocket ?? /** @type {any} */ (globalThis).WebSocket;
    if (!WebSocket) throw new TypeError('there is no WebSocket here: give one in the options');
    this.options = options;
    /** @type {Token | undefined} */
    this.token = token;
    this.clock = clock;
    this.link = new Link(
      {
        url,
        WebSocket,
        clock,
        random,
        connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
        heartbeatMs: options.heartbeatMs ?? 5000,
        staleAfterMs: options.staleAfterMs ?? 12_000,
        backoffMinMs: options.backoffMinMs ?? 500,
        backoffMaxMs: options.backoffMaxMs ?? 30_000,
      },
      {
        onOpen: () => this.#onOpen(),
        onText: (text) => this.#onText(text),
        onLost: () => this.#onLost(),
        onState: (state, more) => this.#onLinkState(state, more),
      },
    );
    this.requests = new Requests({
      clock,
      timeoutMs: options.requestTimeoutMs ?? 10_000,
      send: (text) => this.#send(text),
      isReady: () => this.state === 'ready' || this.state === 'stale',
      messagesPerSecond: () => this.session?.limits?.messagesPerSecond ?? MESSAGES_PER_SECOND,
      canAuthenticate: () => typeof this.token === 'function',
    });
  }

  /** Connects, and from then on stays connected until `close`. */
  connect() {
    if (this.state === 'idle' || this.state === 'closed') this.link.open();
  }

  /** Ends the connection; what is under way is rejected with `CLOSED`. */
  close() {
    this.link.close();
    this.requests.close();
    for (const stream of [...this.#streams]) stream.end();
  }

  /**
   * Another token from here on; a string is used at once, a function is asked.
   * @param {Token} token
   */
  setToken(token) {
    this.token = token;
    if (this.state === 'closed') this.link.open();
    else if (this.state !== 'idle' && this.state !== 'waiting' && this.state !== 'connecting') this.#authenticate();
  }

  /** Open orders by id. */
  get orders() {
    return this.#view.orders;
  }
  /** Open positions by id. */
  get positions() {
    return this.#view.positions;
  }
  /** Margin calls in force, by position. */
  get marginCalls() {
    return this.#view.marginCalls;
  }
  /** By asset, after `getBalances` or with the channel `portfolio`. */
  get balances() {
    return this.#view.balances;
  }
  /** By symbol. */
  get prices() {
    return this.#view.prices;
  }
  get portfolio() {
    return this.#view.portfolio;
  }
  /** Open arbitrage opportunities by id. */
  get opportunities() {
    return this.#view.opportunities;
  }
  /** Risk alerts in force, by id; those with an end are over then. */
  get alerts() {
    return this.#view.alerts;
  }
  /** The last trades of a pair, oldest first. @param {string} pair */
  trades(pair) {
    return this.#view.trades.get(pair) ?? [];
  }
  /** A pair's book, another object after each change. @param {string} pair @returns {BookView} */
  book(pair) {
    return this.#view.book(pair).view;
  }
  /** The channels that are asked for again after a lost connection. */
  get channels() {
    return [...this.#channels.values()];
  }

  /**
   * Messages for one reader at its own pace: `for await (const message of client.stream('trade'))`.
   * @param {string} type of a message or event; `book` gives the newest view of each pair
   * @param {{limit?: number}} [options] how many of those that are never dropped may wait
   */
  stream(type, { limit = 1000 } = {}) {
    const stream = new MessageStream(type, limit, {
      onFull: (full) => {
        this.#full.add(full);
        if (this.state !== 'closed') this.link.drop('SLOW_CONSUMER', { isHeld: true });
      },
      onDrained: (drained) => this.#drained(drained),
      onEnd: (ended) => {
        this.#streams.delete(ended);
        this.#drained(ended);
      },
    });
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Holds channels from now on, over all connections. Rejected where no entry is good; else
   * `errors` has what was refused.
   * @param {Channel[]} channels
   */
  subscribe(channels) {
    for (const channel of channels) this.#channels.set(keyOf(channel), channel);
    return this.#subscribe(channels);
  }

  /** @param {Channel[]} channels */
  unsubscribe(channels) {
    for (const channel of channels) {
      this.#channels.delete(keyOf(channel));
      if (channel.type === 'orderbook' && channel.pair) this.#view.book(channel.pair).lose();
    }
    return this.requests.start({ type: 'unsubscribe', channels });
  }

  /**
   * Places an order, once: it has a `clientOrderId`, made here where none is given, under which
   * it is sent again when its answer was lost.
   * @param {string} orderType
   * @param {Message} orderData
   * @param {{clientOrderId?: string}} [options]
   * @returns {Promise<Message>} `order_placed`
   */
  async placeOrder(orderType, orderData, { clientOrderId } = {}) {
    return this.requests.start({
      type: 'place_order',
      orderType,
      orderData: { ...orderData, clientOrderId: clientOrderId ?? orderData.clientOrderId ?? newClientOrderId() },
    });
  }

  /**
   * @param {{orderType: string, orderData: Message}[]} orders
   * @returns {Promise<(Message | NexVestXRError)[]>} what became of each
   */
  async placeOrders(orders) {
    const named = orders.map(({ orderType, orderData }) => ({
      orderType,
      orderData: { ...orderData, clientOrderId: orderData.clientOrderId ?? newClientOrderId() },
    }));
    return this.requests.start({ type: 'place_orders', orders: named });
  }

  /** @param {OrderReference} order @returns {Promise<Message>} `order_cancelled` */
  cancelOrder(order) {
    return this.requests.start({ type: 'cancel_order', ...nameOf(order) });
  }

  /** @param {OrderReference[]} orders @returns {Promise<(Message | NexVestXRError)[]>} what became of each */
  cancelOrders(orders) {
    return this.requests.start({ type: 'cancel_orders', orders: orders.map(nameOf) });
  }

  /** @param {OrderReference} order @param {{price?: string, amount?: string}} changes @returns {Promise<Message>} `order_amended` */
  amendOrder(order, changes) {
    return this.requests.start({ type: 'amend_order', ...nameOf(order), ...changes });
  }

  /** @param {{pair?: string, side?: 'buy' | 'sell'}} [which] @returns {Promise<Message>} `orders_cancelled` */
  cancelAll(which = {}) {
    return this.requests.start({ type: 'cancel_all', ...which });
  }

  /** @param {number} timeoutMs 0 takes the switch back @returns {Promise<Message>} `cancel_all_after` */
  cancelAllAfter(timeoutMs) {
    return this.requests.start({ type: 'cancel_all_after', timeoutMs });
  }

  /** @param {string} positionId @param {{clientOrderId?: string}} [options] @returns {Promise<Message>} `order_placed` */
  closePosition(positionId, options = {}) {
    return this.requests.start({ type: 'close_position', positionId, ...options });
  }

  /** @param {string} positionId @param {string} amount below zero to take out @returns {Promise<Message>} `margin_adjusted` */
  adjustMargin(positionId, amount) {
    return this.requests.start({ type: 'adjust_margin', positionId, amount });
  }

  /** One page; `nextAfter` is where the next one begins. @param {Message} [query] @returns {Promise<{orders: Message[], nextAfter: string | null}>} */
  getOrders(query = {}) {
    return this.#result({ type: 'get_orders', ...query });
  }

  /** @param {OrderReference} order @returns {Promise<Message>} */
  async getOrder(order) {
    return (await this.#result({ type: 'get_order', ...nameOf(order) })).order;
  }

  /** One page, oldest first. @param {Message} [query] @returns {Promise<{fills: import('./view.js').Fill[], nextAfter: number | null}>} */
  getFills(query = {}) {
    return this.#result({ type: 'get_fills', ...query });
  }

  /** @returns {Promise<Message[]>} */
  async getBalances() {
    return (await this.#result({ type: 'get_balances' })).balances;
  }

  /** @returns {Promise<Message[]>} */
  async getPositions() {
    return (await this.#result({ type: 'get_positions' })).positions;
  }

  /** @returns {Promise<Message[]>} */
  async getInstruments() {
    return (await this.#result({ type: 'get_instruments' })).instruments;
  }

  /** @returns {Promise<number>} */
  async getTime() {
    return (await this.#result({ type: 'get_time' })).time;
  }

  /**
   * Any message; its `requestId` is the client's. Repeated only where that does no harm.
   * @param {Message} message
   * @returns {Promise<any>} its answer, of a list the answer of each
   */
  request(message) {
    return this.requests.start(message);
  }

  /** @param {Message} message */
  async #result(message) {
    return (await this.requests.start(message)).result;
  }

  /** @param {string} text */
  #send(text) {
    const isSent = this.link.send(text);
    if (isSent) this.stats.messagesSent += 1;
    return isSent;
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #say(type, detail) {
    for (const stream of this.#streams) if (stream.type === type) stream.push(this.#streamed(type, detail));
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #streamed(type, detail) {
    return type === 'book' ? this.book(detail.pair) : detail;
  }

  /**
   * @param {State} state
   * @param {{retryInMs?: number, reason?: string}} [more]
   */
  #become(state, more = {}) {
    this.state = state;
    this.#say('state', { state, ...more });
  }

  /**
   * @param {'connecting' | 'waiting' | 'stale' | 'fresh' | 'closed'} state
   * @param {{retryInMs?: number, reason?: string}} [more]
   */
  #onLinkState(state, more) {
    if (state === 'fresh') this.#become(this.#wasReady ? 'ready' : 'authenticating');
    else this.#become(state, more?.reason && this.#farewell ? { ...more, reason: this.#farewell } : more);
    if (state === 'connecting') this.#farewell = undefined;
  }

  #onOpen() {
    this.stats.compressed = this.link.isCompressed;
    if (this.token === undefined) this.#onReady(this.channels);
    else this.#authenticate();
  }

  #onLost() {
    this.#login += 1;
    if (this.#wasReady) this.stats.reconnects += 1;
    this.#wasReady = false;
    this.session = null;
    this.stats.latencyMs = null;
    this.clock.clearTimeout(this.#renewal);
    this.#view.lose();
    this.requests.lost();
  }

  /** Shows the token; on a session that stands it only moves its end. */
  async #authenticate() {
    this.#login += 1;
    const login = this.#login;
    const isRenewal = this.session !== null;
    if (!isRenewal) this.#become('authenticating');
    let token;
    try {
      token = typeof this.token === 'function' ? await this.token() : this.token;
    } catch (error) {
      if (login !== this.#login) return;
      this.#say('error', new NexVestXRError({ code: 'AUTH_FAILED', reason: 'NO_TOKEN', message: String(error) }));
      if (!isRenewal) this.link.drop('NO_TOKEN');
      return;
    }
    if (login !== this.#login) return;
    const { options } = this.options;
    const message = { type: 'authenticate', token, ...(options && { options }) };
    try {
      await this.requests.start(message, {
        isUrgent: true,
        onAnswer: (answer) => this.#onSession(answer, isRenewal),
      });
    } catch (error) {
      if (login === this.#login) this.#onNoSession(/** @type {NexVestXRError} */ (error));
    }
  }

  /**
   * @param {Message} answer `authenticated`
   * @param {boolean} isRenewal
   */
  #onSession({ data, timestamp }, isRenewal) {
    if (this.#user !== null && this.#user !== data.userId) this.#view.forgetUser();
    this.#user = data.userId;
    this.session = data;
    const left = data.expiresAt - timestamp;
    const wait = left - Math.min(RENEWED_BEFORE_MS, left / 5);
    this.clock.clearTimeout(this.#renewal);
    this.#renewal = this.clock.setTimeout(() => this.#renew(), Math.min(wait, LONGEST_TIMER_MS));
    if (isRenewal) return;
    const isFirst = !this.#wasReady;
    this.#onReady(isFirst ? this.channels : this.channels.filter(({ type }) => IS_PRIVATE.test(type)));
  }

  /** @param {NexVestXRError} error */
  #onNoSession(error) {
    this.#say('error', error);
    if (error.code !== 'AUTH_FAILED') this.link.drop(error.code);
    // It is another user's connection; a new one is nobody's.
    else if (error.reason === 'OTHER_USER') this.link.drop(error.reason, { atOnce: true });
    else if (typeof this.token === 'function') this.link.drop(error.reason);
    else this.link.close(error.reason);
  }

  #renew() {
    if (typeof this.token === 'function' && this.session) this.#authenticate();
  }

  /** @param {Channel[]} channels to ask for */
  #onReady(channels) {
    this.#wasReady = true;
    const asked = this.requests.underWay('subscribe').flatMap((entry) => entry.build().channels.map(keyOf));
    const again = channels.filter((channel) => !asked.includes(keyOf(channel)));
    this.#become('ready');
    if (again.length > 0) this.#subscribe(again).catch((error) => this.#say('error', error));
    this.requests.pump();
  }

  /** @param {Channel[]} channels */
  async #subscribe(channels) {
    const build = () => ({ type: 'subscribe', channels: channels.map((it) => this.#view.asked(it)) });
    try {
      const answer = await this.requests.start(build, { onAnswer: () => this.#view.begin(channels) });
      answer.errors.forEach((/** @type {NexVestXRError} */ error) => this.#refused(channels, error));
      return answer;
    } catch (error) {
      const { code } = /** @type {NexVestXRError} */ (error);
      if (code === 'INVALID_SUBSCRIPTION' || code === 'RATE_LIMIT_EXCEEDED' || code === 'INVALID_MESSAGE') {
        for (const channel of channels) this.#channels.delete(keyOf(channel));
      }
      throw error;
    }
  }

  /**
   * @param {Channel[]} channels
   * @param {NexVestXRError} error
   */
  #refused(channels, error) {
    const channel = channels[error.params.index];
    // One that wants a token comes with the token.
    if (channel && error.code !== 'AUTH_REQUIRED') this.#channels.delete(keyOf(channel));
  }

  /** @param {string} text */
  #onText(text) {
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      this.link.drop('NOT_JSON');
      return;
    }
    this.stats.messagesReceived += 1;
    this.#say('message', message);
    this.requests.answer(message);
    if (message.type === 'error') this.#onError(message);
    else for (const said of this.#view.take(message)) this.#onSaid(said);
    if (message.type === 'pong' && /^p\d/.test(message.requestId)) {
      this.stats.latencyMs = this.clock.now() - Number(message.requestId.slice(1));
    }
    if (message.type === 'notice' && message.data.category === 'token_expiring') this.#renew();
  }

  /** @param {Message} message */
  #onError({ error, requestId }) {
    if (error.code === 'AUTH_FAILED' || error.reason === 'CONNECTION_LIMIT') this.#farewell = error.reason;
    if (requestId !== undefined) return;
    this.#say('error', new NexVestXRError(error));
    if (error.reason !== 'TOKEN_EXPIRED' || !this.session) return;
    // The connection stays; what is private waits for a new token.
    this.session = null;
    this.#farewell = undefined;
    if (typeof this.token === 'function') this.#authenticate();
    else this.#become('authenticating', { reason: 'TOKEN_EXPIRED' });
  }

  /** @param {import('./view.js').Said} said */
  #onSaid({ type, detail }) {
    if (type === 'missed') this.#fetchFills(detail);
    else this.#say(type, detail);
    if (type !== 'gap') return;
    this.stats.sequenceGaps += 1;
    const { channel, pair } = detail;
    if (channel === 'orderbook') this.#mend(pair);
    if (channel === 'orders') {
      const both = this.channels.filter(({ type }) => type === 'orders' || type === 'positions');
      this.#subscribe(both).catch((error) => this.#say('error', error));
    }
  }

  /** Asks for a book again, but not as fast as it can be wrong. @param {string} pair */
  #mend(pair) {
    const channel = this.#channels.get(keyOf({ type: 'orderbook', pair }));
    if (!channel) return;
    const now = this.clock.now();
    const at = Math.max(now, (this.#mended.get(pair) ?? -Infinity) + RESUBSCRIBED_EVERY_MS);
    this.#mended.set(pair, at);
    const again = () => {
      if (this.state !== 'ready' || !this.book(pair).stale || !this.#channels.has(keyOf(channel))) return;
      this.#subscribe([channel]).catch((error) => this.#say('error', error));
    };
    if (at === now) again();
    else this.clock.setTimeout(again, at - now);
  }

  /**
   * The stream could not go on where it ended: the fills between are asked for.
   * @param {{after: number, upTo: number}} range
   */
  async #fetchFills({ after, upTo }) {
    /** @type {number | null} */
    let next = after;
    try {
      while (next !== null && next < upTo) {
        const { fills, nextAfter } = await this.getFills({ after: next });
        for (const fill of fills) if (fill.userSequence <= upTo) this.#say('fill', fill);
        next = nextAfter;
      }
    } catch (error) {
      this.#say('error', error);
    }
  }

  /** @param {MessageStream<any>} stream */
  #drained(stream) {
    if (this.#full.delete(stream) && this.#full.size === 0) this.link.resume();
  }
}
