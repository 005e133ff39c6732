/** One connection after another: opened, watched, and opened again with full jitter. */
export class Link {
    /**
     * @param {LinkOptions} options
     * @param {LinkEvents} events
     */
    constructor(options: LinkOptions, events: LinkEvents);
    options: LinkOptions;
    events: LinkEvents;
    /** Whether permessage-deflate was agreed on. */
    get isCompressed(): boolean;
    open(): void;
    /**
     * @param {string} text
     * @returns {boolean} whether it is on its way
     */
    send(text: string): boolean;
    /**
     * Lets the connection go and opens another one later.
     * @param {string} reason
     * @param {{isHeld?: boolean, atOnce?: boolean}} [how] `isHeld`: not before `resume`
     */
    drop(reason: string, { isHeld, atOnce }?: {
        isHeld?: boolean;
        atOnce?: boolean;
    }): void;
    /** Opens again what was held. */
    resume(): void;
    /** @param {string} [reason] */
    close(reason?: string): void;
    #private;
}
export type Clock = {
    now(): number;
    setTimeout(call: () => void, ms: number): any;
    clearTimeout(timer: any): void;
};
export type LinkOptions = {
    url: string;
    WebSocket: any;
    clock: Clock;
    random: () => number;
    connectTimeoutMs: number;
    /**
     * between pings
     */
    heartbeatMs: number;
    /**
     * without a frame the connection counts as stale; and after one more heartbeat as dead
     */
    staleAfterMs: number;
    backoffMinMs: number;
    backoffMaxMs: number;
};
export type LinkEvents = {
    onOpen: () => void;
    onText: (text: string) => void;
    onLost: (reason: string) => void;
    onState: (state: "connecting" | "waiting" | "stale" | "fresh" | "closed", more?: {
        retryInMs?: number;
        reason?: string;
    }) => void;
};
