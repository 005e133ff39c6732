// Trades as they happen, newest first: the last row is filled anew and moved to the top.
import { byId, el, setClass, setHidden, setText } from './dom.js';
import { clock, grouped } from './figures.js';
import { view } from './frame.js';

const ROWS = 60;

export function startTape({ client, market }) {
  const list = byId('tape');
  const rows = [];
  let waiting = [];
  let shownSequence = -1;
  const invalidate = view(byId('tape-body'), render);

  function make() {
    const cells = [el('span', { class: 'num' }), el('span', { class: 'num' }), el('time', { class: 'num faint' })];
    const row = el('li', { class: 'row level' }, ...cells);
    row.cells = cells;
    return row;
  }

  function render() {
    const fresh = waiting.slice(-ROWS);
    waiting = [];
    for (const trade of fresh) {
      if (trade.sequence <= shownSequence) continue;
      shownSequence = trade.sequence;
      const row = rows.length < ROWS ? make() : rows.pop();
      rows.unshift(row);
      const bought = trade.side === 'buy';
      setText(row.cells[0], `${bought ? '▲' : '▼'} ${grouped(trade.price)}`);
      setClass(row.cells[0], `num ${bought ? 'buy' : 'sell'}`);
      setText(row.cells[1], grouped(trade.amount));
      setText(row.cells[2], clock(trade.timestamp));
      list.prepend(row);
    }
    setHidden(byId('tape-empty'), rows.length > 0);
  }

  function restart() {
    for (const row of rows) row.remove();
    rows.length = 0;
    shownSequence = -1;
    waiting = [...client.trades(market.pair)];
    invalidate();
  }

  market.addEventListener('pair', restart);
  client.addEventListener('trades_snapshot', ({ detail: { data } }) => {
    const pair = data.pair ?? market.pair;
    if (pair !== market.pair) return;
    // A sequence that went back belongs to another exchange.
    if ((data.trades.at(-1)?.sequence ?? 0) < shownSequence) restart();
    else waiting.push(...data.trades);
    invalidate();
  });
  client.addEventListener('trade', ({ detail: { data } }) => {
    if (data.pair !== market.pair) return;
    waiting.push(data);
    // Nothing is drawn while the window is hidden, perhaps all night.
    if (waiting.length > ROWS * 2) waiting.splice(0, ROWS);
    invalidate();
  });
}
