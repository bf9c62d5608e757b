// Stakes in Chromium with a wallet of the Wallet Standard's window events, and says what it saw; see test_costaking.py.
//
// usage: node wallets.mjs '{"url": …, "node": …, "address": …, "other": …, "owner": …, "seed": HEX, "ownerSeed": HEX, "lies": {NAME: ACTION}, "ownerLies": {NAME: ACTION}, "folder": …}'
//   or "plain": true, without other, owner and lies: only to claim, stake and unstake
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { install } from './wallet.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const { url, node, address, other, owner, seed, ownerSeed, lies, ownerLies, folder, plain } = JSON.parse(process.argv[2]);
const keyOf = (hex) => crypto.createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${hex}`, 'hex'), format: 'der', type: 'pkcs8' });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const wrong = [];
let signatures = 0;

async function open(kind, viewport, colorScheme, who = address) {
  const context = await browser.newContext({ viewport, colorScheme, locale: 'en-US' });
  const page = await context.newPage();
  page.on('pageerror', (error) => wrong.push(`error ${error}`));
  page.on('console', (message) => {
    // That the server refuses something is what is tried.
    const refused = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !refused) wrong.push(`console ${message.text()}`);
  });
  page.on('request', (request) => request.url().startsWith(url) || wrong.push(`asks ${request.url()}`));
  await context.exposeFunction('__sign', (message) => {
    signatures += 1;
    return [...crypto.sign(null, Buffer.from(message), keyOf(who === owner ? ownerSeed : seed))];
  });
  await context.exposeFunction('__send', async (bytes) => {
    const body = JSON.stringify({ transaction: Buffer.from(bytes).toString('base64') });
    await fetch(`${url}/api/v1/sent`, { method: 'POST', body, headers: { 'content-type': 'application/json', origin: url } });
  });
  await page.addInitScript(install, { address: who, kind });
  await page.goto(`${url}/stake/${node}`);
  await page.click('text=Connect Test Wallet');
  await page.waitForSelector('dl.facts');
  return { context, page };
}

const buttons = {
  stake: ['#staked', 'Stake'],
  unstake: ['#unstaked', 'Unstake'],
  claim: [null, 'Claim rewards'],
  compound: [null, 'Stake rewards'],
  withdraw: [null, 'Withdraw what has cooled'],
};

/** Goes to what a mouse would click, by the keyboard alone. */
async function reach(page, locator) {
  const target = await locator.elementHandle();
  for (let tabs = 0; tabs < 100; tabs += 1) {
    if (await target.evaluate((each) => each === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${locator}`);
}
async function press(page, locator) {
  await reach(page, locator);
  await page.keyboard.press('Enter');
}

/** Asks for something, and gives what the page says of it: what would be signed, or why nothing is. */
async function ask(page, action, amount = null, keys = false) {
  const [field, button] = amount === 'all' ? [null, 'Take all of it off'] : buttons[action];
  if (field !== null && keys) {
    await reach(page, page.locator(field));
    await page.keyboard.type(amount);
  } else if (field !== null) await page.fill(field, amount);
  const asks = page.getByRole('button', { name: button, exact: true });
  await (keys ? press(page, asks) : asks.click());
  await page.waitForFunction(() => document.querySelector('.review, .result .box'));
  const refused = await page.$('.result .box');
  return refused ? { refused: await refused.innerText() } : { does: (await page.innerText('.review ul')).split('\n') };
}

async function look(page, name) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const rules = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
    return (await globalThis.axe.run(document, rules)).violations.map((each) => `axe ${each.id}: ${each.nodes[0].target}`);
  });
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (width > 0) violations.push(`${width} pixels wider than the screen`);
  wrong.push(...violations.map((each) => `${name}: ${each}`));
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

async function agree(page, keys = false) {
  const signs = page.getByRole('button', { name: 'Sign with Test Wallet' });
  await (keys ? press(page, signs) : signs.click());
  await page.waitForFunction(() => document.querySelector('.result .box, .result a') && !document.querySelector('button:disabled'), null, { timeout: 60_000 });
  return (await page.innerText('.result')).replace(/\s+/g, ' ');
}

const wide = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const journey = [];
// Each step is taken by the keyboard alone.
const step = async (page, action, amount, after) => {
  const asked = await ask(page, action, amount, true);
  const result = asked.does ? await agree(page, true) : '';
  journey.push({ action, ...asked, result });
  // The test's own server turns the clock, and writes down what is on chain.
  const turned = await fetch(`${url}/test/${after}`);
  if (!turned.ok) throw new Error(`the test's server cannot do ${after}`);
  await page.reload();
  await press(page, page.getByRole('button', { name: 'Connect Test Wallet' }));
  await page.waitForSelector('dl.facts');
};

// On a node that takes its time, and of which nobody turns the clock.
if (plain) {
  const { context, page } = await open('signing', wide, 'light');
  await step(page, 'claim', null, 'nothing');
  await step(page, 'stake', '10', 'nothing');
  await step(page, 'unstake', 'all', 'nothing');
  await context.close();
  await browser.close();
  console.log(JSON.stringify({ wrong, journey }));
  process.exit(0);
}

// A server that lies, before anything was staked and after it, and to whoever owns the node.
const told = {};
async function lied(those, name = null, who = address) {
  const { context, page } = await open('signing', wide, 'light', who);
  const before = signatures;
  for (const [lie, action] of those) {
    await context.setExtraHTTPHeaders({ 'x-lie': lie });
    told[lie] = (await ask(page, action, '50')).refused ?? 'NOT REFUSED';
  }
  if (name) await look(page, name);
  await context.setExtraHTTPHeaders({});
  await context.close();
  return signatures - before;
}

const ofStake = Object.entries(lies).filter(([, action]) => action === 'stake');
const ofOthers = Object.entries(lies).filter(([, action]) => action !== 'stake');
let signedLies = await lied(ofStake, 'costake-refused-wide-light');
{
  // A wallet that signs something else than what it was given.
  const { context, page } = await open('changing', wide, 'light');
  await ask(page, 'stake', '50');
  told.wallet = await agree(page);
  await context.close();
}
const written = {};
const owned = {};
{
  const { context, page } = await open('signing', phone, 'dark');
  for (const amount of ['1,000', '0', '1.123456789', '-5', '']) written[amount] = (await ask(page, 'stake', amount)).refused;
  const { does } = await ask(page, 'stake', '50');
  await look(page, 'costake-review-phone-dark');
  // By keyboard: the review has the focus, and its first button is next.
  await page.keyboard.press('Tab');
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  if (focused !== 'Sign with Test Wallet') wrong.push(`the keyboard comes to ${focused}`);
  await page.getByRole('button', { name: 'Do not sign' }).click();
  if (does.length !== 3) wrong.push(`the first stake does ${does}`);
  await step(page, 'stake', '50', 'credited');
  await look(page, 'costake-phone-dark');
  await step(page, 'stake', '10', 'rewarded');
  await context.close();
}
signedLies += await lied(ofOthers);
{
  const { context, page } = await open('sending', wide, 'light');
  await step(page, 'claim', null, 'rewarded');
  await look(page, 'costake-wide-light');
  await step(page, 'compound', null, 'nothing');
  await ask(page, 'unstake', '20');
  await look(page, 'costake-review-wide-light');
  await step(page, 'unstake', '20', 'cooled');
  await step(page, 'withdraw', null, 'nothing');
  await step(page, 'unstake', 'all', 'nothing');
  await look(page, 'costake-all-wide-light');
  await context.close();
}
{
  // Whoever owns the node moves their own side of it.
  signedLies += await lied(Object.entries(ownerLies), null, owner);
  const { context, page } = await open('signing', phone, 'dark', owner);
  await page.waitForSelector('text=This wallet owns the node');
  owned.from = journey.length;
  await step(page, 'claim', null, 'owned');
  await step(page, 'stake', '10', 'owned');
  await ask(page, 'unstake', '4');
  await look(page, 'costake-owner-phone-dark');
  await step(page, 'unstake', '4', 'owned');
  await page.getByRole('link', { name: 'Stake', exact: true }).first().click();
  await page.waitForSelector('text=Your node');
  owned.row = (await page.innerText('table:has-text("Your node") tbody tr')).split('\t').map((cell) => cell.trim());
  await look(page, 'stake-owner-phone-dark');
  await context.close();
}
for (const [size, viewport, scheme] of [['wide', wide, 'light'], ['phone', phone, 'dark']]) {
  const { context, page } = await open('signing', viewport, scheme, other);
  await page.getByRole('link', { name: 'Stake', exact: true }).first().click();
  await page.waitForSelector('text=Your stake on');
  await page.waitForSelector('[aria-sort=descending]');
  await look(page, `stake-wallet-${size}-${scheme}`);
  await page.getByRole('link', { name: 'Commission' }).click();
  await page.waitForSelector('[aria-sort=ascending]');
  await context.close();
}
await browser.close();
console.log(JSON.stringify({ wrong, told, written, journey, signedLies, owned }));
