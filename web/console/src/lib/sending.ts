/** What a renter sends: files as a package, and settings as they have written them. */
import { count, dollarsOf, example } from '../../../common/format';
import { post, upload, type Schemas } from './api';

/** The path of a chosen file inside its package. */
export const called = (file: File): string => file.webkitRelativePath.split('/').slice(1).join('/') || file.name;

/** Variables, written NAME=VALUE, one a line. */
export function variables(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`A variable is written NAME=VALUE, and not ${line}.`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

/** The most that is paid per processor and hour, in dollars as the API has them; null: any price will do. */
export function rateOf(text: string): string | null {
  if (!text.trim()) return null;
  const dollars = dollarsOf(text);
  if (dollars === null) throw new Error(`The price is in dollars, such as ${example}, and not ${text.trim()}.`);
  return dollars;
}

/** Whole hours, as seconds. */
export function hoursOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text.trim())) throw new Error('Hours are a whole number, such as 2.');
  return Number(text) * 3_600;
}

/** How many GPUs; null: all of them. */
export function gpusOf(text: string): number | null {
  if (!text.trim()) return null;
  if (!/^\d{1,4}$/.test(text.trim())) throw new Error('GPUs are a whole number, such as 1.');
  return Number(text);
}

/** The hash of what is to be run, as bookings name it. */
export async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Uploads files as a package, and gives its id; null if there are none. */
export async function packed(files: readonly File[], tell: (text: string) => void): Promise<string | null> {
  if (!files.length) return null;
  tell('A package is begun…');
  const pack = await post<Schemas['Package']>('/packages');
  for (const [number, file] of files.entries()) {
    tell(`${count(number + 1)} of ${count(files.length)} files: ${called(file)}`);
    await upload(pack.id, called(file), file);
  }
  return pack.id;
}
