/** What calls in a transaction are, and what the network is paid for it. */
import { address, getAddressEncoder, getProgramDerivedAddress, type Address } from '@solana/addresses';
import { sol } from './format';
import { same, Unexpected, type Called } from './message';

export const BUDGET = 'ComputeBudget111111111111111111111111111111';
export const TOKENS = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
export const TOKEN_ACCOUNTS = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
/** Lamports: of a signature, and the most that may be paid for priority. */
const SIGNATURE = 5_000n;
const PRIORITY = 1_000_000n;
const MOST_UNITS = 1_400_000n;
const MICRO = 1_000_000n;

export const encoder = getAddressEncoder();
export const derived = async (of: Address, ...seeds: (string | Address | Uint8Array)[]): Promise<string> => {
  const parts = seeds.map((seed) =>
    typeof seed !== 'string' ? seed : seed.length < 32 ? new TextEncoder().encode(seed) : encoder.encode(address(seed)),
  );
  return (await getProgramDerivedAddress({ programAddress: of, seeds: parts }))[0];
};

export const whole = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** What the network is paid at most, in lamports, for so many signatures. */
export function fee(calls: readonly Called[], signatures = 1): bigint {
  let limit: bigint | null = null;
  let price: bigint | null = null;
  for (const { accounts, data } of calls) {
    if (data[0] === 2 && data.length === 5 && limit === null && !accounts.length) limit = whole(data.subarray(1));
    else if (data[0] === 3 && data.length === 9 && price === null && !accounts.length) price = whole(data.subarray(1));
    else throw new Unexpected('The transaction asks for more than a limit and a price of its computing.');
  }
  const units = limit === null || limit > MOST_UNITS ? MOST_UNITS : limit;
  const priority = ((price ?? 0n) * units + MICRO - 1n) / MICRO;
  if (priority > PRIORITY) {
    throw new Unexpected(`The transaction would pay ${sol(priority)} for priority, and more than ${sol(PRIORITY)} is not signed here.`);
  }
  return SIGNATURE * BigInt(signatures) + priority;
}

export interface Form {
  name: string;
  data: readonly number[];
  /** Names of arguments, and how many bytes each has: 1 or 8 of an integer, 32 of a hash. */
  args: readonly (readonly (string | number)[])[];
  accounts: readonly { name: string; address: string | null }[];
}

export interface Known {
  program: string;
  name: string;
  accounts: Readonly<Record<string, string>>;
  /** Integers, and hashes as hex. */
  args: Readonly<Record<string, bigint | string>>;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A call, read by the description of its program.
 *
 * Throws `Unexpected`: it is none of the calls that are described, or has another form.
 */
export function named(called: Called, program: string, address: string, forms: readonly Form[]): Known {
  const form = forms.find((each) => same(called.data.subarray(0, 8), Uint8Array.from(each.data)));
  if (called.program !== address || form === undefined) {
    throw new Unexpected(`The transaction calls something of the ${program} program that was not asked for.`);
  }
  const size = form.args.reduce((sum, [, bytes]) => sum + Number(bytes), 8);
  if (called.data.length !== size || called.accounts.length !== form.accounts.length) {
    throw new Unexpected(`The call of ${form.name} does not have the form of the program's description.`);
  }
  const accounts: Record<string, string> = {};
  form.accounts.forEach((role, index) => {
    const account = called.accounts[index] ?? '';
    // What is optional and left out is the program itself.
    if (role.address !== null && account !== role.address && !(role.name === 'proofs_config' && account === address)) {
      throw new Unexpected(`The call of ${form.name} has ${account} as ${role.name}, which is another account.`);
    }
    accounts[role.name] = account;
  });
  const args: Record<string, bigint | string> = {};
  let at = 8;
  for (const [name, bytes] of form.args) {
    const raw = called.data.subarray(at, (at += Number(bytes)));
    args[String(name)] = raw.length <= 8 ? whole(raw) : hex(raw);
  }
  return { program, name: form.name, accounts, args };
}

/** The token account that a wallet has for a mint by default. */
export const purse = (owner: string, mint: string): Promise<string> =>
  derived(TOKEN_ACCOUNTS, address(owner), TOKENS, address(mint));
