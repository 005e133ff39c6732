import { OrderBook } from './book.js';

/** @typedef {import('./error.js').Message} Message */
/** @typedef {{type: string, detail: any}} Said what listeners are told */
/**
 * @typedef {object} Gap something is missing
 * @property {'orderbook' | 'orders' | 'trades'} channel
 * @property {string} [pair]
 * @property {'sequence' | 'checksum'} reason
 * @property {number} [received]
 */
/**
 * @typedef {object} Fill one fill of an own order, as `get_fills` has it
 * @property {string} tradeId
 * @property {string} orderId
 * @property {string} [clientOrderId]
 * @property {string} pair
 * @property {'buy' | 'sell'} side
 * @property {string} price
 * @property {string} amount
 * @property {'maker' | 'taker'} liquidity
 * @property {string} fee
 * @property {string} feeAsset
 * @property {number} timestamp
 * @property {number} userSequence
 */

/** How many trades of a pair are kept, and how many a snapshot has. */
const MAX_TRADES = 500;
const SNAPSHOT_TRADES = 50;
const IS_OVER = /^(filled|cancelled|expired|rejected)$/;

/** What the messages come to: each is applied once, whatever was told twice. */
export class View {
  /** @type {Map<string, OrderBook>} */
  books = new Map();
  /** @type {Map<string, Message[]>} */
  trades = new Map();
  /** @type {Map<string, Message>} */
  prices = new Map();
  /** @type {Map<string, Message>} */
  opportunities = new Map();
  /** @type {Map<string, Message>} */
  alerts = new Map();
  /** Open orders. @type {Map<string, Message>} */
  orders = new Map();
  /** @type {Map<string, Message>} */
  positions = new Map();
  /** @type {Map<string, Message>} */
  marginCalls = new Map();
  /** @type {Map<string, Message>} */
  balances = new Map();
  /** @type {Message | null} */
  portfolio = null;
  /**
   * The last `userSequence` that is in each of the two streams; `null` before the first snapshot.
   * @type {{orders: number | null, positions: number | null}}
   */
  applied = { orders: null, positions: null };
  /** Whether a stream has had its snapshot since it was asked for: from there on it has no gap. */
  isLive = { orders: false, positions: false };
  /** Something is missing: nothing of the two counts until they begin anew. */
  isBroken = false;
  /** Positions of the snapshot that is coming. @type {Set<string>} */
  #listed = new Set();

  /** Another user, or nobody. */
  forgetUser() {
    for (const map of [this.orders, this.positions, this.marginCalls, this.balances]) map.clear();
    this.portfolio = null;
    this.applied = { orders: null, positions: null };
  }

  /** The connection is gone: what is there was right. */
  lose() {
    for (const book of this.books.values()) book.lose();
    this.isLive = { orders: false, positions: false };
  }

  /** @param {string} pair */
  book(pair) {
    let book = this.books.get(pair);
    if (!book) this.books.set(pair, (book = new OrderBook(pair)));
    return book;
  }

  /**
   * A channel as it is asked for: what it brings goes on after what is here.
   * @param {Message} channel
   */
  asked(channel) {
    const { type } = channel;
    if (type !== 'orders' && type !== 'positions') return channel;
    const since = this.applied[/** @type {'orders'} */ (type)];
    if (since !== null) return { ...channel, since };
    // Far from here only the snapshot comes, and with it where its end is.
    return type === 'positions' ? { ...channel, since: Number.MAX_SAFE_INTEGER } : channel;
  }

  /**
   * The channels are held now; their snapshots come next.
   * @param {Message[]} channels
   */
  begin(channels) {
    for (const { type, pair } of channels) {
      if (type === 'orderbook') this.book(pair);
      if (type === 'orders' || type === 'positions') {
        this.isLive[/** @type {'orders'} */ (type)] = false;
        this.isBroken = false;
      }
      if (type === 'positions') this.#listed.clear();
      if (type === 'margin_calls') this.marginCalls.clear();
      if (type === 'arbitrage') this.opportunities.clear();
      if (type === 'risk_alerts') this.alerts.clear();
    }
  }

  /**
   * @param {Message} message
   * @returns {Said[]} what is new in it; nothing where it was told before
   */
  take(message) {
    const { type, data } = message;
    const itself = [{ type, detail: message }];
    switch (type) {
      case 'orderbook_update':
        return [...itself, ...this.#onBook(data)];
      case 'trades_snapshot':
        return [...itself, ...this.#onTrades(message)];
      case 'trade':
        this.#addTrades(data.pair, [data]);
        return itself;
      case 'price_update':
        this.prices.set(data.symbol, data);
        return itself;
      case 'orders_snapshot':
        return [...itself, ...this.#onOrders(data)];
      case 'order_update':
        return this.#onOrder(message);
      case 'position_update':
        return this.#onPosition(message);
      case 'positions_snapshot':
        this.#onPositions(data);
        return itself;
      case 'margin_call':
        this.marginCalls.set(data.positionId, data);
        return itself;
      case 'margin_call_cleared':
        this.marginCalls.delete(data.positionId);
        return itself;
      case 'portfolio_update':
        this.#onPortfolio(data);
        return itself;
      case 'get_balances':
        this.balances = new Map(message.result.balances.map((/** @type {Message} */ it) => [it.asset, it]));
        return itself;
      case 'arbitrage_opportunity':
        this.opportunities.set(data.opportunityId, data);
        return itself;
      case 'arbitrage_closed':
        this.opportunities.delete(data.opportunityId);
        return itself;
      case 'risk_alert':
        if (data.inForce === false) this.alerts.delete(data.alertId);
        else this.alerts.set(data.alertId, data);
        return itself;
      default:
        return itself;
    }
  }

  /**
   * @param {Message} data
   * @returns {Said[]}
   */
  #onBook(data) {
    const { pair, sequence } = data;
    const came = this.book(pair).apply(data);
    if (came === 'ignored') return [];
    const book = { type: 'book', detail: { pair } };
    if (came === 'applied') return [book];
    return [{ type: 'gap', detail: { channel: 'orderbook', pair, reason: came, received: sequence } }, book];
  }

  /**
   * @param {string} pair
   * @param {Message[]} more
   */
  #addTrades(pair, more) {
    const trades = this.trades.get(pair) ?? [];
    trades.push(...more);
    if (trades.length > MAX_TRADES) trades.splice(0, trades.length - MAX_TRADES);
    this.trades.set(pair, trades);
  }

  /**
   * What happened while nobody listened is told as trades; more than a snapshot has is a gap.
   * @param {Message} message
   * @returns {Said[]}
   */
  #onTrades(message) {
    const { pair, trades } = message.data;
    const known = this.trades.get(pair);
    const last = known?.at(-1)?.sequence ?? -1;
    const missed = trades.filter((/** @type {Message} */ trade) => trade.sequence > last);
    this.#addTrades(pair, missed);
    if (!known) return [];
    const isWhole = missed.length < Math.max(trades.length, SNAPSHOT_TRADES);
    const gap = { channel: 'trades', pair, reason: 'sequence', received: missed[0]?.sequence };
    return [
      ...(isWhole ? [] : [{ type: 'gap', detail: gap }]),
      ...missed.map((/** @type {Message} */ data) => ({
        type: 'trade',
        detail: { type: 'trade', channel: message.channel, data, timestamp: message.timestamp },
      })),
    ];
  }

  /**
   * @param {Message} data
   * @returns {Said[]}
   */
  #onOrders({ orders, resumed, userSequence }) {
    if (this.isBroken) return [];
    const had = this.applied.orders;
    this.orders = new Map(orders.map((/** @type {Message} */ order) => [order.orderId, order]));
    this.applied.orders = userSequence;
    this.isLive.orders = true;
    if (had === null || resumed || userSequence <= had) return [{ type: 'orders', detail: null }];
    return [
      { type: 'missed', detail: { after: had, upTo: userSequence } },
      { type: 'orders', detail: null },
    ];
  }

  /**
   * @param {Message} message
   * @returns {Said[]}
   */
  #onOrder(message) {
    const { data } = message;
    const came = this.#count('orders', data.userSequence);
    if (came) return came;
    if (IS_OVER.test(data.status)) this.orders.delete(data.orderId);
    else this.orders.set(data.orderId, data);
    const said = [{ type: 'order_update', detail: message }];
    if (data.tradeId) said.push({ type: 'fill', detail: fillOf(message) });
    return said;
  }

  /**
   * @param {Message} message
   * @returns {Said[]}
   */
  #onPosition(message) {
    const { data } = message;
    const { positionId, userSequence } = data;
    if (data.reason) {
      const came = this.#count('positions', userSequence);
      if (came) return came;
    } else {
      // At a new mark price, and from before a change that is here already.
      if (this.isBroken || userSequence < (this.applied.positions ?? 0)) return [];
      this.#listed.add(positionId);
    }
    if (/^[0.]+$/.test(data.size)) {
      this.positions.delete(positionId);
      this.#listed.delete(positionId);
    } else this.positions.set(positionId, data);
    return [{ type: 'position_update', detail: message }];
  }

  /** @param {Message} data */
  #onPositions(data) {
    if (this.isBroken) return;
    for (const id of this.positions.keys()) if (!this.#listed.has(id)) this.positions.delete(id);
    this.applied.positions = data.userSequence;
    this.isLive.positions = true;
  }

  /**
   * Counts a change in; gives what to say instead where it does not follow what is here. Orders
   * and positions have one counter, so that both together have no gap.
   * @param {'orders' | 'positions'} stream
   * @param {number} sequence
   * @returns {Said[] | null}
   */
  #count(stream, sequence) {
    const { orders, positions } = this.applied;
    if (this.isBroken || sequence <= (this.applied[stream] ?? 0)) return [];
    const last = Math.max(orders ?? 0, positions ?? 0);
    if (this.isLive.orders && this.isLive.positions && sequence !== last + 1) {
      this.isBroken = true;
      return [{ type: 'gap', detail: { channel: 'orders', reason: 'sequence', received: sequence } }];
    }
    this.applied[stream] = sequence;
    return null;
  }

  /** @param {Message} data */
  #onPortfolio(data) {
    this.portfolio = data;
    const had = this.balances;
    this.balances = new Map(
      data.positions.map((/** @type {Message} */ it) => [
        it.symbol,
        { asset: it.symbol, available: it.available, held: it.held, total: it.balance },
      ]),
    );
    for (const asset of had.keys()) {
      if (this.balances.has(asset)) continue;
      this.balances.set(asset, { asset, available: '0', held: '0', total: '0' });
    }
  }
}

/**
 * @param {Message} message `order_update` with a fill
 * @returns {Fill}
 */
function fillOf({ data, timestamp }) {
  const { tradeId, orderId, clientOrderId, pair, side, liquidity, fee, feeAsset, userSequence } = data;
  const [price, amount] = [data.lastFillPrice, data.lastFillAmount];
  return { tradeId, orderId, clientOrderId, pair, side, price, amount, liquidity, fee, feeAsset, timestamp, userSequence };
}
