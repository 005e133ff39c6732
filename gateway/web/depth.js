// The depth of the book: what could be bought up to a price, and sold down to one.
import { byId, setHidden, setText } from './dom.js';
import { approximately, grouped } from './figures.js';
import { Surface, dashes, rule, ticks } from './surface.js';

/** How far from the middle the chart reaches at most, as a share of it. */
const REACH = 0.1;
/** The share of a side that it reaches over in any case. */
const MOST = 0.9;

export function startDepth({ client, market }) {
  const surface = new Surface(byId('depth'), draw);

  function draw(context, width, height, colour) {
    const { instrument, pair } = market;
    if (!instrument) return;
    const book = client.book(pair);
    const bids = curve(book?.bids ?? []);
    const asks = curve(book?.asks ?? []);
    setHidden(byId('depth-empty'), bids.length + asks.length > 0);
    setText(byId('depth-legend'), '');
    if (bids.length + asks.length === 0) return;
    const bid = bids[0]?.price ?? asks[0].price;
    const ask = asks[0]?.price ?? bid;
    const middle = (bid + ask) / 2;
    const reach = Math.min(Math.max(far(bids, middle), far(asks, middle)) * 1.15, middle * REACH) || middle * 0.01;
    const [low, high] = [middle - reach, middle + reach];
    const within = (list) => list.filter((it) => it.price >= low && it.price <= high);
    const most = Math.max(within(bids).at(-1)?.sum ?? 0, within(asks).at(-1)?.sum ?? 0, 1e-9) * 1.08;
    const size = surface.size;
    const bottom = height - size * 1.9;
    const top = size * 2.2;
    const x = (price) => ((price - low) / (high - low)) * width;
    const y = (sum) => bottom - (sum / most) * (bottom - top);

    context.textBaseline = 'middle';
    area(context, bids, x, y, 0, colour.buy, colour.buy_wash, bottom);
    area(context, asks, x, y, width, colour.sell, colour.sell_wash, bottom);
    context.textAlign = 'right';
    for (const sum of ticks(0, most, Math.max(2, (bottom - top) / 50)).slice(1)) {
      rule(context, colour, y(sum), width);
      context.fillStyle = colour.soft;
      context.fillText(grouped(String(Math.round(sum * 100) / 100)), width - 4, y(sum) - size * 0.65);
    }
    rule(context, colour, bottom, width);
    context.fillStyle = colour.edge;
    context.fillRect(Math.round(x(middle)), top, 1, bottom - top);
    context.fillStyle = colour.faint;
    context.textAlign = 'center';
    for (const price of ticks(low, high, Math.max(2, width / 110))) {
      if (x(price) > 26 && x(price) < width - 26) context.fillText(grouped(price.toFixed(instrument.priceScale)), x(price), (bottom + height) / 2 + 1);
    }
    const unit = instrument.base;
    const show = (sum) => grouped(sum.toFixed(instrument.amountScale));
    const pointer = surface.pointer;
    if (!pointer) {
      setText(byId('depth-legend'), `bids ${show(within(bids).at(-1)?.sum ?? 0)} ${unit}   asks ${show(within(asks).at(-1)?.sum ?? 0)} ${unit}`);
      return;
    }
    const price = low + (pointer.x / width) * (high - low);
    const list = price < middle ? bids.filter((it) => it.price >= price) : asks.filter((it) => it.price <= price);
    const found = list.at(-1);
    dashes(context, colour.edge, [3, 3], [pointer.x, top], [pointer.x, bottom]);
    const verb = price < middle ? 'sell down to' : 'buy up to';
    setText(byId('depth-legend'), `${verb} ${grouped(price.toFixed(instrument.priceScale))}: ${show(found?.sum ?? 0)} ${unit} for ${grouped((found?.cost ?? 0).toFixed(instrument.totalScale))} ${instrument.quote}`);
  }

  const again = (event) => {
    if (!event.detail?.pair || event.detail.pair === market.pair) surface.invalidate();
  };
  client.addEventListener('book', again);
  market.addEventListener('pair', again);
  market.addEventListener('instruments', again);
}

/** How far from the middle most of a side lies: an order far off does not make the rest small. */
function far(list, middle) {
  const most = (list.at(-1)?.sum ?? 0) * MOST;
  return Math.abs((list.find((it) => it.sum >= most)?.price ?? middle) - middle);
}

/** Sums from the best price on. */
function curve(levels) {
  let sum = 0;
  let cost = 0;
  return levels.map((level) => {
    const price = approximately(level.price);
    sum += approximately(level.amount);
    cost += price * approximately(level.amount);
    return { price, sum, cost };
  });
}

function area(context, list, x, y, edge, stroke, fill, bottom) {
  if (list.length === 0) return;
  context.beginPath();
  context.moveTo(x(list[0].price), bottom);
  let at = bottom;
  for (const it of list) {
    context.lineTo(x(it.price), at);
    at = y(it.sum);
    context.lineTo(x(it.price), at);
  }
  context.lineTo(edge, at);
  context.lineTo(edge, bottom);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.stroke();
  context.lineWidth = 1;
}
