// Rents by card in Chromium, and says what it saw; see test_card_journey.py.
import { button, end, given, look, open, patience, please, saw, words } from './browser.mjs';

const { url, node, renter, program, go, pages } = given;
const { context, page } = await open(renter, [pages]);
// Stripe's page, which is another's: what is in it says nothing about ours.
await context.route(`${pages}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Card</title><h1>Card</h1>' }));

await page.goto(`${url}/rent/${node}`);
await button(page, 'Sign in with Test Wallet').click();
await page.setInputFiles('input[type=file]', [{ name: 'train.py', mimeType: 'text/x-python', buffer: Buffer.from(program) }]);
await page.getByLabel('by card').check();
await page.getByLabel('Hours').fill('2');
await page.getByLabel('GPUs').fill('0');
await page.click('summary');
await page.getByLabel('Variables').fill(`WAITS_FOR=${go}`);
await button(page, 'Ask for the price').click();
await page.waitForSelector('.price', patience);
saw.price = await words(page, '.price');
await look(page, 'card-price');
await page.click('.pay');
await page.waitForURL(`${pages}/**`, patience);
saw.left = page.url();
const { back } = await please('card');
await page.goto(back);
await page.waitForSelector('.to-job', patience);
await page.waitForFunction(() => document.querySelector('.standing')?.innerText.includes('your card is charged'), null, patience);
saw.charged = await words(page, '.charged');
await look(page, 'paid');
await page.click('.to-job');
await page.waitForFunction(() => document.querySelector('.log')?.innerText.includes('begins'), null, patience);
saw.payment = await page.getAttribute('.payment', 'href');
await look(page, 'card-job');
// More time has a price of its own.
await button(page, 'Ask for the price').click();
await page.waitForSelector('.price', patience);
saw.more = await words(page, '.price .total');
await look(page, 'card-more');
await button(page, 'Stop').click();
await look(page, 'card-ending');
await button(page, 'End it').click();
await please('settle');
await page.goto(back);
await page.waitForFunction(() => /It is over/.test(document.querySelector('.standing')?.innerText ?? ''), null, patience);
saw.refunded = await words(page, '.refunded');
saw.receipt = await page.locator('tbody tr').allInnerTexts();
await look(page, 'card-over');
await end();
