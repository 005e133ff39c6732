/**
 * @param {Level[]} bids
 * @param {Level[]} asks
 */
export function checksum(bids: Level[], asks: Level[]): number;
/** One pair's book from its snapshot and deltas; every message's link and checksum are checked. */
export class OrderBook {
    /** @param {string} pair */
    constructor(pair: string);
    /** What it shows now. Another object after each message. @type {BookView} */
    view: BookView;
    /** From here on only a snapshot counts. */
    lose(): void;
    /**
     * @param {Message} data of `orderbook_update`
     * @returns {'applied' | 'ignored' | 'sequence' | 'checksum'} the last two: something is missing
     */
    apply(data: Message): "applied" | "ignored" | "sequence" | "checksum";
}
import type { Level } from './types.js';
import type { BookView } from './types.js';
import type { Message } from './types.js';
