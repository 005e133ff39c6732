// The order ticket: what goes with the chosen type, checked while it is typed in, and what it will
// cost. Off as long as an order could not be answered.
import { decimal } from '/client/decimal.js';
import { byId, choices, el, setClass, setHidden, setText } from './dom.js';
import { inWords } from './errors.js';
import { grouped, print, short, units, words } from './figures.js';
import { view } from './frame.js';
import { NAMES, TYPES, feeOf, hint, message, options, priceOf, problems, timesInForce } from './rules.js';

const PRICES = ['price', 'targetPrice', 'stopPrice', 'limitPrice'];

export function startTicket({ client, market }) {
  const form = byId('order');
  const off = byId('ticket-off');
  const fields = new Map();
  /** What the exchange said about a field, until that is changed. */
  const told = new Map();
  let side = 'buy';
  let lastPrice = null;
  let busy = false;

  const type = el('select', { id: 'order-type' }, ...[...TYPES].map(([value, { name }]) => el('option', { value }, name)));
  const sides = el('div', { class: 'sides', role: 'radiogroup', 'aria-label': 'Side' });
  const chooseSide = choices(sides, [['buy', 'Buy'], ['sell', 'Sell']], side, (value) => {
    side = value;
    change();
  });
  const inputs = el('div', { class: 'inputs' });
  for (const field of ['targetPrice', 'stopPrice', 'limitPrice', 'price', 'trailing', 'amount', 'displayAmount', 'leverage', 'expiresAt']) make(field);
  const trailingBy = el('select', { 'aria-label': 'Distance in', id: 'trailing-by' }, el('option', { value: 'percent' }, 'percent'), el('option', { value: 'delta' }, 'price'));
  fields.get('trailing').unit.replaceWith(trailingBy);
  const shares = el('div', { class: 'shares', role: 'group', 'aria-label': 'Amount as a share of what is available' },
    ...[25, 50, 75, 100].map((share) => el('button', { type: 'button', class: 'btn small', on: { click: () => take(share) } }, `${share}%`)));
  const timeInForce = el('select', { id: 'time-in-force' });
  const triggerBy = el('select', { id: 'trigger-by' }, el('option', { value: 'last' }, 'last price'), el('option', { value: 'mark' }, 'mark price'));
  const postOnly = el('input', { type: 'checkbox', id: 'post-only' });
  const reduceOnly = el('input', { type: 'checkbox', id: 'reduce-only' });
  const checks = el('div', { class: 'checks' }, el('label', { class: 'check', title: 'Refused where it would take' }, postOnly, ' Post-only'), el('label', { class: 'check', title: 'Can only shrink your position' }, reduceOnly, ' Reduce-only'));
  const trigger = el('label', { class: 'half' }, el('span', {}, 'Set off by'), triggerBy);
  const figures = Object.fromEntries(['cost', 'fee', 'margin', 'available'].map((name) => [name, { name: el('dt'), value: el('dd', { class: 'num' }) }]));
  const sum = el('dl', { class: 'sum' }, ...Object.values(figures).map((it) => el('div', {}, it.name, it.value)));
  const send = el('button', { type: 'submit', class: 'send buy-button', id: 'send' }, 'Buy');
  const said = el('p', { class: 'said', id: 'ticket-said', role: 'status' });
  form.append(el('fieldset', { id: 'ticket-fields' },
    el('legend', { class: 'sr' }, 'Order'),
    sides,
    el('div', { class: 'halves' }, el('label', { class: 'half' }, el('span', {}, 'Type'), type), el('label', { class: 'half' }, el('span', {}, 'Time in force'), timeInForce)),
    inputs, el('div', { class: 'halves' }, trigger), checks, sum, send, said));
  const fieldset = byId('ticket-fields');
  inputs.insertBefore(shares, fields.get('displayAmount').row);
  const invalidate = view(form, render);

  function make(field) {
    const input = el('input', {
      type: field === 'expiresAt' ? 'datetime-local' : 'text', id: `field-${field}`, 'aria-describedby': `hint-${field}`,
      inputmode: field === 'expiresAt' ? undefined : 'decimal', autocomplete: 'off', spellcheck: 'false', step: field === 'expiresAt' ? '1' : undefined,
    });
    const unit = el('span', { class: 'unit' });
    const note = el('p', { class: 'hint', id: `hint-${field}` });
    const row = el('div', { class: `field f-${field}` }, el('label', { for: `field-${field}` }, NAMES[field]), el('div', { class: 'entry' }, input, unit), note);
    input.addEventListener('input', () => {
      told.delete(field);
      // A comma is a point on many keyboards.
      if (input.value.includes(',') && !input.value.includes('.')) input.value = input.value.replace(',', '.');
      change();
    });
    input.addEventListener('focus', () => {
      if (PRICES.includes(field)) lastPrice = field;
    });
    input.addEventListener('keydown', (event) => {
      const by = { ArrowUp: 1n, ArrowDown: -1n }[event.key];
      if (by && field !== 'expiresAt') {
        event.preventDefault();
        nudge(field, by * (event.shiftKey ? 10n : 1n));
      }
    });
    fields.set(field, { input, unit, note, row });
    inputs.append(row);
  }

  /** What is in the form. */
  function order() {
    const value = (field) => fields.get(field).input.value.trim();
    const out = { pair: market.pair, type: type.value, side, timeInForce: timeInForce.value, triggerBy: triggerBy.value, trailingBy: trailingBy.value, postOnly: postOnly.checked, reduceOnly: reduceOnly.checked };
    for (const field of [...TYPES.get(type.value).fields, 'leverage']) out[field] = value(field);
    out.expiresAt = value('expiresAt') ? new Date(value('expiresAt')).getTime() : 0;
    const allowed = options(out, market.instrument);
    if (!allowed.postOnly) out.postOnly = false;
    if (!market.instrument.margin) Object.assign(out, { leverage: '', reduceOnly: false });
    if (out.reduceOnly) out.leverage = '';
    return out;
  }

  const available = (asset) => client.balances.get(asset)?.available ?? null;

  function facts() {
    const book = client.book(market.pair);
    return { last: market.last(market.pair), bestBid: book?.bids[0]?.price, bestAsk: book?.asks[0]?.price, available, now: Date.now() };
  }

  function change() {
    setText(said, '');
    setClass(said, 'said');
    invalidate();
  }

  function whyOff() {
    if (client.state === 'stale') return 'The connection is stale. Orders are off until the exchange is heard again.';
    if (client.state !== 'ready') return 'Not connected. Orders are off until the exchange is back.';
    if (!client.session) return 'Sign in to trade.';
    const status = market.instrument?.status;
    if (status && status !== 'open') return `${market.pair} is ${words(status)}: only cancels are taken.`;
    return '';
  }

  function render() {
    const it = market.instrument;
    const why = it ? whyOff() : 'Waiting for the exchange.';
    setHidden(off, !why);
    setText(off, why);
    if (fieldset.disabled !== Boolean(why)) fieldset.disabled = Boolean(why);
    if (!it) return;
    setText(byId('ticket-pair'), market.pair);
    shape(it);
    const now = order();
    const wrong = problems(now, it, facts());
    const shown = TYPES.get(now.type).fields;
    for (const [field, { input, note }] of fields) {
      const text = told.get(field) || wrong.get(field) || '';
      setText(note, text || hint(field, now, it));
      setClass(note, text ? 'hint bad' : 'hint');
      const invalid = String(Boolean(text));
      if (input.getAttribute('aria-invalid') !== invalid) input.setAttribute('aria-invalid', invalid);
    }
    count(now, it, (field) => shown.includes(field) && now[field] && !wrong.has(field));
    const what = now.amount && !wrong.has('amount') ? ` ${grouped(now.amount)} ${it.base}` : ` ${it.base}`;
    setText(send, busy ? 'Sending …' : `${side === 'buy' ? 'Buy' : 'Sell'}${what}`);
    setClass(send, `send ${side}-button`);
    if (send.disabled !== busy) send.disabled = busy;
  }

  /** Shows what goes with the type, and nothing else. */
  function shape(it) {
    const chosen = TYPES.get(type.value).fields;
    const times = timesInForce({ type: type.value, limitPrice: fields.get('limitPrice').input.value });
    const key = `${type.value} ${times}`;
    if (timeInForce.shownTimes !== key) {
      // A market order's IOC must not stay behind for the limit order after it.
      const before = timeInForce.shownTimes?.startsWith(`${type.value} `) ? timeInForce.value : '';
      timeInForce.shownTimes = key;
      timeInForce.replaceChildren(...times.map((time) => el('option', { value: time }, time)));
      timeInForce.value = times.includes(before) ? before : times[0];
    }
    const allowed = options({ type: type.value, timeInForce: timeInForce.value, reduceOnly: reduceOnly.checked, leverage: fields.get('leverage').input.value }, it);
    for (const [field, { row, unit }] of fields) {
      const isShown = field === 'leverage' ? Boolean(it.margin) : field === 'expiresAt' ? timeInForce.value === 'GTD' : chosen.includes(field);
      setHidden(row, !isShown);
      if (unit.isConnected) setText(unit, field === 'leverage' ? '×' : field.endsWith('mount') ? it.base : field === 'expiresAt' ? '' : it.quote);
    }
    setHidden(trigger, !allowed.triggerBy);
    for (const [box, isAllowed] of [[postOnly, allowed.postOnly], [reduceOnly, allowed.reduceOnly], [fields.get('leverage').input, allowed.leverage]]) {
      if (box.disabled === isAllowed) box.disabled = !isAllowed;
    }
  }

  /** Cost, fee, margin and what there is. */
  function count(now, it, good) {
    const asset = now.side === 'sell' && !now.leverage && !now.reduceOnly ? it.base : it.quote;
    const has = available(asset);
    const figure = (name, title, value) => {
      setText(figures[name].name, title);
      setText(figures[name].value, value);
    };
    const estimate = good('amount') ? worth(now, it, good) : null;
    const notional = estimate?.notional;
    const about = estimate?.isAbout ? '≈ ' : '';
    const money = (text) => `${about}${grouped(decimal.toScale(text, it.totalScale, 'up'))} ${it.quote}`;
    figure('cost', now.leverage ? 'Worth' : now.side === 'buy' ? 'Cost' : 'Proceeds', notional ? money(notional) : '–');
    figure('fee', `Fee at most (${now.postOnly ? it.makerFee : it.takerFee})`, notional ? money(feeOf(notional, now, it)) : '–');
    const lever = now.leverage && units(now.leverage, 2);
    figure('margin', 'Margin', lever > 100n && notional ? money(print((units(decimal.toScale(notional, 8, 'up'), 8) * 100n + lever - 1n) / lever, 8)) : now.leverage ? '–' : 'spot');
    figure('available', 'Available', has ? `${grouped(short(has))} ${asset}` : '–');
  }

  /** Price times amount, of a market order by what the book has now. */
  function worth(now, it, good) {
    const at = now.type === 'market' ? null : priceOf(now, it, good);
    if (at) return { notional: decimal.multiply(at, now.amount), isAbout: false };
    if (TYPES.get(now.type).fields.includes('price')) return null;
    const book = client.book(market.pair);
    const levels = (now.side === 'buy' ? book?.asks : book?.bids) ?? [];
    let left = units(now.amount, it.amountScale);
    let sum = 0n;
    for (const level of levels) {
      const taken = units(level.amount, it.amountScale);
      const part = taken < left ? taken : left;
      sum += part * units(level.price, it.priceScale);
      left -= part;
      if (left === 0n) break;
    }
    return sum > 0n ? { notional: print(sum, it.priceScale + it.amountScale), isAbout: true } : null;
  }

  /** So many percent of what is available, down to the lot. */
  function take(share) {
    const it = market.instrument;
    const now = order();
    const isBase = now.side === 'sell' && !now.leverage;
    const has = available(isBase ? it.base : it.quote);
    const book = client.book(market.pair);
    const at = priceOf(now, it) ?? (now.side === 'buy' ? book?.asks[0]?.price : book?.bids[0]?.price) ?? market.last(market.pair);
    if (!has || !at) return;
    const lot = units(it.lotSize, it.amountScale);
    let size = units(decimal.toScale(has, it.amountScale, 'down'), it.amountScale) * BigInt(share) / 100n;
    if (!isBase) {
      const lever = units(now.leverage, 2) ?? 100n;
      const rate = 10_000n + units(it.takerFee.replace('%', ''), 2);
      const money = units(decimal.toScale(has, 8, 'down'), 8) * BigInt(share) / 100n;
      const price = units(at, it.priceScale);
      if (price === null || price === 0n) return;
      // money·10⁻⁸ · lever·10⁻² / (price·10⁻ᵖ · (1 + fee)), in units of the amount
      size = (money * lever * 10_000n * 10n ** BigInt(it.priceScale + it.amountScale)) / (price * rate * 10n ** 10n);
    }
    const most = units(it.maxAmount, it.amountScale);
    if (size > most) size = most;
    put('amount', print((size / lot) * lot, it.amountScale));
  }

  function put(field, text) {
    fields.get(field).input.value = text;
    told.delete(field);
    change();
  }

  /** One step up or down. */
  function nudge(field, by) {
    const it = market.instrument;
    const { input } = fields.get(field);
    const isAmount = field.endsWith('mount');
    const [step, scale] = isAmount ? [it.lotSize, it.amountScale] : field === 'leverage' || (field === 'trailing' && trailingBy.value === 'percent') ? ['0.10', 2] : [it.tickSize, it.priceScale];
    const from = units(input.value.trim() || (PRICES.includes(field) ? market.last(market.pair) : '0'), scale);
    if (from === null) return;
    const next = from + by * units(step, scale);
    if (next > 0n) put(field, print(next, scale));
  }

  async function place(event) {
    event.preventDefault();
    if (busy || fieldset.disabled) return;
    const it = market.instrument;
    const now = order();
    const wrong = problems(now, it, facts());
    if (wrong.size > 0) {
      const [field, text] = wrong.entries().next().value;
      told.set(field, text || `${NAMES[field]} is missing`);
      fields.get(field).input.focus();
      invalidate();
      return;
    }
    busy = true;
    change();
    try {
      const answer = await client.placeOrder(now.type, message(now, options(now, it)));
      setText(said, `${answer.result.orderId}: ${side} ${grouped(now.amount)} ${now.pair} is placed.`);
    } catch (error) {
      const field = { trailingDelta: 'trailing', trailingPercent: 'trailing' }[error.params?.field?.split('.').pop()] ?? error.params?.field?.split('.').pop();
      const input = fields.get(field);
      if (input && !input.row.hidden) {
        told.set(field, inWords(error));
        input.input.focus();
      }
      setText(said, `Not placed. ${inWords(error)}`);
      setClass(said, 'said bad');
    }
    busy = false;
    invalidate();
  }

  form.addEventListener('submit', (event) => void place(event));
  for (const control of [type, timeInForce, triggerBy, trailingBy, postOnly, reduceOnly]) control.addEventListener('change', change);
  type.addEventListener('change', () => {
    told.clear();
    sessionStorage.setItem('type', type.value);
  });
  const kept = sessionStorage.getItem('type');
  if (TYPES.has(kept)) type.value = kept;
  market.addEventListener('pair', () => {
    for (const { input } of fields.values()) input.value = '';
    told.clear();
    change();
  });
  market.addEventListener('instruments', invalidate);
  for (const name of ['state', 'book', 'portfolio_update', 'authenticated', 'get_balances']) client.addEventListener(name, invalidate);

  return {
    /** Takes a price where prices are typed in; a market order becomes a limit order. */
    takePrice(price) {
      if (fieldset.disabled) return;
      if (type.value === 'market') type.value = 'limit';
      const chosen = TYPES.get(type.value).fields.filter((field) => PRICES.includes(field));
      const field = chosen.includes(lastPrice) ? lastPrice : chosen.includes('price') ? 'price' : chosen[0];
      if (field) put(field, price);
    },
    side(value) {
      side = value;
      chooseSide.select(value);
      change();
      this.focus();
    },
    focus() {
      const [first] = TYPES.get(type.value).fields;
      const { input } = fields.get(fields.get(first).input.value ? 'amount' : first);
      input.focus();
      input.select();
    },
  };
}
