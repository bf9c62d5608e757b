// Visits the explorer's pages in Chromium and says as JSON what is wrong with them; see test_browser.py.
//
// usage: node browser.mjs '{"url": …, "pages": {NAME: PATH}, "keyboard": true, "folder": …}'
//
// once: only looks at the pages, in one size.
// keyboard: also goes through a search by keyboard. folder: where screenshots are put; then in all four ways.
import { createRequire } from 'node:module';
import fs from 'node:fs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const { url, pages: paths, keyboard: byKeyboard, folder, once } = JSON.parse(process.argv[2]);
const sizes = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const wrong = [];
const seen = {};
/** Links of the pages' contents, and numbers that are in none. */
const links = [];
const bare = [];

/** Runs in the page. A number's name is what stands above or before it. */
function numbers(page) {
  const text = (each) => each?.textContent.replace(/\s+/g, ' ').trim() ?? '';
  const named = (each) => {
    if (each.matches('.value')) return text(each.parentElement.querySelector('.name'));
    if (each.matches('dd')) {
      let before = each;
      while (before && !before.matches('dt')) before = before.previousElementSibling;
      return text(before);
    }
    const column = each.closest('table').querySelectorAll('thead th')[each.cellIndex];
    return column ? text(column) : text(each.parentElement.querySelector('th'));
  };
  const places = 'main :is(.value, dd, td.number)';
  return {
    links: [...document.querySelectorAll('main a[href]')].map((each) => ({
      page,
      href: each.getAttribute('href'),
      text: text(each),
      base: each.querySelector('.amount')?.title.split(' ')[0] ?? null,
      number: each.querySelector('.amount') !== null
        || (each.closest(places) !== null && !each.matches('.key, .note *') && !each.querySelector('time')),
    })),
    bare: [...document.querySelectorAll(places)].flatMap((each) => {
      const rest = each.cloneNode(true);
      rest.querySelectorAll('a, time, .key, .tag, .note, .amount .unit').forEach((part) => part.remove());
      // Nothing is the sum of no event, and SHA-256 and B200 are names.
      const is = !each.matches('.key') && /[1-9]/.test(text(rest).replace(/[A-Za-z]+-?\d+\w*/g, ''));
      return is ? [{ page, name: named(each), text: text(rest) }] : [];
    }),
  };
}

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    // Each size is loaded in one scheme, and looked at in both.
    if (once && size !== 'wide') continue;
    if (!folder && (size === 'wide') !== (colorScheme === 'light')) continue;
    const context = await browser.newContext({ viewport, colorScheme, locale: 'de-DE' });
    const page = await context.newPage();
    let name = '';
    const say = (what) => wrong.push(`${size} ${colorScheme} ${name}: ${what}`);
    page.on('dialog', (dialog) => {
      say(`opens a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => say(`error ${error}`));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && say(`console ${message.text()}`));
    page.on('request', (request) => request.url().startsWith(url) || say(`asks ${request.url()}`));
    for (const [each, path] of Object.entries(paths)) {
      name = each;
      await page.goto(url + path);
      await page.waitForSelector('h1');
      await page.waitForFunction(() => !document.querySelector('[role=status]'), null, { timeout: 60_000 });
      if (!once) await page.waitForSelector('.badge .good, .badge .bad');
      const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (width > 0) say(`is ${width} pixels wider than the screen`);
      // Stored text makes no elements, and no addresses but of this host.
      const odd = await page.evaluate(() => [
        ...[...document.querySelectorAll('body script, body iframe, main img, main style, main object, main embed')].map((each) => each.outerHTML),
        ...[...document.querySelectorAll('[href], [src], [action], [formaction]')]
          .flatMap((each) => [each.href, each.src, each.action, each.formAction])
          .filter((each) => typeof each === 'string' && each && !each.startsWith(location.origin)),
        ...[...document.querySelectorAll('*')].flatMap((each) => each.getAttributeNames().filter((name) => name.startsWith('on'))),
      ]);
      odd.forEach((each) => say(`has ${each.slice(0, 200)}`));
      // The policy of the pages lets no script in; the debugger's own evaluation is not bound by it.
      await page.evaluate(axe);
      const schemes = folder ? [colorScheme] : [colorScheme, colorScheme === 'light' ? 'dark' : 'light'];
      for (const scheme of schemes) {
        await page.emulateMedia({ colorScheme: scheme });
        const found = await page.evaluate(async () => {
          const rules = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
          return (await globalThis.axe.run(document, rules)).violations.map(
            (each) => `axe ${each.id}: ${each.nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ')}`,
          );
        });
        found.forEach((each) => say(`${each} (in ${scheme})`));
      }
      await page.emulateMedia({ colorScheme });
      if (folder) await page.screenshot({ path: `${folder}/${each}-${size}-${colorScheme}.png`, fullPage: true });
      if (size === 'wide' && colorScheme === 'light') {
        const its = await page.evaluate(numbers, each);
        links.push(...its.links);
        bare.push(...its.bare);
      }
      seen[each] = await page.evaluate(() => document.querySelector('main').innerText);
    }
    await context.close();
  }
}

// Everything that a mouse reaches is reached by the keyboard, and is where one sees it.
let keyboard = null;
if (byKeyboard) {
  let [first, jumped, after] = [];
  const page = await browser.newPage({ viewport: sizes.wide });
  await page.goto(url);
  await page.waitForFunction(() => !document.querySelector('[role=status]'));
  await page.keyboard.press('Tab');
  first = await page.evaluate(() => document.activeElement?.textContent);
  await page.keyboard.press('Enter');
  jumped = await page.evaluate(() => location.hash);
  await page.focus('input[type=search]');
  await page.keyboard.type('B200');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/search?q=B200');
  await page.waitForSelector('main ul a');
  after = await page.evaluate(() => document.activeElement?.id);
  for (let step = 0; step < 5; step += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.matches('main ul a'))) break;
  }
  await page.keyboard.press('Enter');
  await page.waitForURL('**/devices?class=1');
  await page.goBack();
  await page.waitForURL('**/search?q=B200');
  keyboard = { first, jumped, after };
}

if (once) {
  await browser.close();
  console.log(JSON.stringify({ wrong, seen }));
  process.exit();
}

// What the badge says, and what it shows when it is asked.
const last = await browser.newPage({ viewport: sizes.wide, locale: 'de-DE' });
await last.goto(url);
const tag = await last.waitForSelector('.badge .good, .badge .bad');
const badge = {
  text: (await tag.innerText()).replace(/\s+/g, ' ').trim(),
  color: (await tag.getAttribute('class')).includes('good') ? 'good' : 'bad',
};
let differences = '';
if (badge.color === 'bad') {
  await tag.click();
  differences = await last.innerText('#differences');
  if (folder) await last.screenshot({ path: `${folder}/badge-wide-light.png` });
}
await last.waitForFunction(() => /^Live$/m.test(document.querySelector('footer').innerText), null, { timeout: 60_000 });
const live = (await last.innerText('footer')).trim().split('\n').at(-1);
await browser.close();
console.log(JSON.stringify({ wrong, seen, links, bare, keyboard, badge, differences, live }));
