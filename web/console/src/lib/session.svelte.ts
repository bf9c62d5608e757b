/** Who has signed in here, and what console this is. */
import { sentence } from '../../../common/format';
import { connect, disconnect, signIn, wallet, type Usable } from '../../../common/wallet.svelte';
import { post, read, whenUnknown, type Schemas } from './api';

class Known {
  status = $state.raw<Schemas['Status'] | null>(null);
  session = $state.raw<Schemas['Session'] | null>(null);
  /** Whether it is known by now if there is a session. */
  looked = $state(false);
  busy = $state(false);
  bad = $state('');
  /** Whether the wallet of the session can be asked to sign. */
  get ready(): boolean {
    return this.session !== null && wallet.account?.address === this.session.wallet;
  }
}
export const who = new Known();

const text = (raw: Uint8Array): string => btoa(String.fromCharCode(...raw));

/** Looks what console this is, and whether there is a session. */
export function look(): void {
  read<Schemas['Status']>('/status').then((answer) => (who.status = answer), (error: unknown) => (who.bad = sentence(error)));
  post<Schemas['Here']>('/here')
    .then((answer) => (who.session = answer.session), () => undefined)
    .finally(() => (who.looked = true));
}

/** A session ends by its time, too, or with the console: the page says so, and not only that nobody is known. */
whenUnknown(() => {
  if (who.session === null) return;
  post<Schemas['Here']>('/here').then(
    (answer) => {
      if (answer.session === null && who.session !== null) [who.session, who.bad] = [null, 'Your session has ended. Sign in again.'];
    },
    () => undefined,
  );
});

/** A challenge, signed by the wallet now. */
export async function proof(): Promise<Schemas['SignIn']> {
  const asked = await post<Schemas['Challenge']>('/challenge');
  const { message, signature } = await signIn(asked);
  return { message: text(message), signature: text(signature) };
}

export async function enter(one: Usable): Promise<void> {
  [who.busy, who.bad] = [true, ''];
  try {
    await connect(one);
    if (wallet.account === null) throw new Error(wallet.bad || 'The wallet did not connect.');
    who.session = await post<Schemas['Session']>('/signin', await proof());
  } catch (error) {
    who.bad = sentence(error);
  }
  who.busy = false;
}

export async function leave(): Promise<void> {
  who.session = null;
  await post('/signout').catch(() => undefined);
  await disconnect();
}

export function coin(name: string): { mint: string; unit: string; decimals: number } {
  const status = who.status;
  return { mint: status?.mint_of[name] ?? '', unit: name, decimals: status?.decimals[name] ?? 0 };
}
