// Against the gateway: sessions, tokens, retries, gaps, silence, slow readers.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { NexVestXRClient, NexVestXRError } from '@nexvestxr/client';
import { Exchange, PAIR } from './exchange.mjs';
import { ByteProxy, MessageProxy } from './proxy.mjs';
import { event, state, until } from './wait.mjs';
import { sendsBad } from '../recorder/frames.mjs';

/** @type {Exchange} */
let exchange;
const open = [];
before(async () => {
  exchange = await Exchange.start();
});
after(async () => {
  for (const it of open.splice(0)) it.close();
  await exchange.remove();
});

function connect(user, options = {}) {
  const token = user && exchange.token(user);
  const client = new NexVestXRClient({ url: exchange.url, token, WebSocket, backoffMinMs: 20, ...options });
  open.push(client);
  client.connect();
  return client;
}
async function messages() {
  const proxy = await MessageProxy.start(() => exchange.url);
  open.push(proxy);
  return proxy;
}
const limit = (side, price, amount = '1.00') => ['limit', { pair: PAIR, side, amount, price }];
const finished = async (client, name) => {
  const { orders } = await client.getOrders({ status: 'finished' });
  return orders.filter((order) => order.clientOrderId === name);
};

test('requests are answered, each by its own answer', async () => {
  const client = connect('alice');
  const [time, instruments, balances, placed] = await Promise.all([
    client.getTime(),
    client.getInstruments(),
    client.getBalances(),
    client.placeOrder(...limit('buy', '900.00')),
  ]);
  assert.equal(typeof time, 'number');
  assert.equal(instruments[0].tickSize, '0.01');
  assert.equal(balances.find(({ asset }) => asset === 'XRP').total, '1000000.00');
  assert.match(placed.result.clientOrderId, /^c-[0-9a-z]{1,34}$/);
  const { orderId } = placed.result;
  assert.equal((await client.getOrder(orderId)).orderId, orderId);
  assert.equal((await client.amendOrder(orderId, { amount: '0.50' })).result.remaining, '0.50');
  assert.equal((await client.cancelOrder({ clientOrderId: placed.result.clientOrderId })).orderId, orderId);
  assert.equal(client.session.userId, 'alice');
  assert.equal(client.stats.compressed, true);
  client.close();
  await assert.rejects(client.getTime(), ({ code, reason }) => code === 'CLOSED' && reason === 'NOT_SENT');
});

test('refusals are errors with code, reason and params', async () => {
  const client = connect('alice');
  await assert.rejects(client.placeOrder(...limit('buy', '900.001')), (error) => {
    assert.ok(error instanceof NexVestXRError);
    assert.deepEqual([error.code, error.reason], ['ORDER_FAILED', 'PRICE_NOT_ON_TICK']);
    assert.equal(error.params.tickSize, '0.01');
    return true;
  });
  const answers = await client.placeOrders([
    { orderType: 'limit', orderData: { pair: PAIR, side: 'buy', amount: '1.00', price: '0.01' } },
    { orderType: 'limit', orderData: { pair: PAIR, side: 'buy', amount: '1.00', price: '900.00' } },
  ]);
  assert.deepEqual(answers.map((it) => it.reason ?? it.type), ['PRICE_OUTSIDE_BAND', 'order_placed']);
  const ended = await client.cancelOrders([answers[1].result.orderId, 'order_999999999']);
  assert.deepEqual(ended.map((it) => it.code ?? it.type), ['order_cancelled', 'ORDER_NOT_FOUND']);
  sendsBad(({ orders }) => orders?.length === 0);
  await assert.rejects(client.placeOrders([]), { code: 'INVALID_MESSAGE', reason: 'EMPTY_LIST' });
  sendsBad(({ channels }) => channels?.some(({ type }) => type === 'nonsense'));
  const held = await client.subscribe([{ type: 'trades', pair: PAIR }, { type: 'nonsense' }, { type: 'orders' }]);
  assert.deepEqual(held.errors.map(({ reason }) => reason), ['UNKNOWN_CHANNEL']);
  assert.deepEqual(client.channels.map(({ type }) => type), ['trades', 'orders']);
  await assert.rejects(client.subscribe([{ type: 'trades', pair: 'NO/PAIR' }]), { code: 'INVALID_SUBSCRIPTION' });
  assert.equal(client.channels.length, 2);
  client.close();
});

test('without a token public channels are there, and private ones are refused', async () => {
  const client = connect(undefined);
  await client.subscribe([{ type: 'orderbook', pair: PAIR }]);
  await until(client, ['book'], () => !client.book(PAIR).stale);
  await assert.rejects(client.subscribe([{ type: 'orders' }]), { code: 'AUTH_REQUIRED' });
  await assert.rejects(client.placeOrder(...limit('buy', '900.00')), { code: 'AUTH_REQUIRED' });
  // It is remembered, and comes with the token.
  client.setToken(exchange.token('alice'));
  await event(client, 'orders_snapshot');
  client.close();
});

test('a bad token ends a client that has no other', async () => {
  const client = connect(undefined, { token: 'no token' });
  const { reason } = await event(client, 'state', (it) => it.state === 'closed');
  assert.equal(reason, 'TOKEN_INVALID');
  client.setToken(exchange.token('bob'));
  await state(client, 'ready');
  assert.equal(client.session.userId, 'bob');
  // Another user's token: another connection, and nothing of the first user's is left.
  await client.subscribe([{ type: 'orders' }]);
  await client.placeOrder(...limit('buy', '800.00'));
  await until(client, ['order_update'], () => client.orders.size > 0);
  await client.getBalances();
  assert.ok(client.balances.size > 0);
  client.setToken(exchange.token('carol'));
  await until(client, ['state'], () => client.session?.userId === 'carol');
  assert.deepEqual([client.orders.size, client.balances.size], [0, 0]);
  await event(client, 'orders_snapshot');
  assert.equal(client.orders.size, 0);
  client.close();
});

test('a token is renewed before it ends, and what is private goes on', async () => {
  let asked = 0;
  const token = async () => {
    asked += 1;
    return exchange.token('alice', '3s');
  };
  const client = connect(undefined, { token });
  await client.subscribe([{ type: 'orders' }]);
  const first = client.session.expiresAt;
  await event(client, 'authenticated', ({ data }) => data.expiresAt > first);
  assert.ok(asked >= 2);
  assert.equal(client.stats.reconnects, 0);
  client.close();
});

test('a token that ended is replaced, and private channels go on where they were', async () => {
  const other = connect('bob');
  let asked = 0;
  let release;
  const late = new Promise((resolve) => {
    release = resolve;
  });
  const token = async () => {
    asked += 1;
    if (asked > 1) await late;
    return exchange.token('alice', asked > 1 ? '1h' : '2s');
  };
  const client = connect(undefined, { token });
  const fills = [];
  client.addEventListener('fill', ({ detail }) => fills.push(detail));
  await client.subscribe([{ type: 'orders' }, { type: 'orderbook', pair: PAIR }]);
  const { result } = await client.placeOrder(...limit('buy', '950.00'));
  await event(client, 'error', ({ reason }) => reason === 'TOKEN_EXPIRED');
  assert.equal(client.state, 'authenticating');
  // Filled while nobody is signed in, on a connection that stays.
  await other.placeOrder(...limit('sell', '950.00'));
  const order = client.getOrder(result.orderId);
  release();
  await until(client, ['fill'], () => fills.length > 0);
  assert.equal((await order).status, 'filled');
  assert.deepEqual([fills.length, client.stats.reconnects, asked], [1, 0, 2]);
  client.close();
  other.close();
});

test('an order whose answer is lost is placed once', async () => {
  const proxy = await messages();
  const client = connect('alice', { url: proxy.url });
  await state(client, 'ready');
  for (const lose of ['the answer', 'the request']) {
    let isLost = false;
    const pass = (message) => message;
    const cut = (message) => {
      if (isLost || !/^(place_order|order_placed)$/.test(message.type)) return message;
      isLost = true;
      proxy.cut();
      return undefined;
    };
    [proxy.up, proxy.down] = lose === 'the answer' ? [pass, cut] : [cut, pass];
    const clientOrderId = `once ${lose}`;
    const placed = await client.placeOrder(...limit('buy', '700.00'), { clientOrderId });
    assert.ok(isLost);
    assert.equal(placed.result.duplicate ?? false, lose === 'the answer');
    const { orders } = await client.getOrders();
    assert.equal(orders.filter((it) => it.clientOrderId === clientOrderId).length, 1);
    await client.cancelOrder({ clientOrderId });
    assert.equal((await finished(client, clientOrderId)).length, 1);
  }
  client.close();
});

test('an answer that does not come is asked for again where that does no harm', async () => {
  const proxy = await messages();
  const client = connect('alice', { url: proxy.url, requestTimeoutMs: 300 });
  await state(client, 'ready');
  const lost = { order_placed: 2, order_amended: 1, orders_cancelled: 1, get_time: 9 };
  proxy.down = (message) => {
    lost[message.type] = (lost[message.type] ?? 0) - 1;
    return lost[message.type] >= 0 ? undefined : message;
  };
  const placed = await client.placeOrder(...limit('buy', '700.00'), { clientOrderId: 'late' });
  assert.equal(placed.result.duplicate, true);
  const unknown = { code: 'TIMEOUT', reason: 'OUTCOME_UNKNOWN' };
  await assert.rejects(client.amendOrder(placed.result.orderId, { amount: '0.50' }), unknown);
  assert.equal((await client.getOrder(placed.result.orderId)).amount, '0.50');
  await assert.rejects(client.cancelAll(), unknown);
  await assert.rejects(client.getTime(), unknown);
  // Three were asked for, and no more.
  assert.equal(lost.get_time, 6);
  client.close();
});

test('what is under way and cannot be repeated ends with the connection', async () => {
  const proxy = await messages();
  const client = connect('alice', { url: proxy.url });
  await state(client, 'ready');
  proxy.up = (message) => {
    if (message.type === 'cancel_all') proxy.cut();
    return message.type === 'cancel_all' ? undefined : message;
  };
  await assert.rejects(client.cancelAll(), { code: 'CONNECTION_LOST', reason: 'OUTCOME_UNKNOWN' });
  client.close();
});

for (const [what, change] of [
  ['is missing', () => undefined],
  ['is another', (message) => ({ ...message, data: { ...message.data, bids: [{ price: '999.99', amount: '7.00', total: '1.00' }] } })],
]) {
  test(`a delta that ${what} is seen, and the book begun anew`, async () => {
    const proxy = await messages();
    const other = connect('bob');
    const client = connect('alice', { url: proxy.url });
    await client.subscribe([{ type: 'orderbook', pair: PAIR, depth: 5 }]);
    await until(client, ['book'], () => !client.book(PAIR).stale);
    const gap = event(client, 'gap');
    const changed = new Promise((resolve) => {
      let isChanged = false;
      proxy.down = (message) => {
        if (isChanged || message.data?.kind !== 'delta') return message;
        isChanged = true;
        resolve();
        return change(message);
      };
    });
    await other.placeOrder(...limit('buy', '701.00'));
    await changed;
    if (what === 'is missing') await other.placeOrder(...limit('buy', '702.00'));
    const { channel, reason } = await gap;
    assert.deepEqual([channel, reason], ['orderbook', what === 'is missing' ? 'sequence' : 'checksum']);
    assert.equal(client.book(PAIR).stale, true);
    await until(client, ['book'], () => !client.book(PAIR).stale);
    assert.equal(client.stats.sequenceGaps, 1);
    assert.ok(client.book(PAIR).bids.some(({ price }) => price === '701.00'));
    await other.cancelAll();
    client.close();
    other.close();
  });
}

test('an update of an order that is missing is fetched', async () => {
  const proxy = await messages();
  const client = connect('carol', { url: proxy.url });
  const whole = event(client, 'positions_snapshot');
  await client.subscribe([{ type: 'orders' }, { type: 'positions' }]);
  await whole;
  const updates = [];
  client.addEventListener('order_update', ({ detail }) => updates.push(detail.data.userSequence));
  let isDropped = false;
  proxy.down = (message) => {
    if (isDropped || message.type !== 'order_update') return message;
    isDropped = true;
    return undefined;
  };
  const first = await client.placeOrder(...limit('buy', '700.00'));
  const gap = event(client, 'gap');
  await client.placeOrder(...limit('buy', '701.00'));
  assert.equal((await gap).channel, 'orders');
  await until(client, ['orders'], () => client.orders.has(first.result.orderId));
  assert.deepEqual(updates, updates.map((_, index) => updates[0] + index));
  assert.equal(updates.length, 2);
  await client.cancelAll();
  client.close();
});

test('a silent connection is stale, and then another one is opened', async () => {
  const proxy = await ByteProxy.start(() => exchange.port);
  open.push(proxy);
  const client = connect('alice', { url: proxy.url, heartbeatMs: 100, staleAfterMs: 400 });
  await client.subscribe([{ type: 'orderbook', pair: PAIR }]);
  await until(client, ['book'], () => !client.book(PAIR).stale);
  await until(client, ['pong'], () => client.stats.latencyMs !== null);
  // A short silence is only told.
  proxy.isSilent = true;
  await state(client, 'stale');
  const waiting = await event(client, 'state', (it) => it.state === 'waiting');
  assert.equal(waiting.reason, 'STALE');
  assert.equal(client.book(PAIR).stale, true);
  proxy.isSilent = false;
  await state(client, 'ready');
  await until(client, ['book'], () => !client.book(PAIR).stale);
  client.close();
});

test('a reader that takes its time loses nothing', async () => {
  const other = connect('bob');
  const client = connect('alice');
  const updates = client.stream('order_update', { limit: 10 });
  const books = client.stream('book', { limit: 10 });
  await client.subscribe([{ type: 'orders' }, { type: 'orderbook', pair: PAIR }]);
  const held = event(client, 'state', ({ reason }) => reason === 'SLOW_CONSUMER');
  const names = Array.from({ length: 60 }, (_, index) => `slow ${index}`);
  // By another connection of the same user, as this one is about to be let go.
  const hand = connect('alice');
  for (const clientOrderId of names) await hand.placeOrder(...limit('buy', '600.00', '0.01'), { clientOrderId });
  await held;
  assert.equal(client.state, 'waiting');
  assert.ok(updates.size <= 12 && books.size <= 1, `${updates.size} and ${books.size} wait`);
  const seen = [];
  for await (const { data } of updates) {
    seen.push(data.clientOrderId);
    if (seen.length === names.length) break;
  }
  assert.deepEqual(seen, names);
  await state(client, 'ready');
  await hand.cancelAll();
  for (const it of [client, hand, other]) it.close();
});

test('one connection too many waits until there is room', async () => {
  const first = Array.from({ length: 20 }, () => connect('carol'));
  for (const client of first) await state(client, 'ready');
  const last = connect('carol');
  const waiting = await event(last, 'state', (it) => it.state === 'waiting');
  assert.equal(waiting.reason, 'CONNECTION_LIMIT');
  for (const client of first) client.close();
  await state(last, 'ready');
  last.close();
});

test('a stop is waited out, and orders that are tied to the connection go with it', async () => {
  const other = await Exchange.start();
  const proxy = await ByteProxy.start(() => other.port);
  open.push(proxy);
  const client = connect(undefined, { url: proxy.url, token: other.token('alice'), options: { cancel_on_disconnect: true } });
  const whole = event(client, 'orders_snapshot');
  await client.subscribe([{ type: 'orders' }]);
  await whole;
  await client.placeOrder(...limit('buy', '900.00'));
  await until(client, ['order_update'], () => client.orders.size === 1);
  const notice = event(client, 'notice');
  const waiting = event(client, 'state', (it) => it.state === 'waiting');
  const stopped = other.end('SIGTERM');
  assert.equal((await notice).data.category, 'maintenance');
  assert.equal((await waiting).reason, 'CLOSED_1012');
  // Asked while nobody is there.
  const time = client.getTime();
  await stopped;
  await other.begin();
  assert.equal(typeof (await time), 'number');
  await until(client, ['order_update', 'orders'], () => client.orders.size === 0);
  client.close();
  await other.remove();
});

test('channels that are not given again are no silent hole', async () => {
  const proxy = await messages();
  const client = connect('alice', { url: proxy.url, requestTimeoutMs: 200 });
  await client.subscribe([{ type: 'orderbook', pair: PAIR }]);
  await until(client, ['book'], () => !client.book(PAIR).stale);
  const { connections } = proxy;
  proxy.up = (message) => (message.type === 'subscribe' ? undefined : message);
  proxy.cut();
  await event(client, 'state', ({ reason }) => reason === 'TIMEOUT');
  proxy.up = (message) => message;
  await until(client, ['book'], () => !client.book(PAIR).stale);
  assert.ok(proxy.connections >= connections + 2);
  client.close();
});

test('a position is called, rescued, and closed', async () => {
  const other = await Exchange.start();
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((user) => connect(undefined, { url: other.url, token: other.token(user) }));
  await alice.subscribe([{ type: 'positions' }, { type: 'margin_calls' }, { type: 'orders' }, { type: 'portfolio' }]);
  await carol.placeOrder(...limit('sell', '1000.00'));
  await alice.placeOrder('limit', { pair: PAIR, side: 'buy', amount: '1.00', price: '1000.00', leverage: '10' });
  await until(alice, ['position_update'], () => alice.positions.size === 1);
  const [position] = alice.positions.values();
  assert.deepEqual([position.side, position.size, position.entryPrice], ['long', '1.00', '1000.00']);

  // The market falls by three hundredths.
  const call = event(alice, 'margin_call');
  await carol.placeOrder(...limit('buy', '970.00'));
  await bob.placeOrder('market', { pair: PAIR, side: 'sell', amount: '1.00' });
  await carol.placeOrder(...limit('buy', '969.00', '5.00'));
  await carol.placeOrder(...limit('sell', '971.00', '5.00'));
  assert.equal((await call).data.severity, 'warning');
  assert.ok(alice.marginCalls.has(position.positionId));
  // Told again to a connection that comes later.
  alice.link.drop('TEST');
  await event(alice, 'margin_call');
  const cleared = event(alice, 'margin_call_cleared');
  assert.equal((await alice.adjustMargin(position.positionId, '100.00')).type, 'margin_adjusted');
  await cleared;
  assert.equal(alice.marginCalls.size, 0);
  await until(alice, ['position_update'], () => alice.positions.get(position.positionId).reason === 'MARGIN_ADJUSTED');
  assert.equal((await alice.closePosition(position.positionId)).orderType, 'market');
  await until(alice, ['position_update'], () => alice.positions.size === 0);
  await assert.rejects(alice.closePosition(position.positionId), { reason: 'NO_POSITION' });
  await until(alice, ['portfolio_update'], () => alice.balances.get('XRP')?.held === '0.00');
  for (const client of [alice, bob, carol]) client.close();
  await other.remove();
});

test('opportunities, alerts and prices are there, and go when they end', async () => {
  const demo = await Exchange.start({ isDemo: true });
  const client = connect(undefined, { url: demo.url, token: undefined });
  await client.subscribe([{ type: 'arbitrage' }, { type: 'risk_alerts' }, { type: 'price', symbol: 'LUXURY001' }]);
  await until(client, ['price_update'], () => client.prices.get('LUXURY001')?.price === '1000.00');
  const { data } = await event(client, 'arbitrage_opportunity', () => true, 30_000);
  assert.deepEqual(client.opportunities.get(data.opportunityId), data);
  await operate(demo, 'halt');
  await until(client, ['risk_alert'], () => [...client.alerts.values()].some(({ category }) => category === 'trading_halt'));
  const gone = event(client, 'risk_alert', (it) => it.data.inForce === false);
  await operate(demo, 'resume');
  const { alertId } = (await gone).data;
  assert.equal(client.alerts.has(alertId), false);
  client.close();
  await demo.remove();
});

/** As the operator of the demo, whose token everybody knows. */
async function operate(demo, what) {
  const headers = { authorization: 'Bearer the-operator-of-the-demo-is-anybody' };
  const answer = await fetch(`http://${demo.admin}/v1/pairs/${PAIR}/${what}`, { method: 'POST', headers });
  assert.equal(answer.status, 200);
}

test('rates are waited for, or told, as the exchange means them', async () => {
  const demo = await Exchange.start({ isDemo: true });
  const client = connect(undefined, { url: demo.url, token: demo.token('alice') });
  await state(client, 'ready');
  // More than it allows, because the client believes otherwise.
  client.session.limits.messagesPerSecond = 1000;
  let refused = 0;
  client.addEventListener('message', ({ detail }) => (refused += detail.error?.reason === 'MESSAGE_RATE' ? 1 : 0));
  const times = await Promise.all(Array.from({ length: 55 }, () => client.getTime()));
  assert.equal(times.length, 55);
  assert.ok(refused > 0 && client.stats.reconnects === 0, `${refused} refused`);

  client.session.limits.messagesPerSecond = 50;
  const orders = Array.from({ length: 6 }, (_, list) =>
    client.placeOrders(Array.from({ length: 17 }, (_, index) => {
      const [orderType, orderData] = limit('buy', '700.00', `0.${10 + list * 14 + index}`);
      return { orderType, orderData };
    })),
  );
  const answers = (await Promise.all(orders)).flat();
  assert.deepEqual(answers.map(({ reason }) => reason).filter(Boolean), ['ORDER_RATE', 'ORDER_RATE']);
  const { messagesSent } = client.stats;
  await assert.rejects(client.placeOrder(...limit('buy', '700.00')), ({ reason, retryAfterMs }) => reason === 'ORDER_RATE' && retryAfterMs > 0);
  assert.equal(client.stats.messagesSent, messagesSent, 'refused here');
  assert.equal((await client.cancelAll()).result.count, 100);
  client.close();
  await demo.remove();
});
