/** Numbers and times as the reader writes them. Amounts stay text, so that no digit is lost. */
import type { Money } from './api';

/** Why something failed, in words. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const whole = new Intl.NumberFormat();
const either = [0, 8].map(
  (digits) => new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: 20 }),
);
const six = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
const point = new Intl.NumberFormat().formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });
const cents = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 20 });

export const count = (number: number): string => whole.format(number);
export const bps = (number: number): string => percent.format(number / 10_000);

/** Whole tokens, in columns of IO with all 8 decimals; `format` reads decimal text to its last digit. */
export function amount(money: Money, digits = 0): string {
  const format = either[digits ? 1 : 0];
  return format?.format(money.amount as Intl.StringNumericLiteral) ?? money.amount;
}

/** The same in two pieces, so that the fraction can stand back. */
export function parts(money: Money, digits = 0): { whole: string; fraction: string } {
  const text = amount(money, digits);
  const at = text.lastIndexOf(point);
  return at < 0 ? { whole: text, fraction: '' } : { whole: text.slice(0, at), fraction: text.slice(at) };
}

/** A decimal number, given as text, to its last digit but six at most. */
export const decimal = (text: string): string => six.format(text as Intl.StringNumericLiteral);

/** A whole number of any length, given as text; what is none is left as it is. */
export const exact = (text: string): string => (/^\d+$/.test(text) ? whole.format(BigInt(text)) : text);

/** Dollars, given as text, to the last digit. */
export const dollars = (text: string): string => `${cents.format(text as Intl.StringNumericLiteral)} USD`;

/** What stands between quotes, which others wrote, and numbers as a sentence in English has them. */
const NUMBERS = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![\w.,-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w]|[.,]\d)/g;

/** A sentence of the server's with its numbers as the reader writes them. */
export const worded = (text: string): string =>
  text.replace(NUMBERS, (it) => {
    if (!/^\d/.test(it) || (it.length < 4 && !it.includes('.'))) return it;
    const plain = it.replaceAll(',', '');
    const digits = plain.split('.')[1]?.length ?? 0;
    const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return it.includes(',') || digits ? format.format(plain as Intl.StringNumericLiteral) : it;
  });

export function when(seconds: number): string {
  return seconds ? `${moment.format(seconds * 1000)} UTC` : '—';
}

export function date(text: string): string {
  return day.format(Date.parse(`${text}T00:00:00Z`));
}

/** A length of time in its two largest units. */
export function span(seconds: number): string {
  const parts: string[] = [];
  let left = Math.max(0, seconds);
  for (const [size, name] of [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']] as const) {
    const number = Math.floor(left / size);
    left %= size;
    if (number) parts.push(`${count(number)} ${name}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

export function short(key: string): string {
  return key.length > 16 ? `${key.slice(0, 6)}…${key.slice(-6)}` : key;
}

/** Base units of a token, to the last digit. */
export function tokens(units: bigint, decimals: number, unit: string): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return `${amount({ amount: text, unit, base: '' })}\u202f${unit}`;
}

/** Base units of IO, and lamports, to the last digit. */
export const io = (units: bigint, unit = 'IO'): string => tokens(units, 8, unit);
export const sol = (lamports: bigint): string => tokens(lamports, 9, 'SOL');

/** Base units of IO that a reader has written; null: it is no amount. Thousands are not grouped: 1,000 is a thousand here, and one there. */
export function unitsOf(written: string): bigint | null {
  const [whole = '', fraction = '', ...more] = written.trim().split(point);
  if (more.length || !/^\d{1,11}$/.test(whole) || !/^\d{0,8}$/.test(fraction)) return null;
  return BigInt(whole + fraction.padEnd(8, '0'));
}

/** Dollars that a reader has written, as the API has them; null: it is no amount, or could be two.
 *
 * `0.5` and `0,5` are the same wherever the reader is; after the mark that groups thousands at theirs there are no
 * three digits, or 1,000 would be one dollar here, and a thousand there.
 */
export function dollarsOf(written: string): string | null {
  const read = /^(\d{1,9})(?:([.,])(\d{1,6}))?$/.exec(written.trim());
  if (read === null) return null;
  const [, whole = '', mark = point, fraction = ''] = read;
  if (mark !== point && fraction.length === 3) return null;
  return fraction ? `${whole}.${fraction}` : whole;
}

/** How an amount is written: `12.5`, or `12,5`. */
export const example = `12${point}5`;
