// Goes through pages in Chromium by the keyboard alone, and says as JSON what is not reached, or not seen; see test_browser.py.
//
// usage: node keyboard.mjs '{"url": …, "pages": {NAME: PATH}}'
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const { url, pages: paths } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' });
const page = await context.newPage();
const wrong = [];
const steps = {};

/** Everything that a mouse can use, in the order in which it stands. */
const all = () => {
  const usable = 'a[href], button:not(:disabled), input, select, textarea, summary, [tabindex="0"]';
  globalThis.all = [...document.querySelectorAll(usable)].filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.matches('.skip'));
  return globalThis.all.length;
};
/** Where the focus is, and whether that is to be seen. */
const where = () => {
  const it = document.activeElement;
  if (it === null || it === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(it);
  const { top, bottom, left, right } = it.getBoundingClientRect();
  const inside = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return { place: globalThis.all.indexOf(it), text: it.outerHTML.slice(0, 120), seen: outlineStyle !== 'none' && parseFloat(outlineWidth) > 0 && inside };
};

for (const [name, path] of Object.entries(paths)) {
  await page.goto(url + path);
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('[role=status]'), null, { timeout: 60_000 });
  const count = await page.evaluate(all);
  const reached = new Set();
  let [last, ended] = [-1, false];
  // A field for a time has several parts, each of them a stop.
  for (let step = 0; step < count + 40 && !ended; step += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(where);
    if (at === null) ended = reached.size > 0;
    else if (at.place >= 0) {
      if (at.place < last) {
        ended = at.place === 0;
        if (!ended) wrong.push(`${name}: comes back to ${at.text}`);
      }
      last = at.place;
      reached.add(at.place);
      if (!at.seen) wrong.push(`${name}: it is not to be seen that the focus is on ${at.text}`);
    }
  }
  if (!ended) wrong.push(`${name}: the focus does not come to an end`);
  const missed = await page.evaluate((there) => globalThis.all.filter((_, place) => !there.includes(place)).map((each) => each.outerHTML.slice(0, 120)), [...reached]);
  wrong.push(...missed.map((each) => `${name}: does not reach ${each}`));
  steps[name] = reached.size;
}

/** Goes to an element by the keyboard alone. */
async function reach(selector) {
  await page.waitForSelector(selector);
  for (let tabs = 0; tabs < 200; tabs += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

// A past time, and back; a table in another order; what a row leads to.
const went = [];
const note = () => went.push(page.url().slice(url.length).replace(/\d{9,}/, 'N'));
await page.goto(`${url}/stake`);
await reach('input[name=moment]');
await page.keyboard.type('01022037');
await page.keyboard.press('ArrowRight');
await page.keyboard.type('1130AM');
await page.keyboard.press('Enter');
await page.waitForURL('**at=*');
note();
await reach('form button[type=button]');
await page.keyboard.press('Enter');
await page.waitForURL((at) => !at.search);
note();
await reach('main th a');
await page.keyboard.press('Enter');
await page.waitForURL('**sort=*');
note();
await reach('main tbody a.key');
await page.keyboard.press('Enter');
await page.waitForURL(/\/(nodes|stake)\/./);
note();
await browser.close();
console.log(JSON.stringify({ wrong, steps, went }));
