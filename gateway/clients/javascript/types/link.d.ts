/** One connection after another: opened, watched, and opened again with full jitter. */
export class Link {
    /** @param {LinkOptions} options @param {LinkEvents} events */
    constructor(options: LinkOptions, events: LinkEvents);
    options: LinkOptions;
    events: LinkEvents;
    /** Whether permessage-deflate was agreed on. */
    get isCompressed(): boolean;
    open(): void;
    /** @param {Message} message @returns {boolean} whether it is on its way */
    send(message: Message): boolean;
    /**
     * Lets the connection go and opens another one later; one that is held, not before `resume`.
     * @param {string} reason
     * @param {{isHeld?: boolean, atOnce?: boolean}} [how]
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
import type { LinkOptions } from './types.js';
import type { LinkEvents } from './types.js';
import type { Message } from './types.js';
