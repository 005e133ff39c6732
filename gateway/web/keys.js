// The keys, and the page of help that lists them. None counts while something is typed.
import { byId, el } from './dom.js';

export function startKeys({ market, ticket, orders, show, cycleTheme }) {
  const dialog = byId('help');
  const KEYS = [
    ['t', 'The ticket: its first field', () => { show('trade'); ticket.focus(); }],
    ['b', 'The ticket, to buy', () => { show('trade'); ticket.side('buy'); }],
    ['s', 'The ticket, to sell', () => { show('trade'); ticket.side('sell'); }],
    ['Shift+C', 'Cancel all open orders (of this pair, where that is ticked)', () => void orders.cancelAll()],
    ['n', 'The next pair', () => market.step(1)],
    ['p', 'The pair before', () => market.step(-1)],
    ['1 – 4', 'Orders, positions, fills, portfolio', null],
    ['d', 'Light or dark', cycleTheme],
    ['?', 'These keys', () => dialog.showModal()],
    ['Esc', 'Out of a field, or of this page', null],
  ];
  const TABS = ['orders', 'positions', 'fills', 'portfolio'];
  dialog.append(
    el('h2', { id: 'help-title' }, 'Keys'),
    el('dl', { class: 'keys' }, ...KEYS.flatMap(([key, what]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, what)]),
      el('dt', {}, el('kbd', {}, '↑'), ' ', el('kbd', {}, '↓')), el('dd', {}, 'In a price or amount: one step, ten with Shift. In the book: the next level')),
    el('p', { class: 'soft' }, 'A click on a price of the book takes it into the ticket. An open order is amended where it stands: type, then Enter. ▲ buys, ▼ sells; a hollow candle rose, a filled one fell.'),
    el('div', { class: 'ends' }, el('span', { class: 'push' }), el('button', { type: 'button', class: 'btn', on: { click: () => dialog.close() } }, 'Close')),
  );
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  byId('help-open').addEventListener('click', () => dialog.showModal());

  document.addEventListener('keydown', (event) => {
    const { target } = event;
    const isTyping = target.matches?.('input:not([type="checkbox"]), select, textarea');
    if (event.key === 'Escape' && isTyping) {
      target.blur();
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (/^[1-4]$/.test(event.key)) {
      show('account');
      byId(`tab-${TABS[event.key - 1]}`).click();
      byId(`tab-${TABS[event.key - 1]}`).focus();
      return;
    }
    const name = event.key === 'C' && event.shiftKey ? 'Shift+C' : event.key;
    const run = KEYS.find(([key]) => key === name)?.[2];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
