/** The reader's wallet, by the Wallet Standard, and what it signs. */
import { getBase58Decoder } from '@solana/codecs-strings';
import type {
  SolanaSignAndSendTransactionFeature,
  SolanaSignInFeature,
  SolanaSignInInput,
  SolanaSignTransactionFeature,
} from '@solana/wallet-standard-features';
import { getWallets } from '@wallet-standard/app';
import type { IdentifierString, Wallet, WalletAccount } from '@wallet-standard/base';
import type { StandardConnectFeature, StandardDisconnectFeature, StandardEventsFeature } from '@wallet-standard/features';
import { read as ask } from './api';
import { sentence } from './format';
import { read, same, Unexpected } from './message';

type Features = StandardConnectFeature &
  Partial<StandardDisconnectFeature & StandardEventsFeature & SolanaSignInFeature & SolanaSignTransactionFeature & SolanaSignAndSendTransactionFeature>;
export type Usable = Wallet & { features: Features };

/** Chains by their genesis; any other is somebody's own. */
const CHAINS: Readonly<Record<string, IdentifierString>> = {
  '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d': 'solana:mainnet',
  '4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsNY': 'solana:testnet',
  EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG: 'solana:devnet',
};
const OWN: IdentifierString = 'solana:localnet';
const base58 = getBase58Decoder();

/** What is known of wallets. They are others' objects, and stay as they are. */
class Known {
  chain = $state.raw<IdentifierString | null>(null);
  usable = $state.raw<readonly Usable[]>([]);
  used = $state.raw<Usable | null>(null);
  account = $state.raw<WalletAccount | null>(null);
  bad = $state('');
}
export const wallet = new Known();

function usable(one: Wallet, chain: IdentifierString): one is Usable {
  const signs = 'solana:signTransaction' in one.features || 'solana:signAndSendTransaction' in one.features;
  return signs && 'standard:connect' in one.features && one.chains.includes(chain);
}

/** Looks for wallets, now and later, until it is told to end. */
export function listen(): () => void {
  const { get, on } = getWallets();
  const look = (): void => {
    const chain = wallet.chain;
    wallet.usable = chain === null ? [] : get().filter((one): one is Usable => usable(one, chain));
  };
  const ends = [on('register', look), on('unregister', look)];
  ask<{ genesis: string }>('/status').then(
    (status) => {
      wallet.chain = CHAINS[status.genesis] ?? OWN;
      look();
    },
    (error: unknown) => {
      wallet.bad = sentence(error);
    },
  );
  return () => ends.forEach((end) => end());
}

let unfollow: (() => void) | undefined;

function take(accounts: readonly WalletAccount[]): void {
  const chain = wallet.chain;
  wallet.account = accounts.find((each) => chain !== null && each.chains.includes(chain)) ?? null;
}

export async function connect(one: Usable): Promise<void> {
  wallet.bad = '';
  try {
    const { accounts } = await one.features['standard:connect'].connect();
    wallet.used = one;
    take(accounts);
    if (wallet.account === null) wallet.bad = `${one.name} has no account on this chain.`;
    unfollow?.();
    unfollow = one.features['standard:events']?.on('change', (changed) => {
      if (changed.accounts !== undefined) take(changed.accounts);
    });
  } catch (error) {
    wallet.bad = `${one.name} did not connect: ${sentence(error)}`;
  }
}

export async function disconnect(): Promise<void> {
  const used = wallet.used;
  unfollow?.();
  unfollow = undefined;
  wallet.used = wallet.account = null;
  // Some wallets have no such thing; these pages forget it all the same.
  await used?.features['standard:disconnect']?.disconnect().catch(() => undefined);
}

export interface Given {
  signature: string;
  /** The transaction with its signature, which is still to be sent; null: the wallet has sent it. */
  signed: Uint8Array | null;
}

/** Has the wallet sign a transaction whose message was checked.
 *
 * also: keys that sign after it, and have done so.
 *
 * Throws `Unexpected`: what it signed is another message. Nothing was sent then.
 */
export async function sign(transaction: Uint8Array, message: Uint8Array, also: readonly string[] = []): Promise<Given> {
  const { used, account, chain } = wallet;
  if (used === null || account === null || chain === null) throw new Unexpected('No wallet is connected.');
  const features = used.features;
  if (features['solana:signTransaction'] !== undefined) {
    const [output] = await features['solana:signTransaction'].signTransaction({ account, transaction, chain });
    if (output === undefined) throw new Unexpected('The wallet gave no signature.');
    const signed = read(output.signedTransaction, also);
    if (!same(signed.message, message)) throw new Unexpected('The wallet changed the transaction, so it was not sent.');
    return { signature: base58.decode(signed.signature), signed: output.signedTransaction };
  }
  const sending = features['solana:signAndSendTransaction'];
  const [output] = (await sending?.signAndSendTransaction({ account, transaction, chain })) ?? [];
  if (output === undefined) throw new Unexpected('The wallet gave no signature.');
  return { signature: base58.decode(output.signature), signed: null };
}

export interface SignedIn {
  message: Uint8Array;
  signature: Uint8Array;
}

/** Has the wallet sign that its holder is here: a text, which moves nothing. It says by itself for which site. */
export async function signIn(input: SolanaSignInInput): Promise<SignedIn> {
  const { used, account } = wallet;
  const feature = used?.features['solana:signIn'];
  if (account === null || feature === undefined) throw new Unexpected('This wallet does not sign in. Take one that can (Sign-In With Solana).');
  const [output] = await feature.signIn({ ...input, address: account.address });
  if (output === undefined) throw new Unexpected('The wallet gave no signature.');
  return { message: output.signedMessage, signature: output.signature };
}
