import { NexVestXRError } from './error.js';

/** @typedef {import('./error.js').Message} Message */
/** @typedef {import('./link.js').Clock} Clock */
/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} number its place among all requests
 * @property {string} type
 * @property {() => Message} build at the moment of sending
 * @property {boolean} isRepeatable
 * @property {boolean} isUrgent it goes before the session is ready
 * @property {number} parts how many messages answer it
 * @property {Map<number, Message>} answers by index, where it is answered in parts
 * @property {NexVestXRError[]} errors of entries of a list of channels
 * @property {number} deadline
 * @property {boolean} isSent on the connection of now
 * @property {boolean} wasSent ever
 * @property {any} timer
 * @property {((message: Message) => void) | undefined} onAnswer before the messages behind it
 * @property {(value: any) => void} resolve
 * @property {(error: NexVestXRError) => void} reject
 */
/**
 * @typedef {object} RequestOptions
 * @property {boolean} [isUrgent]
 * @property {(message: Message) => void} [onAnswer]
 */

/** How often what may be repeated is sent on one connection before it is given up. */
const ATTEMPTS = 3;
/** The rates that the client waits for by itself; what costs orders is for its user to decide. */
const WAITED_FOR = ['MESSAGE_RATE', 'ADDRESS_RATE'];
/** Which commands a refusal for a rate holds back. @type {Record<string, string[]>} */
const BUDGETS = {
  ORDER_RATE: ['place_order', 'place_orders', 'amend_order'],
  CANCEL_RATE: ['cancel_order', 'cancel_orders', 'cancel_all', 'cancel_all_after', 'close_position', 'adjust_margin'],
};
const ALWAYS_REPEATABLE =
  /^(get_\w+|subscribe|unsubscribe|ping|connection_stats|cancel_orders?|authenticate)$/;

/**
 * Whether doing it twice is the same as doing it once.
 * @param {Message} message
 */
export function isRepeatable(message) {
  /** @param {Message} order */
  const isNamed = (order) => Boolean(order.clientOrderId ?? order.orderData?.clientOrderId);
  if (message.type === 'place_order') return isNamed(message);
  if (message.type === 'place_orders') return (message.orders ?? []).every(isNamed);
  return ALWAYS_REPEATABLE.test(message.type);
}

/** What was asked and not answered yet. Sends in order, within the rate; ends every promise. */
export class Requests {
  /** @type {Map<string, Entry>} */
  #pending = new Map();
  /** What waits to be sent, by number. @type {Entry[]} */
  #outbox = [];
  /** When the last messages went. @type {number[]} */
  #sentAt = [];
  #pausedUntil = 0;
  /** Until when, by what refused. @type {Record<string, {until: number, error: Message}>} */
  #held = {};
  /** @type {any} */
  #timer;
  #number = 0;

  /**
   * @param {object} rim
   * @param {Clock} rim.clock
   * @param {number} rim.timeoutMs
   * @param {(text: string) => boolean} rim.send
   * @param {() => boolean} rim.isReady
   * @param {() => number} rim.messagesPerSecond
   * @param {() => boolean} rim.canAuthenticate whether a refusal for want of a token will be mended
   */
  constructor(rim) {
    this.rim = rim;
  }

  /**
   * @param {Message | (() => Message)} message
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  start(message, { isUrgent = false, onAnswer } = {}) {
    /** @type {() => Message} */
    const build = typeof message === 'function' ? /** @type {any} */ (message) : () => message;
    const first = build();
    const held = Object.entries(BUDGETS).find(([, types]) => types.includes(first.type))?.[0];
    const hold = held ? this.#held[held] : undefined;
    const now = this.rim.clock.now();
    if (hold && now < hold.until) {
      const params = { ...hold.error.params, retryAfterMs: hold.until - now };
      return Promise.reject(new NexVestXRError({ ...hold.error, params }));
    }
    return new Promise((resolve, reject) => {
      this.#number += 1;
      const repeatable = isRepeatable(first);
      const isList = first.type === 'place_orders' || first.type === 'cancel_orders';
      const timeout = this.rim.timeoutMs;
      /** @type {Entry} */
      const entry = {
        id: `c${this.#number}`,
        number: this.#number,
        type: first.type,
        build,
        isRepeatable: repeatable,
        isUrgent,
        parts: isList ? first.orders?.length ?? 1 : 1,
        answers: new Map(),
        errors: [],
        deadline: now + (repeatable && !isUrgent ? timeout * ATTEMPTS : timeout),
        isSent: false,
        wasSent: false,
        timer: undefined,
        onAnswer,
        resolve,
        reject,
      };
      this.#pending.set(entry.id, entry);
      this.#queue(entry);
      this.#watch(entry);
      this.pump();
    });
  }

  /** The requests of one type that are under way. @param {string} type */
  underWay(type) {
    return [...this.#pending.values()].filter((entry) => entry.type === type);
  }

  /** Sends what may go. */
  pump() {
    const { clock, isReady, messagesPerSecond, send } = this.rim;
    clock.clearTimeout(this.#timer);
    const isOpen = isReady();
    for (let at = 0; at < this.#outbox.length; ) {
      const entry = this.#outbox[at];
      if (!isOpen && !entry.isUrgent) {
        at += 1;
        continue;
      }
      const now = clock.now();
      this.#sentAt = this.#sentAt.filter((then) => now - then < 1000);
      // A tenth is left for pings and for clocks that do not agree.
      const rate = Math.max(1, Math.floor(messagesPerSecond() * 0.9));
      const wait = Math.max(
        this.#pausedUntil - now,
        this.#sentAt.length < rate ? 0 : this.#sentAt[0] + 1000 - now,
      );
      if (wait > 0) {
        this.#timer = clock.setTimeout(() => this.pump(), wait);
        return;
      }
      if (!send(JSON.stringify({ ...entry.build(), requestId: entry.id }))) return;
      this.#outbox.splice(at, 1);
      this.#sentAt.push(now);
      entry.isSent = true;
      entry.wasSent = true;
      entry.answers.clear();
      entry.errors = [];
      this.#watch(entry);
    }
  }

  /** @param {Message} message perhaps the answer to something */
  answer(message) {
    const entry = this.#pending.get(message.requestId);
    if (!entry) return;
    if (message.type !== 'error') {
      if (!this.#isWhole(entry, message.index, message)) return;
      this.#end(entry);
      entry.onAnswer?.(message);
      entry.resolve(entry.parts > 1 || message.index !== undefined ? list(entry) : told(entry, message));
      return;
    }
    const { error } = message;
    const index = message.index ?? error.params?.index;
    if (index === undefined && this.#isMended(entry, error)) return;
    if (error.reason in BUDGETS) {
      const until = this.rim.clock.now() + (error.params?.retryAfterMs ?? 0);
      this.#held[error.reason] = { until, error };
    }
    if (index !== undefined && /subscribe$/.test(entry.type)) {
      entry.errors[index] = new NexVestXRError(error);
      const channels = entry.build().channels ?? [];
      if (Object.keys(entry.errors).length < channels.length) return;
      // No entry was good, so the errors are the answer.
    } else if (index !== undefined) {
      if (!this.#isWhole(entry, index, message)) return;
      this.#end(entry);
      entry.resolve(list(entry));
      return;
    }
    this.#end(entry);
    entry.reject(new NexVestXRError(error));
  }

  /** The connection is gone, or its session. */
  lost() {
    for (const entry of [...this.#pending.values()]) {
      if (!entry.isSent) continue;
      if (entry.isUrgent || !entry.isRepeatable) this.#fail(entry, 'CONNECTION_LOST');
      else this.#queue(entry);
    }
  }

  /** Nothing more is sent. */
  close() {
    for (const entry of [...this.#pending.values()]) this.#fail(entry, 'CLOSED');
    this.rim.clock.clearTimeout(this.#timer);
  }

  /** @param {Entry} entry */
  #queue(entry) {
    entry.isSent = false;
    if (this.#outbox.includes(entry)) return;
    const at = this.#outbox.findIndex((other) => other.number > entry.number);
    this.#outbox.splice(at < 0 ? this.#outbox.length : at, 0, entry);
  }

  /** Looks again when its answer is late. @param {Entry} entry */
  #watch(entry) {
    const { clock, timeoutMs } = this.rim;
    clock.clearTimeout(entry.timer);
    const left = entry.deadline - clock.now();
    entry.timer = clock.setTimeout(() => {
      if (clock.now() >= entry.deadline) this.#fail(entry, 'TIMEOUT');
      else {
        if (entry.isSent) this.#queue(entry);
        this.#watch(entry);
        this.pump();
      }
    }, Math.max(0, entry.isSent ? Math.min(left, timeoutMs) : left));
  }

  /**
   * Whether it will be sent again by itself: it was refused as a whole and had no effect.
   * @param {Entry} entry
   * @param {Message} error
   */
  #isMended(entry, error) {
    const now = this.rim.clock.now();
    const wait = error.params?.retryAfterMs ?? 0;
    if (WAITED_FOR.includes(error.reason) && now + wait < entry.deadline) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now + wait);
    } else if (error.code !== 'AUTH_REQUIRED' || !this.rim.canAuthenticate()) return false;
    this.#queue(entry);
    this.pump();
    return true;
  }

  /**
   * @param {Entry} entry
   * @param {number | undefined} index
   * @param {Message} message
   */
  #isWhole(entry, index, message) {
    if (index === undefined) return true;
    entry.answers.set(index, message);
    return entry.answers.size >= entry.parts;
  }

  /** @param {Entry} entry */
  #end(entry) {
    this.rim.clock.clearTimeout(entry.timer);
    this.#pending.delete(entry.id);
    this.#outbox = this.#outbox.filter((other) => other !== entry);
  }

  /**
   * @param {Entry} entry
   * @param {string} code
   */
  #fail(entry, code) {
    this.#end(entry);
    const reason = entry.wasSent ? 'OUTCOME_UNKNOWN' : 'NOT_SENT';
    const { clientOrderId, orderData } = entry.build();
    entry.reject(
      new NexVestXRError({
        code,
        reason,
        message: `${entry.type}: ${code === 'TIMEOUT' ? 'no answer in time' : 'the connection is gone'}`,
        requestType: entry.type,
        clientOrderId: clientOrderId ?? orderData?.clientOrderId,
      }),
    );
  }
}

/** The answer of each of a list, refusals as errors. @param {Entry} entry */
function list(entry) {
  const answers = [...entry.answers.entries()].sort(([left], [right]) => left - right);
  return answers.map(([, answer]) =>
    answer.type === 'error' ? new NexVestXRError(answer.error) : answer,
  );
}

/**
 * @param {Entry} entry
 * @param {Message} message
 */
function told(entry, message) {
  return /subscribe$/.test(entry.type)
    ? { ...message, errors: entry.errors.filter(Boolean) }
    : message;
}
