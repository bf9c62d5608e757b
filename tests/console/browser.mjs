// What the console's journeys in Chromium share: a browser with a test wallet, looking at pages, agreeing to transactions.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import { install } from '../explorer/wallet.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const given = JSON.parse(process.argv[2]);
const { url, folder } = given;
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** Asks the test for something that only it can do, and gives its answer. */
export const please = async (what) => {
  process.stdout.write(`${JSON.stringify({ please: what })}\n`);
  return JSON.parse((await lines.next()).value);
};
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const wide = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
export const patience = { timeout: 90_000 };
export const wrong = [];
export const saw = {};

/** A new browser's page with a wallet. also: other places than the console that it may go to. locale: of the reader. */
export async function open(who, also = [], locale = 'en-US') {
  const key = crypto.createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${who.seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const context = await browser.newContext({ viewport: wide, colorScheme: 'light', locale });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => wrong.push(`error ${error}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(`console ${message.text()}`));
  page.on('request', (request) => [url, ...also].some((each) => request.url().startsWith(each)) || wrong.push(`asks ${request.url()}`));
  await context.exposeFunction('__sign', (message) => [...crypto.sign(null, Buffer.from(message), key)]);
  await page.addInitScript(install, { address: who.address, kind: 'signing' });
  return { context, page };
}

/** Looks at a page as it is, wide and light, then narrow and dark. */
export async function look(page, name) {
  for (const [size, viewport, colorScheme] of [['wide-light', wide, 'light'], ['phone-dark', phone, 'dark']]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // The policy of the pages lets no script in; the debugger's own evaluation is not bound by it.
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const rules = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
      return (await globalThis.axe.run(document, rules)).violations.map((each) => `axe ${each.id}: ${each.nodes[0].target}`);
    });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wider > 0) found.push(`${wider} pixels wider than the screen`);
    wrong.push(...found.map((each) => `${name} ${size}: ${each}`));
    if (folder) await page.screenshot({ path: `${folder}/console-${name}-${size}.png`, fullPage: true });
  }
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: 'light' });
}

export const words = async (page, selector) => (await page.innerText(selector)).replace(/[\s\u202f]+/g, ' ').trim();
export const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Reads what is to be signed, and signs it. */
export async function agree(page) {
  try {
    await page.waitForFunction(() => document.querySelector('.review, .result .box'), null, patience);
  } catch (error) {
    throw new Error(`nothing is there to be signed:\n${await page.innerText('main')}`, { cause: error });
  }
  const refused = await page.$('.result .box');
  if (refused) throw new Error(await refused.innerText());
  const does = (await page.locator('.review li').allInnerTexts()).map((each) => each.replace(/\u202f/g, ' '));
  const said = (await page.locator('.review .said').allInnerTexts()).map((each) => each.replace(/\u202f/g, ' '));
  await button(page, 'Sign with Test Wallet').click();
  return { does, said };
}

export const done = (page) => page.waitForFunction(() => /^Done\./m.test(document.querySelector('.result')?.innerText ?? ''), null, patience);


/** Ends the browser, and says what was seen. */
export async function end() {
  await browser.close();
  process.stdout.write(`${JSON.stringify({ wrong, saw })}\n`);
  process.exit(0);
}
