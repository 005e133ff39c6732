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
  await new Promise(setImmediate);
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
  await new Promise(setImmediate);
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
    await new Promise(setImmediate);
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

/** A session of one user with both private streams, up to update 10. */
async function session(rig) {
  rig.client.connect();
  rig.socket.open();
  await new Promise(setImmediate);
  const data = { userId: 'u', expiresAt: 1e9, limits: { messagesPerSecond: 50 } };
  rig.socket.say({ type: 'authenticated', data, timestamp: 0, requestId: rig.sent('authenticate')[0].requestId });
}
async function streams(rig) {
  rig.client.subscribe([{ type: 'orders' }, { type: 'positions' }]).catch(() => {});
  await session(rig);
  rig.held = () => rig.socket.say({ type: 'subscribed', channels: [], data: {}, requestId: rig.sent('subscribe').at(-1).requestId });
  rig.order = (userSequence, more) =>
    rig.socket.say({ type: 'order_update', data: { orderId: 'order_1', status: 'open', userSequence, ...more }, timestamp: 0 });
  rig.position = (userSequence, size, reason) =>
    rig.socket.say({ type: 'position_update', data: { positionId: 'pos_1', size, userSequence, ...(reason && { reason }) } });
  rig.snapshots = (userSequence, resumed) => {
    rig.socket.say({ type: 'orders_snapshot', data: { orders: [], userSequence, resumed } });
    rig.socket.say({ type: 'positions_snapshot', data: { count: 0, userSequence, resumed } });
  };
  rig.told = [];
  for (const type of ['order_update', 'position_update', 'fill', 'gap']) {
    rig.client.addEventListener(type, ({ detail }) => rig.told.push(`${type} ${detail.data?.userSequence ?? detail.userSequence ?? detail.received}`));
  }
  rig.held();
  rig.snapshots(10, false);
}

test('own updates count once, and none is left out', async () => {
  const rig = new Rig({ token: 'T' });
  await streams(rig);
  rig.order(10);
  assert.deepEqual(rig.told, []);
  rig.order(11, { tradeId: 'trade_1' });
  rig.order(11, { tradeId: 'trade_1' });
  rig.position(12, '1.00', 'OPENED');
  rig.position(12, '1.00', 'OPENED');
  assert.deepEqual(rig.told.splice(0), ['order_update 11', 'fill 11', 'position_update 12']);
  // At a new mark price: not from before the change.
  rig.position(11, '9.00');
  assert.equal(rig.client.positions.get('pos_1').size, '1.00');
  rig.position(12, '1.00');
  rig.order(14);
  assert.deepEqual(rig.told.splice(0), ['position_update 12', 'gap 14']);
  // Until it begins anew nothing counts, for what is missing comes with that.
  rig.order(15);
  rig.position(16, '0.00', 'CLOSED');
  rig.snapshots(16, true);
  assert.equal(rig.client.positions.size, 1);
  assert.deepEqual(rig.sent('subscribe').at(-1).channels, [{ type: 'orders', since: 11 }, { type: 'positions', since: 12 }]);
  rig.held();
  for (const sequence of [13, 14, 15]) rig.order(sequence);
  rig.position(16, '0.00', 'CLOSED');
  rig.snapshots(16, true);
  rig.order(17, { status: 'filled' });
  assert.deepEqual(rig.told, ['order_update 13', 'order_update 14', 'order_update 15', 'position_update 16', 'order_update 17']);
  assert.deepEqual([rig.client.orders.size, rig.client.positions.size, rig.client.stats.sequenceGaps], [0, 0, 1]);
  rig.client.close();
});

test('a position that is not in a new snapshot is closed', async () => {
  const rig = new Rig({ token: 'T' });
  await streams(rig);
  rig.position(11, '1.00', 'OPENED');
  assert.equal(rig.client.positions.size, 1);
  rig.socket.onclose({ code: 1006 });
  rig.pass(rig.waits.at(-1));
  await session(rig);
  rig.held();
  rig.snapshots(50, false);
  assert.equal(rig.client.positions.size, 0);
  rig.client.close();
});

test('fills that are fetched are those up to the snapshot, for later ones are told by the stream', async () => {
  const rig = new Rig({ token: 'T' });
  await streams(rig);
  rig.socket.onclose({ code: 1006 });
  rig.pass(rig.waits.at(-1));
  await session(rig);
  rig.held();
  rig.snapshots(20, false);
  rig.order(21, { tradeId: 'trade_21' });
  const answer = (fills, nextAfter) => {
    const { requestId, after } = rig.sent('get_fills').at(-1);
    rig.socket.say({ type: 'get_fills', result: { fills: fills.map((userSequence) => ({ userSequence })), nextAfter }, requestId });
    return after;
  };
  assert.equal(answer([11, 12], 12), 10);
  await new Promise(setImmediate);
  assert.equal(answer([20, 21], null), 12);
  await new Promise(setImmediate);
  assert.deepEqual(rig.told.filter((it) => it.startsWith('fill')), ['fill 21', 'fill 11', 'fill 12', 'fill 20']);
  rig.client.close();
});

test('a list that is sent again is answered anew', async () => {
  const rig = new Rig({ token: 'T' });
  await session(rig);
  const orders = [1, 2].map((amount) => ({ orderType: 'market', orderData: { pair: 'A/B', side: 'buy', amount: `${amount}` } }));
  let answers;
  rig.client.placeOrders(orders).then((it) => (answers = it));
  const say = (index, more) =>
    rig.socket.say({ type: 'order_placed', index, result: more, requestId: rig.sent('place_orders')[0].requestId });
  say(0, 'first');
  rig.socket.onclose({ code: 1006 });
  rig.pass(rig.waits.at(-1));
  await session(rig);
  say(1, 'second');
  await new Promise(setImmediate);
  assert.equal(answers, undefined);
  say(0, 'first again');
  await new Promise(setImmediate);
  assert.deepEqual(answers.map(({ result }) => result), ['first again', 'second']);
  rig.client.close();
});

test('a renewal moves the end of a session and nothing else', async () => {
  const tokens = ['T1', 'T2'];
  const rig = new Rig({ token: () => tokens.shift() });
  rig.client.subscribe([{ type: 'orders' }]).catch(() => {});
  await session(rig);
  assert.equal(rig.client.session.expiresAt, 1e9);
  const states = [];
  rig.client.addEventListener('state', ({ detail }) => states.push(detail.state));
  rig.socket.say({ type: 'notice', data: { category: 'token_expiring' } });
  await new Promise(setImmediate);
  const [first, second] = rig.sent('authenticate');
  assert.deepEqual([first.token, second.token], ['T1', 'T2']);
  const data = { userId: 'u', expiresAt: 2e9, limits: { messagesPerSecond: 50 } };
  rig.socket.say({ type: 'authenticated', data, timestamp: 0, requestId: second.requestId });
  assert.equal(rig.client.session.expiresAt, 2e9);
  assert.deepEqual([states, rig.sent('subscribe').length], [[], 1]);
  rig.client.close();
});
