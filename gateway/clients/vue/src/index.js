import { computed, onMounted, onUnmounted, shallowRef, unref, watch } from 'vue';
import { NexVestXRClient } from '@nexvestxr/client';
import { newest } from '@nexvestxr/client/newest.js';

/** @import { Ref } from 'vue' */
/** @import { Channel, ClientOptions, Message, OrderReference, Token } from '@nexvestxr/client/types.js' */

const URL = 'wss://api.nexvestxr.com/ws';

/** What nobody waits for must not end a program; who waits is told. @template T @param {Promise<T>} promise */
function heard(promise) {
  promise.catch(() => {});
  return promise;
}

/**
 * The exchange for a component: connected as long as it is mounted and has a token. What it holds
 * and what is under way outlives lost connections; `data` is renewed once a frame.
 *
 * @param {Ref<Token | null | undefined> | Token | null | undefined} token a string, or a function that is asked for one
 * @param {Partial<ClientOptions>} [options]
 */
export function useWebSocket(token, options = {}) {
  const client = new NexVestXRClient({ url: URL, ...options });
  const state = shallowRef(client.state);
  const data = shallowRef(/** @type {Message} */ ({}));
  const isConnected = computed(() => state.value === 'ready');
  client.addEventListener('state', () => {
    state.value = client.state;
  });

  const connect = () => {
    const shown = unref(token);
    if (!shown) {
      client.close();
      return;
    }
    client.setToken(shown);
    client.connect();
  };
  let isMounted = false;
  let end = () => {};
  onMounted(() => {
    isMounted = true;
    end = newest(client, (all) => {
      data.value = all;
    });
    if (unref(token)) connect();
  });
  watch(
    () => unref(token),
    () => {
      if (isMounted) connect();
    },
  );
  onUnmounted(() => {
    isMounted = false;
    end();
    client.close();
  });

  /** @param {Channel[]} channels */
  const subscribe = (channels) => heard(client.subscribe(channels));
  /** @param {Channel[]} channels */
  const unsubscribe = (channels) => heard(client.unsubscribe(channels));
  /** @param {string} orderType @param {Message} orderData @param {{clientOrderId?: string}} [more] */
  const placeOrder = (orderType, orderData, more) => heard(client.placeOrder(orderType, orderData, more));
  /** @param {OrderReference} order */
  const cancelOrder = (order) => heard(client.cancelOrder(order));
  return { isConnected, data, subscribe, placeOrder, state, unsubscribe, cancelOrder, client };
}
