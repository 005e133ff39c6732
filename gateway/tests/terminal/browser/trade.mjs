// Two users in two windows trade with each other in a market that is theirs alone.
import { ask, check, equal, level, live, open, place, placed, quiet, row, script } from './open.mjs';

await script(async (browser) => {
  const alice = await open(browser, 'alice');
  const bob = await open(browser, 'bob');
  equal(await alice.inputValue('#user'), 'alice');
  equal(await alice.textContent('#link-state'), 'live');
  equal(await alice.textContent('#link-deflate'), 'deflate');

  await filters(alice);
  const first = await placed(alice, { type: 'limit', side: 'buy', price: '995.00', amount: '2.00' });
  await level(bob, 'bids', '995.00', '2.00');
  console.log('an order of one window moves the book of the other');

  await amend(alice, bob, first);
  await fill(alice, bob, first);
  await (await row(alice, 'orders', first.slice(0, 0), '996.00')).getByRole('button', { name: 'Cancel' }).click();
  await level(bob, 'bids', '996.00', null);
  await alice.waitForFunction(() => document.querySelectorAll('#orders-panel .rows .tr').length === 0);
  console.log('and is cancelled');

  await types(alice);
  await keys(alice);
  await grouping(alice, bob);
  await halt(alice);
  await switchUser(alice);
  await quiet(alice);
  await quiet(bob);
});

/** Mistakes are told beside their fields while they are typed, and nothing is sent. */
async function filters(page) {
  const hint = (field) => page.textContent(`#hint-${field}`);
  const cases = [
    ['price', '995.005', 'Must be a multiple of 0.01'], ['price', '10', 'Below the band: at least 500.00'], ['price', '1500.01', 'Above the band: at most 1,500.00'],
    ['price', 'abc', 'Digits and one point only'], ['amount', '0.001', 'Must be a multiple of 0.01'], ['amount', '0', 'At least 0.01 LUXURY001'],
    ['amount', '1000000.01', 'At most 1,000,000 LUXURY001'], ['leverage', '11', 'At most 10'], ['leverage', '1', 'Above 1; none is spot'],
  ];
  for (const [field, value, words] of cases) {
    await page.fill(`#field-${field}`, value);
    await page.waitForFunction(([field, words]) => document.getElementById(`hint-${field}`).textContent === words, [field, words]).catch(async () => check(false, `${field} ${value}: ${await hint(field)}`));
    equal(await page.getAttribute(`#field-${field}`, 'aria-invalid'), 'true');
    await page.fill(`#field-${field}`, '');
  }
  // The ends of the band are in it.
  for (const price of ['500.00', '1500.00']) {
    await page.fill('#field-price', price);
    await page.waitForFunction(() => document.getElementById('hint-price').textContent.startsWith('step'));
  }
  await page.fill('#field-price', '1000.00');
  await page.fill('#field-amount', '1000.01');
  await page.waitForFunction(() => document.getElementById('hint-amount').textContent.startsWith('Needs 1,000,010.00 XRP'));
  await page.click('#send');
  await page.fill('#field-amount', '1.00');
  await page.waitForFunction(() => document.querySelector('#order .sum').textContent.includes('1,000.00 XRP'));
  equal(await page.evaluate(() => document.querySelectorAll('#orders-panel .rows .tr').length), 0, 'orders');
  await page.click('.shares button:first-child');
  equal(await page.inputValue('#field-amount'), '250.00', 'a quarter of a million at 1000');
  console.log(`${cases.length + 4} filters`);
}

async function amend(alice, bob, id) {
  const of = await row(alice, 'orders', '▲ Buy');
  const price = of.getByLabel(`price of ${id}`);
  await price.fill('1.00');
  await price.press('Enter');
  await of.getByText('outside the price band').waitFor();
  await price.fill('996.00');
  await price.press('Enter');
  await level(bob, 'bids', '996.00', '2.00');
  await level(bob, 'bids', '995.00', null);
  console.log('it is amended where it stands, and a bad amend is told there');
}

/** The other window takes the price from the ladder by a click. */
async function fill(alice, bob, id) {
  await bob.click('#bids button:first-of-type');
  equal(await bob.inputValue('#field-price'), '996.00', 'one click');
  await place(bob, { type: 'limit', side: 'sell', amount: '0.50' });
  await alice.click('#tab-fills');
  const mine = await row(alice, 'fills', '996.00', '0.50');
  check((await mine.textContent()).includes('maker'), 'alice was there first');
  await bob.click('#tab-fills');
  const his = await row(bob, 'fills', '996.00', '0.50');
  check((await his.textContent()).includes('taker'), 'bob came');
  await alice.click('#tab-orders');
  check((await (await row(alice, 'orders', '996.00')).textContent()).includes('partially filled'), id);
  for (const page of [alice, bob]) {
    await page.waitForFunction(() => document.getElementById('last').textContent === '996.00');
    await page.waitForFunction(() => document.querySelector('#tape li')?.textContent.includes('996.00'));
  }
  console.log('a fill is seen in both windows');
}

async function types(page) {
  await placed(page, { type: 'oco', side: 'sell', targetPrice: '1050.00', stopPrice: '950.00', limitPrice: '945.00', amount: '3.00' });
  const oco = await row(page, 'orders', 'OCO');
  check((await oco.textContent()).includes('950.00'), 'its stop');
  await page.fill('#field-targetPrice', '990.00');
  await page.waitForFunction(() => document.getElementById('hint-targetPrice').textContent === 'Must be above the last price, 996.00');
  await placed(page, { type: 'stop_loss', side: 'sell', stopPrice: '900.00', limitPrice: '890.00', amount: '1.00' });
  await placed(page, { type: 'take_profit', side: 'sell', stopPrice: '1100.00', limitPrice: '', amount: '1.00' });
  await placed(page, { type: 'trailing_stop', side: 'sell', trailing: '1.5', amount: '1.00' });
  await placed(page, { type: 'iceberg', side: 'buy', price: '980.00', amount: '10.00', displayAmount: '1.00' });
  await placed(page, { type: 'limit', side: 'buy', price: '970.00', amount: '1.00', 'post-only': true });
  await page.setChecked('#post-only', false);
  await placed(page, { type: 'limit', side: 'buy', timeInForce: 'GTD', expiresAt: '2099-01-01T00:00', price: '960.00', amount: '1.00' });
  for (const name of ['Stop-loss', 'Take-profit', 'Trailing stop', 'Iceberg', 'Limit post', 'Limit GTD']) await row(page, 'orders', name);
  await level(page, 'bids', '980.00', '1.00');
  await page.fill('#field-price', '');
  await page.click('#send');
  await page.waitForFunction(() => document.getElementById('hint-price').textContent === 'Price is missing');
  equal(await page.evaluate(() => document.activeElement.id), 'field-price', 'where it is missing');
  await placed(page, { type: 'market', side: 'buy', amount: '1.00' });
  console.log('orders of every type');
}

async function keys(page) {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('?');
  await page.locator('#help[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  equal(await page.getAttribute('.sides [data-value="sell"]', 'aria-checked'), 'true');
  check(await page.evaluate(() => document.activeElement.closest('#ticket') !== null), 'the ticket has the focus');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.waitForFunction(() => document.getElementById('pair').value === 'LUXURY002/XRP');
  await page.keyboard.press('p');
  await page.waitForFunction(() => document.getElementById('pair').value === 'LUXURY001/XRP');
  await page.keyboard.press('Shift+C');
  await page.waitForFunction(() => document.querySelectorAll('#orders-panel .rows .tr').length === 0);
  check(/orders are cancelled/.test(await page.textContent('#notice-text')), 'it says so');
  console.log('keys');
}

/** Groups of the ladder are summed outwards: nothing looks better than it is. */
async function grouping(alice, bob) {
  await placed(alice, { type: 'limit', side: 'buy', price: '990.04', amount: '1.00' });
  await placed(alice, { type: 'limit', side: 'buy', price: '990.01', amount: '2.00' });
  await bob.selectOption('#grouping', '10');
  await level(bob, 'bids', '990.00', '3.00');
  await bob.selectOption('#grouping', '1');
  await level(bob, 'bids', '990.04', '1.00');
  console.log('grouping');
}

/** The operator halts the pair: an alert, and a ticket that says why it is off. */
async function halt(page) {
  await ask('halt');
  await page.waitForFunction(() => document.getElementById('trading').textContent === '‖ halted');
  await page.locator('#ticket-off', { hasText: 'LUXURY001/XRP is halted: only cancels are taken.' }).waitFor();
  equal(await page.getAttribute('#notice', 'data-kind'), 'critical');
  await page.locator('#alerts li', { hasText: 'trading halt' }).waitFor();
  await page.locator('#orders-panel .rows').getByRole('button', { name: 'Cancel' }).first().click();
  await page.waitForFunction(() => document.querySelectorAll('#orders-panel .rows .tr').length === 1);
  await ask('resume');
  await page.waitForFunction(() => document.getElementById('trading').textContent === 'open');
  await page.locator('#ticket-off').waitFor({ state: 'hidden' });
  await page.locator('#alerts li').waitFor({ state: 'detached' });
  console.log('a halt');
}

async function switchUser(page) {
  await Promise.all([page.waitForEvent('load'), page.selectOption('#user', 'carol')]);
  await live(page);
  equal(await page.inputValue('#user'), 'carol');
  await page.waitForFunction(() => document.getElementById('notice-text').textContent.includes('carol'));
  equal(await page.evaluate(() => document.querySelectorAll('#orders-panel .rows .tr').length), 0, 'nothing of alice');
  console.log('another user');
}
