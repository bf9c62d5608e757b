/** Whether a transaction does what the reader asked for, and nothing else; and what it does, in words. */
import { address, getAddressEncoder, getProgramDerivedAddress, type Address } from '@solana/addresses';
import { io, sol } from './format';
import { read, same, Unexpected, type Called } from './message';
import program from './program.json';

export type Action = 'stake' | 'claim' | 'compound' | 'unstake' | 'withdraw';

export interface Wish {
  action: Action;
  holder: string;
  node: string;
  /** Base units of IO to stake, shares to unstake, and null for what takes no amount. */
  amount: bigint | null;
}

export interface Statement {
  does: readonly string[];
  /** What is signed. */
  message: Uint8Array;
  blockhash: string;
}

interface Known {
  name: string;
  accounts: Readonly<Record<string, string>>;
  amount: bigint | null;
}

const PROGRAM = address(program.program);
const BUDGET = 'ComputeBudget111111111111111111111111111111';
const TOKENS = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const TOKEN_ACCOUNTS = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
/** Lamports: of a signature, and the most that may be paid for priority. */
const SIGNATURE = 5_000n;
const PRIORITY = 1_000_000n;
const MOST_UNITS = 1_400_000n;
const MICRO = 1_000_000n;
/** Lamports a byte of an account, and bytes that each has besides its own. */
const RENT = 6_960n;
const OVERHEAD = 128n;
/** What may stand before the instruction that was asked for. */
const BEFORE: Readonly<Record<Action, readonly string[]>> = {
  stake: ['open_position', 'activate'],
  claim: [],
  compound: ['activate'],
  unstake: [],
  withdraw: [],
};

const encoder = getAddressEncoder();
const derived = async (of: Address, ...seeds: (string | Address | Uint8Array)[]): Promise<string> => {
  const parts = seeds.map((seed) =>
    typeof seed !== 'string' ? seed : seed.length < 32 ? new TextEncoder().encode(seed) : encoder.encode(address(seed)),
  );
  return (await getProgramDerivedAddress({ programAddress: of, seeds: parts }))[0];
};

/** The accounts that each role has to have; the class of a node is for the program to compare. */
async function expected(wish: Wish): Promise<Readonly<Record<string, string>>> {
  const [node, holder] = [address(wish.node), address(wish.holder)];
  const purse = await derived(TOKEN_ACCOUNTS, holder, TOKENS, address(program.mint));
  const shard = (encoder.encode(node)[0] ?? 0) % program.shards;
  return {
    holder,
    node,
    position: await derived(PROGRAM, 'position', node, holder),
    vault: await derived(PROGRAM, 'vault', node),
    shard: await derived(PROGRAM, 'shard', Uint8Array.of(shard)),
    source: purse,
    destination: purse,
    token_program: TOKENS,
    event_authority: program.event_authority,
    program: PROGRAM,
  };
}

const whole = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function known(called: Called): Known {
  if (called.program !== PROGRAM) {
    throw new Unexpected(`The transaction calls the program ${called.program}, which has no part in this.`);
  }
  const form = program.instructions.find((each) => same(called.data.subarray(0, 8), Uint8Array.from(each.data)));
  if (form === undefined) throw new Unexpected('The transaction calls something of the staking program that was not asked for.');
  const size = form.amount ? 16 : 8;
  if (called.data.length !== size || called.accounts.length !== form.accounts.length) {
    throw new Unexpected(`The call of ${form.name} does not have the form of the program's description.`);
  }
  const accounts: Record<string, string> = {};
  form.accounts.forEach((role, index) => {
    const account = called.accounts[index] ?? '';
    if (role.address !== null && account !== role.address) {
      throw new Unexpected(`The call of ${form.name} has ${account} as ${role.name}, which is another account.`);
    }
    accounts[role.name] = account;
  });
  return { name: form.name, accounts, amount: form.amount ? whole(called.data.subarray(8)) : null };
}

/** What the network is paid at most, in lamports. */
function fee(calls: readonly Called[]): bigint {
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

function words(call: Known): string {
  const { node, source, destination, position } = call.accounts;
  switch (call.name) {
    case 'open_position':
      return `Opens your position ${position} on the node ${node}; about ${sol((OVERHEAD + BigInt(program.position_bytes)) * RENT)} of your SOL stay in it.`;
    case 'activate':
      return `Makes your pending stake on the node ${node} active.`;
    case 'stake':
      return `Moves ${io(call.amount ?? 0n)} from your account ${source} to the node ${node}, as your stake.`;
    case 'claim':
      return `Pays all rewards of your stake on the node ${node} to your account ${destination}.`;
    case 'compound':
      return `Turns the rewards of your stake on the node ${node} into more stake there, as far as there is room.`;
    case 'unstake':
      return `Takes ${io(call.amount ?? 0n, 'shares')} of your stake off the node ${node}, each worth 1 IO at most. What is pending is paid to your account ${destination} at once; the rest cools down, and can then be withdrawn.`;
    default:
      return `Pays your stake on the node ${node} that has cooled down to your account ${destination}.`;
  }
}

/** Compares a transaction, by its bytes, with what was asked for.
 *
 * Throws `Unexpected`: it does something else, or more.
 */
export async function check(transaction: Uint8Array, wish: Wish): Promise<Statement> {
  const it = read(transaction);
  if (it.payer !== wish.holder) throw new Unexpected(`The transaction is paid and signed by ${it.payer}, not by your wallet.`);
  const cost = fee(it.instructions.filter((each) => each.program === BUDGET));
  const calls = it.instructions.filter((each) => each.program !== BUDGET).map(known);
  const names = calls.map((call) => call.name);
  const before = names.slice(0, -1);
  if (names.at(-1) !== wish.action || before.length > 1 || before.some((name) => !BEFORE[wish.action].includes(name))) {
    throw new Unexpected(`You asked to ${wish.action}, and the transaction would do this: ${names.join(', ') || 'nothing'}.`);
  }
  const wanted = await expected(wish);
  for (const call of calls) {
    for (const [role, account] of Object.entries(call.accounts)) {
      const right = wanted[role];
      if (right !== undefined && account !== right) {
        throw new Unexpected(`The transaction has ${account} as ${role.replace('_', ' ')} where ${right} belongs.`);
      }
    }
    if (call.name === wish.action && call.amount !== wish.amount) {
      throw new Unexpected(`The transaction is about ${io(call.amount ?? 0n)}, and you asked for ${io(wish.amount ?? 0n)}.`);
    }
  }
  return {
    does: [...calls.map(words), `Pays the network ${sol(cost)} at most.`],
    message: it.message,
    blockhash: it.blockhash,
  };
}
