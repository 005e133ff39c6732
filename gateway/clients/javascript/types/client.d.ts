/**
 * One session with the exchange over as many connections as it takes. An `EventTarget`: each
 * message of the wire is an event of its type with the message in `detail`, once, whatever was
 * sent twice. Beside them there are `state`, `message` (all of the wire, repetitions too), `book`,
 * `fill`, `orders` (the open orders were told anew), `gap` and `error`.
 */
export class NexVestXRClient extends EventTarget {
    /** @param {ClientOptions} options */
    constructor(options: ClientOptions);
    /** @type {State} */
    state: State;
    /** `data` of `authenticated`, while it is in force. @type {Message | null} */
    session: Message | null;
    /** @type {{latencyMs: number | null, messagesReceived: number, messagesSent: number, reconnects: number, sequenceGaps: number, compressed: boolean}} */
    stats: {
        latencyMs: number | null;
        messagesReceived: number;
        messagesSent: number;
        reconnects: number;
        sequenceGaps: number;
        compressed: boolean;
    };
    options: ClientOptions;
    /** @type {Token | undefined} */
    token: Token | undefined;
    clock: import("./link.js").Clock;
    link: Link;
    requests: Requests;
    /** Connects, and from then on stays connected until `close`. */
    connect(): void;
    /** Ends the connection; what is under way is rejected with `CLOSED`. */
    close(): void;
    /**
     * Another token from here on; a string is used at once, a function is asked.
     * @param {Token} token
     */
    setToken(token: Token): void;
    /** Open orders by id. */
    get orders(): Map<string, import("./error.js").Message>;
    /** Open positions by id. */
    get positions(): Map<string, import("./error.js").Message>;
    /** Margin calls in force, by position. */
    get marginCalls(): Map<string, import("./error.js").Message>;
    /** By asset, after `getBalances` or with the channel `portfolio`. */
    get balances(): Map<string, import("./error.js").Message>;
    /** By symbol. */
    get prices(): Map<string, import("./error.js").Message>;
    get portfolio(): import("./error.js").Message | null;
    /** Open arbitrage opportunities by id. */
    get opportunities(): Map<string, import("./error.js").Message>;
    /** Risk alerts in force, by id; those with an end are over then. */
    get alerts(): Map<string, import("./error.js").Message>;
    /** The last trades of a pair, oldest first. @param {string} pair */
    trades(pair: string): import("./error.js").Message[];
    /** A pair's book, another object after each change. @param {string} pair @returns {BookView} */
    book(pair: string): BookView;
    /** The channels that are asked for again after a lost connection. */
    get channels(): Channel[];
    /**
     * Messages for one reader at its own pace: `for await (const message of client.stream('trade'))`.
     * @param {string} type of a message or event; `book` gives the newest view of each pair
     * @param {{limit?: number}} [options] how many of those that are never dropped may wait
     */
    stream(type: string, { limit }?: {
        limit?: number;
    }): MessageStream<any>;
    /**
     * Holds channels from now on, over all connections. Rejected where no entry is good; else
     * `errors` has what was refused.
     * @param {Channel[]} channels
     */
    subscribe(channels: Channel[]): Promise<any>;
    /** @param {Channel[]} channels */
    unsubscribe(channels: Channel[]): Promise<any>;
    /**
     * Places an order, once: it has a `clientOrderId`, made here where none is given, under which
     * it is sent again when its answer was lost.
     * @param {string} orderType
     * @param {Message} orderData
     * @param {{clientOrderId?: string}} [options]
     * @returns {Promise<Message>} `order_placed`
     */
    placeOrder(orderType: string, orderData: Message, { clientOrderId }?: {
        clientOrderId?: string;
    }): Promise<Message>;
    /**
     * @param {{orderType: string, orderData: Message}[]} orders
     * @returns {Promise<(Message | NexVestXRError)[]>} what became of each
     */
    placeOrders(orders: {
        orderType: string;
        orderData: Message;
    }[]): Promise<(Message | NexVestXRError)[]>;
    /** @param {OrderReference} order @returns {Promise<Message>} `order_cancelled` */
    cancelOrder(order: OrderReference): Promise<Message>;
    /** @param {OrderReference[]} orders @returns {Promise<(Message | NexVestXRError)[]>} what became of each */
    cancelOrders(orders: OrderReference[]): Promise<(Message | NexVestXRError)[]>;
    /** @param {OrderReference} order @param {{price?: string, amount?: string}} changes @returns {Promise<Message>} `order_amended` */
    amendOrder(order: OrderReference, changes: {
        price?: string;
        amount?: string;
    }): Promise<Message>;
    /** @param {{pair?: string, side?: 'buy' | 'sell'}} [which] @returns {Promise<Message>} `orders_cancelled` */
    cancelAll(which?: {
        pair?: string;
        side?: "buy" | "sell";
    }): Promise<Message>;
    /** @param {number} timeoutMs 0 takes the switch back @returns {Promise<Message>} `cancel_all_after` */
    cancelAllAfter(timeoutMs: number): Promise<Message>;
    /** @param {string} positionId @param {{clientOrderId?: string}} [options] @returns {Promise<Message>} `order_placed` */
    closePosition(positionId: string, options?: {
        clientOrderId?: string;
    }): Promise<Message>;
    /** @param {string} positionId @param {string} amount below zero to take out @returns {Promise<Message>} `margin_adjusted` */
    adjustMargin(positionId: string, amount: string): Promise<Message>;
    /** One page; `nextAfter` is where the next one begins. @param {Message} [query] @returns {Promise<{orders: Message[], nextAfter: string | null}>} */
    getOrders(query?: Message): Promise<{
        orders: Message[];
        nextAfter: string | null;
    }>;
    /** @param {OrderReference} order @returns {Promise<Message>} */
    getOrder(order: OrderReference): Promise<Message>;
    /** One page, oldest first. @param {Message} [query] @returns {Promise<{fills: import('./view.js').Fill[], nextAfter: number | null}>} */
    getFills(query?: Message): Promise<{
        fills: import("./view.js").Fill[];
        nextAfter: number | null;
    }>;
    /** @returns {Promise<Message[]>} */
    getBalances(): Promise<Message[]>;
    /** @returns {Promise<Message[]>} */
    getPositions(): Promise<Message[]>;
    /** @returns {Promise<Message[]>} */
    getInstruments(): Promise<Message[]>;
    /** @returns {Promise<number>} */
    getTime(): Promise<number>;
    /**
     * Any message; its `requestId` is the client's. Repeated only where that does no harm.
     * @param {Message} message
     * @returns {Promise<any>} its answer, of a list the answer of each
     */
    request(message: Message): Promise<any>;
    #private;
}
export type Message = import("./error.js").Message;
export type BookView = import("./book.js").BookView;
export type Clock = import("./link.js").Clock;
export type Channel = {
    type: string;
    pair?: string;
    symbol?: string;
    depth?: number;
    updates?: "delta" | "full";
};
export type State = "idle" | "connecting" | "authenticating" | "ready" | "waiting" | "stale" | "closed";
export type Token = string | (() => string | Promise<string>);
export type OrderName = {
    orderId?: string;
    clientOrderId?: string;
};
/**
 * an order's id, or either of its names
 */
export type OrderReference = string | OrderName;
export type ClientOptions = {
    /**
     * `ws://` or `wss://`
     */
    url: string;
    /**
     * a function is asked for a new one before the old one ends; without a token there are public channels only
     */
    token?: Token | undefined;
    /**
     * where the platform has none: Node before 22 takes that of `ws`
     */
    WebSocket?: any;
    /**
     * of `authenticate`, such as `cancel_on_disconnect`
     */
    options?: import("./error.js").Message | undefined;
    /**
     * until a request without an answer is repeated, or given up where it must not be
     */
    requestTimeoutMs?: number | undefined;
    connectTimeoutMs?: number | undefined;
    /**
     * between two pings
     */
    heartbeatMs?: number | undefined;
    /**
     * how long a connection may be silent
     */
    staleAfterMs?: number | undefined;
    /**
     * the first wait is between nothing and this long
     */
    backoffMinMs?: number | undefined;
    /**
     * no wait is longer
     */
    backoffMaxMs?: number | undefined;
    clock?: import("./link.js").Clock | undefined;
    /**
     * from 0 up to 1
     */
    random?: (() => number) | undefined;
};
import { Link } from './link.js';
import { Requests } from './requests.js';
import { MessageStream } from './stream.js';
import { NexVestXRError } from './error.js';
