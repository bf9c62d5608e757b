/** What calls in a transaction are, and what the network is paid for it. */
import { address, getAddressEncoder, getProgramDerivedAddress, type Address } from '@solana/addresses';
import { sol } from './format';
import { Unexpected, type Called } from './message';

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

/** What the network is paid at most, in lamports. */
export function fee(calls: readonly Called[]): bigint {
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
  return SIGNATURE + priority;
}
