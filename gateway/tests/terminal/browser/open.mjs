// Chromium with a page of the terminal for each user, and what scripts ask of it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { watch } from '../../recorder/frames.mjs';

const need = createRequire(`${process.env.TERMINAL_PEERS}/node_modules/`);
const { chromium } = need('playwright-core');
export const axeSource = () => need('axe-core').source;
export const url = process.env.TERMINAL_URL;
export const LONG = 30_000;

/** What is wrong ends the script. */
export function check(is, words) {
  if (!is) throw new Error(words);
}

export const equal = (found, expected, words = '') => check(found === expected, `${words} expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the test for something and waits until it is done. */
export async function ask(what) {
  console.log(what);
  await answers.next();
}

/** Runs `body(browser)`, prints `done` where all went well, and ends Chromium in any case. */
export async function script(body) {
  const browser = await chromium.launch({
    executablePath: process.env.TERMINAL_CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  let status = 0;
  try {
    await body(browser);
    console.log('done');
  } catch (error) {
    console.log(error.stack);
    status = 1;
  }
  await browser.close();
  process.exit(status);
}

/** A window of one user, signed in; `complaints` is what its console said. */
export async function open(browser, user, { width = 1440, height = 900, theme = 'dark', prepare } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  await context.addInitScript((user) => {
    if (user && !sessionStorage.getItem('user')) sessionStorage.setItem('user', user);
  }, user);
  const page = await context.newPage();
  watch(page);
  page.setDefaultTimeout(LONG);
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => page.complaints.push(String(error.stack)));
  await prepare?.(page);
  await page.goto(url);
  if (user) {
    await live(page);
    await page.waitForFunction((user) => document.getElementById('notice-text').textContent.includes(user) || document.getElementById('user').value === user, user);
    // The account is there when its balances are.
    await page.waitForFunction(() => /\d/.test(document.querySelector('#order .sum > div:last-child dd')?.textContent ?? '') || document.querySelector('#ticket').offsetParent === null);
  }
  return page;
}

export const live = (page) => page.waitForFunction(() => document.body.dataset.link === 'ready');

export const quiet = (page) => equal(page.complaints.join('\n'), '', 'the console');

/** Fills the ticket in and sends it; gives what the ticket says then. */
export async function place(page, { type, side, ...fields }) {
  await page.selectOption('#order-type', type);
  await page.click(`.sides [data-value="${side}"]`);
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'boolean') await page.setChecked(`#${name}`, value);
    else if (name === 'timeInForce') await page.selectOption('#time-in-force', value);
    else await page.fill(`#field-${name}`, value);
  }
  await page.click('#send');
  return said(page);
}

/** What the ticket says next. */
export async function said(page) {
  await page.waitForFunction(() => document.getElementById('ticket-said').textContent !== '');
  return page.textContent('#ticket-said');
}

/** An order is placed; gives its id. */
export async function placed(page, order) {
  const text = await place(page, order);
  const id = /^order_\d+/.exec(text)?.[0];
  check(id, `${JSON.stringify(order)}: ${text}`);
  return id;
}

/** The row of a panel that has these words, as soon as there is one. */
export async function row(page, panel, ...words) {
  const rows = words.reduce((found, word) => found.filter({ hasText: word }), page.locator(`#${panel}-panel .rows .tr`));
  await rows.first().waitFor({ state: 'attached' });
  return rows.first();
}

/** Waits until the book shows (or does not) an amount at a price. */
export const level = (page, side, price, amount) => page.waitForFunction(([side, price, amount]) => {
  const found = [...document.querySelectorAll(`#${side} button`)].find((it) => it.price === price);
  return amount === null ? !found : found?.cells[1].textContent === amount;
}, [side, price, amount]).catch(async () => {
  const found = await page.evaluate((side) => [...document.querySelectorAll(`#${side} button:not([disabled])`)].map((it) => it.innerText.replaceAll('\n', ' ')), side);
  throw new Error(`${side} ${price}: expected ${amount}, found ${JSON.stringify(found)}; ${page.complaints.join()}`);
});

/** A trader without a window: the client core alone, on a page that has nothing else. */
export async function trader(browser, user) {
  const page = await (await browser.newContext()).newPage();
  watch(page);
  await page.goto(`${url}/health`);
  await page.evaluate(async ([url, user]) => {
    const { NexVestXRClient } = await import('/client/index.js');
    const { users } = await (await fetch('/demo/users')).json();
    window.client = new NexVestXRClient({ url: `${url.replace('http', 'ws')}/ws`, token: users.find((it) => it.user === user).token });
    const ready = new Promise((resolve) => client.addEventListener('state', ({ detail }) => detail.state === 'ready' && resolve()));
    client.connect();
    await ready;
  }, [url, user]);
  return {
    place: (type, order) => page.evaluate(([type, order]) => client.placeOrder(type, { pair: 'LUXURY001/XRP', ...order }).then((it) => it.result.orderId), [type, order]),
    cancelAll: () => page.evaluate(() => client.cancelAll().then((it) => it.result.count)),
    page,
  };
}
