// What an order may be, before it is sent: the pair's filters and the rules of its type, in words,
// field by field. Pure. The exchange checks all of it again, and has the last word.
import { decimal } from '/client/decimal.js';
import { grouped, short, units } from './figures.js';

/** Fields of each type, in the order in which they are filled in. */
export const TYPES = new Map([
  ['limit', { name: 'Limit', fields: ['price', 'amount'] }],
  ['market', { name: 'Market', fields: ['amount'] }],
  ['stop_loss', { name: 'Stop-loss', fields: ['stopPrice', 'limitPrice', 'amount'] }],
  ['take_profit', { name: 'Take-profit', fields: ['stopPrice', 'limitPrice', 'amount'] }],
  ['oco', { name: 'OCO', fields: ['targetPrice', 'stopPrice', 'limitPrice', 'amount'] }],
  ['trailing_stop', { name: 'Trailing stop', fields: ['trailing', 'amount'] }],
  ['iceberg', { name: 'Iceberg', fields: ['price', 'amount', 'displayAmount'] }],
]);

export const NAMES = {
  price: 'Price', amount: 'Amount', stopPrice: 'Stop price', limitPrice: 'Limit price', targetPrice: 'Target price',
  displayAmount: 'Shown amount', trailing: 'Distance', leverage: 'Leverage', expiresAt: 'Good till',
};

const waits = (type) => ['stop_loss', 'take_profit', 'oco', 'trailing_stop'].includes(type);

/** Times in force that go with the order. */
export function timesInForce({ type, limitPrice }) {
  if (type === 'market') return ['IOC', 'FOK'];
  if (type === 'limit' || (['stop_loss', 'take_profit'].includes(type) && limitPrice)) return ['GTC', 'IOC', 'FOK', 'GTD'];
  return ['GTC', 'GTD'];
}

/** What else goes with it. */
export function options(order, instrument) {
  return {
    postOnly: ['limit', 'iceberg'].includes(order.type) && ['GTC', 'GTD'].includes(order.timeInForce),
    triggerBy: waits(order.type),
    leverage: Boolean(instrument.margin) && !order.reduceOnly,
    reduceOnly: Boolean(instrument.margin) && !order.leverage,
  };
}

/** What each field takes, for when nothing is wrong with it. */
export function hint(field, order, it) {
  const band = `${grouped(it.minPrice)} – ${grouped(it.maxPrice)}`;
  switch (field) {
    case 'price': case 'targetPrice': return `step ${it.tickSize} · ${band}`;
    case 'stopPrice': return `step ${it.tickSize} · ${below(order) ? 'below' : 'above'} the last price`;
    case 'limitPrice': return order.type === 'oco' || order.limitPrice ? `step ${it.tickSize} · none: at the market` : 'none: at the market';
    case 'amount': return `step ${it.lotSize} · ${grouped(short(it.minAmount))} – ${grouped(short(it.maxAmount))}`;
    case 'displayAmount': return `${grouped(short(it.minAmount))} or more, at most ${it.maxIcebergParts} parts`;
    case 'trailing': return order.trailingBy === 'percent' ? `${it.minTrailingPercent} – ${it.maxTrailingPercent} percent` : `from ${it.minTrailingDelta} ${it.quote}`;
    case 'leverage': return it.margin ? `up to ${short(it.margin.maxLeverage)}; none: spot` : 'spot only';
    case 'expiresAt': return 'in the future';
    default: return '';
  }
}

/** Whether a stop of this order lies below the market. */
const below = ({ type, side }) => (type === 'take_profit') === (side === 'buy');

/**
 * What is wrong, by field.
 * @returns {Map<string, string>}
 */
export function problems(order, it, { last, bestBid, bestAsk, available, now }) {
  const found = new Map();
  const { fields } = TYPES.get(order.type);
  const wrong = (field, text) => found.has(field) || found.set(field, text);
  for (const field of fields) {
    const text = order[field];
    if (!text) {
      if (field !== 'limitPrice') wrong(field, '');
      continue;
    }
    if (field === 'trailing') trailing(order, it, wrong);
    else if (field.endsWith('mount')) amount(field, text, it, wrong);
    else price(field, text, it, wrong, field === 'price' || field === 'targetPrice');
  }
  const good = (field) => order[field] && !found.has(field);
  const over = (left, right) => decimal.compare(left, right) > 0;
  if (order.type === 'iceberg' && good('displayAmount') && good('amount')) {
    if (over(order.displayAmount, order.amount)) wrong('displayAmount', 'More is shown than there is');
    else if (over(order.amount, decimal.multiply(order.displayAmount, String(it.maxIcebergParts)))) wrong('displayAmount', `Shows less than a part in ${it.maxIcebergParts}`);
  }
  if (last && good('stopPrice')) {
    const is = decimal.compare(order.stopPrice, last);
    if (below(order) ? is >= 0 : is <= 0) wrong('stopPrice', `Reached already: must be ${below(order) ? 'below' : 'above'} ${grouped(last)}`);
  }
  if (order.type === 'oco') oco(order, last, good, over, wrong);
  if (order.postOnly && good('price')) {
    if (order.side === 'buy' && bestAsk && !over(bestAsk, order.price)) wrong('price', `Post-only would take: below ${grouped(bestAsk)}`);
    if (order.side === 'sell' && bestBid && !over(order.price, bestBid)) wrong('price', `Post-only would take: above ${grouped(bestBid)}`);
  }
  if (order.leverage) leverage(order.leverage, it, wrong);
  if (order.timeInForce === 'GTD' && !(order.expiresAt > now)) wrong('expiresAt', order.expiresAt ? 'That is in the past' : '');
  if (good('amount')) funds(order, it, good, available, wrong);
  return found;
}

function price(field, text, it, wrong, inBand) {
  if (!plain(text)) return wrong(field, 'Digits and one point only');
  if (units(text, it.priceScale) === null || !decimal.isMultipleOf(text, it.tickSize)) return wrong(field, `Must be a multiple of ${it.tickSize}`);
  if (decimal.sign(text) <= 0) return wrong(field, 'Must be above zero');
  if (inBand && decimal.compare(text, it.minPrice) < 0) return wrong(field, `Below the band: at least ${grouped(it.minPrice)}`);
  if (inBand && decimal.compare(text, it.maxPrice) > 0) return wrong(field, `Above the band: at most ${grouped(it.maxPrice)}`);
}

function amount(field, text, it, wrong) {
  if (!plain(text)) return wrong(field, 'Digits and one point only');
  if (units(text, it.amountScale) === null || !decimal.isMultipleOf(text, it.lotSize)) return wrong(field, `Must be a multiple of ${it.lotSize}`);
  if (decimal.compare(text, it.minAmount) < 0) return wrong(field, `At least ${short(it.minAmount)} ${it.base}`);
  if (decimal.compare(text, it.maxAmount) > 0) return wrong(field, `At most ${grouped(short(it.maxAmount))} ${it.base}`);
}

function trailing({ trailing: text, trailingBy }, it, wrong) {
  if (trailingBy === 'delta') return price('trailing', text, it, wrong, false);
  if (!plain(text) || units(text, 2) === null) return wrong('trailing', 'A percentage with at most two decimals');
  if (decimal.compare(text, it.minTrailingPercent) < 0 || decimal.compare(text, it.maxTrailingPercent) > 0) wrong('trailing', `From ${it.minTrailingPercent} to ${it.maxTrailingPercent} percent`);
}

/** Sell: limit ≤ stop < last < target; buy the other way round. */
function oco({ side, targetPrice, stopPrice, limitPrice }, last, good, over, wrong) {
  const sells = side === 'sell';
  const beyond = sells ? 'above' : 'below';
  if (last && good('targetPrice') && !(sells ? over(targetPrice, last) : over(last, targetPrice))) wrong('targetPrice', `Must be ${beyond} the last price, ${grouped(last)}`);
  if (good('limitPrice') && good('stopPrice') && (sells ? over(limitPrice, stopPrice) : over(stopPrice, limitPrice))) wrong('limitPrice', `Must not be ${beyond} the stop`);
}

function leverage(text, it, wrong) {
  if (!plain(text) || units(text, 2) === null) return wrong('leverage', 'At most two decimals');
  if (decimal.compare(text, '1') <= 0) return wrong('leverage', 'Above 1; none is spot');
  if (it.margin && decimal.compare(text, it.margin.maxLeverage) > 0) wrong('leverage', `At most ${short(it.margin.maxLeverage)}`);
}

function funds(order, it, good, available, wrong) {
  const at = priceOf(order, it, good);
  if (at) {
    const notional = decimal.multiply(at, order.amount);
    if (decimal.compare(notional, it.minNotional) < 0) return wrong('amount', `Worth less than ${short(it.minNotional)} ${it.quote}`);
  }
  if (order.leverage || order.reduceOnly) return;
  if (order.side === 'sell') {
    const has = available(it.base);
    if (has && decimal.compare(order.amount, has) > 0) wrong('amount', `Only ${grouped(short(has))} ${it.base} available`);
    return;
  }
  const has = available(it.quote);
  if (!at || !has) return;
  const need = decimal.add(decimal.multiply(at, order.amount), feeOf(decimal.multiply(at, order.amount), order, it));
  if (decimal.compare(need, has) > 0) wrong('amount', `Needs ${grouped(decimal.toScale(need, it.totalScale, 'up'))} ${it.quote}`);
}

/** The price that the money is counted at: the limit, or the worst that the market may bring. */
export function priceOf(order, it, good = (field) => order[field]) {
  switch (order.type) {
    case 'limit': case 'iceberg': return good('price') ? order.price : null;
    case 'market': return order.side === 'buy' ? it.maxPrice : null;
    case 'oco': case 'stop_loss': case 'take_profit': return good('limitPrice') ? order.limitPrice : good('stopPrice') ? order.stopPrice : null;
    default: return null;
  }
}

/** What the exchange takes at most of so much. */
export function feeOf(notional, order, it) {
  const rate = (order.postOnly ? it.makerFee : it.takerFee).replace('%', '');
  return decimal.toScale(decimal.multiply(decimal.multiply(notional, rate), '0.01'), it.totalScale, 'up');
}

/** As the wire has it. */
export function message(order, allowed) {
  const data = { pair: order.pair, side: order.side };
  for (const field of TYPES.get(order.type).fields) {
    if (!order[field]) continue;
    if (field === 'trailing') data[order.trailingBy === 'percent' ? 'trailingPercent' : 'trailingDelta'] = order.trailing;
    else data[field] = order[field];
  }
  data.timeInForce = order.timeInForce;
  if (order.timeInForce === 'GTD') data.expiresAt = order.expiresAt;
  if (order.postOnly && allowed.postOnly) data.postOnly = true;
  if (order.triggerBy && allowed.triggerBy) data.triggerBy = order.triggerBy;
  if (order.leverage) data.leverage = order.leverage;
  if (order.reduceOnly) data.reduceOnly = true;
  return data;
}

const plain = (text) => /^(0|[1-9]\d*)(\.\d+)?$/.test(text) && text.length < 29;
