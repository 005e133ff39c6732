import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { NexVestXRClient } from '@nexvestxr/client';
import { newest } from '@nexvestxr/client/newest.js';

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
 * @param {Token | null | undefined} token a string, or a function that is asked for one
 * @param {Partial<ClientOptions>} [options] read when the component mounts; `url` whenever it changes
 */
export function useNexVestXRWebSocket(token, options = {}) {
  const { url = URL } = options;
  const first = useRef(options);
  const client = useMemo(() => new NexVestXRClient({ ...first.current, url }), [url]);
  const [state, setState] = useState(client.state);
  const [data, setData] = useState(/** @type {Message} */ ({}));

  useEffect(() => {
    const onState = () => setState(client.state);
    client.addEventListener('state', onState);
    const end = newest(client, setData);
    onState();
    return () => {
      client.removeEventListener('state', onState);
      end();
      client.close();
    };
  }, [client]);

  // A function is often another one at each render: the newest is asked, and none of them shown.
  const current = useRef(token);
  current.current = token;
  const shown = typeof token === 'function' ? 'a function' : token;
  useEffect(() => {
    if (!current.current) {
      client.close();
      return;
    }
    client.setToken(
      typeof current.current === 'function'
        ? () => (typeof current.current === 'function' ? current.current() : String(current.current))
        : current.current,
    );
    client.connect();
  }, [client, shown]);

  const subscribe = useCallback(
    (/** @type {Channel[]} */ channels) => heard(client.subscribe(channels)),
    [client],
  );
  const unsubscribe = useCallback(
    (/** @type {Channel[]} */ channels) => heard(client.unsubscribe(channels)),
    [client],
  );
  const placeOrder = useCallback(
    (
      /** @type {string} */ orderType,
      /** @type {Message} */ orderData,
      /** @type {{clientOrderId?: string}} */ more = {},
    ) => heard(client.placeOrder(orderType, orderData, more)),
    [client],
  );
  const cancelOrder = useCallback(
    (/** @type {OrderReference} */ order) => heard(client.cancelOrder(order)),
    [client],
  );
  const isConnected = state === 'ready';
  return { isConnected, data, subscribe, placeOrder, state, unsubscribe, cancelOrder, client };
}
