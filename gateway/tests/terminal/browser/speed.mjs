// Frames under sixty updates a second and more, and a machine and a network that are slow.
//
// Over the same frames three things are measured:
// - the processor time of all render functions of a frame, from Chromium's own trace: 95 of 100 must
//   stay under 8 ms. What the machine does meanwhile for others is not in it;
// - the processor time of the whole frame on the main thread, with style, layout and paint. On a busy
//   machine it takes longer for the same, so that it counts (95 of 100 under 8 ms too, and sixty
//   updates a second) with EXCHANGE_MEASURE=1, on a machine that does nothing else;
// - how long the render functions took by the clock, from the measures that the page leaves. That
//   is printed only.
import { check, equal, live, open, placed, quiet, row, script, url } from './open.mjs';

const MOST_MS = 8;
const FRAMES = 300;
const PER_SECOND = 60;

await script(async (browser) => {
  await frames(browser);
  await slow(browser);
});

async function frames(browser) {
  const page = await open(browser, null, { prepare: multiply });
  await live(page);
  await page.waitForFunction(() => document.querySelector('#bids button:not([disabled])') !== null);
  await page.waitForFunction(() => document.querySelectorAll('#tape li').length > 20);
  const devtools = await page.context().newCDPSession(page);
  const events = [];
  devtools.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await devtools.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'] } });
  const before = await received(page);
  const { spans, seconds } = await page.evaluate((wanted) => new Promise((resolve) => {
    const spans = [];
    const start = performance.now();
    new PerformanceObserver((list) => {
      spans.push(...list.getEntriesByName('frame').map((it) => it.duration));
      if (spans.length >= wanted) resolve({ spans, seconds: (performance.now() - start) / 1000 });
    }).observe({ type: 'measure' });
  }), FRAMES);
  const updates = (await received(page)) - before;
  const ended = new Promise((resolve) => devtools.once('Tracing.tracingComplete', resolve));
  await devtools.send('Tracing.end');
  await ended;
  const { renders, wholes } = costsOf(events);
  console.log(`${updates} updates and ${spans.length} drawn frames in ${seconds.toFixed(1)} s`);
  console.log(`render functions, processor time: ${summary(renders)}`);
  console.log(`whole frames on the main thread, processor time: ${summary(wholes)}`);
  console.log(`render functions by the clock: ${summary(spans)}`);
  check(renders.length >= FRAMES / 2 && wholes.length >= FRAMES / 2, `the trace has ${wholes.length} frames`);
  check(updates > 0, 'the page heard of something');
  check(share(renders, 0.95) < MOST_MS, 'the render functions take too long');
  if (process.env.EXCHANGE_MEASURE) {
    check(share(wholes, 0.95) < MOST_MS, 'the frames take too long');
    check(updates / seconds >= PER_SECOND * 0.9, `${(updates / seconds).toFixed(0)} updates a second`);
  } else console.log('******** EXCHANGE_MEASURE is not set: what whole frames cost is told, not judged ********');
  await quiet(page);
  await page.context().close();
}

function received(page) {
  return page.evaluate(() => Number(document.getElementById('link-received').textContent.replaceAll(',', '')));
}

/** Between the page and the gateway: all that the gateway says, and eighty trades a second more. */
async function multiply(page) {
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    let last = null;
    server.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type === 'trade' && message.data.pair === 'LUXURY001/XRP') last = message;
      socket.send(text);
    });
    const timer = setInterval(() => {
      if (!last) return;
      const { data } = last;
      data.sequence += 1e-6;
      data.price = (Number(data.price) + (Math.random() - 0.5) * 0.2).toFixed(2);
      data.timestamp = Date.now();
      data.side = Math.random() < 0.5 ? 'buy' : 'sell';
      socket.send(JSON.stringify(last));
    }, 750 / PER_SECOND);
    socket.onClose(() => clearInterval(timer));
  });
}

/** Milliseconds of processor time, of each frame that was drawn: in its render functions, and in all
 * that the main thread did for it. */
function costsOf(events) {
  const drawn = events.filter((it) => it.name === 'FireAnimationFrame' && it.ph === 'X' && it.tdur !== undefined);
  const thread = drawn[0] && `${drawn[0].pid} ${drawn[0].tid}`;
  const tasks = events.filter((it) => it.ph === 'X' && it.name === 'RunTask' && `${it.pid} ${it.tid}` === thread);
  const around = (frame) => tasks.find((task) => task.ts <= frame.ts && frame.ts < task.ts + task.dur);
  return { renders: drawn.map((it) => it.tdur / 1000), wholes: drawn.map(around).filter(Boolean).map((it) => it.tdur / 1000) };
}

function share(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * part)];
}

function summary(values) {
  return [50, 95, 99].map((part) => `p${part} ${share(values, part / 100)?.toFixed(2)} ms`).join(', ');
}

/** A sixth of the processor and a modem's network: later, but right. */
async function slow(browser) {
  const page = await open(browser, 'carol');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 96_000, uploadThroughput: 32_000 });
  await page.reload();
  await live(page);
  await placed(page, { type: 'limit', side: 'buy', price: '700.00', amount: '1.00' });
  await row(page, 'orders', '▲ Buy');
  const top = () => page.evaluate(() => [...document.querySelectorAll('#bids button')].map((it) => it.price).join());
  const before = await top();
  await page.waitForFunction((before) => [...document.querySelectorAll('#bids button')].map((it) => it.price).join() !== before, before);
  equal(await page.textContent('#link-gaps'), '0', 'gaps');
  await quiet(page);
  console.log(`a slow machine on a slow network trades too (${url})`);
}
