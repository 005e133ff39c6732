// The pairs, the one that is looked at, and which channels that takes: as many as a connection may
// hold, that pair's first, then prices, then the trades of other pairs, for their candles.

const FIXED = ['portfolio', 'orders', 'positions', 'margin_calls'];
const PUBLIC = ['arbitrage', 'risk_alerts'];
const DEPTH = 200;
const REFRESH_MS = 15_000;

export class Market extends EventTarget {
  #client;
  #room = 20;
  #held = new Map();

  constructor(client) {
    super();
    this.#client = client;
    /** By pair, in the exchange's order. */
    this.instruments = new Map();
    this.pair = null;
    client.addEventListener('authenticated', (event) => {
      this.#room = event.detail.data.limits.subscriptionsPerConnection ?? this.#room;
    });
    client.addEventListener('risk_alert', ({ detail: { data } }) => {
      if (['trading_halt', 'circuit_breaker'].includes(data.category)) void this.refresh();
    });
    setInterval(() => void this.refresh(), REFRESH_MS);
  }

  get instrument() {
    return this.instruments.get(this.pair);
  }

  /** Reads what the pairs are now: their status and their bands move. */
  async refresh() {
    if (this.#client.state !== 'ready') return;
    let list;
    try {
      list = await this.#client.getInstruments();
    } catch {
      // The connection line tells of it, and the next refresh asks again.
      return;
    }
    this.instruments = new Map(list.map((it) => [it.pair, it]));
    if (!this.instruments.has(this.pair)) {
      const kept = sessionStorage.getItem('pair');
      this.select(this.instruments.has(kept) ? kept : list[0]?.pair);
    }
    this.dispatchEvent(new Event('instruments'));
  }

  /** Looks at another pair. */
  select(pair) {
    if (!pair || pair === this.pair) return;
    this.pair = pair;
    sessionStorage.setItem('pair', pair);
    this.dispatchEvent(new Event('pair'));
    void this.#subscribe();
  }

  /** The next pair, or the one before. */
  step(by) {
    const pairs = [...this.instruments.keys()];
    const at = pairs.indexOf(this.pair);
    if (pairs.length > 0) this.select(pairs[(at + by + pairs.length) % pairs.length]);
  }

  /** The newest trade's price that was heard, as printed; else the reference price. */
  last(pair) {
    const trades = this.#client.trades(pair);
    return trades.at(-1)?.price ?? this.instruments.get(pair)?.referencePrice ?? null;
  }

  /** Figures of 24 hours, once they came. */
  day(pair) {
    return this.#client.prices.get(pair) ?? null;
  }

  #wanted() {
    const channels = [...PUBLIC, ...(this.#client.session ? FIXED : [])].map((type) => ({ type }));
    channels.push({ type: 'orderbook', pair: this.pair, depth: DEPTH }, { type: 'trades', pair: this.pair });
    for (const symbol of this.instruments.keys()) channels.push({ type: 'price', symbol });
    for (const pair of this.instruments.keys()) if (pair !== this.pair) channels.push({ type: 'trades', pair });
    return new Map(channels.slice(0, this.#room).map((it) => [`${it.type} ${it.pair ?? it.symbol ?? ''}`, it]));
  }

  async #subscribe() {
    const wanted = this.#wanted();
    const gone = [...this.#held].filter(([key]) => !wanted.has(key)).map(([, channel]) => channel);
    const fresh = [...wanted].filter(([key]) => !this.#held.has(key)).map(([, channel]) => channel);
    this.#held = wanted;
    try {
      if (gone.length > 0) await this.#client.unsubscribe(gone);
      if (fresh.length > 0) await this.#client.subscribe(fresh);
    } catch (error) {
      this.dispatchEvent(new CustomEvent('refused', { detail: error }));
    }
  }
}
