/**
 * one JSON object of the wire, as docs/protocol.md has it
 */
export type Message = Record<string, any>;
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type Channel = {
    type: string;
    pair?: string;
    symbol?: string;
    depth?: number;
    updates?: "delta" | "full";
};
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type State = "idle" | "connecting" | "authenticating" | "ready" | "waiting" | "stale" | "closed";
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type Token = string | (() => string | Promise<string>);
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type OrderName = {
    orderId?: string;
    clientOrderId?: string;
};
/**
 * an order's id, or either of its names
 */
export type OrderReference = string | OrderName;
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type Level = {
    price: string;
    amount: string;
    total: string;
};
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type Clock = {
    now(): number;
    setTimeout(call: () => void, ms: number): any;
    clearTimeout(timer: any): void;
};
/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 */
export type Stats = {
    latencyMs: number | null;
    messagesReceived: number;
    messagesSent: number;
    reconnects: number;
    sequenceGaps: number;
    compressed: boolean;
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
/**
 * something is missing; the client mends what can be
 */
export type Gap = {
    channel: "orderbook" | "orders" | "trades";
    pair?: string | undefined;
    reason: "sequence" | "checksum";
    received?: number | undefined;
};
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
    options?: Message | undefined;
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
     * how long a connection may be silent; a heartbeat later it is dropped
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
    clock?: Clock | undefined;
    /**
     * from 0 up to 1
     */
    random?: (() => number) | undefined;
};
export type LinkOptions = {
    url: string;
    WebSocket: any;
    clock: Clock;
    random: () => number;
    connectTimeoutMs: number;
    heartbeatMs: number;
    staleAfterMs: number;
    backoffMinMs: number;
    backoffMaxMs: number;
};
export type LinkEvents = {
    onOpen: () => void;
    onText: (text: string) => void;
    onLost: () => void;
    onState: (state: LinkState, more?: {
        retryInMs?: number;
        reason?: string;
    }) => void;
};
export type LinkState = "connecting" | "waiting" | "stale" | "fresh" | "closed";
/**
 * what was asked
 */
export type Request = {
    id: string;
    /**
     * its place among all requests
     */
    number: number;
    type: string;
    /**
     * at the moment of sending
     */
    build: () => Message;
    canRepeat: boolean;
    /**
     * it goes before the session is ready
     */
    isUrgent: boolean;
    /**
     * how many messages answer it
     */
    parts: number;
    /**
     * by index, where it is answered in parts
     */
    answers: any[];
    deadline: number;
    /**
     * on the connection of now
     */
    isSent: boolean;
    /**
     * ever
     */
    wasSent: boolean;
    timer: any;
    /**
     * before the messages behind it
     */
    onAnswer: ((message: Message) => void) | undefined;
    resolve: (value: any) => void;
    reject: (error: Error) => void;
};
export type RequestsRim = {
    clock: Clock;
    timeoutMs: number;
    send: (message: Message) => boolean;
    isReady: () => boolean;
    messagesPerSecond: () => number;
    /**
     * whether a refusal for want of a token will be mended
     */
    canAuthenticate: () => boolean;
};
/**
 * what listeners are told
 */
export type Said = {
    type: string;
    detail: any;
};
