// Candles from trades, of every length at once. Pure: trades in, candles out, told apart by the
// pair's own sequence, so that a trade that comes twice counts once.

/** Seconds of a candle, and how it is called. */
export const STEPS = new Map([[1, '1s'], [5, '5s'], [15, '15s'], [60, '1m'], [300, '5m'], [900, '15m'], [3600, '1h']]);
/** Candles kept of each length. */
const MOST = 600;

export class Candles {
  constructor(kept) {
    /** The last trade that is in them. */
    this.sequence = kept?.sequence ?? 0;
    this.lists = new Map([...STEPS.keys()].map((step, at) => [step, kept?.lists?.[at] ?? []]));
  }

  /** Takes a snapshot of trades, oldest first. A sequence that went back is another exchange's. */
  snapshot(trades) {
    const newest = trades.at(-1)?.sequence ?? 0;
    if (newest < this.sequence) {
      this.sequence = 0;
      for (const list of this.lists.values()) list.length = 0;
    }
    for (const trade of trades) this.add(trade);
  }

  add({ price, amount, timestamp, sequence }) {
    if (sequence <= this.sequence) return;
    this.sequence = sequence;
    const at = Number.parseFloat(price);
    const volume = Number.parseFloat(amount);
    for (const [step, list] of this.lists) {
      const start = Math.floor(timestamp / 1000 / step) * step;
      const last = list.at(-1);
      if (last && start <= last.start) {
        last.high = Math.max(last.high, at);
        last.low = Math.min(last.low, at);
        last.close = at;
        last.volume += volume;
        continue;
      }
      list.push({ start, open: at, high: at, low: at, close: at, volume });
      if (list.length > MOST) list.shift();
    }
  }

  of(step) {
    return this.lists.get(step) ?? [];
  }

  /** As plain data, for the next page of this tab. */
  plain() {
    return { sequence: this.sequence, lists: [...this.lists.values()].map((list) => list.slice(-300)) };
  }
}
