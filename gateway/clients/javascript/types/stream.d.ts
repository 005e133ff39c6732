/**
 * Messages for one reader who takes its time. What can be conflated is, and takes one place for
 * each pair or symbol. What cannot be is kept; with `limit` of that waiting the connection is let
 * go, and opened again when half of it was read: `since` brings what was missed meanwhile.
 * @template [T=any]
 * @implements {AsyncIterableIterator<T>}
 */
export class MessageStream<T = any> implements AsyncIterableIterator<T> {
    /** @param {string} type @param {number} limit @param {{onFull(): void, onDrained(): void, onEnd(): void}} events */
    constructor(type: string, limit: number, events: {
        onFull(): void;
        onDrained(): void;
        onEnd(): void;
    });
    type: string;
    limit: number;
    events: {
        onFull(): void;
        onDrained(): void;
        onEnd(): void;
    };
    /** How many messages wait. */
    get size(): number;
    /** @param {T} value */
    push(value: T): void;
    /** @returns {Promise<IteratorResult<T, undefined>>} */
    next(): Promise<IteratorResult<T, undefined>>;
    /** @returns {Promise<IteratorResult<T, undefined>>} */
    return(): Promise<IteratorResult<T, undefined>>;
    /** What waits can still be read. */
    end(): void;
    [Symbol.asyncIterator](): this;
    #private;
}
