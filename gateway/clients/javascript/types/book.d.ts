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
     * @param {import('./error.js').Message} data of `orderbook_update`
     * @returns {'applied' | 'ignored' | 'sequence' | 'checksum'} the last two: something is missing
     */
    apply(data: import("./error.js").Message): "applied" | "ignored" | "sequence" | "checksum";
}
export type Level = {
    price: string;
    amount: string;
    total: string;
};
export type BookView = {
    pair: string;
    /**
     * best first
     */
    bids: Level[];
    /**
     * best first
     */
    asks: Level[];
    sequence: number;
    /**
     * of the whole book
     */
    spread: string | null;
    /**
     * whether the last message's checksum is that of these levels
     */
    checksumOk: boolean;
    /**
     * whether it waits for a snapshot: it was right once, and may be no more
     */
    stale: boolean;
};
