// The terminal: one client, what it hears, and the panels that show it.
import { NexVestXRClient } from '/client/index.js';
import { startChart } from './chart.js';
import { startDepth } from './depth.js';
import { byId, setText, tabs } from './dom.js';
import { inWords } from './errors.js';
import { startFills } from './fills.js';
import { startKeys } from './keys.js';
import { startLadder } from './ladder.js';
import { startLine } from './line.js';
import { Market } from './market.js';
import { startNews } from './news.js';
import { startNotices } from './notices.js';
import { startOrders } from './orders.js';
import { startPairs } from './pairs.js';
import { startPortfolio } from './portfolio.js';
import { startPositions } from './positions.js';
import { forget, signIn } from './session.js';
import { startTape } from './tape.js';
import { startTicket } from './ticket.js';

const WIDE = matchMedia('(min-width: 1900px)');

const token = await signIn();
const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
const client = new NexVestXRClient({ url, token });
const market = new Market(client);
const myOrders = (pair) => [...client.orders.values()].filter((it) => it.pair === pair);
const app = { client, market, myOrders };

app.say = startNotices(app);
app.ticket = startTicket(app);
app.orders = startOrders(app);
app.show = views();
app.cycleTheme = themes();
for (const start of [startPairs, startLadder, startTape, startChart, startDepth, startFills, startPositions, startPortfolio, startNews, startLine, startKeys]) start(app);

const chartTabs = tabs(document.querySelector('.chart .tabs'), (id) => {
  byId('steps').hidden = id !== 'tab-candles';
});
tabs(document.querySelector('.bottom .tabs'), (id) => {
  for (const part of ['this-pair-label', 'cancel-all']) byId(part).hidden = id !== 'tab-orders';
});
roomForDepth();
WIDE.addEventListener('change', roomForDepth);

client.addEventListener('state', ({ detail: { state, reason } }) => {
  if (state === 'ready') void market.refresh();
  if (state === 'closed' && /TOKEN|AUTH/.test(reason ?? '')) forget();
});
client.addEventListener('error', ({ detail }) => {
  if (detail.code !== 'AUTH_FAILED') app.say(inWords(detail), true);
});
market.addEventListener('refused', ({ detail }) => app.say(inWords(detail), true));
client.connect();

/** On a wide screen depth has a panel of its own; else it is the chart's second tab. */
function roomForDepth() {
  const panel = byId('depth-panel');
  const isWide = WIDE.matches;
  (isWide ? byId('depth-room') : document.querySelector('.panel.chart')).append(panel);
  byId('tab-depth').hidden = isWide;
  panel.hidden = false;
  chartTabs.select('tab-candles');
  panel.setAttribute('aria-labelledby', isWide ? 'depth-title' : 'tab-depth');
  panel.setAttribute('role', isWide ? 'group' : 'tabpanel');
}

/** On a phone one view at a time. */
function views() {
  const nav = byId('views');
  const show = (name) => {
    document.body.dataset.view = name;
    for (const button of nav.children) {
      if (button.dataset.view === name) button.setAttribute('aria-current', 'page');
      else button.removeAttribute('aria-current');
    }
  };
  nav.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) show(button.dataset.view);
  });
  return show;
}

function themes() {
  const button = byId('theme');
  const name = () => {
    const other = document.documentElement.dataset.theme === 'light' ? 'dark' : 'light';
    button.setAttribute('aria-label', `Switch to the ${other} theme`);
    setText(button, other === 'light' ? '☀' : '☾');
    return other;
  };
  const cycle = () => {
    const other = name();
    document.documentElement.dataset.theme = other;
    localStorage.setItem('theme', other);
    document.dispatchEvent(new Event('theme'));
    name();
  };
  button.addEventListener('click', cycle);
  document.addEventListener('theme', name);
  name();
  return cycle;
}
