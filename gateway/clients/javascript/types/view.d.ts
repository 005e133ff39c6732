/** What the messages come to: each is applied once, whatever was told twice. */
export class View {
    /** @type {Map<string, OrderBook>} */
    books: Map<string, OrderBook>;
    /** @type {Map<string, Message[]>} */
    trades: Map<string, Message[]>;
    prices: Table;
    opportunities: Table;
    alerts: Table;
    orders: Table;
    positions: Table;
    marginCalls: Table;
    balances: Table;
    /** @type {Message | null} */
    portfolio: Message | null;
    /**
     * The last `userSequence` that is in each of the two streams; none before the first snapshot.
     * @type {{orders?: number, positions?: number}}
     */
    applied: {
        orders?: number;
        positions?: number;
    };
    /** Whether a stream has had its snapshot since it was asked for: from there on it has no gap. */
    isLive: {
        orders: boolean;
        positions: boolean;
    };
    /** Something is missing: nothing of the two counts until they begin anew. */
    isBroken: boolean;
    /** Another user is here. */
    forgetUser(): void;
    /** The connection is gone: what is here was right. */
    lose(): void;
    /** @param {string} pair */
    book(pair: string): OrderBook;
    /** A channel as it is asked for: what it brings follows what is here. @param {Channel} channel */
    asked(channel: Channel): Channel | {
        since: number;
        type: string;
        pair?: string;
        symbol?: string;
        depth?: number;
        updates?: "delta" | "full";
    };
    /** These channels are held now; their snapshots come next. @param {Channel[]} channels */
    begin(channels: Channel[]): void;
    /** @param {Message} message @returns {Said[]} what is new in it; nothing where all of it is here */
    take(message: Message): Said[];
    #private;
}
export type Table = Map<string, Message>;
import { OrderBook } from './book.js';
import type { Message } from './types.js';
import type { Channel } from './types.js';
import type { Said } from './types.js';
