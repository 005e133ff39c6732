// A long position of ten times its margin, a price that two others trade down, the call, and the
// way out of it.
import { check, equal, open, placed, quiet, row, script, trader } from './open.mjs';

await script(async (browser) => {
  const alice = await open(browser, 'alice');
  const [bob, carol] = [await trader(browser, 'bob'), await trader(browser, 'carol')];

  await bob.place('limit', { side: 'sell', amount: '10.00', price: '1000.00' });
  await alice.waitForFunction(() => document.querySelector('#asks button')?.price === '1000.00');
  await alice.selectOption('#order-type', 'market');
  await alice.fill('#field-amount', '10.00');
  await alice.fill('#field-leverage', '10');
  await alice.waitForFunction(() => document.querySelector('#order .sum').textContent.includes('≈ 10,000.00 XRP'));
  check((await alice.textContent('#order .sum')).includes('1,000'), 'a tenth as margin');
  await placed(alice, { type: 'market', side: 'buy', amount: '10.00', leverage: '10' });
  await alice.click('#tab-positions');
  const position = await row(alice, 'positions', '▲ Long');
  equal(await position.locator('.c-liquidation').textContent(), '947.37', 'liquidation');
  console.log('a position is open');

  // The mark price is the median of best bid, best ask and last trade.
  await bob.place('limit', { side: 'buy', amount: '50.00', price: '964.00' });
  await bob.place('limit', { side: 'sell', amount: '50.00', price: '966.00' });
  await carol.place('limit', { side: 'sell', amount: '1.00', price: '964.00' });
  await alice.waitForFunction(() => document.getElementById('notice').dataset.kind === 'warning' && /^MARGIN CALL, warning: long LUXURY001\/XRP/.test(document.getElementById('notice-text').textContent));
  check(/^reduced in (59:\d\d|1:00:00)$/.test(await alice.textContent('#notice-count')), `a countdown: ${await alice.textContent('#notice-count')}`);
  check((await alice.textContent('#announce')).startsWith('Margin call, warning'), 'screen readers hear of it');
  const counted = await alice.textContent('#notice-count');
  await alice.waitForFunction((before) => document.getElementById('notice-count').textContent !== before, counted);
  await alice.waitForFunction(() => document.querySelector('#positions-panel .rows .c-mark').textContent === '964.00');
  equal(await position.locator('.c-distance').textContent(), '1.73%', 'distance');
  check((await position.locator('.c-pnl').textContent()).startsWith('−360.00'), 'it lost');
  console.log('it is called');

  await position.getByRole('textbox').fill('1000000');
  await position.getByRole('button', { name: 'Add margin' }).click();
  await position.locator('.note.bad').waitFor();
  console.log(`too much is told in the position's row: ${await position.locator('.note.bad').textContent()}`);
  await position.getByRole('textbox').fill('10.00');
  await position.getByRole('button', { name: 'Add margin' }).click();
  await alice.waitForFunction(() => document.querySelector('#positions-panel .rows .c-margin').textContent === '1,010');
  await alice.locator('#notice-actions button').first().click();
  await alice.waitForFunction(() => document.getElementById('notice').dataset.kind !== 'warning' && document.getElementById('say').textContent === 'The margin call is over.');
  console.log('and rescued');

  await placed(alice, { type: 'market', side: 'sell', leverage: '', 'reduce-only': true, amount: '1.00' });
  await alice.waitForFunction(() => document.querySelector('#positions-panel .rows .c-size').textContent === '9.00');
  console.log('and reduced');

  await position.getByRole('button', { name: 'Close the position' }).click();
  await alice.waitForFunction(() => document.querySelectorAll('#positions-panel .rows .tr').length === 0);
  console.log('and closed');
  await quiet(alice);
});
