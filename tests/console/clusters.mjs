// Books nodes as a cluster in Chromium, and says what it saw; see test_cluster_journey.py.
import fs from 'node:fs';
import { agree, button, done, end, given, look, open, patience, please, saw, words } from './browser.mjs';

const { url, nodes, class_name, renter } = given;
const { page } = await open(renter);
async function state(text) {
  try {
    await page.waitForFunction((it) => document.querySelector('.state')?.innerText === it, text, patience);
  } catch (error) {
    throw new Error(`it is not ${text}:\n${await page.innerText('main')}`, { cause: error });
  }
}
const place = () => new URL(page.url()).pathname.split('/')[2];

await page.goto(url);
await button(page, 'Sign in with Test Wallet').click();

// Three of a class: two transactions, each of which is read before it is signed; then all are cancelled.
await page.click('text=Book several of a class as one cluster');
await page.getByRole('textbox', { name: 'Name', exact: true }).fill('three');
await page.getByLabel('GPUs of each node').fill('0');
await button(page, 'Ask for the price').click();
await page.waitForFunction(() => document.querySelector('.box')?.innerText.includes('Choose a class'), null, patience);
await look(page, 'several');
await page.getByRole('textbox', { name: 'Nodes', exact: true }).fill('3');
await page.getByLabel('Class').selectOption({ label: class_name });
await button(page, 'Ask for the price').click();
await page.waitForSelector('#price', patience);
await button(page, 'Book all').click();
saw.three = [await agree(page)];
await page.waitForFunction(() => document.querySelector('.review li')?.innerText.startsWith('Books the node'), null, patience);
await look(page, 'several-half');
saw.three.push(await agree(page));
await page.waitForURL('**/clusters/*', patience);
saw.cancelled = place();
await state('booked');
await button(page, 'Cancel all').click();
// As many as fit into a transaction, and then the others.
do {
  await agree(page);
  await page.waitForSelector('.review', { state: 'detached', ...patience });
  await page.waitForFunction(() => document.querySelector('.review') || document.querySelector('.state')?.innerText === 'closed', null, patience);
} while (await page.$('.review'));
await page.waitForFunction(() => document.querySelector('.refund')?.innerText, null, patience);
saw.none = await words(page, '.refund');
await look(page, 'cluster-cancelled');

// The two that are chosen in the list.
await please('ready');
await page.goto(url);
await page.waitForSelector('tbody');
for (const node of nodes) await page.getByLabel(`Choose ${node}`).check();
await look(page, 'offers-chosen');
await page.click('text=Book 2 as one cluster');
await page.getByRole('textbox', { name: 'Name', exact: true }).fill('digits');
await page.getByRole('textbox', { name: 'Hours', exact: true }).fill('2');
await page.getByLabel('GPUs of each node').fill('0');
await button(page, 'Ask for the price').click();
await page.waitForSelector('#price', patience);
saw.price = await words(page, 'section.card .facts');
await look(page, 'several-price');
await button(page, 'Book all').click();
await page.getByRole('button', { name: 'Connect Test Wallet' }).click();
await page.waitForSelector('.review');
await look(page, 'several-review');
saw.booking = await agree(page);
await page.waitForURL('**/clusters/*', patience);
saw.cluster = place();
await state('booked');
await look(page, 'cluster-booked');
await please('start');
await state('running');

// More time for both, and the access for commands, which the page has no longer once it is saved.
await page.getByLabel('Hours more, for all nodes').fill('1');
await button(page, 'Extend all').click();
saw.extending = await agree(page);
await done(page);
await page.waitForFunction(() => document.querySelector('.cards')?.innerText.includes('of 3 h'), null, patience);
await button(page, 'Get the access').click();
await look(page, 'cluster-access');
const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save digits.session').click()]);
saw.access = { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8').trim() };
await page.waitForSelector('text=It is saved.');
saw.kept = (await page.content()).includes(saw.access.text);

// 65 minutes later all are stopped, after the page has said what comes back, and all refunds are taken.
await please('spend');
await page.waitForFunction(() => document.querySelector('.cards')?.innerText.includes('1 h 5 min'), null, patience);
saw.meter = { paid: await words(page, '.paid'), refund: await words(page, '.refund') };
await look(page, 'cluster-running');
await button(page, 'Stop all').click();
saw.stopping = await agree(page);
await done(page);
await page.waitForFunction(() => document.querySelector('.cards')?.innerText.includes('waits for its attesters'), null, patience);
await please('decide');
await state('ended');
await button(page, 'Take all refunds').click();
saw.refunding = await agree(page);
await done(page);
saw.refund = await words(page, '.refund');
await look(page, 'cluster-ended');
await page.goto(`${url}/jobs`);
await page.waitForSelector('tbody tr');
saw.list = (await page.locator('tbody tr').allInnerTexts()).map((each) => each.replace(/[\s\u202f]+/g, ' '));
await look(page, 'clusters');
await end();
