// What the core is made of, without a connection: sums, books, waits, queues.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NexVestXRClient, OrderBook, checksum, crc32, decimal } from '@nexvestxr/client';

const isMade = ([make, expected]) => {
  if (expected === TypeError || expected === RangeError) assert.throws(make, expected);
  else assert.equal(make(), expected, String(make));
};

test('decimals keep every digit', () => {
  for (const row of [
    [() => decimal.compare('1.0', '1.00'), 0],
    [() => decimal.compare('-0.01', '0'), -1],
    [() => decimal.compare('+5000.00', '4999.999999'), 1],
    [() => decimal.compare('9', '10'), -1],
    [() => decimal.add('0.1', '0.2'), '0.3'],
    [() => decimal.add('99999999999999999999.99', '0.01'), '100000000000000000000.00'],
    [() => decimal.subtract('1', '1.001'), '-0.001'],
    [() => decimal.subtract('0.05', '0.05'), '0.00'],
    [() => decimal.multiply('995.00', '100.00'), '99500.0000'],
    [() => decimal.multiply('-1.5', '0.02'), '-0.030'],
    [() => decimal.toScale('99500.0000', 2), '99500.00'],
    [() => decimal.toScale('1', 2), '1.00'],
    [() => decimal.toScale('0.125', 2), '0.12'],
    [() => decimal.toScale('0.135', 2), '0.14'],
    [() => decimal.toScale('0.1251', 2), '0.13'],
    [() => decimal.toScale('-0.125', 2), '-0.12'],
    [() => decimal.toScale('0.129', 2, 'down'), '0.12'],
    [() => decimal.toScale('-0.121', 2, 'up'), '-0.13'],
    [() => decimal.toScale('2.5', 0), '2'],
    [() => decimal.toScale('1', -1), RangeError],
    [() => decimal.isMultipleOf('995.01', '0.01'), true],
    [() => decimal.isMultipleOf('995.001', '0.01'), false],
    [() => decimal.isMultipleOf('1', '0'), RangeError],
    [() => decimal.sign('-0.00'), 0],
    [() => decimal.sign('-0.01'), -1],
    [() => decimal.isDecimal('1.'), false],
    [() => decimal.isDecimal('01.50'), true],
    [() => decimal.add('1e3', '1'), TypeError],
    [() => decimal.add('', '1'), TypeError],
    [() => decimal.add(1, '1'), TypeError],
  ]) isMade(row);
});

test('checksums are those that docs/protocol.md has', () => {
  const levels = (text) => text.split(' ').filter(Boolean).map((it) => ({ price: it.split(':')[0], amount: it.split(':')[1] }));
  assert.equal(crc32('123456789'), 0xcbf43926);
  assert.equal(checksum([], []), 0);
  assert.equal(checksum(levels('1000.00:500.00 999.50:300.00'), levels('1000.50:200.00 1001.00:400.00')), 3274522511);
  assert.equal(checksum([], levels('1000.50:200.00')), 3007371417);
  const eleven = '999.99:1.00 999.98:2.00 999.97:3.00 999.96:4.00 999.95:5.00 999.94:6.00 999.93:7.00 999.92:8.00 999.91:9.00 999.90:10.00 999.89:11.00';
  assert.equal(checksum(levels(eleven), []), 1608996763);
});

test('a book follows its deltas and nothing else', () => {
  const level = (price, amount) => ({ price, amount, total: '1.00' });
  const book = new OrderBook('A/B');
  const say = (kind, sequence, previousSequence, bids, asks, wrong = 0) => {
    const [all] = [book.view];
    const copy = new OrderBook('A/B');
    copy.view = { ...all };
    const data = { pair: 'A/B', kind, sequence, previousSequence, bids, asks, spread: null };
    if (kind === 'delta' && !all.stale) copy.apply({ ...data, checksum: undefined });
    const { bids: b, asks: a } = kind === 'delta' ? copy.view : { bids, asks };
    return book.apply({ ...data, checksum: checksum(b, a) + wrong });
  };
  const prices = () => [book.view.bids, book.view.asks].map((side) => side.map(({ price }) => price).join(' '));
  assert.equal(say('delta', 2, 1, [], []), 'ignored');
  assert.equal(say('snapshot', 5, undefined, [level('10.00', '1.00'), level('9.00', '1.00')], [level('11.00', '1.00')]), 'applied');
  // Nine and ten differ in length, and ten is larger.
  assert.equal(say('delta', 7, 5, [level('9.50', '2.00'), level('9.00', '0.00')], [level('10.50', '1.00'), level('100.00', '3.00')]), 'applied');
  assert.deepEqual(prices(), ['10.00 9.50', '10.50 11.00 100.00']);
  const before = book.view;
  assert.equal(say('delta', 9, 7, [level('10.00', '5.00'), level('1.00', '0.00')], []), 'applied');
  assert.equal(book.view.bids[0].amount, '5.00');
  assert.equal(before.bids[0].amount, '1.00', 'what was given out stays as it was');
  assert.equal(say('full', 10, 9, [level('8.00', '1.00')], []), 'applied');
  assert.deepEqual(prices(), ['8.00', '']);
  assert.equal(say('delta', 13, 11, [level('7.00', '1.00')], []), 'sequence');
  assert.deepEqual([book.view.stale, prices()[0]], [true, '8.00']);
  assert.equal(say('delta', 14, 13, [], []), 'ignored');
  assert.equal(say('snapshot', 14, undefined, [level('7.00', '1.00')], []), 'applied');
  assert.equal(say('delta', 15, 14, [level('7.00', '2.00')], [], 1), 'checksum');
  assert.deepEqual([book.view.stale, book.view.checksumOk], [true, false]);
});

/** A clock that goes when it is told to, and sockets that do what they are told. */
class Rig {
  constructor(options = {}) {
    this.time = 0;
    this.timers = new Map();
    this.sockets = [];
    this.waits = [];
    const rig = this;
    class Socket {
      constructor(url) {
        this.url = url;
        this.readyState = 0;
        this.sent = [];
        rig.sockets.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close() {
        this.readyState = 3;
      }
      open() {
        this.readyState = 1;
        this.onopen();
      }
      say(message) {
        this.onmessage({ data: JSON.stringify(message) });
      }
    }
    let count = 0;
    this.clock = {
      now: () => this.time,
      setTimeout: (call, ms) => {
        count += 1;
        this.timers.set(count, { at: this.time + ms, call });
        return count;
      },
      clearTimeout: (timer) => this.timers.delete(timer),
    };
    this.client = new NexVestXRClient({ url: 'ws://x', WebSocket: Socket, clock: this.clock, random: () => 0.5, ...options });
    this.client.addEventListener('state', ({ detail }) => detail.retryInMs !== undefined && this.waits.push(detail.retryInMs));
  }
  get socket() {
    return this.sockets.at(-1);
  }
  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].sort(([, left], [, right]) => left.at - right.at)[0];
      if (!next || next[1].at > end) break;
      this.timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].call();
    }
    this.time = end;
  }
  sent(type) {
    return this.socket.sent.filter((message) => message.type === type);
  }
}

test('waits double up to a limit, by chance below it, and begin again after a good connection', () => {
  const rig = new Rig({ backoffMinMs: 100, backoffMaxMs: 1000 });
  rig.client.connect();
  for (let attempt = 0; attempt < 6; attempt += 1) {
    rig.socket.readyState = 3;
    rig.socket.onclose({ code: 1006 });
    rig.pass(rig.waits.at(-1));
  }
  assert.deepEqual(rig.waits, [50, 100, 200, 400, 500, 500]);
  rig.socket.open();
  rig.pass(4_999);
  rig.socket.onclose({ code: 1006 });
  assert.equal(rig.waits.at(-1), 500, 'too short to be a good one');
  rig.pass(500);
  rig.socket.open();
  rig.pass(5_000);
  rig.socket.onclose({ code: 1006 });
  assert.equal(rig.waits.at(-1), 50);
  rig.client.close();
  assert.equal(rig.timers.size, 0, 'nothing is left to happen');
});

test('a connection that does not open is given up', () => {
  const rig = new Rig({ connectTimeoutMs: 1000 });
  rig.client.connect();
  rig.pass(999);
  assert.equal(rig.client.state, 'connecting');
  rig.pass(1);
  assert.equal(rig.client.state, 'waiting');
  rig.client.close();
});

test('messages keep to the rate, and a refusal for it is waited for', async () => {
  const rig = new Rig();
  rig.client.connect();
  rig.socket.open();
  const all = Array.from({ length: 46 }, () => rig.client.getTime().catch(() => {}));
  assert.equal(rig.sent('get_time').length, 45);
  rig.pass(999);
  assert.equal(rig.sent('get_time').length, 45);
  rig.pass(1);
  assert.equal(rig.sent('get_time').length, 46);
  const [first] = rig.sent('get_time');
  const error = { code: 'RATE_LIMIT_EXCEEDED', reason: 'MESSAGE_RATE', message: '', params: { retryAfterMs: 400 } };
  rig.socket.say({ type: 'error', error, requestId: first.requestId });
  rig.pass(399);
  assert.equal(rig.sent('get_time').filter(({ requestId }) => requestId === first.requestId).length, 1);
  rig.pass(1);
  assert.equal(rig.sent('get_time').filter(({ requestId }) => requestId === first.requestId).length, 2);
  rig.client.close();
  await Promise.all(all);
});

test('a refusal for the rate of orders is told, and holds orders back here', async () => {
  const rig = new Rig();
  rig.client.connect();
  rig.socket.open();
  const order = () => rig.client.placeOrder('market', { pair: 'A/B', side: 'buy', amount: '1' });
  const first = order();
  const error = { code: 'RATE_LIMIT_EXCEEDED', reason: 'ORDER_RATE', message: '', params: { retryAfterMs: 600 } };
  rig.socket.say({ type: 'error', error, requestId: rig.sent('place_order')[0].requestId });
  await assert.rejects(first, { reason: 'ORDER_RATE', retryAfterMs: 600 });
  rig.pass(599);
  await assert.rejects(order(), { reason: 'ORDER_RATE', retryAfterMs: 1 });
  assert.equal(rig.sent('place_order').length, 1);
  // Cancels have a budget of their own.
  rig.client.cancelAll().catch(() => {});
  assert.equal(rig.sent('cancel_all').length, 1);
  rig.pass(1);
  order().catch(() => {});
  assert.equal(rig.sent('place_order').length, 2);
  rig.client.close();
});

test('what is asked while nobody is there is sent once somebody is, in its order', async () => {
  const rig = new Rig({ token: 'T' });
  const order = (amount) => rig.client.placeOrder('market', { pair: 'A/B', side: 'buy', amount }).catch(() => {});
  rig.client.connect();
  order('1');
  rig.client.subscribe([{ type: 'orders' }]).catch(() => {});
  rig.socket.open();
  await Promise.resolve();
  assert.deepEqual(rig.socket.sent.filter(({ type }) => type !== 'ping').map(({ type }) => type), ['authenticate']);
  const authenticated = { type: 'authenticated', data: { userId: 'u', expiresAt: 1e9, limits: { messagesPerSecond: 50 } }, timestamp: 0 };
  rig.socket.say({ ...authenticated, requestId: rig.sent('authenticate')[0].requestId });
  assert.deepEqual(rig.socket.sent.filter(({ type }) => type !== 'ping').map(({ type }) => type), ['authenticate', 'place_order', 'subscribe']);
  // Again on the next connection, under the same names.
  const before = rig.sent('place_order')[0];
  rig.socket.onclose({ code: 1012 });
  order('2');
  rig.pass(rig.waits.at(-1));
  rig.socket.open();
  await Promise.resolve();
  rig.socket.say({ ...authenticated, requestId: rig.sent('authenticate')[0].requestId });
  const orders = rig.sent('place_order');
  assert.deepEqual(orders[0], before);
  assert.deepEqual(orders.map(({ orderData }) => orderData.amount), ['1', '2']);
  assert.equal(rig.sent('subscribe').length, 1);
  rig.client.close();
});

test('a token provider that fails is asked again with the next connection', async () => {
  let asked = 0;
  const rig = new Rig({
    token: () => {
      asked += 1;
      throw new Error('no login');
    },
  });
  const errors = [];
  rig.client.addEventListener('error', ({ detail }) => errors.push(detail.reason));
  rig.client.connect();
  for (let round = 1; round < 3; round += 1) {
    rig.socket.open();
    await Promise.resolve();
    assert.deepEqual([asked, rig.client.state], [round, 'waiting']);
    rig.pass(rig.waits.at(-1));
  }
  assert.deepEqual(errors, ['NO_TOKEN', 'NO_TOKEN']);
  rig.client.close();
});

test('a book that keeps being wrong is asked for again once a second', () => {
  const rig = new Rig();
  rig.client.connect();
  rig.socket.open();
  rig.client.subscribe([{ type: 'orderbook', pair: 'A/B' }]).catch(() => {});
  const answer = () => {
    const { requestId } = rig.sent('subscribe').at(-1);
    rig.socket.say({ type: 'subscribed', channels: [], data: {}, requestId });
    const data = { pair: 'A/B', kind: 'snapshot', bids: [], asks: [], sequence: 1, spread: null, checksum: 1 };
    rig.socket.say({ type: 'orderbook_update', data });
  };
  answer();
  assert.equal(rig.sent('subscribe').length, 2);
  answer();
  rig.pass(999);
  assert.equal(rig.sent('subscribe').length, 2);
  rig.pass(1);
  assert.equal(rig.sent('subscribe').length, 3);
  rig.client.close();
});

test('streams conflate what may be, in order with what may not', async () => {
  const rig = new Rig();
  rig.client.connect();
  rig.socket.open();
  const stream = rig.client.stream('position_update');
  const position = (positionId, markPrice, more) =>
    rig.socket.say({ type: 'position_update', data: { positionId, markPrice, size: '1.00', userSequence: 0, ...more } });
  position('pos_1', '1');
  position('pos_2', '1');
  position('pos_1', '2');
  position('pos_1', '3', { reason: 'GROWN', userSequence: 1 });
  position('pos_1', '4', { userSequence: 1 });
  position('pos_1', '5', { userSequence: 1 });
  assert.equal(stream.size, 4);
  const seen = [];
  while (stream.size > 0) seen.push((await stream.next()).value.data.markPrice);
  assert.deepEqual(seen, ['2', '1', '3', '5']);
  rig.client.close();
  assert.equal((await stream.next()).done, true);
});
