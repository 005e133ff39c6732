/**
 * The newest `data` of every message type, for a page: however many messages come, `tell` is
 * called once a frame. Of what has no `data` it is the `result` or the `error`.
 * @param {NexVestXRClient} client
 * @param {(newest: Message) => void} tell gets another object each time
 * @returns {() => void} ends it
 */
export function newest(client: NexVestXRClient, tell: (newest: Message) => void): () => void;
import type { NexVestXRClient } from './client.js';
import type { Message } from './types.js';
