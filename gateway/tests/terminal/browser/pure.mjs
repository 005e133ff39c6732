// What needs no page to be right: the rules of the ticket, candles, groups of the ladder, figures.
// Run where they run, in the browser, on a page that has nothing else.
import { equal, script, url } from './open.mjs';

await script(async (browser) => {
  const page = await browser.newPage();
  await page.goto(`${url}/health`);
  for (const [name, run] of Object.entries({ rules, candles, groups, figures })) {
    const found = await page.evaluate(run);
    equal(JSON.stringify(found.wrong), '[]', name);
    console.log(`${found.count} cases of ${name}`);
  }
});

/** Each order with one thing that is wrong with it, or nothing: just inside and just outside. */
async function rules() {
  const { feeOf, message, options, problems, timesInForce } = await import('/terminal/rules.js');
  const it = {
    pair: 'A/Q', base: 'A', quote: 'Q', tickSize: '0.05', lotSize: '0.10', priceScale: 2, amountScale: 2, totalScale: 2, minAmount: '0.10', maxAmount: '1000.00', minNotional: '10.00',
    minPrice: '50.00', maxPrice: '150.00', makerFee: '0.10%', takerFee: '0.20%', maxIcebergParts: 100, minTrailingDelta: '0.05', minTrailingPercent: '0.01', maxTrailingPercent: '50', margin: { maxLeverage: '10.00' },
  };
  const facts = { last: '100.00', bestBid: '99.95', bestAsk: '100.05', now: 1000, available: (asset) => ({ A: '100.00', Q: '10020.00' })[asset] };
  const base = { pair: 'A/Q', type: 'limit', side: 'buy', price: '90.00', amount: '1.00', timeInForce: 'GTC', triggerBy: 'last', leverage: '' };
  const stop = { type: 'stop_loss', side: 'sell', stopPrice: '99.95', limitPrice: '' };
  const oco = { type: 'oco', side: 'sell', targetPrice: '100.05', stopPrice: '99.95', limitPrice: '99.95' };
  const ice = { type: 'iceberg', price: '100.00', amount: '50.00', displayAmount: '0.50' };
  const cases = [
    [{}, ''], [{ price: '90.05' }, ''], [{ price: '90.01' }, 'price'], [{ price: '90.050' }, 'price'], [{ price: '50.00' }, ''], [{ price: '49.95' }, 'price'], [{ price: '150.00' }, ''], [{ price: '150.05' }, 'price'],
    [{ price: '-90.00' }, 'price'], [{ price: '1e2' }, 'price'], [{ price: '090' }, 'price'], [{ price: '90.' }, 'price'], [{ price: '' }, 'price'], [{ price: '0' }, 'price'],
    [{ amount: '0.20' }, ''], [{ amount: '0.15' }, 'amount'], [{ amount: '0.1' }, 'amount'], [{ price: '100.00', amount: '0.10' }, ''], [{ price: '99.95', amount: '0.10' }, 'amount'], [{ side: 'sell', amount: '100.00' }, ''], [{ side: 'sell', amount: '100.10' }, 'amount'],
    // 100 of them at 100.00 and a fee of 0.20% are 10,020.00.
    [{ price: '100.00', amount: '100.00' }, ''], [{ price: '100.00', amount: '100.10' }, 'amount'], [{ price: '100.00', amount: '100.10', leverage: '2' }, ''], [{ amount: '1000.10', leverage: '10' }, 'amount'],
    [{ price: '100.00', postOnly: true }, ''], [{ price: '100.05', postOnly: true }, 'price'], [{ side: 'sell', price: '100.00', postOnly: true }, ''], [{ side: 'sell', price: '99.95', postOnly: true }, 'price'],
    [{ leverage: '1.01' }, ''], [{ leverage: '1' }, 'leverage'], [{ leverage: '10' }, ''], [{ leverage: '10.01' }, 'leverage'], [{ leverage: '2.005' }, 'leverage'],
    [stop, ''], [{ ...stop, stopPrice: '100.00' }, 'stopPrice'], [{ ...stop, side: 'buy', stopPrice: '100.05' }, ''], [{ ...stop, side: 'buy', stopPrice: '100.00' }, 'stopPrice'],
    [{ ...stop, type: 'take_profit', stopPrice: '100.05' }, ''], [{ ...stop, type: 'take_profit', stopPrice: '100.00' }, 'stopPrice'], [{ ...stop, type: 'take_profit', side: 'buy', stopPrice: '99.95' }, ''],
    [oco, ''], [{ ...oco, targetPrice: '100.00' }, 'targetPrice'], [{ ...oco, stopPrice: '100.00' }, 'stopPrice'], [{ ...oco, limitPrice: '100.00' }, 'limitPrice'], [{ ...oco, limitPrice: '' }, ''],
    [{ type: 'oco', side: 'buy', targetPrice: '99.95', stopPrice: '100.05', limitPrice: '100.05' }, ''], [{ type: 'oco', side: 'buy', targetPrice: '99.95', stopPrice: '100.05', limitPrice: '100.00' }, 'limitPrice'],
    [ice, ''], [{ ...ice, amount: '50.10' }, 'displayAmount'], [{ ...ice, displayAmount: '50.10' }, 'displayAmount'], [{ ...ice, displayAmount: '50.00' }, ''],
    [{ type: 'trailing_stop', side: 'sell', trailing: '0.01', trailingBy: 'percent' }, ''], [{ type: 'trailing_stop', side: 'sell', trailing: '0.001', trailingBy: 'percent' }, 'trailing'], [{ type: 'trailing_stop', side: 'sell', trailing: '50', trailingBy: 'percent' }, ''], [{ type: 'trailing_stop', side: 'sell', trailing: '50.01', trailingBy: 'percent' }, 'trailing'],
    [{ type: 'trailing_stop', side: 'sell', trailing: '0.05', trailingBy: 'delta' }, ''], [{ type: 'trailing_stop', side: 'sell', trailing: '0.01', trailingBy: 'delta' }, 'trailing'],
    [{ timeInForce: 'GTD', expiresAt: 1001 }, ''], [{ timeInForce: 'GTD', expiresAt: 1000 }, 'expiresAt'],
    // A market buy is counted at the band's end, 150.00.
    [{ type: 'market', price: '', amount: '66.60' }, ''], [{ type: 'market', price: '', amount: '66.70' }, 'amount'],
  ];
  const wrong = [];
  for (const [change, field] of cases) {
    const found = [...problems({ ...base, ...change }, it, facts).keys()].join();
    if (found !== field) wrong.push([change, field, found]);
  }
  const more = [
    [timesInForce({ type: 'stop_loss', limitPrice: '' }), ['GTC', 'GTD']], [timesInForce({ type: 'stop_loss', limitPrice: '1' }), ['GTC', 'IOC', 'FOK', 'GTD']], [timesInForce({ type: 'market' }), ['IOC', 'FOK']],
    [feeOf('100.01', {}, it), '0.21'], [feeOf('100.00', { postOnly: true }, it), '0.10'],
    [message({ ...base, type: 'trailing_stop', trailing: '1', trailingBy: 'percent' }, options({ type: 'trailing_stop', timeInForce: 'GTC' }, it)), { pair: 'A/Q', side: 'buy', trailingPercent: '1', amount: '1.00', timeInForce: 'GTC', triggerBy: 'last' }],
    [message({ ...base, timeInForce: 'IOC', postOnly: true }, options({ type: 'limit', timeInForce: 'IOC' }, it)), { pair: 'A/Q', side: 'buy', price: '90.00', amount: '1.00', timeInForce: 'IOC' }],
  ];
  for (const [found, expected] of more) if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push([found, expected]);
  return { wrong, count: cases.length + more.length };
}

async function candles() {
  const { Candles } = await import('/terminal/candles.js');
  const wrong = [];
  const it = new Candles(null);
  const trade = (sequence, seconds, price, amount = '1.00') => ({ sequence, price, amount, timestamp: seconds * 1000, side: 'buy' });
  it.snapshot([trade(1, 60, '10'), trade(2, 61, '12')]);
  it.add(trade(3, 61.9, '9', '2.00'));
  it.add(trade(3, 61.9, '99'));
  it.snapshot([trade(2, 61, '12'), trade(3, 61.9, '9'), trade(4, 119.999, '11')]);
  it.add(trade(5, 120, '20'));
  const expect = (step, expected) => {
    const found = it.of(step).map(({ start, open, high, low, close, volume }) => [start, open, high, low, close, volume].join(' ')).join(', ');
    if (found !== expected) wrong.push([step, expected, found]);
  };
  expect(1, '60 10 10 10 10 1, 61 12 12 9 9 3, 119 11 11 11 11 1, 120 20 20 20 20 1');
  expect(60, '60 10 12 9 11 5, 120 20 20 20 20 1');
  expect(3600, '0 10 20 9 20 6');
  const copy = new Candles(JSON.parse(JSON.stringify(it.plain())));
  copy.add(trade(5, 120, '99'));
  if (JSON.stringify(copy.plain()) !== JSON.stringify(it.plain())) wrong.push('kept');
  // An exchange that began anew.
  it.snapshot([trade(1, 200, '5')]);
  expect(60, '180 5 5 5 5 1');
  return { wrong, count: 5 };
}

async function groups() {
  const { group } = await import('/terminal/ladder.js');
  const scales = { tick: 5n, priceScale: 2, amountScale: 1 };
  const level = (price, amount) => ({ price, amount });
  const show = (list) => list.map(({ price, amount, sum }) => `${price} ${amount} ${sum}`).join(', ');
  const bids = [level('10.05', '1.0'), level('10.00', '2.0'), level('9.95', '0.5')];
  const asks = [level('10.10', '1.0'), level('10.15', '2.0'), level('10.50', '0.5')];
  const cases = [
    [group(bids, scales, 1n, true), '1005 10 10, 1000 20 30, 995 5 35'], [group(bids, scales, 10n, true), '1000 30 30, 950 5 35'],
    [group(asks, scales, 10n, false), '1050 35 35'], [group(asks, scales, 2n, false), '1010 10 10, 1020 20 30, 1050 5 35'], [group([], scales, 1n, true), ''],
    // More than a float can count.
    [group([level('10.05', '9007199254740993.1')], scales, 1n, true), '1005 90071992547409931 90071992547409931'],
  ];
  return { wrong: cases.map(([found, expected]) => [show(found), expected]).filter(([found, expected]) => found !== expected), count: cases.length };
}

async function figures() {
  const it = await import('/terminal/figures.js');
  const cases = [
    [it.grouped('999.10'), '999.10'], [it.grouped('1000'), '1,000'], [it.grouped('-1234567.80'), '-1,234,567.80'], [it.grouped(null), '–'], [it.signed('-1200.00'), '−1,200.00'], [it.signed('+0.10%'), '+0.10%'],
    [it.short('10.500'), '10.5'], [it.short('10.00'), '10'], [it.short('100'), '100'], [it.brief('1234.5678'), '1,234.56'], [it.brief('5'), '5'], [String(it.units('12.5', 2)), '1250'], [String(it.units('12.505', 2)), 'null'], [String(it.units('+1', 0)), '1'],
    [it.print(5n, 2), '0.05'], [it.print(-1250n, 2), '-12.50'], [it.print(7n, 0), '7'], [it.tone('-0.00'), ''], [it.tone('-0.01'), 'sell'], [it.tone('+0.01'), 'buy'],
    [it.remaining(61_000, 0), '1:01'], [it.remaining(3_600_000, 0), '1:00:00'], [it.remaining(1, 0), '0:01'], [it.remaining(0, 5), '0:00'],
  ];
  return { wrong: cases.filter(([found, expected]) => found !== expected), count: cases.length };
}
