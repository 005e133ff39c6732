// An exchange that is no demo: a token is asked for, kept in this tab only, and gone on request.
import { check, equal, live, open, placed, quiet, row, script, url } from './open.mjs';

await script(async (browser) => {
  const page = await open(browser, null);
  await page.locator('#sign-in[open]').waitFor();
  await page.fill('#token', 'nothing');
  await page.press('#token', 'Enter');
  await page.waitForFunction(() => document.getElementById('token-error').textContent.startsWith('A token has three parts'));
  await page.fill('#token', process.env.TERMINAL_TOKEN);
  await page.press('#token', 'Enter');
  await live(page);
  await placed(page, { type: 'limit', side: 'buy', price: '995.00', amount: '2.00' });
  check((await page.textContent('#order .sum')).includes('Fee at most (0.20%)3.98 XRP'), `the fee: ${await page.textContent('#order .sum')}`);
  await row(page, 'orders', '▲ Buy');
  equal(await page.evaluate(() => JSON.stringify([localStorage.length, document.cookie])), '[0,""]', 'kept');
  await page.reload();
  await live(page);
  await row(page, 'orders', '▲ Buy');
  console.log('signed in, also after a reload');

  await Promise.all([page.waitForEvent('load'), page.click('#sign-out')]);
  await page.locator('#sign-in[open]').waitFor();
  await page.click('#sign-in-watch');
  await live(page);
  await page.locator('#ticket-off', { hasText: 'Sign in to trade' }).waitFor();
  check(await page.isDisabled('#send'), 'who watches cannot trade');
  await page.waitForFunction(() => [...document.querySelectorAll('#bids button')].some((it) => it.price === '995.00'));
  console.log('watched without a token');
  // The demo's tokens were asked for, and are not here.
  const others = page.complaints.filter((it) => !it.includes(`${url}/demo/users`));
  equal(others.join('\n'), '', 'the console');

  // A token of somebody else's key is refused in words, and asked for again.
  const stranger = await open(browser, null);
  await stranger.fill('#token', `${process.env.TERMINAL_TOKEN.split('.').slice(0, 2).join('.')}.AAAA`);
  await stranger.press('#token', 'Enter');
  await stranger.waitForFunction(() => document.getElementById('notice-text').textContent.startsWith('SIGNED OUT'));
  await stranger.reload();
  await stranger.locator('#sign-in[open]').waitFor();
  console.log('and refused with a bad one');
  void quiet;
});
