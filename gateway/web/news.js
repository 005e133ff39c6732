// Arbitrage between the ledgers, and risk alerts in force.
import { byId, el, keyed, setAttribute, setHidden, setText } from './dom.js';
import { grouped, moment, remaining, words } from './figures.js';
import { view } from './frame.js';

const MARKS = { info: 'i', warning: '!', critical: '‼' };

const RANKS = { critical: 0, warning: 1, info: 2 };

/** Alerts that are not over, the worst first. */
export const inForce = (client) => [...client.alerts.values()].filter((it) => !it.endsAt || it.endsAt > Date.now()).sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);

export function startNews({ client }) {
  const found = byId('arbitrage');
  const alerts = byId('alerts');
  const rowsOf = (list, update) => keyed(list, () => {
    const [head, side, text, foot] = [el('b'), el('span', { class: 'num' }), el('p'), el('p', { class: 'faint' })];
    return { node: el('li', { class: 'card' }, el('div', { class: 'ends' }, head, side), text, foot), head, side, text, foot };
  }, update);

  const drawFound = rowsOf(found, ({ head, side, text, foot }, it) => {
    setText(head, it.tokenPair);
    setText(side, `+${it.netSpreadPercent ?? it.spreadPercent} net`);
    const ends = [`XRPL ${grouped(it.xrplPrice)}`, `Flare ${grouped(it.flarePrice)}`];
    setText(text, (it.direction === 'flare_to_xrpl' ? ends.reverse() : ends).join(' → '));
    setText(foot, `+${grouped(it.netProfit ?? it.estimatedProfit)} each, ${grouped(it.minAmount)} – ${grouped(it.maxAmount)}; confidence ${it.confidence}, ${remaining(it.expiresAt)}`);
  });
  const drawAlerts = rowsOf(alerts, ({ node, head, side, text, foot }, it) => {
    setAttribute(node, 'data-severity', it.severity);
    setText(head, `${MARKS[it.severity] ?? ''} ${words(it.category)}`);
    setText(side, it.pair ?? it.symbol ?? '');
    setText(text, it.message);
    setText(foot, `since ${moment(it.startedAt)}${it.endsAt ? ` · ${remaining(it.endsAt)} left` : ''}`);
  });

  const panel = (id, draw, keyOf, all) => view(byId(id).parentElement, () => {
    const list = all();
    draw(list, keyOf);
    setHidden(byId(`${id}-empty`), list.length > 0);
    setText(byId(`${id}-count`), list.length > 0 ? String(list.length) : '');
  });
  const panels = [
    panel('arbitrage', drawFound, (it) => it.opportunityId, () => [...client.opportunities.values()].filter((it) => it.expiresAt > Date.now())),
    panel('alerts', drawAlerts, (it) => it.alertId, () => inForce(client)),
  ];
  const again = () => {
    for (const invalidate of panels) invalidate();
  };
  for (const type of ['arbitrage_opportunity', 'arbitrage_closed', 'risk_alert', 'subscribed']) client.addEventListener(type, again);
  setInterval(again, 1000);
}
