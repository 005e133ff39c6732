// The reference's React hook and Vue composable, in components drawn by the real libraries: used
// as the reference's are, by the names and values that those give.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Page } from './page.mjs';
import WebSocket from 'ws';
import { NexVestXRClient } from '@nexvestxr/client';
import { Exchange, PAIR } from './exchange.mjs';
import { ByteProxy } from './proxy.mjs';
import { state, until } from './wait.mjs';

const { createElement: h, StrictMode, useEffect } = await import('react');
const { createRoot } = await import('react-dom/client');
const vue = await import('vue');
const { useNexVestXRWebSocket } = await import('@nexvestxr/react');
const { useWebSocket } = await import('@nexvestxr/vue');

/** @type {Exchange} */
let exchange;
/** @type {ByteProxy} */
let proxy;
before(async () => {
  exchange = await Exchange.start({ isDemo: true });
  proxy = await ByteProxy.start(() => exchange.port);
});
after(async () => {
  proxy.close();
  await exchange.remove();
});

const CHANNELS = [{ type: 'orderbook', pair: PAIR }, { type: 'portfolio' }, { type: 'orders' }];
const ORDER = ['limit', { pair: PAIR, side: 'buy', amount: '100.00', price: '995.00', timeInForce: 'GTC' }];
const options = () => ({ url: proxy.url, WebSocket, backoffMinMs: 10 });

/** What both components draw. */
function drawn({ isConnected, data }) {
  return {
    connected: String(isConnected),
    user: data.authenticated?.userId ?? '',
    bids: (data.orderbook_update?.bids ?? []).map(({ price, amount }) => `${amount} @ ${price}`).join(' '),
    total: data.portfolio_update?.totalValue ?? '',
    order: data.order_update?.status ?? '',
  };
}

async function look(page, hand, { subscribe, placeOrder, client }) {
  await page.shows('connected', (text) => text === 'true');
  await page.shows('user', (text) => text === 'alice');
  subscribe(CHANNELS);
  await page.shows('total', (text) => /^\d+\.\d\d$/.test(text));
  const placed = await placeOrder(...ORDER);
  assert.equal(placed.type, 'order_placed');
  await page.shows('order', (text) => text === 'open');
  await page.shows('bids', (text) => text.includes('100.00 @ 995.00'));
  // Refused, and nobody waits: no end of the program, and it can be seen.
  placeOrder('limit', { ...ORDER[1], price: '995.001' });
  await until(client(), ['error', 'message'], () => client().stats.messagesReceived > 0);

  // The connection is cut, and all goes on.
  const gone = page.shows('connected', (text) => text === 'false');
  proxy.cut();
  await gone;
  await page.shows('connected', (text) => text === 'true');
  await hand.placeOrder('market', { pair: PAIR, side: 'sell', amount: '100.00' });
  await page.shows('order', (text) => text === 'filled');
}

async function hand() {
  const client = new NexVestXRClient({ url: exchange.url, token: exchange.token('bob'), WebSocket });
  client.connect();
  await state(client, 'ready');
  return client;
}

test('the React hook', async () => {
  const page = new Page();
  const root = createRoot(page.root);
  let given;
  let renders = 0;
  function Market({ token }) {
    given = useNexVestXRWebSocket(token, options());
    renders += 1;
    const { isConnected, subscribe } = given;
    useEffect(() => {
      if (isConnected) subscribe([{ type: 'trades', pair: PAIR }]);
    }, [isConnected, subscribe]);
    return Object.entries(drawn(given)).map(([id, text]) => h('p', { id, key: id }, text));
  }
  const other = await hand();
  const show = (token) => root.render(h(StrictMode, null, h(Market, { token })));
  // Without a token there is no connection.
  show(null);
  await page.shows('connected', (text) => text === 'false');
  assert.equal(given.state === 'idle' || given.state === 'closed', true);
  show(exchange.token('alice'));
  await look(page, other, { subscribe: (it) => given.subscribe(it), placeOrder: (...it) => given.placeOrder(...it), client: () => given.client });
  assert.ok(given.client.channels.some(({ type }) => type === 'trades'));
  assert.ok(Array.isArray(given.data.trades_snapshot.trades));

  // Another user's token, and the functions are the ones from before.
  const { subscribe, placeOrder, client } = given;
  show(exchange.token('carol'));
  await page.shows('user', (text) => text === 'carol');
  assert.deepEqual([given.subscribe, given.placeOrder], [subscribe, placeOrder]);
  // Frames are drawn, not messages.
  const before = renders;
  await Promise.all(Array.from({ length: 30 }, () => client.getTime()));
  await page.shows('connected', (text) => text === 'true');
  assert.ok(renders - before < 30, `${renders - before} renders`);

  const closed = state(client, 'closed');
  root.unmount();
  await closed;
  other.close();
});

test('the React hook with a function for a token', async () => {
  const page = new Page();
  const root = createRoot(page.root);
  let asked = 0;
  let given;
  function Market() {
    // Another function each time it is drawn.
    given = useNexVestXRWebSocket(async () => {
      asked += 1;
      return exchange.token('alice');
    }, options());
    return h('p', { id: 'connected' }, String(given.isConnected));
  }
  root.render(h(Market));
  await page.shows('connected', (text) => text === 'true');
  assert.equal(asked, 1);
  const closed = state(given.client, 'closed');
  root.unmount();
  await closed;
});

test('the Vue composable', async () => {
  const page = new Page();
  const token = vue.ref('');
  let given;
  const app = vue.createApp({
    setup() {
      given = useWebSocket(token, options());
      return () => {
        const shown = drawn({ isConnected: given.isConnected.value, data: given.data.value });
        return Object.entries(shown).map(([id, text]) => vue.h('p', { id }, text));
      };
    },
  });
  app.mount(page.root);
  assert.equal(given.state.value, 'idle');
  const other = await hand();
  token.value = exchange.token('alice');
  await look(page, other, { ...given, client: () => given.client });
  token.value = exchange.token('carol');
  await page.shows('user', (text) => text === 'carol');
  const closed = state(given.client, 'closed');
  app.unmount();
  await closed;
  other.close();
});
