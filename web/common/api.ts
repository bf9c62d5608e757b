/** An API of this host's: the same that anyone else uses. */

/** An exact amount: whole tokens as text, the token's name, and the integer that programs store. */
export interface Money {
  amount: string;
  unit: string;
  base: string;
}
type Words = Record<string, string | number | readonly string[] | null | undefined>;

/** Why there is no answer, in a sentence. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** An answer that is still being computed, and how far that is. */
export class Coming extends Refused {
  readonly done: number;
  readonly of: number;

  constructor(done: number, of: number) {
    super(202, 'This is still being computed. Try again in a moment.');
    this.done = done;
    this.of = of;
  }
}

/** The address of an answer. */
export function url(path: string, words: Words = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    if (value === null || value === undefined) continue;
    for (const each of typeof value === 'object' ? value : [value]) query.append(name, String(each));
  }
  const text = query.toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

/** An answer. */
export async function read<T>(path: string, words: Words = {}): Promise<T> {
  return asked<T>(fetch(url(path, words), { headers: { accept: 'application/json' } }));
}

/** The answer to something that is sent. */
export async function send<T>(path: string, what: unknown): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return asked<T>(fetch(url(path), { method: 'POST', headers, body: JSON.stringify(what) }));
}

/** Milliseconds until what is being computed is asked for again, where the server does not say. */
const AGAIN = 2_000;

/** What an address has, to be saved: what is being computed is waited for, and asked for again.
 *
 * told: how far it is, each time. signal: ends the wait.
 */
export async function whole(address: string, told: (coming: Coming) => void, signal: AbortSignal): Promise<Blob> {
  for (;;) {
    let answer: Response;
    try {
      answer = await fetch(address, { signal });
    } catch {
      throw new Refused(0, 'The server does not answer. Try again in a moment.');
    }
    if (answer.ok && answer.status !== 202) return answer.blob();
    const said = await understood<never>(answer).catch((error: unknown) => error);
    if (!(said instanceof Coming)) throw said;
    told(said);
    const rest = Number(answer.headers.get('retry-after')) * 1_000 || AGAIN;
    await new Promise((later) => setTimeout(later, rest));
    signal.throwIfAborted();
  }
}

async function asked<T>(coming: Promise<Response>): Promise<T> {
  let answer: Response;
  try {
    answer = await coming;
  } catch {
    throw new Refused(0, 'The server does not answer. Try again in a moment.');
  }
  return understood<T>(answer);
}

async function understood<T>(answer: Response): Promise<T> {
  const body: unknown = await answer.json().catch(() => null);
  if (answer.status === 202) {
    const { done, of } = (body ?? {}) as { done?: unknown; of?: unknown };
    throw new Coming(Number(done ?? 0), Number(of ?? 0));
  }
  if (!answer.ok) throw new Refused(answer.status, sentence(body) ?? `The server answered ${answer.status}.`);
  return body as T;
}

function sentence(body: unknown): string | null {
  const message = (body as { error?: { message?: unknown } } | null)?.error?.message;
  if (typeof message !== 'string' || !message) return null;
  return `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}.`;
}
