/** @import { Message } from './types.js' */
/**
 * What a request came to when it was not what was asked for. `code` says what to do, `reason` why.
 * Beside those of the exchange there are `TIMEOUT`, `CONNECTION_LOST` and `CLOSED`, with the reason
 * `NOT_SENT` (nothing was done) or `OUTCOME_UNKNOWN` (it may have been done).
 */
export class NexVestXRError extends Error {
    /** @param {Message} error `error` of an error message, or the same of the client's own */
    constructor(error: Message);
    /** @type {string} */
    code: string;
    /** @type {string} */
    reason: string;
    /** @type {string} */
    details: string;
    /** @type {Record<string, any>} */
    params: Record<string, any>;
    /** @type {string | undefined} */
    requestType: string | undefined;
    /** @type {string | undefined} */
    clientOrderId: string | undefined;
    /** How long to wait before asking again, where a rate was exceeded. @returns {number | undefined} */
    get retryAfterMs(): number | undefined;
}
import type { Message } from './types.js';
