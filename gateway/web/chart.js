// Candles and volume of the pair that is looked at. A candle that rose is hollow, one that fell is
// filled. Open orders and the position's entry and liquidation stand as lines.
import { Candles, STEPS } from './candles.js';
import { byId, choices, setHidden, setText } from './dom.js';
import { approximately, clock, grouped, words } from './figures.js';
import { Surface, dashes, rule, tag, ticks } from './surface.js';

const KEY = 'candles ';
/** Candles on the time axis, those without a trade included. */
const SLOTS = 1500;

export function startChart({ client, market, myOrders }) {
  const stores = new Map();
  const store = (pair) => {
    if (!stores.has(pair)) stores.set(pair, new Candles(kept(pair)));
    return stores.get(pair);
  };
  let step = Number(sessionStorage.getItem('step')) || 1;
  if (!STEPS.has(step)) step = 1;
  let back = 0;
  let width = 9;

  const surface = new Surface(byId('candles'), draw);
  choices(byId('steps'), STEPS, step, (value) => {
    step = value;
    back = 0;
    sessionStorage.setItem('step', String(value));
    surface.invalidate();
  });

  client.addEventListener('trades_snapshot', ({ detail: { data } }) => {
    store(data.pair ?? market.pair).snapshot(data.trades);
    surface.invalidate();
  });
  client.addEventListener('trade', ({ detail: { data } }) => {
    store(data.pair).add(data);
    if (data.pair === market.pair) surface.invalidate();
  });
  for (const type of ['order_update', 'orders_snapshot', 'position_update']) client.addEventListener(type, surface.invalidate);
  market.addEventListener('pair', () => {
    back = 0;
    surface.invalidate();
  });
  addEventListener('pagehide', () => {
    for (const [pair, candles] of stores) keep(pair, candles);
  });

  const canvas = byId('candles');
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) scroll(Math.sign(event.deltaX || event.deltaY) * 5);
    else zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }, { passive: false });
  let dragged = null;
  canvas.addEventListener('pointerdown', (event) => {
    dragged = { x: event.clientX, back };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (dragged) {
      back = dragged.back;
      scroll(-Math.round((event.clientX - dragged.x) / width));
    }
  });
  for (const type of ['pointerup', 'pointercancel']) canvas.addEventListener(type, () => { dragged = null; });
  canvas.addEventListener('keydown', (event) => {
    const run = { ArrowLeft: () => scroll(-5), ArrowRight: () => scroll(5), '+': () => zoom(1.2), '-': () => zoom(1 / 1.2) }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });

  function scroll(by) {
    const most = Math.max(0, slots(store(market.pair).of(step), step).length - 5);
    back = Math.min(most, Math.max(0, back - by));
    surface.invalidate();
  }

  function zoom(by) {
    width = Math.min(40, Math.max(3, width * by));
    surface.invalidate();
  }

  function draw(context, room, height, colour) {
    const { instrument, pair } = market;
    const all = pair ? slots(store(pair).of(step), step) : [];
    setHidden(byId('candles-empty'), all.length > 0 || !pair);
    if (!instrument) return;
    const size = surface.size;
    const scale = instrument.priceScale;
    const last = market.last(pair);
    // Room for the longest price that may stand there.
    const right = room - Math.max(54, context.measureText(grouped(instrument.maxPrice)).width + 10);
    const bottom = height - size * 1.9;
    // Few candles are drawn wider than many.
    const broad = Math.max(width, Math.min(width * 2, (right - 4) / all.length));
    const fit = Math.max(1, Math.floor((right - 4) / broad));
    const end = all.length - back;
    const shown = all.slice(Math.max(0, end - fit), end);
    if (shown.length === 0) return legend(null, scale);

    let low = Infinity;
    let high = -Infinity;
    let most = 0;
    for (const it of shown) {
      low = Math.min(low, it.low);
      high = Math.max(high, it.high);
      most = Math.max(most, it.volume);
    }
    const tick = approximately(instrument.tickSize);
    const pad = Math.max((high - low) * 0.08, tick * 4);
    low -= pad;
    high += pad;
    const top = size * 2.2;
    const volumeTop = bottom - (bottom - top) * 0.2;
    const y = (price) => top + ((high - price) / (high - low)) * (volumeTop - 6 - top);

    context.textBaseline = 'middle';
    context.textAlign = 'left';
    for (const price of ticks(low, high, Math.max(2, (volumeTop - top) / 46))) {
      if (y(price) > volumeTop) continue;
      rule(context, colour, y(price), right);
      context.fillText(grouped(price.toFixed(scale)), right + 4, y(price));
    }
    const x = (index) => right - (shown.length - index) * broad;
    times(context, shown, x, broad, bottom, height, colour);
    rule(context, colour, bottom, right);
    context.fillStyle = colour.line;
    context.fillRect(right, 0, 1, bottom);
    bars(context, shown, x, y, broad, volumeTop, bottom, most, colour);
    lines(context, right, top, volumeTop, y, colour, size);
    if (last && back === 0) {
      const at = y(approximately(last));
      const fell = shown.at(-1).close < shown.at(-1).open;
      dashes(context, fell ? colour.sell : colour.buy, [2, 3], [0, at], [right, at]);
      tag(context, grouped(last), right + 1, at, size, fell ? colour.sell_button : colour.buy_button, colour.on_fill);
    }
    let under = shown.at(-1);
    const pointer = surface.pointer;
    if (pointer && pointer.x < right && pointer.y < bottom) {
      const index = Math.min(shown.length - 1, Math.max(0, Math.floor((pointer.x - x(0)) / broad)));
      under = shown[index];
      const middle = x(index) + broad / 2;
      dashes(context, colour.edge, [3, 3], [0, pointer.y], [right, pointer.y]);
      dashes(context, colour.edge, [3, 3], [middle, top], [middle, bottom]);
      if (pointer.y < volumeTop) {
        const price = high - ((pointer.y - top) / (volumeTop - 6 - top)) * (high - low);
        tag(context, grouped(price.toFixed(scale)), right + 1, pointer.y, size, colour.raised, colour.text);
      }
    }
    legend(under, scale);
  }

  function lines(context, right, top, end, y, colour, size) {
    const wanted = [];
    for (const order of myOrders(market.pair)) {
      for (const field of ['price', 'targetPrice', 'stopPrice']) {
        if (!order[field]) continue;
        const name = field === 'stopPrice' ? 'stop' : words(order.side);
        wanted.push([order[field], `${name} ${order.remaining}`, order.side === 'buy' ? colour.buy : colour.sell]);
      }
    }
    for (const position of client.positions.values()) {
      if (position.pair !== market.pair) continue;
      if (position.entryPrice) wanted.push([position.entryPrice, `entry ${position.side}`, colour.soft]);
      if (position.liquidationPrice) wanted.push([position.liquidationPrice, 'liquidation', colour.bad]);
    }
    context.font = `${size - 1}px ${surface.font.slice(surface.font.indexOf(' ') + 1)}`;
    for (const [price, name, tone] of wanted.slice(0, 24)) {
      const at = y(approximately(price));
      if (at < top || at > end) continue;
      context.globalAlpha = 0.6;
      dashes(context, tone, [5, 4], [0, at], [right, at]);
      context.globalAlpha = 1;
      context.textAlign = 'left';
      context.fillStyle = tone;
      context.fillText(name, 6, at - size * 0.6);
    }
    context.font = surface.font;
  }

  function legend(it, scale) {
    const show = (number) => grouped(number.toFixed(scale));
    setText(byId('candles-legend'), it
      ? `${clock(it.start * 1000)}   O ${show(it.open)}   H ${show(it.high)}   L ${show(it.low)}   C ${show(it.close)}   ${it.close < it.open ? '▼' : '▲'} ${Math.abs(((it.close - it.open) / it.open) * 100).toFixed(2)}%   V ${grouped(it.volume.toFixed(market.instrument.amountScale))}`
      : '');
  }

  function bars(context, shown, x, y, width, volumeTop, bottom, most, colour) {
    const thick = Math.max(1, Math.round(width * 0.68));
    const off = Math.floor((width - thick) / 2);
    shown.forEach((it, index) => {
      const left = Math.round(x(index)) + off;
      if (it.isEmpty) {
        context.fillStyle = colour.line;
        context.fillRect(left, Math.round(y(it.close)), thick, 1);
        return;
      }
      const fell = it.close < it.open;
      const tall = (it.volume / (most || 1)) * (bottom - volumeTop - 4);
      context.fillStyle = fell ? colour.sell_wash : colour.buy_wash;
      context.fillRect(left, bottom - tall, thick, tall);
      const tone = fell ? colour.sell : colour.buy;
      context.fillStyle = tone;
      const middle = left + Math.floor(thick / 2);
      const upper = Math.round(y(Math.max(it.open, it.close)));
      const lower = Math.round(y(Math.min(it.open, it.close)));
      const body = Math.max(1, lower - upper);
      context.fillRect(middle, Math.round(y(it.high)), 1, upper - Math.round(y(it.high)));
      context.fillRect(middle, lower, 1, Math.round(y(it.low)) - lower);
      if (fell || body < 3 || thick < 4) context.fillRect(left, upper, thick, body);
      else {
        context.strokeStyle = tone;
        context.strokeRect(left + 0.5, upper + 0.5, thick - 1, body - 1);
      }
    });
  }

  function times(context, shown, x, width, bottom, height, colour) {
    context.fillStyle = colour.faint;
    context.textAlign = 'center';
    const every = Math.max(1, Math.ceil(84 / width));
    shown.forEach((it, index) => {
      const place = it.start / step;
      if (place % every !== 0) return;
      const text = step < 60 ? clock(it.start * 1000) : clock(it.start * 1000).slice(0, 5);
      const at = x(index) + width / 2;
      if (at > 24) context.fillText(text, at, (bottom + height) / 2 + 1);
    });
  }
}

/** The latest candles with those between them in which nothing was traded. */
function slots(list, step) {
  const out = [];
  for (let at = list.length - 1; at >= 0 && out.length < SLOTS; at -= 1) {
    out.push(list[at]);
    const before = list[at - 1];
    for (let start = list[at].start - step; before && start > before.start && out.length < SLOTS; start -= step) {
      out.push({ start, open: before.close, high: before.close, low: before.close, close: before.close, volume: 0, isEmpty: true });
    }
  }
  return out.reverse();
}

function kept(pair) {
  try {
    return JSON.parse(sessionStorage.getItem(KEY + pair));
  } catch {
    return null;
  }
}

function keep(pair, candles) {
  try {
    sessionStorage.setItem(KEY + pair, JSON.stringify(candles.plain()));
  } catch {
    // The tab's storage is full: the next page begins with the trades that it is told.
  }
}
