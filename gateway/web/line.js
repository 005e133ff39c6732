// The connection line: how the exchange is heard.
import { byId, setText } from './dom.js';
import { clock, grouped } from './figures.js';
import { always } from './frame.js';

const STATES = {
  idle: ['○', 'not connected'], connecting: ['◌', 'connecting'], authenticating: ['◌', 'signing in'], ready: ['●', 'live'],
  waiting: ['✕', 'lost'], stale: ['✕', 'stale'], closed: ['✕', 'closed'],
};

export function startLine({ client }) {
  const invalidate = always(() => {
    const { stats, state } = client;
    const [mark, word] = STATES[state] ?? ['?', state];
    setText(byId('link-mark'), mark);
    setText(byId('link-state'), word);
    setText(byId('link-latency'), stats.latencyMs === null ? '–' : `${stats.latencyMs} ms`);
    setText(byId('link-received'), grouped(String(stats.messagesReceived)));
    setText(byId('link-sent'), grouped(String(stats.messagesSent)));
    setText(byId('link-reconnects'), String(stats.reconnects));
    setText(byId('link-gaps'), String(stats.sequenceGaps));
    setText(byId('link-deflate'), state !== 'ready' ? '–' : stats.compressed ? 'deflate' : 'off');
    setText(byId('clock'), clock(Date.now()));
  });
  client.addEventListener('state', invalidate);
  setInterval(invalidate, 1000);
}
