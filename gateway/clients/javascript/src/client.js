import { NexVestXRError } from './error.js';
import { Link } from './link.js';
import { Requests } from './requests.js';
import { MessageStream } from './stream.js';
import { View } from './view.js';

/** @import { BookView, Channel, ClientOptions, Clock, Fill, LinkState, Message, OrderName, OrderReference, Said, State, Stats, Token } from './types.js' */

/** @type {Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (call, ms) => setTimeout(call, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};
const DEFAULTS = {
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  heartbeatMs: 5000,
  staleAfterMs: 12_000,
  backoffMinMs: 500,
  backoffMaxMs: 30_000,
  clock: CLOCK,
  random: Math.random,
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
/** How many channels one message may name. */
const MOST_CHANNELS = 100;

/** @param {Channel} channel */
const keyOf = ({ type, pair, symbol }) => `${type}:${pair ?? symbol ?? ''}`;

/** @param {OrderReference} order @returns {OrderName} */
const nameOf = (order) => (typeof order === 'string' ? { orderId: order } : order);

/** An order under a name of its own. @param {string} orderType @param {Message} data @param {string} [name] */
function named(orderType, data, name = data.clientOrderId) {
  const random = globalThis.crypto.getRandomValues(new Uint32Array(4));
  const clientOrderId = name ?? `c-${Array.from(random, (it) => it.toString(36)).join('')}`;
  return { orderType, orderData: { ...data, clientOrderId } };
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
  /** @type {Stats} */
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
  /** @type {Set<MessageStream>} */
  #streams = new Set();
  /** @type {Set<MessageStream>} */
  #full = new Set();
  /** When a book was last asked for again. @type {Map<string, number>} */
  #mended = new Map();
  /** Whose the view is. @type {string | undefined} */
  #user;
  /** Counts connections and logins, so that what belongs to an earlier one is known. */
  #login = 0;
  /** @type {Promise<string> | undefined} */
  #asked;
  /** @type {any} */
  #renewal;
  /** What the exchange said before it closed the connection. @type {string | undefined} */
  #farewell;
  /** Whether the connection has had a session, and whether it has one. */
  #wasReady = false;
  #isReady = false;

  /** @param {ClientOptions} options */
  constructor(options) {
    super();
    const WebSocket = options.WebSocket ?? /** @type {any} */ (globalThis).WebSocket;
    if (!WebSocket) throw new TypeError('there is no WebSocket here: give one in the options');
    const all = { ...DEFAULTS, ...options, WebSocket };
    this.options = options;
    this.token = options.token;
    this.clock = all.clock;
    this.link = new Link(all, {
      onOpen: () => this.#onOpen(),
      onText: (text) => this.#onText(text),
      onLost: () => this.#onLost(),
      onState: (state, more) => this.#onLinkState(state, more),
    });
    this.requests = new Requests({
      clock: all.clock,
      timeoutMs: all.requestTimeoutMs,
      send: (message) => this.#send(message),
      isReady: () => this.#isReady,
      messagesPerSecond: () => this.session?.limits.messagesPerSecond ?? MESSAGES_PER_SECOND,
      canAuthenticate: () => typeof this.token === 'function',
    });
  }

  /** Connects, and from then on stays connected until `close`. */
  connect() {
    if (this.state !== 'idle' && this.state !== 'closed') return;
    this.requests.isClosed = false;
    this.link.open();
  }

  /** Ends the connection; what is under way is rejected with `CLOSED`. */
  close() {
    this.#end();
    for (const stream of this.#streams) stream.end();
  }

  /** @param {string} [reason] */
  #end(reason) {
    this.link.close(reason);
    this.requests.close();
  }

  /** From here on another token; a string is shown at once, a function is asked. @param {Token} token */
  setToken(token) {
    this.token = token;
    this.#asked = undefined;
    if (this.state === 'closed') this.connect();
    else if (this.state === 'authenticating' || this.#isReady) this.#authenticate();
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
  /** Risk alerts in force by id; one with an `endsAt` is over then. */
  get alerts() {
    return this.#view.alerts;
  }
  /** The last trades of a pair, oldest first; another list after each. @param {string} pair */
  trades(pair) {
    return this.#view.trades.get(pair) ?? [];
  }
  /** A pair's book; another object after each change. @param {string} pair @returns {BookView} */
  book(pair) {
    return this.#view.book(pair).view;
  }
  /** The channels that are held, and asked for again after a lost connection. */
  get channels() {
    return [...this.#channels.values()];
  }

  /**
   * Messages for one reader at its own pace: `for await (const message of client.stream('trade'))`.
   * @param {string} type of an event; `book` gives the newest view of each pair
   * @param {{limit?: number}} [options] how many of those that are never dropped may wait
   */
  stream(type, { limit = 1000 } = {}) {
    const stream = new MessageStream(type, limit, {
      onFull: () => {
        this.#full.add(stream);
        this.link.drop('SLOW_CONSUMER', { isHeld: true });
      },
      onDrained: () => this.#drained(stream),
      onEnd: () => {
        this.#streams.delete(stream);
        this.#drained(stream);
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
    return this.request({ type: 'unsubscribe', channels });
  }

  /**
   * Places an order, once: under its `clientOrderId`, which is made here where none is given, it
   * is sent again when its answer was lost.
   * @param {string} orderType
   * @param {Message} orderData
   * @param {{clientOrderId?: string}} [options]
   * @returns {Promise<Message>} `order_placed`
   */
  placeOrder(orderType, orderData, { clientOrderId } = {}) {
    return this.request({ type: 'place_order', ...named(orderType, orderData, clientOrderId) });
  }

  /**
   * @param {{orderType: string, orderData: Message}[]} orders
   * @returns {Promise<(Message | NexVestXRError)[]>} what became of each
   */
  placeOrders(orders) {
    const all = orders.map(({ orderType, orderData }) => named(orderType, orderData));
    return this.request({ type: 'place_orders', orders: all });
  }

  /** @param {OrderReference} order @returns {Promise<Message>} `order_cancelled` */
  cancelOrder(order) {
    return this.request({ type: 'cancel_order', ...nameOf(order) });
  }

  /** @param {OrderReference[]} orders @returns {Promise<(Message | NexVestXRError)[]>} what became of each */
  cancelOrders(orders) {
    return this.request({ type: 'cancel_orders', orders: orders.map(nameOf) });
  }

  /** @param {OrderReference} order @param {{price?: string, amount?: string}} changes @returns {Promise<Message>} `order_amended` */
  amendOrder(order, changes) {
    return this.request({ type: 'amend_order', ...nameOf(order), ...changes });
  }

  /** @param {{pair?: string, side?: 'buy' | 'sell'}} [which] @returns {Promise<Message>} `orders_cancelled` */
  cancelAll(which) {
    return this.request({ type: 'cancel_all', ...which });
  }

  /** @param {number} timeoutMs 0 takes the switch back @returns {Promise<Message>} */
  cancelAllAfter(timeoutMs) {
    return this.request({ type: 'cancel_all_after', timeoutMs });
  }

  /** @param {string} positionId @param {{clientOrderId?: string}} [options] @returns {Promise<Message>} `order_placed` */
  closePosition(positionId, options) {
    return this.request({ type: 'close_position', positionId, ...options });
  }

  /** @param {string} positionId @param {string} amount below zero to take out @returns {Promise<Message>} `margin_adjusted` */
  adjustMargin(positionId, amount) {
    return this.request({ type: 'adjust_margin', positionId, amount });
  }

  /** One page. @param {Message} [query] @returns {Promise<{orders: Message[], nextAfter: string | null}>} */
  getOrders(query) {
    return this.#result({ type: 'get_orders', ...query });
  }

  /** @param {OrderReference} order @returns {Promise<Message>} */
  async getOrder(order) {
    return (await this.#result({ type: 'get_order', ...nameOf(order) })).order;
  }

  /** One page, oldest first. @param {Message} [query] @returns {Promise<{fills: Fill[], nextAfter: number | null}>} */
  getFills(query) {
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
   * Any message; its `requestId` is the client's. Sent again only where that does no harm.
   * @param {Message} message
   * @returns {Promise<any>} its answer; of a list, the answer to each
   */
  request(message) {
    return this.requests.start(() => message);
  }

  /** @param {Message} message */
  async #result(message) {
    return (await this.request(message)).result;
  }

  /** @param {Message} message */
  #send(message) {
    const isSent = this.link.send(message);
    if (isSent) this.stats.messagesSent += 1;
    return isSent;
  }

  /** @param {string} type @param {any} detail */
  #say(type, detail) {
    for (const stream of this.#streams) {
      if (stream.type === type) stream.push(type === 'book' ? this.book(detail.pair) : detail);
    }
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {State} state @param {{retryInMs?: number, reason?: string}} [more] */
  #become(state, more) {
    this.state = state;
    this.#say('state', { state, ...more });
  }

  /** @param {LinkState} state @param {{retryInMs?: number, reason?: string}} [more] */
  #onLinkState(state, more) {
    if (state === 'connecting') this.#farewell = undefined;
    if (state === 'fresh') this.#become(this.#isReady ? 'ready' : 'authenticating');
    else this.#become(state, more && { ...more, reason: this.#farewell ?? more.reason });
  }

  #onOpen() {
    this.stats.compressed = this.link.isCompressed;
    if (this.token === undefined) this.#onReady(this.channels);
    else this.#authenticate();
  }

  #onLost() {
    this.#login += 1;
    if (this.#wasReady) this.stats.reconnects += 1;
    this.#wasReady = this.#isReady = false;
    this.session = this.stats.latencyMs = null;
    this.clock.clearTimeout(this.#renewal);
    this.#view.lose();
    this.requests.lost();
  }

  /** Shows the token; on a session that stands it only moves its end. */
  async #authenticate() {
    const login = (this.#login += 1);
    const isRenewal = this.session !== null;
    if (!isRenewal) this.#become('authenticating');
    try {
      const token = typeof this.token === 'function' ? await this.#ask(this.token) : this.token;
      if (login !== this.#login) return;
      const message = { type: 'authenticate', token, options: this.options.options };
      /** @param {Message} answer */
      const onAnswer = (answer) => this.#onSession(answer, isRenewal);
      await this.requests.start(() => message, { isUrgent: true, onAnswer });
    } catch (thrown) {
      if (login !== this.#login) return;
      const none = { code: 'AUTH_FAILED', reason: 'NO_TOKEN', message: String(thrown) };
      const error = thrown instanceof NexVestXRError ? thrown : new NexVestXRError(none);
      this.#say('error', error);
      // Without a new token the old one is good till its end.
      if (!isRenewal || error.reason !== 'NO_TOKEN') this.#onNoSession(error);
    }
  }

  /** Asked once, whatever wants to know meanwhile. @param {() => string | Promise<string>} provider */
  #ask(provider) {
    this.#asked ??= Promise.resolve()
      .then(provider)
      .finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  /** @param {Message} answer `authenticated` @param {boolean} isRenewal */
  #onSession({ data, timestamp }, isRenewal) {
    if ((this.#user ?? data.userId) !== data.userId) this.#view.forgetUser();
    this.#user = data.userId;
    this.session = data;
    const left = data.expiresAt - timestamp;
    const wait = Math.min(left - Math.min(RENEWED_BEFORE_MS, left / 5), LONGEST_TIMER_MS);
    this.clock.clearTimeout(this.#renewal);
    this.#renewal = this.clock.setTimeout(() => this.#renew(), wait);
    if (isRenewal) return;
    const held = this.channels;
    this.#onReady(this.#wasReady ? held.filter(({ type }) => IS_PRIVATE.test(type)) : held);
  }

  /** @param {NexVestXRError} error */
  #onNoSession({ code, reason }) {
    // The connection is another user's; a new one is nobody's.
    if (reason === 'OTHER_USER') this.link.drop(reason, { atOnce: true });
    else if (code !== 'AUTH_FAILED') this.link.drop(code === 'TIMEOUT' ? code : reason);
    else if (typeof this.token === 'function') this.link.drop(reason);
    else this.#end(reason);
  }

  #renew() {
    if (typeof this.token === 'function' && this.session) this.#authenticate();
  }

  /** @param {Channel[]} channels to ask for */
  #onReady(channels) {
    this.#wasReady = this.#isReady = true;
    const asked = this.requests.channels().map(keyOf);
    this.#become('ready');
    this.#again(channels.filter((channel) => !asked.includes(keyOf(channel))));
    this.requests.pump();
  }

  /** Asks for channels that are held. @param {Channel[]} channels */
  async #again(channels) {
    try {
      for (let at = 0; at < channels.length; at += MOST_CHANNELS) {
        await this.#subscribe(channels.slice(at, at + MOST_CHANNELS));
      }
    } catch (error) {
      this.#say('error', error);
      // Without them the view would stand still, and nobody would know.
      if (/** @type {NexVestXRError} */ (error).code === 'TIMEOUT') this.link.drop('TIMEOUT');
    }
  }

  /** @param {Channel[]} channels */
  async #subscribe(channels) {
    const build = () => ({ type: 'subscribe', channels: channels.map((it) => this.#view.asked(it)) });
    /** @param {any} error */
    const refuse = ({ code, reason, params }) => {
      const those = params.index === undefined ? channels : [channels[params.index]];
      if (code === 'INVALID_SUBSCRIPTION' || reason === 'SUBSCRIPTION_LIMIT') for (const channel of those) this.#channels.delete(keyOf(channel));
    };
    try {
      const answer = await this.requests.start(build, { onAnswer: () => this.#view.begin(channels) });
      answer.errors.forEach(refuse);
      return answer;
    } catch (error) {
      refuse(error);
      throw error;
    }
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
    this.#isReady = false;
    this.#farewell = undefined;
    if (typeof this.token === 'function') this.#authenticate();
    else this.#become('authenticating', { reason: 'TOKEN_EXPIRED' });
  }

  /** @param {Said} said */
  #onSaid({ type, detail }) {
    if (type === 'missed') this.#fetchFills(detail);
    else this.#say(type, detail);
    if (type !== 'gap') return;
    this.stats.sequenceGaps += 1;
    if (detail.channel === 'orderbook') this.#mend(detail.pair);
    if (detail.channel === 'orders') this.#again(this.channels.filter((it) => /^(orders|positions)$/.test(it.type)));
  }

  /** Asks for a book again, but not as fast as it can be wrong. @param {string} pair */
  #mend(pair) {
    const now = this.clock.now();
    const at = Math.max(now, (this.#mended.get(pair) ?? -Infinity) + RESUBSCRIBED_EVERY_MS);
    this.#mended.set(pair, at);
    const again = () => {
      const channel = this.#channels.get(keyOf({ type: 'orderbook', pair }));
      if (channel && this.#isReady && this.book(pair).stale) this.#again([channel]);
    };
    if (at === now) again();
    else this.clock.setTimeout(again, at - now);
  }

  /** The stream does not go on where it ended: asks for the fills between. @param {Message} range */
  async #fetchFills({ after, upTo }) {
    try {
      while (after !== null && after < upTo) {
        const { fills, nextAfter } = await this.getFills({ after });
        for (const fill of fills) if (fill.userSequence <= upTo) this.#say('fill', fill);
        after = nextAfter;
      }
    } catch (error) {
      this.#say('error', error);
    }
  }

  /** @param {MessageStream} stream */
  #drained(stream) {
    if (this.#full.delete(stream) && this.#full.size === 0) this.link.resume();
  }
}
