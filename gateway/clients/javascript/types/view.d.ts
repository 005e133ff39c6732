/** What the messages come to: each is applied once, whatever was told twice. */
export class View {
    /** @type {Map<string, OrderBook>} */
    books: Map<string, OrderBook>;
    /** @type {Map<string, Message[]>} */
    trades: Map<string, Message[]>;
    /** @type {Map<string, Message>} */
    prices: Map<string, Message>;
    /** @type {Map<string, Message>} */
    opportunities: Map<string, Message>;
    /** @type {Map<string, Message>} */
    alerts: Map<string, Message>;
    /** Open orders. @type {Map<string, Message>} */
    orders: Map<string, Message>;
    /** @type {Map<string, Message>} */
    positions: Map<string, Message>;
    /** @type {Map<string, Message>} */
    marginCalls: Map<string, Message>;
    /** @type {Map<string, Message>} */
    balances: Map<string, Message>;
    /** @type {Message | null} */
    portfolio: Message | null;
    /**
     * The last `userSequence` that is in each of the two streams; `null` before the first snapshot.
     * @type {{orders: number | null, positions: number | null}}
     */
    applied: {
        orders: number | null;
        positions: number | null;
    };
    /** Whether a stream has had its snapshot since it was asked for: from there on it has no gap. */
    isLive: {
        orders: boolean;
        positions: boolean;
    };
    /** Something is missing: nothing of the two counts until they begin anew. */
    isBroken: boolean;
    /** Another user, or nobody. */
    forgetUser(): void;
    /** The connection is gone: what is there was right. */
    lose(): void;
    /** @param {string} pair */
    book(pair: string): OrderBook;
    /**
     * A channel as it is asked for: what it brings goes on after what is here.
     * @param {Message} channel
     */
    asked(channel: Message): import("./error.js").Message;
    /**
     * The channels are held now; their snapshots come next.
     * @param {Message[]} channels
     */
    begin(channels: Message[]): void;
    /**
     * @param {Message} message
     * @returns {Said[]} what is new in it; nothing where it was told before
     */
    take(message: Message): Said[];
    #private;
}
export type Message = import("./error.js").Message;
/**
 * what listeners are told
 */
export type Said = {
    type: string;
    detail: any;
};
/**
 * something is missing
 */
export type Gap = {
    channel: "orderbook" | "orders" | "trades";
    pair?: string | undefined;
    reason: "sequence" | "checksum";
    received?: number | undefined;
};
/**
 * one fill of an own order, as `get_fills` has it
 */
export type Fill = {
    tradeId: string;
    orderId: string;
    clientOrderId?: string | undefined;
    pair: string;
    side: "buy" | "sell";
    price: string;
    amount: string;
    liquidity: "maker" | "taker";
    fee: string;
    feeAsset: string;
    timestamp: number;
    userSequence: number;
};
import { OrderBook } from './book.js';
