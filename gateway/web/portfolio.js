// What the account is worth, now and since this tab looks, and what it is made of.
import { byId, el, setAttribute, setClass, setHidden, setText } from './dom.js';
import { approximately, brief, clock, grouped, signed, tone } from './figures.js';
import { view } from './frame.js';
import { Surface, rule, ticks } from './surface.js';
import { table } from './table.js';

const COLUMNS = [['asset', 'Asset'], ['balance', 'Balance', 'num'], ['available', 'Available', 'num'], ['held', 'Held', 'num'], ['value', 'Value', 'num'], ['change', '24 h change', 'num']];
/** Points kept; older ones are thinned out, so that a day fits. */
const MOST = 720;

export function startPortfolio({ client }) {
  const room = byId('portfolio-panel');
  const total = el('dd', { class: 'big', id: 'total' });
  const change = el('dd');
  const margin = el('dd');
  const marginRow = el('div', {}, el('dt', {}, 'In positions'), margin);
  const canvas = el('canvas', { role: 'img', 'aria-label': 'Value of the portfolio over time' });
  const legend = el('p', { class: 'legend' });
  const list = el('div');
  room.append(el('div', { class: 'worth' },
    el('dl', { class: 'sum wide' }, el('div', {}, el('dt', { id: 'total-name' }, 'Total value'), total), el('div', {}, el('dt', {}, 'In 24 hours'), change), marginRow),
    el('div', { class: 'canvas value' }, legend, canvas)), list);
  const rows = table(list, 'Balances', COLUMNS, 'Nothing yet.', () => {}, ({ cells }, it) => {
    setText(cells.asset, it.symbol);
    for (const field of ['balance', 'available', 'held']) {
      setText(cells[field], brief(it[field]));
      setAttribute(cells[field], 'title', it[field]);
    }
    setText(cells.value, grouped(it.value));
    setText(cells.change, signed(it.change));
    setClass(cells.change, `td c-change num ${tone(it.change)}`);
  });
  let points = [];
  let key = null;
  const surface = new Surface(canvas, draw);
  const invalidate = view(room, render);

  function render() {
    const now = client.portfolio;
    rows(now?.positions ?? [], (it) => it.symbol);
    if (!now) return;
    setText(byId('total-name'), `Total value, ${now.valuationAsset ?? ''}`);
    setText(total, grouped(now.totalValue));
    setText(change, `${signed(now.change)} (${signed(now.changePercent)})`);
    setClass(change, tone(now.change));
    setHidden(marginRow, !now.marginEquity);
    setText(margin, grouped(now.marginEquity));
  }

  function draw(context, width, height, colour) {
    if (points.length === 0) return;
    const size = surface.size;
    const values = points.map(([, value]) => value);
    let [low, high] = [Math.min(...values), Math.max(...values)];
    const pad = Math.max((high - low) * 0.12, high * 1e-6, 0.01);
    [low, high] = [low - pad, high + pad];
    const right = width - context.measureText(grouped(high.toFixed(0))).width - 12;
    const bottom = height - size * 1.9;
    const [from, to] = [points[0][0], Math.max(points.at(-1)[0], points[0][0] + 10_000)];
    const x = (time) => 6 + ((time - from) / (to - from)) * (right - 6);
    const y = (value) => size * 2 + ((high - value) / (high - low)) * (bottom - size * 2);
    context.textBaseline = 'middle';
    for (const value of ticks(low, high, 3)) {
      rule(context, colour, y(value), right);
      context.textAlign = 'right';
      context.fillText(grouped(value.toFixed(0)), width - 4, y(value));
    }
    context.beginPath();
    // Between two tellings the value stood where it was.
    points.forEach(([time, value], at) => {
      if (at === 0) context.moveTo(x(time), y(value));
      else {
        context.lineTo(x(time), y(points[at - 1][1]));
        context.lineTo(x(time), y(value));
      }
    });
    context.lineTo(right, y(values.at(-1)));
    context.strokeStyle = colour.buy;
    context.lineWidth = 1.5;
    context.stroke();
    context.lineWidth = 1;
    context.fillStyle = colour.faint;
    context.textAlign = 'left';
    context.fillText(clock(from), 6, (bottom + height) / 2);
    context.textAlign = 'right';
    context.fillText(clock(points.at(-1)[0]), right, (bottom + height) / 2);
    const at = surface.pointer && points.findLast(([time]) => x(time) <= surface.pointer.x);
    setText(legend, at ? `${clock(at[0])}   ${grouped(at[1].toFixed(2))}` : '');
  }

  client.addEventListener('portfolio_update', ({ detail: { data, timestamp } }) => {
    const mine = `value ${client.session?.userId}`;
    if (key !== mine) {
      key = mine;
      points = JSON.parse(sessionStorage.getItem(key) ?? '[]');
    }
    points.push([timestamp, approximately(data.totalValue)]);
    if (points.length > MOST) points = points.filter((_, at) => at % 2 === 0 || at > MOST / 2);
    surface.invalidate();
    invalidate();
  });
  addEventListener('pagehide', () => {
    if (key) sessionStorage.setItem(key, JSON.stringify(points));
  });
}
