// The order book as a ladder: prices in groups of so many ticks, amounts, their sum from the best
// price on, and bars of that sum. A click on a price takes it into the ticket. All sums are exact.
import { byId, el, setAttribute, setClass, setHidden, setShare, setText } from './dom.js';
import { grouped, print, units } from './figures.js';
import { view } from './frame.js';

const GROUPS = [1n, 5n, 10n, 50n, 100n, 500n, 1000n, 5000n, 10000n];

/** Levels of one side in groups, best first: `{ ticks, amount, sum }` as whole numbers. */
export function group(levels, { tick, priceScale, amountScale }, size, isBid) {
  const step = tick * size;
  const out = [];
  let sum = 0n;
  for (const level of levels) {
    const price = units(level.price, priceScale);
    const amount = units(level.amount, amountScale);
    // Bids go down and asks up: a group never looks better than what is in it.
    const place = isBid ? (price / step) * step : ((price + step - 1n) / step) * step;
    sum += amount;
    const last = out.at(-1);
    if (last && last.price === place) {
      last.amount += amount;
      last.sum = sum;
    } else out.push({ price: place, amount, sum });
  }
  return out;
}

export function startLadder({ client, market, ticket, myOrders }) {
  const ladder = byId('ladder');
  const sides = { asks: side(byId('asks'), 'ask'), bids: side(byId('bids'), 'bid') };
  const grouping = byId('grouping');
  const invalidate = view(ladder, render);
  let size = 1n;
  let before = {};

  function side(element, name) {
    const rows = [];
    element.addEventListener('click', (event) => {
      const row = event.target.closest('button');
      if (row?.price) ticket.takePrice(row.price);
    });
    element.addEventListener('keydown', (event) => {
      const by = { ArrowUp: name === 'ask' ? 1 : -1, ArrowDown: name === 'ask' ? -1 : 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const row = rows[rows.indexOf(document.activeElement) + by];
      if (row && !row.hidden) row.focus();
    });
    return { element, name, rows };
  }

  function fit(height) {
    const row = Number.parseFloat(getComputedStyle(ladder).getPropertyValue('--row')) || 22;
    const count = Math.max(3, Math.floor((height - byId('mid').offsetHeight) / 2 / row));
    for (const { element, name, rows } of Object.values(sides)) {
      while (rows.length < count) {
        const bar = el('i', { class: 'bar-fill' });
        const cells = [el('span', { class: `num price ${name === 'ask' ? 'sell' : 'buy'}` }), el('span', { class: 'num' }), el('span', { class: 'num soft' })];
        const mine = el('span', { class: 'mine', title: 'An order of yours is here' });
        const button = el('button', { type: 'button', class: `row level ${name}`, tabindex: rows.length === 0 ? '0' : '-1' }, bar, mine, ...cells);
        Object.assign(button, { bar, cells, mine });
        rows.push(button);
        element.append(button);
      }
      while (rows.length > count) rows.pop().remove();
    }
  }

  function render() {
    const { instrument, pair } = market;
    if (!instrument) return;
    const book = client.book(pair);
    const scales = { tick: units(instrument.tickSize, instrument.priceScale), priceScale: instrument.priceScale, amountScale: instrument.amountScale };
    const asks = group(book?.asks ?? [], scales, size, false);
    const bids = group(book?.bids ?? [], scales, size, true);
    const count = sides.asks.rows.length;
    const deepest = [asks, bids].map((it) => it[Math.min(it.length, count) - 1]?.sum ?? 0n);
    const most = deepest[0] > deepest[1] ? deepest[0] : deepest[1];
    const own = new Set();
    for (const order of myOrders(pair)) {
      const price = units(order.targetPrice ?? order.price, instrument.priceScale);
      if (price === null || order.status === 'pending') continue;
      const step = scales.tick * size;
      own.add(`${order.side}${order.side === 'buy' ? (price / step) * step : ((price + step - 1n) / step) * step}`);
    }
    fill(sides.asks.rows, asks, most, scales, (price) => own.has(`sell${price}`));
    fill(sides.bids.rows, bids, most, scales, (price) => own.has(`buy${price}`));
    middle(book, instrument);
  }

  function fill(rows, levels, most, { priceScale, amountScale }, isMine) {
    rows.forEach((row, index) => {
      const level = levels[index];
      if (!level) {
        if (row.price !== '') {
          row.price = '';
          for (const cell of row.cells) setText(cell, '');
          setShare(row.bar, 0);
          setHidden(row.mine, true);
          setAttribute(row, 'aria-hidden', 'true');
          row.disabled = true;
        }
        return;
      }
      if (row.disabled || row.price === undefined) {
        row.disabled = false;
        row.removeAttribute('aria-hidden');
      }
      row.price = print(level.price, priceScale);
      setText(row.cells[0], grouped(row.price));
      setText(row.cells[1], grouped(print(level.amount, amountScale)));
      setText(row.cells[2], grouped(print(level.sum, amountScale)));
      setShare(row.bar, most === 0n ? 0 : Number((level.sum * 1000n) / most) / 1000);
      setHidden(row.mine, !isMine(level.price));
    });
  }

  function middle(book, instrument) {
    const last = market.last(market.pair);
    const now = units(last, instrument.priceScale);
    if (before.pair !== market.pair) before = { pair: market.pair, price: now, mark: '', tone: '' };
    else if (now > before.price) Object.assign(before, { price: now, mark: '▲ ', tone: 'buy' });
    else if (now < before.price) Object.assign(before, { price: now, mark: '▼ ', tone: 'sell' });
    const price = byId('mid-price');
    setText(price, before.mark + grouped(last));
    setClass(price, `price ${before.tone}`);
    setText(byId('spread'), book?.spread ? `spread ${grouped(book.spread)}` : 'one side is empty');
  }

  function offer() {
    const { instrument } = market;
    if (!instrument) return;
    const tick = units(instrument.tickSize, instrument.priceScale);
    const kept = sessionStorage.getItem(`group ${market.pair}`);
    size = GROUPS.find((it) => String(it) === kept) ?? 1n;
    grouping.replaceChildren(...GROUPS.map((it) => el('option', { value: String(it) }, print(tick * it, instrument.priceScale))));
    grouping.value = String(size);
    byId('book-title').title = `Amounts in ${instrument.base}, prices in ${instrument.quote}`;
    invalidate();
  }

  grouping.addEventListener('change', () => {
    size = BigInt(grouping.value);
    sessionStorage.setItem(`group ${market.pair}`, grouping.value);
    invalidate();
  });
  new ResizeObserver(([entry]) => {
    fit(entry.contentRect.height);
    invalidate();
  }).observe(ladder);
  let offered = null;
  const again = () => {
    if (offered !== market.pair && market.instrument) {
      offered = market.pair;
      offer();
    }
    invalidate();
  };
  market.addEventListener('instruments', again);
  market.addEventListener('pair', again);
  client.addEventListener('book', (event) => {
    if (event.detail.pair === market.pair) invalidate();
  });
  for (const type of ['trade', 'order_update', 'orders_snapshot']) client.addEventListener(type, invalidate);
}
