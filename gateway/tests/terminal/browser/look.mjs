// Every size and both themes: nothing is cut off sideways, nothing moves by itself, and axe finds
// no serious or critical fault. With TERMINAL_SHOTS a picture of each is left there.
import { axeSource, equal, open, placed, quiet, script } from './open.mjs';

const SIZES = [[320, 640], [360, 740], [768, 1024], [1180, 720], [1440, 900], [2560, 1440], [3840, 2160]];
const AXED = [360, 1440];
const axe = axeSource();
/** All that is wrong, not only the first of it. */
const faults = [];

await script(async (browser) => {
  await orders(browser);
  for (const theme of ['dark', 'light']) {
    for (const [width, height] of SIZES.filter(([width]) => theme === 'dark' || AXED.includes(width))) await look(browser, theme, width, height);
  }
  equal(faults.join('\n'), '');
});

/** Something to look at. */
async function orders(browser) {
  const page = await open(browser, 'alice');
  const last = Number((await page.textContent('#last')).replaceAll(',', ''));
  await placed(page, { type: 'limit', side: 'buy', price: (last * 0.98).toFixed(2), amount: '12.50' });
  await placed(page, { type: 'oco', side: 'sell', targetPrice: (last * 1.05).toFixed(2), stopPrice: (last * 0.95).toFixed(2), limitPrice: (last * 0.94).toFixed(2), amount: '7.00' });
  await placed(page, { type: 'market', side: 'buy', amount: '10.00', leverage: '5' });
  await page.context().close();
}

async function look(browser, theme, width, height) {
  const page = await open(browser, 'alice', { width, height, theme });
  const name = `${theme} ${width}x${height}`;
  equal(await page.getAttribute('html', 'data-theme'), theme);
  await page.waitForFunction(() => document.querySelector('#bids button:not([disabled])') !== null);
  const views = width < 760 ? ['markets', 'chart', 'book', 'trade', 'account'] : ['all'];
  for (const view of views) {
    if (view !== 'all') await page.click(`#views [data-view="${view}"]`);
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    if (wide > 0) faults.push(`${name} ${view} is ${wide} px too wide`);
    if (AXED.includes(width)) await audit(page, `${name} ${view}`);
  }
  if (width >= 760) await still(page, name);
  if (AXED.includes(width)) await rest(page, name, width);
  if (process.env.TERMINAL_SHOTS) await page.screenshot({ path: `${process.env.TERMINAL_SHOTS}/${theme}-${width}x${height}.png` });
  await quiet(page);
  await page.context().close();
}

/** While sixty trades and books go by, nothing is pushed aside. */
async function still(page, name) {
  const [moved, where] = await page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    const where = new Set();
    let frames = 0;
    new PerformanceObserver((list) => {
      for (const it of list.getEntries()) {
        // Trades go down in the tape as new ones come: that is what it is for.
        if (it.sources.every(({ node }) => node?.parentElement?.id === 'tape')) continue;
        sum += it.value;
        for (const { node } of it.sources) where.add(node?.id || node?.className || node?.parentElement?.className);
      }
    }).observe({ type: 'layout-shift' });
    new PerformanceObserver((list) => {
      frames += list.getEntries().length;
      if (frames >= 15) resolve([sum, [...where].join()]);
    }).observe({ type: 'measure' });
  }));
  if (moved >= 0.002) faults.push(`${name}: the layout shifted by ${moved} at ${where}`);
}

/** What is behind a tab, or in a dialog. */
async function rest(page, name, width) {
  if (width < 760) await page.click('#views [data-view="account"]');
  for (const tab of ['positions', 'fills', 'portfolio']) {
    await page.click(`#tab-${tab}`);
    await page.locator(`#${tab}-panel .tr:not(.head)`).first().waitFor();
    await audit(page, `${name} ${tab}`);
  }
  await page.evaluate(() => document.getElementById('help').showModal());
  await audit(page, `${name} help`);
  await page.keyboard.press('Escape');
}

async function audit(page, name) {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.filter((it) => ['serious', 'critical'].includes(it.impact)).map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 5).join(' | ')}`);
  });
  faults.push(...found.map((it) => `${name}: ${it}`));
}
