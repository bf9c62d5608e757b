/** The console's API, with the types of its own description. */
import { Refused, send } from '../../../common/api';
import type { components } from './schema';

export { read, Refused, send, url, type Money } from '../../../common/api';
export type Schemas = components['schemas'];

/** Uploads a file. */
export async function upload(pack: string, name: string, content: Blob): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  const query = new URLSearchParams({ name });
  const answer = await fetch(`/api/v1/packages/${pack}/files?${query}`, { method: 'POST', headers, body: content }).catch(() => null);
  if (answer?.ok) return;
  const said = ((await answer?.json().catch(() => null)) as Schemas['Error'] | null)?.error?.message;
  throw new Refused(answer?.status ?? 0, said ? `${said}.` : `${name} could not be uploaded. Try again in a moment.`);
}

export const post = <T>(path: string, what: unknown = {}): Promise<T> => send<T>(path, what);
