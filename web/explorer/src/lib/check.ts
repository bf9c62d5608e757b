/** Whether a transaction does what the reader asked for, and nothing else; and what it does, in words. */
import { address } from '@solana/addresses';
import { BUDGET, derived, encoder, fee, TOKEN_ACCOUNTS, TOKENS, whole } from '../../../common/calls';
import { io, sol } from '../../../common/format';
import { read, same, Unexpected, type Called } from '../../../common/message';
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
