import { NexVestXRError } from './error.js';

/** @import { Channel, Message, Request, RequestsRim } from './types.js' */

/** How often what may be repeated is sent on one connection before it is given up. */
const ATTEMPTS = 3;
/** The rates that the client waits for by itself; what delays orders is for its user to decide. */
const WAITED_FOR = /^(MESSAGE|ADDRESS)_RATE$/;
/** Which commands a refusal for a rate holds back. @type {Record<string, RegExp>} */
const BUDGETS = {
  ORDER_RATE: /^(place_orders?|amend_order)$/,
  CANCEL_RATE: /^(cancel_\w+|close_position|adjust_margin)$/,
};
const IS_REPEATABLE = /^(get_\w+|subscribe|unsubscribe|ping|connection_stats|cancel_orders?)$/;
const IS_LIST = /^(place|cancel)_orders$/;
const IS_OF_CHANNELS = /subscribe$/;

/** @param {Message} order */
const nameOf = (order) => order.clientOrderId ?? order.orderData?.clientOrderId;

/** Whether doing it twice is the same as doing it once. @param {Message} message */
export function isRepeatable(message) {
  if (message.type === 'place_order') return Boolean(nameOf(message));
  if (message.type === 'place_orders') return Array.isArray(message.orders) && message.orders.every(nameOf);
  return IS_REPEATABLE.test(message.type);
}

/** What was asked and not answered yet. Sends in order, within the rate; ends every promise. */
export class Requests {
  /** @type {Map<string, Request>} */
  #pending = new Map();
  /** What waits to be sent, by number. @type {Request[]} */
  #outbox = [];
  /** When the last messages went. @type {number[]} */
  #sentAt = [];
  #pausedUntil = 0;
  /** What refused, and until when. @type {Record<string, {until: number, error: Message}>} */
  #holds = {};
  /** @type {any} */
  #timer;
  #number = 0;
  isClosed = false;

  /** @param {RequestsRim} rim */
  constructor(rim) {
    this.rim = rim;
  }

  /**
   * @param {() => Message} build
   * @param {{isUrgent?: boolean, onAnswer?: (message: Message) => void}} [options]
   * @returns {Promise<any>}
   */
  start(build, { isUrgent = false, onAnswer } = {}) {
    const message = build();
    const { type } = message;
    const now = this.rim.clock.now();
    for (const [rate, { until, error }] of Object.entries(this.#holds)) {
      if (now >= until || !BUDGETS[rate].test(type)) continue;
      const params = { ...error.params, retryAfterMs: until - now };
      return Promise.reject(new NexVestXRError({ ...error, params, requestType: type }));
    }
    return new Promise((resolve, reject) => {
      this.#number += 1;
      const canRepeat = isRepeatable(message);
      /** @type {Request} */
      const request = {
        id: `c${this.#number}`,
        number: this.#number,
        type,
        build,
        canRepeat,
        isUrgent,
        parts: IS_LIST.test(type) ? (message.orders?.length ?? 1) : 1,
        answers: [],
        deadline: now + this.rim.timeoutMs * (canRepeat ? ATTEMPTS : 1),
        isSent: false,
        wasSent: false,
        timer: undefined,
        onAnswer,
        resolve,
        reject,
      };
      this.#pending.set(request.id, request);
      if (this.isClosed) return this.#fail(request, 'CLOSED');
      this.#queue(request);
      this.#watch(request);
      this.pump();
    });
  }

  /** The channels that are being asked for. @returns {Channel[]} */
  channels() {
    const asked = [...this.#pending.values()].filter(({ type }) => type === 'subscribe');
    return asked.flatMap((request) => request.build().channels);
  }

  /** Sends what may go. */
  pump() {
    const { clock, isReady, messagesPerSecond, send } = this.rim;
    clock.clearTimeout(this.#timer);
    const canGo = isReady();
    for (const request of this.#outbox.filter(({ isUrgent }) => canGo || isUrgent)) {
      const now = clock.now();
      this.#sentAt = this.#sentAt.filter((then) => now - then < 1000);
      // A tenth is left for pings and for clocks that do not agree.
      const isFull = this.#sentAt.length >= Math.max(1, Math.floor(messagesPerSecond() * 0.9));
      const wait = Math.max(this.#pausedUntil - now, isFull ? this.#sentAt[0] + 1000 - now : 0);
      if (wait > 0) {
        this.#timer = clock.setTimeout(() => this.pump(), wait);
        return;
      }
      if (!send({ ...request.build(), requestId: request.id })) return;
      this.#outbox.splice(this.#outbox.indexOf(request), 1);
      this.#sentAt.push(now);
      request.isSent = request.wasSent = true;
      request.answers = [];
      this.#watch(request);
    }
  }

  /** @param {Message} message perhaps the answer to something, or a part of it */
  answer(message) {
    const request = this.#pending.get(message.requestId);
    if (!request) return;
    const error = message.type === 'error' ? message.error : null;
    const index = message.index ?? error?.params?.index;
    if (error && index === undefined && this.#mend(request, error)) return;
    if (error && error.reason in BUDGETS) {
      const until = this.rim.clock.now() + (error.params?.retryAfterMs ?? 0);
      this.#holds[error.reason] = { until, error };
    }
    if (index === undefined) {
      this.#end(request);
      if (error) return request.reject(new NexVestXRError(error));
      request.onAnswer?.(message);
      return request.resolve(IS_OF_CHANNELS.test(request.type) ? { ...message, errors: request.answers.flat() } : message);
    }
    request.answers[index] = error ? new NexVestXRError(error) : message;
    const isOfChannels = IS_OF_CHANNELS.test(request.type);
    const parts = isOfChannels ? request.build().channels.length : request.parts;
    if (request.answers.flat().length < parts) return;
    this.#end(request);
    // Where no channel is good, the errors are the answer.
    if (isOfChannels) request.reject(request.answers[0]);
    else request.resolve(request.answers);
  }

  /** The connection is gone, and with it what was asked on it. */
  lost() {
    for (const request of [...this.#pending.values()]) {
      if (!request.isSent) continue;
      if (request.canRepeat) this.#queue(request);
      else this.#fail(request, 'CONNECTION_LOST');
    }
  }

  /** Nothing more is sent. */
  close() {
    this.isClosed = true;
    for (const request of [...this.#pending.values()]) this.#fail(request, 'CLOSED');
    this.rim.clock.clearTimeout(this.#timer);
  }

  /** @param {Request} request */
  #queue(request) {
    request.isSent = false;
    if (this.#outbox.includes(request)) return;
    this.#outbox.push(request);
    this.#outbox.sort((left, right) => left.number - right.number);
  }

  /** Looks again when its answer is late. @param {Request} request */
  #watch(request) {
    const { clock, timeoutMs } = this.rim;
    clock.clearTimeout(request.timer);
    const left = Math.max(0, request.deadline - clock.now());
    const late = () => {
      if (clock.now() >= request.deadline) return this.#fail(request, 'TIMEOUT');
      this.#queue(request);
      this.#watch(request);
      this.pump();
    };
    request.timer = clock.setTimeout(late, request.isSent ? Math.min(left, timeoutMs) : left);
  }

  /**
   * Whether it will be sent again by itself: it was refused as a whole, and had no effect.
   * @param {Request} request
   * @param {Message} error
   */
  #mend(request, error) {
    const until = this.rim.clock.now() + (error.params?.retryAfterMs ?? 0);
    if (WAITED_FOR.test(error.reason) && until < request.deadline) {
      this.#pausedUntil = Math.max(this.#pausedUntil, until);
    } else if (error.code !== 'AUTH_REQUIRED' || !this.rim.canAuthenticate()) return false;
    this.#queue(request);
    this.pump();
    return true;
  }

  /** @param {Request} request */
  #end(request) {
    this.rim.clock.clearTimeout(request.timer);
    this.#pending.delete(request.id);
    this.#outbox = this.#outbox.filter((other) => other !== request);
  }

  /** @param {Request} request @param {string} code */
  #fail(request, code) {
    this.#end(request);
    const requestType = request.type;
    const message = `${requestType}: ${code === 'TIMEOUT' ? 'no answer in time' : 'the connection is gone'}`;
    const reason = request.wasSent ? 'OUTCOME_UNKNOWN' : 'NOT_SENT';
    const clientOrderId = nameOf(request.build());
    request.reject(new NexVestXRError({ code, reason, message, requestType, clientOrderId }));
  }
}
