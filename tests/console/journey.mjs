// Rents and supplies in Chromium with test wallets, and says what it saw; see test_journey.py.
//
// usage: node journey.mjs '{"url": …, "node": …, "renter": {"address": …, "seed": HEX}, "supplier": …, "program": …, "go": …, "folder": …}'
//
// What only the test can do (time passes, a reward is credited) it asks for by a line, and is answered by one.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import { install } from '../explorer/wallet.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const { url, node, renter, supplier, program, go, folder } = JSON.parse(process.argv[2]);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const please = async (what) => {
  process.stdout.write(`${JSON.stringify({ please: what })}\n`);
  return JSON.parse((await lines.next()).value);
};
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const wide = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const patience = { timeout: 90_000 };
const wrong = [];
const saw = {};

async function open(who) {
  const key = crypto.createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${who.seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const context = await browser.newContext({ viewport: wide, colorScheme: 'light', locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  page.on('pageerror', (error) => wrong.push(`error ${error}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(`console ${message.text()}`));
  page.on('request', (request) => request.url().startsWith(url) || wrong.push(`asks ${request.url()}`));
  await context.exposeFunction('__sign', (message) => [...crypto.sign(null, Buffer.from(message), key)]);
  await page.addInitScript(install, { address: who.address, kind: 'signing' });
  return { context, page };
}

/** Looks at a page as it is, wide and light, then narrow and dark. */
async function look(page, name) {
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

const words = async (page, selector) => (await page.innerText(selector)).replace(/[\s\u202f]+/g, ' ').trim();
const button = (page, name) => page.getByRole('button', { name, exact: true });

async function agree(page) {
  await page.waitForFunction(() => document.querySelector('.review, .result .box'), null, patience);
  const refused = await page.$('.result .box');
  if (refused) throw new Error(await refused.innerText());
  const does = (await page.locator('.review li').allInnerTexts()).map((each) => each.replace(/\u202f/g, ' '));
  const said = (await page.locator('.review .said').allInnerTexts()).map((each) => each.replace(/\u202f/g, ' '));
  await button(page, 'Sign with Test Wallet').click();
  return { does, said };
}

const done = (page) => page.waitForFunction(() => /^Done\./m.test(document.querySelector('.result')?.innerText ?? ''), null, patience);

{
  const { context, page } = await open(renter);
  // Whoever has not signed in sees what there is, and by the keyboard reaches what the mouse does.
  await page.goto(url);
  await page.waitForSelector('table');
  await page.keyboard.press('Tab');
  saw.first = await page.evaluate(() => document.activeElement?.textContent);
  await look(page, 'offers');
  await button(page, 'Sign in with Test Wallet').click();
  await page.waitForSelector('text=Sign out');

  // A search by class and price, and one that nothing fits.
  await page.getByLabel('Memory, GiB at least').fill('100000');
  await page.waitForSelector('text=No node fits');
  await page.getByLabel('Memory, GiB at least').fill('');
  await page.click(`a[href="/rent/${node}"]`);
  await page.setInputFiles('input[type=file]', [{ name: 'train.py', mimeType: 'text/x-python', buffer: Buffer.from(program) }]);
  await page.getByLabel('Hours').fill('2');
  await page.getByLabel('GPUs').fill('0');
  await page.click('summary');
  await page.getByLabel('Variables').fill(`WAITS_FOR=${go}`);
  await button(page, 'Ask for the price').click();
  await page.waitForSelector('#price');
  await look(page, 'price');
  await button(page, 'Book it').click();
  await page.waitForSelector('.review');
  await look(page, 'review');
  saw.booking = await agree(page);
  await page.waitForURL('**/jobs/*', patience);
  saw.job = new URL(page.url()).pathname.split('/')[2];
  await page.waitForFunction(() => document.querySelector('.log')?.innerText.includes('begins'), null, patience);
  await look(page, 'running');

  // 65 minutes later it is ended, after the page has said what comes back.
  await please('spend');
  fs.writeFileSync(go, '');
  await page.waitForFunction(() => document.querySelector('.log')?.innerText.includes('ends'), null, patience);
  await page.waitForFunction(() => document.querySelector('.cards')?.innerText.includes('1 h 5 min'), null, patience);
  saw.log = await page.innerText('.log');
  saw.meter = { paid: await words(page, '.paid'), refund: await words(page, '.refund') };
  await button(page, 'Stop').click();
  saw.stopping = await agree(page);
  await done(page);
  await please('close');
  await page.waitForFunction(() => document.querySelector('.state')?.innerText === 'closed', null, patience);
  await page.waitForSelector('.outcome');
  saw.closed = { outcome: await words(page, '.outcome'), refund: await words(page, '.refund') };
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=page.html')]);
  saw.file = { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') };
  await look(page, 'closed');
  // A page that is opened anew knows the session; the wallet has to be asked only to sign.
  await page.goto(`${url}/jobs`);
  await page.waitForSelector('tbody tr');
  saw.list = await words(page, 'tbody tr');
  await look(page, 'jobs');

  // An API key, for which the wallet signs anew; a program reads by it, until it is revoked.
  await page.goto(`${url}/account`);
  await page.getByRole('button', { name: 'Connect Test Wallet' }).click();
  await page.getByLabel('Name').fill('nightly');
  await button(page, 'Make a key').click();
  const key = await page.innerText('.made');
  const asks = () => fetch(`${url}/api/v1/jobs`, { headers: { authorization: `Bearer ${key}` } }).then((answer) => answer.status);
  await page.waitForSelector('text=nightly');
  await look(page, 'keys');
  saw.key = [await asks()];
  await page.getByRole('button', { name: 'Revoke nightly' }).click();
  await page.waitForFunction(() => !document.querySelector('tbody'));
  saw.key.push(await asks());

  const cookies = await context.cookies();
  await page.click('text=Sign out');
  await button(page, 'Sign in with Test Wallet').waitFor();
  // Whoever has kept the cookie has nothing.
  const stolen = { cookie: cookies.map((each) => `${each.name}=${each.value}`).join('; ') };
  saw.stolen = await fetch(`${url}/api/v1/jobs`, { headers: stolen }).then((answer) => answer.status);
  saw.stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  await context.close();
}
await please('reward');
{
  const { context, page } = await open(supplier);
  await page.goto(`${url}/supply`);
  await button(page, 'Sign in with Test Wallet').click();
  await page.waitForSelector('.claimable');
  saw.claimable = await words(page, '.claimable');
  await look(page, 'supply');
  await button(page, 'Claim rewards').click();
  saw.claiming = await agree(page);
  await done(page);
  await page.waitForFunction(() => /^0\s*IO$/.test(document.querySelector('.claimable')?.innerText.replace(/\u202f/g, ' ') ?? ''), null, patience);
  await context.close();
}
await browser.close();
process.stdout.write(`${JSON.stringify({ wrong, saw })}\n`);
process.exit(0);
