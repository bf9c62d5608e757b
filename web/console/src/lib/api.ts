/** The console's API, with the types of its own description. */
import { read as asked, Refused, send as sent } from '../../../common/api';
import type { components } from './schema';

export { Refused, url, type Money } from '../../../common/api';
export type Schemas = components['schemas'];

let unknown: () => void = () => undefined;

/** Has something done whenever the console does not know who asks. */
export function whenUnknown(work: () => void): void {
  unknown = work;
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) unknown();
    throw error;
  }
}

type Words = Parameters<typeof asked>[1];
export const read = <T>(path: string, words?: Words): Promise<T> => told(asked<T>(path, words));
export const send = <T>(path: string, what: unknown): Promise<T> => told(sent<T>(path, what));

/** Uploads a file. */
export async function upload(pack: string, name: string, content: Blob): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  const query = new URLSearchParams({ name });
  const answer = await fetch(`/api/v1/packages/${pack}/files?${query}`, { method: 'POST', headers, body: content }).catch(() => null);
  if (answer?.ok) return;
  if (answer?.status === 401) unknown();
  const said = ((await answer?.json().catch(() => null)) as Schemas['Error'] | null)?.error?.message;
  throw new Refused(answer?.status ?? 0, said ? `${said}.` : `${name} could not be uploaded. Try again in a moment.`);
}

export const post = <T>(path: string, what: unknown = {}): Promise<T> => send<T>(path, what);
