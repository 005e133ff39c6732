// The list of pairs, the summary of the one that is looked at, and the choice in the bar.
import { byId, el, keyed, setAttribute, setClass, setText } from './dom.js';
import { grouped, signed, tone, words } from './figures.js';
import { always, view } from './frame.js';

const TITLE_MS = 1000;

export function startPairs({ client, market }) {
  const list = byId('pairs');
  const select = byId('pair');
  const rows = keyed(list, make, update);
  const drawList = view(list, () => rows([...market.instruments.values()], (it) => it.pair));
  const drawSummary = always(summary);
  let titled = 0;
  let titledPair = null;

  function make({ pair }) {
    const cells = [el('span', { class: 'name' }, pair), el('span', { class: 'num' }), el('span', { class: 'num' })];
    const node = el('button', { type: 'button', class: 'row pair-row', on: { click: () => market.select(pair) } }, ...cells);
    return { node, cells };
  }

  function update({ node, cells }, { pair, status }) {
    setAttribute(node, 'aria-current', String(pair === market.pair));
    setText(cells[0], status === 'open' ? pair : `${pair} ‖`);
    setAttribute(cells[0], 'title', status === 'open' ? pair : `${pair}: ${words(status)}`);
    setText(cells[1], grouped(market.last(pair)));
    const change = market.day(pair)?.change24h;
    setText(cells[2], change ? signed(change) : '–');
    setClass(cells[2], `num ${tone(change)}`);
    setAttribute(cells[2], 'title', 'Change in 24 hours');
  }

  function summary() {
    const { pair, instrument } = market;
    if (!instrument) return;
    const day = market.day(pair);
    const last = market.last(pair);
    setText(byId('last'), grouped(last));
    setText(byId('change'), day ? signed(day.change24h) : '–');
    setClass(byId('change'), tone(day?.change24h));
    setText(byId('high'), grouped(day?.high24h));
    setText(byId('low'), grouped(day?.low24h));
    setText(byId('volume-name'), `24 h volume ${instrument.base}`);
    setText(byId('volume'), grouped(day?.volume24h));
    const open = instrument.status === 'open';
    setText(byId('trading'), open ? 'open' : `‖ ${words(instrument.status)}`);
    setClass(byId('trading'), open ? '' : 'warn');
    // The window's title is the browser's: changing it costs more than all the rest here.
    if (Date.now() - titled < TITLE_MS && titledPair === pair) return;
    [titled, titledPair] = [Date.now(), pair];
    document.title = `${grouped(last)} ${pair}`;
  }

  function offer() {
    const pairs = [...market.instruments.keys()];
    if (pairs.join() !== select.shownPairs) {
      select.shownPairs = pairs.join();
      select.replaceChildren(...pairs.map((pair) => el('option', { value: pair }, pair)));
    }
    if (market.pair) select.value = market.pair;
    drawList();
    drawSummary();
  }

  select.addEventListener('change', () => market.select(select.value));
  market.addEventListener('instruments', offer);
  market.addEventListener('pair', offer);
  for (const type of ['price_update', 'trade', 'trades_snapshot']) {
    client.addEventListener(type, () => {
      drawList();
      drawSummary();
    });
  }
}
