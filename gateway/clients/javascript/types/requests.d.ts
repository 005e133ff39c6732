/**
 * Whether doing it twice is the same as doing it once.
 * @param {Message} message
 */
export function isRepeatable(message: Message): any;
/** What was asked and not answered yet. Sends in order, within the rate; ends every promise. */
export class Requests {
    /**
     * @param {object} rim
     * @param {Clock} rim.clock
     * @param {number} rim.timeoutMs
     * @param {(text: string) => boolean} rim.send
     * @param {() => boolean} rim.isReady
     * @param {() => number} rim.messagesPerSecond
     * @param {() => boolean} rim.canAuthenticate whether a refusal for want of a token will be mended
     */
    constructor(rim: {
        clock: Clock;
        timeoutMs: number;
        send: (text: string) => boolean;
        isReady: () => boolean;
        messagesPerSecond: () => number;
        canAuthenticate: () => boolean;
    });
    rim: {
        clock: Clock;
        timeoutMs: number;
        send: (text: string) => boolean;
        isReady: () => boolean;
        messagesPerSecond: () => number;
        canAuthenticate: () => boolean;
    };
    /**
     * @param {Message | (() => Message)} message
     * @param {RequestOptions} [options]
     * @returns {Promise<any>}
     */
    start(message: Message | (() => Message), { isUrgent, onAnswer }?: RequestOptions): Promise<any>;
    /** The requests of one type that are under way. @param {string} type */
    underWay(type: string): Entry[];
    /** Sends what may go. */
    pump(): void;
    /** @param {Message} message perhaps the answer to something */
    answer(message: Message): void;
    /** The connection is gone, or its session. */
    lost(): void;
    /** Nothing more is sent. */
    close(): void;
    #private;
}
export type Message = import("./error.js").Message;
export type Clock = import("./link.js").Clock;
export type Entry = {
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
    isRepeatable: boolean;
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
    answers: Map<number, Message>;
    /**
     * of entries of a list of channels
     */
    errors: NexVestXRError[];
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
    reject: (error: NexVestXRError) => void;
};
export type RequestOptions = {
    isUrgent?: boolean | undefined;
    onAnswer?: ((message: Message) => void) | undefined;
};
import { NexVestXRError } from './error.js';
