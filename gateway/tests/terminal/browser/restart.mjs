// The gateway dies under the page and comes back over the same data: unmistakable while it is
// gone, and whole again after. Then it is frozen, so that its sockets stand and nothing is heard.
import { ask, check, equal, live, open, placed, quiet, row, script } from './open.mjs';

await script(async (browser) => {
  const page = await open(browser, 'alice');
  await page.waitForFunction(() => document.querySelectorAll('#bids button:not([disabled])').length > 3);
  const id = await placed(page, { type: 'limit', side: 'buy', price: '700.00', amount: '1.00' });
  await row(page, 'orders', '▲ Buy');
  await quiet(page);

  await ask('kill');
  await page.waitForFunction(() => document.body.dataset.link !== 'ready');
  await page.waitForFunction(() => /^(CONNECTION LOST|CONNECTING)/.test(document.getElementById('notice-text').textContent));
  await page.locator('#ticket-off', { hasText: 'Orders are off' }).waitFor();
  check(await page.isDisabled('#send'), 'the ticket is off');
  check(await page.isDisabled('#cancel-all'), 'and so is cancelling');
  equal(await page.getAttribute('#notice', 'data-kind'), 'lost');
  check((await page.textContent('#announce')).length > 0, 'screen readers hear of it');
  check((await page.evaluate(() => getComputedStyle(document.querySelector('.book .body')).filter)).includes('grayscale'), 'the book is grey');
  check(!(await page.evaluate(() => [...document.querySelectorAll('#bids button')].some((it) => it.matches(':focus')))), 'nothing is focused');
  console.log('a lost connection is unmistakable');

  await ask('start');
  await live(page);
  await page.waitForFunction(() => document.getElementById('link-reconnects').textContent === '1');
  await page.locator('#ticket-off').waitFor({ state: 'hidden' });
  check((await (await row(page, 'orders', '▲ Buy')).textContent()).includes('open'), `${id} is still there`);
  const top = () => page.evaluate(() => [...document.querySelectorAll('#bids button, #asks button')].map((it) => it.price).join());
  const before = await top();
  await page.waitForFunction((before) => [...document.querySelectorAll('#bids button, #asks button')].map((it) => it.price).join() !== before, before);
  const second = await placed(page, { type: 'limit', side: 'buy', price: '700.00', amount: '2.00' });
  check(Number(second.slice(6)) > Number(id.slice(6)), 'ids go on');
  equal(await page.textContent('#link-gaps'), '0', 'gaps');
  await silence(page);
  // A browser tells of each try that found nobody; of nothing else.
  const others = page.complaints.filter((it) => !/WebSocket connection to .* failed/.test(it));
  equal(others.join('\n'), '', 'the console');
  console.log('and all is there again');
});

/** A gateway that says nothing any more, while its sockets stand. */
async function silence(page) {
  await ask('freeze');
  await page.waitForFunction(() => document.body.dataset.link === 'stale');
  await page.waitForFunction(() => document.getElementById('notice-text').textContent.startsWith('STALE'));
  await page.locator('#ticket-off', { hasText: 'stale' }).waitFor();
  check(await page.isDisabled('#send'), 'the ticket is off');
  await ask('thaw');
  await live(page);
  await page.locator('#ticket-off').waitFor({ state: 'hidden' });
  console.log('a silent one is told from a live one');
}
