/**
 * What a newer message of may stand for an older one, by type; each gives what it is about.
 * Everything else is never dropped.
 * @type {Record<string, (data: any) => string | undefined>}
 */
const CONFLATED = {
  book: (detail) => detail.pair,
  price_update: (message) => message.data.symbol,
  portfolio_update: () => '',
  connection_stats: () => '',
  pong: () => '',
  state: () => '',
  // A change of a position is told once; only a new mark price may replace another.
  position_update: (message) => (message.data.reason ? undefined : message.data.positionId),
};

/**
 * Messages for one reader who takes its time. What can be conflated is, and takes one place for
 * each pair or symbol. What cannot be is kept; with `limit` of that waiting the connection is let
 * go, and opened again when half of it was read: `since` brings what was missed meanwhile.
 * @template [T=any]
 * @implements {AsyncIterableIterator<T>}
 */
export class MessageStream {
  /** @type {{value: T, isKept: boolean}[]} */
  #queue = [];
  /** @type {Map<string, {value: T, isKept: boolean}>} */
  #newest = new Map();
  /** @type {((result: IteratorResult<T, undefined>) => void)[]} */
  #waiting = [];
  #kept = 0;
  #isEnded = false;
  #isFull = false;

  /** @param {string} type @param {number} limit @param {{onFull(): void, onDrained(): void, onEnd(): void}} events */
  constructor(type, limit, events) {
    this.type = type;
    this.limit = limit;
    this.events = events;
  }

  /** How many messages wait. */
  get size() {
    return this.#queue.length;
  }

  /** @param {T} value */
  push(value) {
    if (this.#isEnded) return;
    const waiting = this.#waiting.shift();
    if (waiting) {
      waiting({ value, done: false });
      return;
    }
    const key = CONFLATED[this.type]?.(value);
    const older = key === undefined ? undefined : this.#newest.get(key);
    if (older) {
      older.value = value;
      return;
    }
    const place = { value, isKept: key === undefined };
    this.#queue.push(place);
    if (key !== undefined) {
      this.#newest.set(key, place);
      return;
    }
    // Nothing newer may overtake it.
    this.#newest.clear();
    this.#kept += 1;
    if (this.#kept >= this.limit && !this.#isFull) {
      this.#isFull = true;
      this.events.onFull();
    }
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  next() {
    const place = this.#queue.shift();
    if (!place) {
      if (this.#isEnded) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    for (const [key, newest] of this.#newest) if (newest === place) this.#newest.delete(key);
    if (place.isKept) this.#kept -= 1;
    if (this.#isFull && this.#kept <= this.limit / 2) {
      this.#isFull = false;
      this.events.onDrained();
    }
    return Promise.resolve({ value: place.value, done: false });
  }

  /** @returns {Promise<IteratorResult<T, undefined>>} */
  return() {
    this.#queue = [];
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** What waits can still be read. */
  end() {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
    this.events.onEnd();
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
