// What was traded on this account, newest first.
import { byId, setClass, setText } from './dom.js';
import { grouped, moment, short } from './figures.js';
import { view } from './frame.js';
import { table } from './table.js';

const KEPT = 100;
/** How far back, in updates of the user, they are asked for. */
const LOOK_BACK = 450;
const COLUMNS = [['time', 'Time'], ['pair', 'Pair'], ['side', 'Side'], ['price', 'Price', 'num'], ['amount', 'Amount', 'num'], ['fee', 'Fee', 'num'], ['role', 'As'], ['id', 'Trade']];

export function startFills({ client, say }) {
  const room = byId('fills-panel');
  let fills = [];
  const seen = new Set();
  const draw = table(room, 'Fills', COLUMNS, 'Nothing was traded yet.', () => {}, ({ cells }, fill) => {
    setText(cells.time, moment(fill.timestamp));
    setText(cells.pair, fill.pair);
    setText(cells.side, fill.side === 'buy' ? '▲ Buy' : '▼ Sell');
    setClass(cells.side, `td c-side ${fill.side}`);
    setText(cells.price, grouped(fill.price));
    setText(cells.amount, grouped(fill.amount));
    setText(cells.fee, `${short(fill.fee ?? '0')} ${fill.feeAsset ?? ''}`);
    setText(cells.role, fill.liquidity ?? '–');
    setText(cells.id, fill.tradeId.replace('trade_', '#'));
  });
  const invalidate = view(room, () => draw(fills, keyOf));
  const keyOf = (fill) => `${fill.tradeId} ${fill.orderId}`;

  function add(list) {
    for (const fill of list) {
      if (seen.has(keyOf(fill))) continue;
      seen.add(keyOf(fill));
      fills.push(fill);
    }
    fills.sort((a, b) => b.userSequence - a.userSequence);
    for (const fill of fills.splice(KEPT)) seen.delete(keyOf(fill));
    invalidate();
  }

  client.addEventListener('fill', ({ detail }) => {
    add([detail]);
    say(`${detail.side === 'buy' ? 'Bought' : 'Sold'} ${grouped(detail.amount)} ${detail.pair} at ${grouped(detail.price)}.`);
  });
  client.addEventListener('orders_snapshot', async ({ detail: { data } }) => {
    try {
      // Fills share the count of what happened to the user: these are the latest.
      const { fills: latest } = await client.getFills({ after: Math.max(0, data.userSequence - LOOK_BACK) });
      add(latest);
    } catch {
      // The connection line tells of it; fills come by themselves from here on.
    }
  });
}
