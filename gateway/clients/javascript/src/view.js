import { OrderBook } from './book.js';

/** @import { Channel, Message, Said } from './types.js' */

/** How many trades of a pair are kept, and how many a snapshot has. */
const MAX_TRADES = 500;
const SNAPSHOT_TRADES = 50;
const IS_OVER = /^(filled|cancelled|expired|rejected)$/;
const IS_ZERO = /^[0.]+$/;

/** @typedef {Map<string, Message>} Table */
/** @returns {Table} */
const table = () => new Map();
/** @param {Message[]} rows @param {string} key @returns {Table} */
const tableOf = (rows, key) => new Map(rows.map((row) => [row[key], row]));
/** @param {string} type @param {any} detail @returns {Said} */
const said = (type, detail) => ({ type, detail });

/** What the messages come to: each is applied once, whatever was told twice. */
export class View {
  /** @type {Map<string, OrderBook>} */
  books = new Map();
  /** @type {Map<string, Message[]>} */
  trades = new Map();
  prices = table();
  opportunities = table();
  alerts = table();
  orders = table();
  positions = table();
  marginCalls = table();
  balances = table();
  /** @type {Message | null} */
  portfolio = null;
  /**
   * The last `userSequence` that is in each of the two streams; none before the first snapshot.
   * @type {{orders?: number, positions?: number}}
   */
  applied = {};
  /** Whether a stream has had its snapshot since it was asked for: from there on it has no gap. */
  isLive = { orders: false, positions: false };
  /** Something is missing: nothing of the two counts until they begin anew. */
  isBroken = false;
  /** Positions of the snapshot that is coming. @type {Set<string>} */
  #listed = new Set();

  /** Another user is here. */
  forgetUser() {
    for (const it of [this.orders, this.positions, this.marginCalls, this.balances]) it.clear();
    this.portfolio = null;
    this.applied = {};
  }

  /** The connection is gone: what is here was right. */
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

  /** A channel as it is asked for: what it brings follows what is here. @param {Channel} channel */
  asked(channel) {
    const { type } = channel;
    if (type !== 'orders' && type !== 'positions') return channel;
    // Where nothing is here, a number that has not come yet: only the snapshot, and where it ends.
    return { ...channel, since: this.applied[type] ?? Number.MAX_SAFE_INTEGER };
  }

  /** These channels are held now; their snapshots come next. @param {Channel[]} channels */
  begin(channels) {
    for (const { type } of channels) {
      if (type === 'orders' || type === 'positions') {
        this.isLive[type] = false;
        this.isBroken = false;
      }
      if (type === 'positions') this.#listed.clear();
      if (type === 'margin_calls') this.marginCalls.clear();
      if (type === 'arbitrage') this.opportunities.clear();
      if (type === 'risk_alerts') this.alerts.clear();
    }
  }

  /** @param {Message} message @returns {Said[]} what is new in it; nothing where all of it is here */
  take(message) {
    const { type, data } = message;
    const itself = said(type, message);
    switch (type) {
      case 'orderbook_update': {
        const { pair, sequence } = data;
        const came = this.book(pair).apply(data);
        if (came === 'ignored') return [itself];
        const book = said('book', { pair });
        if (came === 'applied') return [itself, book];
        const gap = { channel: 'orderbook', pair, reason: came, received: sequence };
        return [itself, said('gap', gap), book];
      }
      case 'trades_snapshot':
        return [itself, ...this.#onTrades(message)];
      case 'trade':
        this.#addTrades(data.pair, [data]);
        break;
      case 'price_update':
        this.prices.set(data.symbol, data);
        break;
      case 'orders_snapshot':
        return [itself, ...this.#onOrders(data)];
      case 'order_update':
        return this.#onOrder(message);
      case 'position_update':
        return this.#onPosition(message);
      case 'positions_snapshot':
        if (this.isBroken) break;
        for (const id of this.positions.keys()) if (!this.#listed.has(id)) this.positions.delete(id);
        this.applied.positions = data.userSequence;
        this.isLive.positions = true;
        break;
      case 'margin_call':
        this.marginCalls.set(data.positionId, data);
        break;
      case 'margin_call_cleared':
        this.marginCalls.delete(data.positionId);
        break;
      case 'portfolio_update':
        this.portfolio = data;
        this.#onBalances(data.positions);
        break;
      case 'get_balances':
        this.balances = tableOf(message.result.balances, 'asset');
        break;
      case 'arbitrage_opportunity':
        this.opportunities.set(data.opportunityId, data);
        break;
      case 'arbitrage_closed':
        this.opportunities.delete(data.opportunityId);
        break;
      case 'risk_alert':
        if (data.inForce === false) this.alerts.delete(data.alertId);
        else this.alerts.set(data.alertId, data);
    }
    return [itself];
  }

  /** @param {string} pair @param {Message[]} more */
  #addTrades(pair, more) {
    const trades = [...(this.trades.get(pair) ?? []), ...more];
    this.trades.set(pair, trades.slice(-MAX_TRADES));
  }

  /**
   * What happened while nobody listened is told as trades; more than a snapshot has is a gap.
   * @param {Message} message
   * @returns {Said[]}
   */
  #onTrades({ channel, data, timestamp }) {
    const { pair } = data;
    /** @type {Message[]} */
    const trades = data.trades;
    const known = this.trades.get(pair);
    const last = known?.at(-1)?.sequence ?? -1;
    const missed = trades.filter((trade) => trade.sequence > last);
    this.#addTrades(pair, missed);
    if (!known) return [];
    const told = missed.map((trade) => said('trade', { type: 'trade', channel, data: trade, timestamp }));
    if (missed.length < Math.max(trades.length, SNAPSHOT_TRADES)) return told;
    const gap = { channel: 'trades', pair, reason: 'sequence', received: missed[0].sequence };
    return [said('gap', gap), ...told];
  }

  /** @param {Message} data @returns {Said[]} */
  #onOrders({ orders, resumed, userSequence }) {
    if (this.isBroken) return [];
    const after = this.applied.orders ?? userSequence;
    this.orders = tableOf(orders, 'orderId');
    this.applied.orders = userSequence;
    this.isLive.orders = true;
    const anew = said('orders', null);
    const isMissing = !resumed && userSequence > after;
    return isMissing ? [said('missed', { after, upTo: userSequence }), anew] : [anew];
  }

  /** @param {Message} message @returns {Said[]} */
  #onOrder(message) {
    const { data, timestamp } = message;
    const came = this.#count('orders', data.userSequence);
    if (came) return came;
    if (IS_OVER.test(data.status)) this.orders.delete(data.orderId);
    else this.orders.set(data.orderId, data);
    const itself = said('order_update', message);
    if (!data.tradeId) return [itself];
    const { tradeId, orderId, clientOrderId, pair, side, liquidity, fee, feeAsset, userSequence } = data;
    const [price, amount] = [data.lastFillPrice, data.lastFillAmount];
    const order = { tradeId, orderId, clientOrderId, pair, side };
    return [itself, said('fill', { ...order, price, amount, liquidity, fee, feeAsset, timestamp, userSequence })];
  }

  /** @param {Message} message @returns {Said[]} */
  #onPosition(message) {
    const { positionId, reason, size, userSequence } = message.data;
    if (reason) {
      const came = this.#count('positions', userSequence);
      if (came) return came;
    } else {
      // At a new mark price, and from before a change that is here already.
      if (this.isBroken || userSequence < (this.applied.positions ?? 0)) return [];
      this.#listed.add(positionId);
    }
    if (IS_ZERO.test(size)) {
      this.positions.delete(positionId);
      this.#listed.delete(positionId);
    } else this.positions.set(positionId, message.data);
    return [said('position_update', message)];
  }

  /**
   * Counts a change in; gives what to say instead where it does not follow what is here. Orders
   * and positions have one counter, so that both together have no gap.
   * @param {'orders' | 'positions'} stream
   * @param {number} sequence
   */
  #count(stream, sequence) {
    const { orders = 0, positions = 0 } = this.applied;
    if (this.isBroken || sequence <= (this.applied[stream] ?? 0)) return [];
    const isWhole = this.isLive.orders && this.isLive.positions;
    if (isWhole && sequence !== Math.max(orders, positions) + 1) {
      this.isBroken = true;
      return [said('gap', { channel: 'orders', reason: 'sequence', received: sequence })];
    }
    this.applied[stream] = sequence;
    return null;
  }

  /** What a portfolio says of the balances. @param {Message[]} positions */
  #onBalances(positions) {
    for (const asset of this.balances.keys()) {
      this.balances.set(asset, { asset, available: '0', held: '0', total: '0' });
    }
    for (const { symbol: asset, available, held, balance: total } of positions) {
      this.balances.set(asset, { asset, available, held, total });
    }
  }
}
