/** Whether doing it twice is the same as doing it once. @param {Message} message */
export function isRepeatable(message: Message): boolean;
/** What was asked and not answered yet. Sends in order, within the rate; ends every promise. */
export class Requests {
    /** @param {RequestsRim} rim */
    constructor(rim: RequestsRim);
    isClosed: boolean;
    rim: RequestsRim;
    /**
     * @param {() => Message} build
     * @param {{isUrgent?: boolean, onAnswer?: (message: Message) => void}} [options]
     * @returns {Promise<any>}
     */
    start(build: () => Message, { isUrgent, onAnswer }?: {
        isUrgent?: boolean;
        onAnswer?: (message: Message) => void;
    }): Promise<any>;
    /** The channels that are being asked for. @returns {Channel[]} */
    channels(): Channel[];
    /** Sends what may go. */
    pump(): void;
    /** @param {Message} message perhaps the answer to something, or a part of it */
    answer(message: Message): void;
    /** The connection is gone, and with it what was asked on it. */
    lost(): void;
    /** Nothing more is sent. */
    close(): void;
    #private;
}
import type { Message } from './types.js';
import type { RequestsRim } from './types.js';
import type { Channel } from './types.js';
