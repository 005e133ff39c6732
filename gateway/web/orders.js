// Open orders. A price or an amount is amended where it stands: type and press Enter. What the
// exchange says to that stands in the order's own row.
import { byId, el, setClass, setHidden, setText } from './dom.js';
import { inWords } from './errors.js';
import { grouped, words } from './figures.js';
import { view } from './frame.js';
import { TYPES } from './rules.js';
import { table } from './table.js';

const COLUMNS = [['pair', 'Pair'], ['side', 'Side'], ['type', 'Type'], ['price', 'Price', 'num'], ['stop', 'Stop', 'num'], ['amount', 'Amount', 'num'], ['filled', 'Filled', 'num'], ['state', 'State'], ['do', '']];

export function startOrders({ client, market, say }) {
  const room = byId('orders-panel');
  const onlyThis = byId('this-pair');
  const draw = table(room, 'Open orders', COLUMNS, 'No open order. Type one into the ticket (t).', make, update);
  const invalidate = view(room, render);
  const count = byId('orders-count');

  function shown() {
    const all = [...client.orders.values()];
    return (onlyThis.checked ? all.filter((it) => it.pair === market.pair) : all).reverse();
  }

  function render() {
    draw(shown(), (it) => it.orderId);
  }

  function make(row, order) {
    const { cells } = row;
    for (const field of ['price', 'amount']) {
      const input = el('input', { type: 'text', class: 'edit', inputmode: 'decimal', 'aria-label': `${field} of ${order.orderId}: type and press Enter to amend`, autocomplete: 'off', spellcheck: 'false' });
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') void amend(row);
        if (event.key === 'Escape') {
          event.stopPropagation();
          restore(row);
          input.blur();
        }
      });
      input.addEventListener('focus', () => input.select());
      input.addEventListener('input', () => {
        row.isChanged = true;
        tell(row, 'Enter amends, Esc leaves it', false);
      });
      input.addEventListener('blur', () => setTimeout(() => {
        if (row.isChanged && !row.busy && !row.node.contains(document.activeElement)) restore(row);
      }));
      row[field] = input;
      row[`${field}Text`] = el('span');
      cells[field].append(input, row[`${field}Text`]);
    }
    row.cancel = el('button', { type: 'button', class: 'btn small', 'aria-label': `Cancel ${order.orderId}`, on: { click: () => void cancel(row) } }, 'Cancel');
    row.note = el('span', { role: 'status' });
    cells.state.append(row.note);
    cells.do.append(row.cancel);
  }

  function update(row, order) {
    const { cells } = row;
    row.order = order;
    setText(cells.pair, order.pair);
    setText(cells.side, `${order.side === 'buy' ? '▲ Buy' : '▼ Sell'}${order.leverage ? ` ${order.leverage}×` : ''}`);
    setClass(cells.side, `td c-side ${order.side}`);
    setText(cells.type, `${TYPES.get(order.type)?.name ?? words(order.type)}${order.timeInForce === 'GTC' ? '' : ` ${order.timeInForce}`}${order.postOnly ? ' post' : ''}${order.reduceOnly ? ' reduce' : ''}`);
    const limit = order.targetPrice && !order.triggered ? order.targetPrice : order.price ?? order.limitPrice ?? null;
    const isMargin = Boolean(order.leverage || order.reduceOnly || order.liquidation);
    row.was = { price: limit, amount: order.amount };
    for (const field of ['price', 'amount']) {
      const text = row.was[field] ?? '';
      const isFixed = isMargin || !text;
      setHidden(row[field], isFixed);
      setHidden(row[`${field}Text`], !isFixed);
      setText(row[`${field}Text`], text ? grouped(text) : 'market');
      if (!row.isChanged && !row.busy && row[field].value !== text) row[field].value = text;
    }
    const distance = order.trailingPercent ? `${order.trailingPercent}%` : order.trailingDelta;
    setText(cells.stop, order.stopPrice ? `${grouped(order.stopPrice)}${order.triggered ? ' ✓' : ''}` : distance ? `trails ${distance}` : '–');
    setText(cells.filled, grouped(order.filled));
    if (!row.isChanged && !row.said && !row.busy) tell(row, words(order.status), false);
  }

  function tell(row, text, isBad) {
    setText(row.note, text);
    setClass(row.note, isBad ? 'bad' : '');
  }

  function restore(row) {
    row.isChanged = false;
    row.said = false;
    for (const field of ['price', 'amount']) row[field].value = row.was[field] ?? '';
    tell(row, words(row.order.status), false);
  }

  async function run(row, what, ask) {
    row.busy = true;
    row.said = false;
    row.cancel.disabled = true;
    tell(row, `${what} …`, false);
    try {
      await ask();
      row.busy = row.isChanged = false;
      tell(row, words(row.order.status), false);
    } catch (error) {
      row.busy = row.isChanged = false;
      row.said = true;
      tell(row, inWords(error), true);
      row.note.title = row.note.textContent;
    }
    row.cancel.disabled = false;
    invalidate();
  }

  async function amend(row) {
    const changes = {};
    for (const field of ['price', 'amount']) if (!row[field].hidden && row[field].value.trim() !== row.was[field]) changes[field] = row[field].value.trim();
    if (Object.keys(changes).length === 0) return restore(row);
    await run(row, 'Amending', () => client.amendOrder(row.key, changes));
    if (!row.said) say(`${row.key} is amended.`);
  }

  const cancel = (row) => run(row, 'Cancelling', () => client.cancelOrder(row.key));

  const button = byId('cancel-all');
  async function cancelAll() {
    if (button.disabled) return;
    const which = onlyThis.checked ? { pair: market.pair } : {};
    try {
      const answer = await client.cancelAll(which);
      const number = answer.result.count;
      say(number === 1 ? '1 order is cancelled.' : `${number} orders are cancelled.`);
    } catch (error) {
      say(`Not cancelled. ${inWords(error)}`, true);
    }
  }

  function counted() {
    const number = client.orders.size;
    setText(count, number > 0 ? String(number) : '');
    const isOff = client.state !== 'ready' || !client.session || number === 0;
    if (button.disabled !== isOff) button.disabled = isOff;
    setText(button, onlyThis.checked ? `Cancel all in ${market.pair ?? ''}` : 'Cancel all');
    invalidate();
  }

  button.addEventListener('click', () => void cancelAll());
  onlyThis.addEventListener('change', counted);
  market.addEventListener('pair', counted);
  for (const type of ['order_update', 'orders', 'state']) client.addEventListener(type, counted);
  counted();
  return { cancelAll };
}
