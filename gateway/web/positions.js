// Positions on margin: what they are worth, how far the price is from liquidating them, margin in
// and out, and the way out.
import { byId, el, setAttribute, setClass, setShare, setText } from './dom.js';
import { inWords } from './errors.js';
import { approximately, brief, grouped, sign, signed, tone } from './figures.js';
import { view } from './frame.js';
import { table } from './table.js';

const COLUMNS = [['pair', 'Pair'], ['side', 'Side'], ['size', 'Size', 'num'], ['entry', 'Entry', 'num'], ['mark', 'Mark', 'num'], ['pnl', 'Profit and loss', 'num', 'P&L'], ['margin', 'Margin', 'num'], ['ratio', 'Ratio', 'num'], ['liquidation', 'Liquidation', 'num'], ['distance', 'Distance'], ['do', '']];

/** Percent that the mark may move until the position is liquidated; `null` where it cannot be. */
export function distance({ markPrice, liquidationPrice, side }) {
  if (!markPrice || !liquidationPrice) return null;
  const [mark, end] = [approximately(markPrice), approximately(liquidationPrice)];
  return (((side === 'long' ? mark - end : end - mark) / mark) * 100);
}

export function startPositions({ client, market, say }) {
  const room = byId('positions-panel');
  const draw = table(room, 'Positions', COLUMNS, 'No position. An order with leverage opens one.', make, update);
  const invalidate = view(room, () => draw([...client.positions.values()], (it) => it.positionId));

  function make(row, { positionId, pair }) {
    const { cells } = row;
    const asset = market.instruments.get(pair)?.quote ?? '';
    row.amount = el('input', { type: 'text', class: 'margin-amount', inputmode: 'decimal', placeholder: `± ${asset}`, 'aria-label': `Margin to add to ${pair}, with a minus to take out`, autocomplete: 'off', spellcheck: 'false' });
    row.add = el('button', { type: 'button', class: 'btn small', on: { click: () => void adjust(row) } }, 'Add margin');
    row.close = el('button', { type: 'button', class: 'btn small danger', 'aria-label': `Close the position in ${pair}`, on: { click: () => void run(row, () => client.closePosition(positionId), 'Closing at the market …') } }, 'Close');
    row.note = el('span', { class: 'note', role: 'status' });
    row.bar = el('i', { class: 'gauge-fill' });
    row.text = el('span');
    cells.distance.append(el('span', { class: 'gauge', 'aria-hidden': 'true' }, row.bar), row.text);
    cells.do.append(row.amount, row.add, row.close, row.note);
    row.amount.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') void adjust(row);
    });
  }

  function update(row, it) {
    const { cells } = row;
    setText(cells.pair, it.pair);
    setText(cells.side, `${it.side === 'long' ? '▲ Long' : '▼ Short'}${it.leverage ? ` ${approximately(it.leverage).toFixed(1)}×` : ''}`);
    setClass(cells.side, `td c-side ${it.side === 'long' ? 'buy' : 'sell'}`);
    setText(cells.size, grouped(it.size));
    setText(cells.entry, grouped(it.entryPrice));
    setText(cells.mark, grouped(it.markPrice));
    setText(cells.pnl, it.pnl ? `${signed(it.pnl)} (${signed(it.pnlPercent)})` : '–');
    setClass(cells.pnl, `td c-pnl num ${tone(it.pnl)}`);
    setText(cells.margin, brief(it.margin));
    const call = client.marginCalls.get(it.positionId);
    setText(cells.ratio, `${call ? (call.severity === 'critical' ? '‼ ' : '! ') : ''}${it.marginRatioPercent ?? it.marginRatio ?? '–'}`);
    setClass(cells.ratio, `td c-ratio num ${call ? 'bad' : ''}`);
    setText(cells.liquidation, grouped(it.liquidationPrice));
    const left = distance(it);
    setText(row.text, it.liquidating ? 'liquidating' : left === null ? 'never' : `${left.toFixed(2)}%`);
    setClass(row.text, left !== null && left < 3 ? 'bad' : '');
    setShare(row.bar, left === null ? 1 : left / 20);
    setClass(row.bar, `gauge-fill ${left !== null && left < 3 ? 'near' : ''}`);
    setAttribute(row.add, 'aria-label', `Add margin to ${it.pair}`);
  }

  async function adjust(row) {
    const text = row.amount.value.trim().replace(',', '.').replace(/^[−+]/, (it) => (it === '+' ? '' : '-'));
    if (!text || sign(text) === 0) {
      note(row, 'How much? Type an amount first.', true);
      row.amount.focus();
      return;
    }
    await run(row, () => client.adjustMargin(row.key, text), '…', `${text.startsWith('-') ? 'Taken out' : 'Added'}.`);
    if (!row.failed) row.amount.value = '';
  }

  async function run(row, ask, during, after = '') {
    row.failed = false;
    row.add.disabled = row.close.disabled = true;
    note(row, during, false);
    try {
      await ask();
      note(row, after, false);
      if (after) say(after);
    } catch (error) {
      row.failed = true;
      note(row, inWords(error), true);
    }
    row.add.disabled = row.close.disabled = false;
  }

  function note(row, text, isBad) {
    setText(row.note, text);
    setClass(row.note, isBad ? 'note bad' : 'note');
  }

  function again() {
    const number = client.positions.size;
    setText(byId('positions-count'), number > 0 ? String(number) : '');
    invalidate();
  }
  for (const type of ['position_update', 'positions_snapshot', 'margin_call', 'margin_call_cleared', 'state']) client.addEventListener(type, again);
}
