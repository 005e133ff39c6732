/**
 * The exchange for a component: connected as long as it is mounted and has a token. What it holds
 * and what is under way outlives lost connections; `data` is renewed once a frame.
 *
 * @param {Token | null | undefined} token a string, or a function that is asked for one
 * @param {Partial<ClientOptions>} [options] read when the component mounts; `url` whenever it changes
 */
export function useNexVestXRWebSocket(token: Token | null | undefined, options?: Partial<ClientOptions>): {
    isConnected: boolean;
    data: Message;
    subscribe: (channels: Channel[]) => Promise<any>;
    placeOrder: (orderType: string, orderData: Message, more?: {
        clientOrderId?: string;
    }) => Promise<Message>;
    state: "waiting" | "closed" | "connecting" | "idle" | "ready" | "authenticating" | "stale";
    unsubscribe: (channels: Channel[]) => Promise<any>;
    cancelOrder: (order: OrderReference) => Promise<Message>;
    client: NexVestXRClient;
};
import type { Token } from '@nexvestxr/client/types.js';
import type { ClientOptions } from '@nexvestxr/client/types.js';
import type { Message } from '@nexvestxr/client/types.js';
import type { Channel } from '@nexvestxr/client/types.js';
import type { OrderReference } from '@nexvestxr/client/types.js';
import { NexVestXRClient } from '@nexvestxr/client';
