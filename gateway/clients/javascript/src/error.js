/** @import { Message } from './types.js' */

/**
 * What a request came to when it was not what was asked for. `code` says what to do, `reason` why.
 * Beside those of the exchange there are `TIMEOUT`, `CONNECTION_LOST` and `CLOSED`, with the reason
 * `NOT_SENT` (nothing was done) or `OUTCOME_UNKNOWN` (it may have been done).
 */
export class NexVestXRError extends Error {
  /** @param {Message} error `error` of an error message, or the same of the client's own */
  constructor(error) {
    super(error.message ?? error.code);
    this.name = 'NexVestXRError';
    /** @type {string} */
    this.code = error.code;
    /** @type {string} */
    this.reason = error.reason ?? error.code;
    /** @type {string} */
    this.details = error.details ?? '';
    /** @type {Record<string, any>} */
    this.params = error.params ?? {};
    /** @type {string | undefined} */
    this.requestType = error.requestType;
    /** @type {string | undefined} */
    this.clientOrderId = error.clientOrderId;
  }

  /** How long to wait before asking again, where a rate was exceeded. @returns {number | undefined} */
  get retryAfterMs() {
    return this.params.retryAfterMs;
  }
}
