// Promise: over cuts in the middle of frames, delays, crashes and restarts of the exchange, what a
// client folded is what the exchange says: nothing missed, nothing twice, no order doubled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import WebSocket from 'ws';
import { NexVestXRClient, decimal } from '@nexvestxr/client';
import { Exchange, PAIR } from './exchange.mjs';
import { ByteProxy } from './proxy.mjs';
import { event, random, state, until } from './wait.mjs';

const USERS = ['alice', 'bob', 'carol'];
const CHANNELS = [
  { type: 'orders' },
  { type: 'positions' },
  { type: 'portfolio' },
  { type: 'trades', pair: PAIR },
  { type: 'orderbook', pair: PAIR, depth: 50 },
];
const SEEDS = (process.env.SEEDS ?? '1 2').split(' ').map(Number);
const ROUNDS = 9;
const STEPS = 12;
/** What may become of a request when the connection is cut under it, or the market moved on. */
const EXPECTED = /^(ORDER_FAILED|ORDER_NOT_FOUND|INSUFFICIENT_BALANCE|CONNECTION_LOST|TIMEOUT)$/;

/** A user with all that was told of it. */
class Trader {
  constructor(user, url, token, seed) {
    this.user = user;
    this.random = random(seed);
    this.fills = [];
    this.trades = [];
    this.updates = [];
    this.placed = new Map();
    this.unknown = 0;
    this.client = new NexVestXRClient({
      url,
      token: () => token,
      WebSocket,
      backoffMinMs: 10,
      backoffMaxMs: 200,
      random: this.random.next,
    });
    this.client.addEventListener('fill', ({ detail }) => this.fills.push(detail));
    this.client.addEventListener('trade', ({ detail }) => this.trades.push(detail.data));
    this.client.addEventListener('order_update', ({ detail }) => this.updates.push(detail.data));
  }

  /** One request, and whatever comes of it. */
  async step(number) {
    const { random, client } = this;
    const cents = (units) => `${Math.floor(units / 100)}.${String(units % 100).padStart(2, '0')}`;
    const price = cents(99_950 + random.below(100));
    const amount = cents(1 + random.below(300));
    const some = random.pick([...client.orders.keys()]);
    const side = random.pick(['buy', 'sell']);
    const clientOrderId = `${this.user}-${number}`;
    const what = random.below(10);
    try {
      if (what === 0 && some) await client.cancelOrder(some);
      else if (what === 1 && some) await client.amendOrder(some, { price });
      else if (what === 2 && some) await client.amendOrder(some, { amount });
      else {
        const isMarket = what === 3;
        const data = { pair: PAIR, side, amount, selfTradePrevention: 'cancel_maker', ...(!isMarket && { price }) };
        // One in five is on margin, so that positions change too.
        if (random.below(5) === 0) data.leverage = '3';
        this.placed.set(clientOrderId, null);
        const { result } = await client.placeOrder(isMarket ? 'market' : 'limit', data, { clientOrderId });
        this.placed.set(clientOrderId, result.orderId);
      }
    } catch (error) {
      if (!EXPECTED.test(error.code)) throw error;
      if (error.reason === 'OUTCOME_UNKNOWN') this.unknown += 1;
      else this.placed.delete(clientOrderId);
    }
  }
}

async function pages(ask, key) {
  const all = [];
  for (let after; after !== null; ) {
    const page = await ask({ ...(after !== undefined && { after }) });
    all.push(...page[key]);
    after = page.nextAfter;
  }
  return all;
}

/** Without what only one way of asking tells. */
const without = (fields) => (it) => Object.fromEntries(Object.entries(it).filter(([key]) => !fields.includes(key)));
const byId = (left, right) => Number(left.orderId.slice(6)) - Number(right.orderId.slice(6));

async function check(trader) {
  const { client } = trader;
  const of = (ask) => (query) => client[ask](query);
  const strip = without(['userSequence', 'timestamp']);
  const open = await pages(of('getOrders'), 'orders');
  assert.deepEqual([...client.orders.values()].sort(byId).map(strip), open.map(strip), 'open orders');
  const fills = await pages(of('getFills'), 'fills');
  assert.deepEqual(trader.fills.map(strip), fills.map(strip), 'fills');
  const ended = await pages((query) => client.getOrders({ ...query, status: 'finished' }), 'orders');
  const names = [...open, ...ended].map((order) => order.clientOrderId);
  assert.equal(new Set(names).size, names.length, 'no order is doubled');
  for (const [name, orderId] of trader.placed) {
    if (orderId) assert.ok([...open, ...ended].some((it) => it.orderId === orderId), `${name} was placed`);
  }
  assert.ok(names.every((name) => trader.placed.has(name)), 'what was refused was not placed');
  const sequences = trader.updates.map(({ userSequence }) => userSequence);
  assert.ok(sequences.every((it, index) => index === 0 || it > sequences[index - 1]), 'updates in order');

  const positions = await client.getPositions();
  const sizes = (list) => list.map(({ positionId, side, size, margin }) => ({ positionId, side, size, margin }));
  assert.deepEqual(sizes([...client.positions.values()]), sizes(positions), 'positions');
  const balances = new Map((await client.request({ type: 'get_balances' })).result.balances.map((it) => [it.asset, it]));
  // The portfolio is told at most once a second.
  await until(client, ['portfolio_update'], () =>
    client.portfolio.positions.every(({ symbol, available, held }) => {
      const balance = balances.get(symbol);
      return decimal.compare(balance.available, available) === 0 && decimal.compare(balance.held, held) === 0;
    }),
  );
}

/** A connection that has not been through anything, with the book. */
async function newcomer(exchange) {
  const client = new NexVestXRClient({ url: exchange.url, WebSocket });
  client.connect();
  await client.subscribe([{ type: 'orderbook', pair: PAIR, depth: 50 }]);
  await until(client, ['book'], () => !client.book(PAIR).stale);
  return client;
}

/** What happens to the books of these. */
function booksOf(...clients) {
  const all = new EventTarget();
  for (const client of clients) client.addEventListener('book', () => all.dispatchEvent(new Event('book')));
  return all;
}

for (const seed of SEEDS) {
  test(`a view is the exchange's, whatever happens between (seed ${seed})`, { timeout: 60_000 }, async () => {
    const exchange = await Exchange.start();
    const chance = random(seed);
    const proxy = await ByteProxy.start(() => exchange.port);
    proxy.delayMs = () => (chance.below(8) === 0 ? chance.below(20) : 0);
    const traders = USERS.map((user, index) => new Trader(user, proxy.url, exchange.token(user), seed * 10 + index));
    let fresh;
    try {
      for (const { client } of traders) {
        client.connect();
        await client.subscribe(CHANNELS);
      }
      let number = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const steps = [];
        for (let step = 0; step < STEPS; step += 1) {
          number += 1;
          steps.push(chance.pick(traders).step(number));
          // Somewhere in what comes next.
          if (chance.below(6) === 0) proxy.left = chance.below(3000);
          if (chance.below(3) === 0) await steps.at(-1);
        }
        if (round % 3 === 2) {
          await exchange.end('SIGKILL');
          await exchange.begin();
        } else if (chance.below(2) === 0) proxy.cut();
        await Promise.all(steps);
      }
      proxy.left = Infinity;
      proxy.delayMs = () => 0;
      for (const { client } of traders) await state(client, 'ready');
      // Each has asked once more: what the others did before is here.
      for (const { client } of traders) await client.getTime();
      for (const trader of traders) await check(trader);
      fresh = await newcomer(exchange);
      // An event that leaves the levels as they were has a sequence, but no message.
      const shown = (client) => {
        const { bids, asks, spread } = client.book(PAIR);
        return { bids, asks, spread };
      };
      for (const { client, trades } of traders) {
        // Each is told of the last tenth of a second at a moment of its own, the newcomer too.
        const isEqual = () => !client.book(PAIR).stale && isDeepStrictEqual(shown(client), shown(fresh));
        await until(booksOf(client, fresh), ['book'], isEqual).catch((error) => {
          const found = { ...shown(client), isStale: client.book(PAIR).stale, state: client.state };
          assert.deepEqual(found, shown(fresh), error.message);
        });
        assert.ok(client.book(PAIR).sequence <= fresh.book(PAIR).sequence);
        const told = trades.map(({ sequence }) => sequence);
        assert.ok(told.every((it, index) => index === 0 || it > told[index - 1]), 'trades in order, none twice');
      }
      const fills = traders.reduce((sum, trader) => sum + trader.fills.length, 0);
      const cuts = traders.reduce((sum, { client }) => sum + client.stats.reconnects, 0);
      console.log(`seed ${seed}: ${number} requests, ${fills} fills, ${cuts} reconnects`);
      assert.ok(fills > 20 && cuts > 10, `${fills} fills, ${cuts} reconnects`);
    } finally {
      fresh?.close();
      for (const { client } of traders) client.close();
      proxy.close();
      await exchange.remove();
    }
  });
}

test('fills that the exchange does not replay any more are fetched', async () => {
  const exchange = await Exchange.start({ limits: { replay_events: 5 } });
  const proxy = await ByteProxy.start(() => exchange.port);
  const connect = (user, url) => {
    const client = new NexVestXRClient({ url, token: exchange.token(user), WebSocket, backoffMinMs: 10 });
    client.connect();
    return client;
  };
  const [alice, bob] = [connect('alice', proxy.url), connect('bob', exchange.url)];
  const fills = [];
  alice.addEventListener('fill', ({ detail }) => fills.push(detail.amount));
  await alice.subscribe([{ type: 'orders' }]);
  await alice.placeOrder('limit', { pair: PAIR, side: 'buy', price: '1000.00', amount: '10.00' });
  // Away while it is filled forty times.
  const lost = event(alice, 'state', (it) => it.state === 'waiting');
  const way = proxy.port;
  proxy.port = () => 1;
  proxy.cut();
  await lost;
  const amounts = Array.from({ length: 40 }, (_, index) => `0.${String(index + 1).padStart(2, '0')}`);
  for (const amount of amounts) await bob.placeOrder('market', { pair: PAIR, side: 'sell', amount });
  proxy.port = way;
  const snapshot = await event(alice, 'orders_snapshot');
  assert.equal(snapshot.data.resumed, false);
  await until(alice, ['fill'], () => fills.length >= amounts.length);
  await alice.getTime();
  assert.deepEqual(fills, amounts);
  for (const it of [alice, bob, proxy]) it.close();
  await exchange.remove();
});
