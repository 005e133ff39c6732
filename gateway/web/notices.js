// The line under the bar: the worst thing that is so now, in words. Its room is always there, so
// that nothing moves when it speaks. What is new is said to screen readers once.
import { byId, el, setAttribute, setText } from './dom.js';
import { inWords } from './errors.js';
import { grouped, remaining, words } from './figures.js';
import { always } from './frame.js';
import { inForce } from './news.js';

const MARKS = { quiet: '·', done: '✓', info: 'i', warning: '!', critical: '‼', lost: '✕' };
const SAID_MS = 6_000;
const NARROW = matchMedia('(max-width: 759px)');

export function startNotices({ client, market }) {
  const [line, mark, text, count, actions] = ['notice', 'notice-mark', 'notice-text', 'notice-count', 'notice-actions'].map(byId);
  let said = null;
  let link = { state: client.state };
  let lostAt = Date.now();
  let shownActions = '';
  let failed = '';
  const invalidate = always(render);

  /** Says something that was done, or was not. */
  function say(words, isBad = false) {
    said = { text: words, kind: isBad ? 'warning' : 'done', until: Date.now() + SAID_MS };
    setText(byId(isBad ? 'announce' : 'say'), words);
    invalidate();
  }

  function lost() {
    const since = client.state === 'ready' ? '' : ` What you see is of ${new Date(lostAt).toLocaleTimeString('en-GB')}.`;
    const { state, retryInMs, reason } = link;
    if (state === 'stale') return { kind: 'lost', text: `STALE: nothing was heard from the exchange.${since} The ticket is off.` };
    if (reason === 'CONNECTION_LIMIT') return { kind: 'lost', text: 'NOT CONNECTED: this user has as many connections as are allowed. Close another window.' };
    if (reason === 'TOKEN_EXPIRED') return { kind: 'lost', text: 'SIGNED OUT: the token has expired. The ticket is off. Sign out, and in with another.' };
    if (state === 'closed') return { kind: 'lost', text: `SIGNED OUT: ${words(reason) || 'the session has ended'}. Load the page again.` };
    if (state === 'waiting') return { kind: 'lost', text: `CONNECTION LOST.${since} The ticket is off.`, until: link.at + (retryInMs ?? 0), before: 'next try in' };
    return { kind: 'lost', text: `CONNECTING …${link.wasReady ? `${since} The ticket is off.` : ''}` };
  }

  /** The most urgent margin call, with what answers it. */
  function call() {
    const calls = [...client.marginCalls.values()].sort((a, b) => (a.severity === b.severity ? a.reducedAt - b.reducedAt : a.severity === 'critical' ? -1 : 1));
    const it = calls[0];
    if (!it) return null;
    const position = client.positions.get(it.positionId);
    const pair = it.pair ?? position?.pair ?? '';
    const asset = market.instruments.get(pair)?.quote ?? '';
    const more = calls.length > 1 ? ` (and ${calls.length - 1} more)` : '';
    return {
      kind: it.severity === 'critical' ? 'critical' : 'warning',
      text: `MARGIN CALL, ${it.severity}: ${position?.side ?? ''} ${pair}${more}. Deposit ${grouped(it.requiredDeposit)} ${asset}${it.requiredReduction ? ` or reduce by ${it.requiredReduction}` : ''}; liquidation at ${grouped(it.liquidationPrice)}.${failed ? ` ${failed}` : ''}`,
      brief: `MARGIN CALL, ${it.severity}: ${position?.side ?? ''} ${pair}`,
      until: it.reducedAt, before: 'reduced in',
      key: `${it.positionId} ${it.requiredDeposit}`,
      actions: [[`Add ${grouped(it.requiredDeposit)} ${asset}`, () => client.adjustMargin(it.positionId, it.requiredDeposit)], ['Close position', () => client.closePosition(it.positionId)]],
    };
  }

  function alert() {
    const it = inForce(client).find(({ pair }) => !pair || pair === market.pair);
    return it && { kind: it.severity, text: it.message, until: it.endsAt, before: 'ends in' };
  }

  function worst() {
    if (client.state !== 'ready') return lost();
    if (said && said.until < Date.now()) said = null;
    const told = alert();
    if (told?.kind === 'critical') return call() ?? told;
    return call() ?? said ?? told ?? { kind: 'quiet', text: client.session ? `Signed in as ${client.session.userId}. Press ? for the keys.` : 'Only watching: sign in to trade. Press ? for the keys.' };
  }

  function render() {
    const now = worst();
    setAttribute(line, 'data-kind', now.kind);
    setText(mark, MARKS[now.kind] ?? '·');
    setText(text, (NARROW.matches && now.brief) || now.text);
    setAttribute(text, 'title', now.text);
    setText(count, now.before && now.until ? `${now.before} ${remaining(now.until)}` : '');
    if (shownActions === (now.key ?? '')) return;
    shownActions = now.key ?? '';
    actions.replaceChildren(...(now.actions ?? []).map(([name, run]) => el('button', { type: 'button', class: 'btn small', on: { click: async (event) => {
      event.target.disabled = true;
      failed = '';
      try {
        await run();
      } catch (error) {
        failed = inWords(error);
      }
      event.target.disabled = false;
      invalidate();
    } } }, name)));
  }

  client.addEventListener('state', ({ detail }) => {
    const was = link.state;
    link = { ...detail, at: Date.now(), wasReady: link.wasReady || was === 'ready' };
    if (was === 'ready' && detail.state !== 'ready') lostAt = Date.now();
    document.body.dataset.link = detail.state;
    if (was === 'ready' && detail.state !== 'ready') setText(byId('announce'), lost().text);
    if (detail.state === 'ready' && link.wasReady) say('Connected again. All books and orders are up to date.');
    invalidate();
  });
  client.addEventListener('margin_call', ({ detail: { data } }) => {
    failed = '';
    setText(byId('announce'), `Margin call, ${data.severity}: deposit ${data.requiredDeposit}`);
  });
  client.addEventListener('margin_call_cleared', () => say('The margin call is over.'));
  client.addEventListener('risk_alert', ({ detail: { data } }) => setText(byId(data.severity === 'critical' ? 'announce' : 'say'), data.message));
  client.addEventListener('notice', ({ detail: { data } }) => {
    if (data.category !== 'token_expiring') say(data.message ?? words(data.category), true);
  });
  for (const type of ['margin_call', 'margin_call_cleared', 'risk_alert', 'authenticated', 'position_update']) client.addEventListener(type, invalidate);
  setInterval(invalidate, 500);
  return say;
}
