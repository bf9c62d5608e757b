// Looks at one page while the ledger moves on, without loading it again; see test_living.py.
//
// usage: node living.mjs '{"url": …, "page": PATH, "steps": [[STEP, TEXT]]}'
//
// Each step is asked for with POST; then the page has to show its text.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const { url, page: path, steps } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ locale: 'de-DE' });
let loaded = 0;
page.on('load', () => (loaded += 1));
const shows = (text) => page.waitForFunction((it) => document.querySelector('main').innerText.includes(it), text, { timeout: 120_000 });
await page.goto(url + path);
await page.waitForFunction(() => /^Live$/m.test(document.querySelector('footer').innerText), null, { timeout: 60_000 });
await page.evaluate(() => {
  const footer = document.querySelector('footer');
  globalThis.told = [];
  const look = () => globalThis.told.push(footer.innerText.trim().split('\n').at(-1));
  new MutationObserver(look).observe(footer, { subtree: true, characterData: true, childList: true });
});
for (const [step, text] of steps) {
  if (await page.evaluate((it) => document.querySelector('main').innerText.includes(it), text)) throw new Error(`${text} was there before`);
  const done = await fetch(url + step, { method: 'POST' });
  if (!done.ok) throw new Error(`${step}: ${done.status}`);
  await shows(text);
}
await page.waitForFunction(() => globalThis.told.at(-1) !== 'Not live', null, { timeout: 60_000 });
const told = await page.evaluate(() => globalThis.told);
await browser.close();
console.log(JSON.stringify({ loaded, told }));
