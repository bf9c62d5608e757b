// Rents and supplies in Chromium with test wallets, and says what it saw; see test_journey.py.
//
// usage: node journey.mjs '{"url": …, "node": …, "renter": {"address": …, "seed": HEX}, "supplier": …, "program": …, "go": …, "folder": …}'
//
// What only the test can do (time passes, a reward is credited) it asks for by a line, and is answered by one.
import fs from 'node:fs';
import { agree, button, done, end, given, look, open, patience, please, saw, words, wrong } from './browser.mjs';

const { url, node, renter, supplier, program, go, class_name } = given;
const PRICE = '$ per processor and hour at most';

/** Asks for nodes by one thing, as its reader writes it, and gives how many the page has for it. */
async function wanting(page, label, value) {
  const field = page.getByLabel(label);
  const choice = (await field.evaluate((it) => it.tagName)) === 'SELECT';
  const [answer] = await Promise.all([
    page.waitForResponse((it) => it.url().includes('/api/v1/offers'), patience),
    choice ? field.selectOption({ label: value }) : field.fill(value),
  ]);
  const many = (await answer.json()).offers.length;
  await page.waitForFunction((rows) => document.querySelectorAll('tbody tr').length === rows && !document.querySelector('.waits'), many, patience);
  return many;
}

/** Searches by each thing that a renter can ask for: what the one node has, and what it does not. */
async function search(page) {
  saw.search = [];
  for (const [label, fits, not, any] of [
    ['Class', class_name, 'H200', 'any'],
    ['Memory, GiB at least', '80', '81', ''],
    ['Bandwidth, Mbit/s at least', '1000', '1001', ''],
    [PRICE, '2', '1.99', ''],
    ['Country', 'Germany', 'France', 'any'],
    ['Reliability, % at least', '0', '1', ''],
  ]) {
    saw.search.push([label, await wanting(page, label, fits), await wanting(page, label, not), await wanting(page, label, any)]);
  }
  await page.getByLabel(PRICE).fill('cheap');
  await page.waitForSelector('.box', patience);
  saw.cheap = [await words(page, '.box'), await page.locator('tbody').count()];
  await wanting(page, PRICE, '');
}

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

  await search(page);
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

  // An hour more.
  await page.getByLabel('Hours more').fill('1');
  await button(page, 'Extend').click();
  saw.extending = await agree(page);
  await done(page);
  await page.waitForFunction(() => document.querySelector('.cards')?.innerText.includes('of 3 h'), null, patience);

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
  await page.click('summary:text-is("Receipt and invoice")');
  await page.getByLabel('To whom the invoice is').fill('Łódź');
  await page.waitForSelector('text=and no Ł');
  await page.getByLabel('To whom the invoice is').fill('Ada Lovelace');
  saw.files = [];
  for (const link of ['Invoice (PDF)', 'Receipt (CSV)']) {
    const [file] = await Promise.all([page.waitForEvent('download'), page.click(`text="${link}"`)]);
    saw.files.push([file.suggestedFilename(), fs.readFileSync(await file.path(), 'latin1')]);
  }
  await look(page, 'closed');
  // A page that is opened anew knows the session; the wallet has to be asked only to sign.
  await page.goto(`${url}/jobs`);
  await page.waitForSelector('tbody tr');
  saw.list = await words(page, 'tbody tr');
  await look(page, 'jobs');

  // Another job, whose split is disputed: the bond comes back once it is decided.
  await page.goto(`${url}/rent/${node}`);
  await page.setInputFiles('input[type=file]', [{ name: 'train.py', mimeType: 'text/x-python', buffer: Buffer.from(program) }]);
  await page.getByLabel('Hours').fill('1');
  await page.getByLabel('GPUs').fill('0');
  await page.click('summary');
  await page.getByLabel('Variables').fill(`WAITS_FOR=${go}-never`);
  await please('ready');
  await button(page, 'Ask for the price').click();
  await page.waitForSelector('#price');
  await button(page, 'Book it').click();
  // A page that was opened anew has no wallet yet.
  await page.getByRole('button', { name: 'Connect Test Wallet' }).click();
  await agree(page);
  await page.waitForURL('**/jobs/*', patience);
  await page.waitForFunction(() => document.querySelector('.log')?.innerText.includes('begins'), null, patience);
  await page.click('summary:text-is("Dispute")');
  await page.getByLabel('What happened').fill('It computes nothing.');
  await button(page, 'Dispute').click();
  saw.disputing = await agree(page);
  await done(page);
  await page.waitForSelector('.bond', patience);
  saw.disputed = await words(page, '.bond');
  await look(page, 'disputed');
  await please('decide');
  await button(page, 'Have it back').click(patience);
  saw.back = await agree(page);
  await done(page);
  await page.waitForFunction(() => !document.querySelector('.bond'), null, patience);

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

  // A session that has ended is said to have, wherever one is; a new one needs a new signature.
  const cookies = await context.cookies();
  const before = wrong.length;
  await context.clearCookies();
  await page.click('text=Jobs');
  await page.waitForSelector('text=Your session has ended', patience);
  await look(page, 'ended-session');
  await context.addCookies(cookies);
  await page.goto(`${url}/account`);
  await page.waitForSelector('text=Sign out');
  // Chromium says of each answer that it was refused, as it has to be.
  wrong.splice(before, Infinity, ...wrong.slice(before).filter((each) => !each.includes('status of 401 (Unauthorized)')));
  await page.click('text=Sign out');
  await button(page, 'Sign in with Test Wallet').waitFor();
  // Whoever has kept the cookie has nothing.
  const stolen = { cookie: cookies.map((each) => `${each.name}=${each.value}`).join('; ') };
  saw.stolen = await fetch(`${url}/api/v1/jobs`, { headers: stolen }).then((answer) => answer.status);
  saw.stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  await context.close();
}
{
  // A reader who writes half a dollar with a comma.
  const { context, page } = await open(renter, [], 'de-DE');
  await page.goto(url);
  await page.waitForSelector('tbody tr');
  saw.german = [await wanting(page, PRICE, '2,0'), await wanting(page, PRICE, '1,99'), await wanting(page, PRICE, '2.00')];
  await page.getByLabel(PRICE).fill('2.000');
  await page.waitForSelector('.box', patience);
  saw.german.push(await words(page, '.box'));
  await context.close();
}
await please('reward');
{
  const { context, page } = await open(supplier);
  await page.goto(`${url}/supply`);
  await button(page, 'Sign in with Test Wallet').click();
  await page.waitForSelector('.claimable');
  saw.claimable = await words(page, '.claimable');
  await page.click('summary:text-is("Hour by hour")');
  await page.waitForSelector('.node tbody tr', patience);
  saw.hours = (await page.locator('.node tbody tr').allInnerTexts()).map((each) => each.replace(/[\s\u202f]+/g, ' ').trim());
  await page.getByLabel('URL for alerts').fill('https://hooks.example/1');
  await button(page, 'Add').click();
  saw.secret = await words(page, '.secret');
  await look(page, 'supply');
  await page.getByRole('button', { name: 'Remove https://hooks.example/1' }).click();
  await page.waitForFunction(() => !document.body.innerText.includes('hooks.example/1'), null, patience);
  await button(page, 'Claim rewards').click();
  saw.claiming = await agree(page);
  await done(page);
  await page.waitForFunction(() => /^0\s*IO$/.test(document.querySelector('.claimable')?.innerText.replace(/\u202f/g, ' ') ?? ''), null, patience);
  await context.close();
}
await end();
