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
    /** @type {Stats} */
    stats: Stats;
    options: ClientOptions;
    token: Token | undefined;
    clock: Clock;
    link: Link;
    requests: Requests;
    /** Connects, and from then on stays connected until `close`. */
    connect(): void;
    /** Ends the connection; what is under way is rejected with `CLOSED`. */
    close(): void;
    /** From here on another token; a string is shown at once, a function is asked. @param {Token} token */
    setToken(token: Token): void;
    /** Open orders by id. */
    get orders(): import("./view.js").Table;
    /** Open positions by id. */
    get positions(): import("./view.js").Table;
    /** Margin calls in force, by position. */
    get marginCalls(): import("./view.js").Table;
    /** By asset, after `getBalances` or with the channel `portfolio`. */
    get balances(): import("./view.js").Table;
    /** By symbol. */
    get prices(): import("./view.js").Table;
    get portfolio(): Message | null;
    /** Open arbitrage opportunities by id. */
    get opportunities(): import("./view.js").Table;
    /** Risk alerts in force by id; one with an `endsAt` is over then. */
    get alerts(): import("./view.js").Table;
    /** The last trades of a pair, oldest first; another list after each. @param {string} pair */
    trades(pair: string): Message[];
    /** A pair's book; another object after each change. @param {string} pair @returns {BookView} */
    book(pair: string): BookView;
    /** The channels that are held, and asked for again after a lost connection. */
    get channels(): Channel[];
    /**
     * Messages for one reader at its own pace: `for await (const message of client.stream('trade'))`.
     * @param {string} type of an event; `book` gives the newest view of each pair
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
     * Places an order, once: under its `clientOrderId`, which is made here where none is given, it
     * is sent again when its answer was lost.
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
    /** @param {number} timeoutMs 0 takes the switch back @returns {Promise<Message>} */
    cancelAllAfter(timeoutMs: number): Promise<Message>;
    /** @param {string} positionId @param {{clientOrderId?: string}} [options] @returns {Promise<Message>} `order_placed` */
    closePosition(positionId: string, options?: {
        clientOrderId?: string;
    }): Promise<Message>;
    /** @param {string} positionId @param {string} amount below zero to take out @returns {Promise<Message>} `margin_adjusted` */
    adjustMargin(positionId: string, amount: string): Promise<Message>;
    /** One page. @param {Message} [query] @returns {Promise<{orders: Message[], nextAfter: string | null}>} */
    getOrders(query?: Message): Promise<{
        orders: Message[];
        nextAfter: string | null;
    }>;
    /** @param {OrderReference} order @returns {Promise<Message>} */
    getOrder(order: OrderReference): Promise<Message>;
    /** One page, oldest first. @param {Message} [query] @returns {Promise<{fills: Fill[], nextAfter: number | null}>} */
    getFills(query?: Message): Promise<{
        fills: Fill[];
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
     * Any message; its `requestId` is the client's. Sent again only where that does no harm.
     * @param {Message} message
     * @returns {Promise<any>} its answer; of a list, the answer to each
     */
    request(message: Message): Promise<any>;
    #private;
}
import type { State } from './types.js';
import type { Message } from './types.js';
import type { Stats } from './types.js';
import type { ClientOptions } from './types.js';
import type { Token } from './types.js';
import type { Clock } from './types.js';
import { Link } from './link.js';
import { Requests } from './requests.js';
import type { BookView } from './types.js';
import type { Channel } from './types.js';
import { MessageStream } from './stream.js';
import { NexVestXRError } from './error.js';
import type { OrderReference } from './types.js';
import type { Fill } from './types.js';
