/** Whether a transaction does what the reader asked for, and nothing else; and what it does, in words. */
import { address } from '@solana/addresses';
import { BUDGET, derived, encoder, fee, named, purse, TOKENS, type Known } from '../../../common/calls';
import { io, sol } from '../../../common/format';
import { read, Unexpected } from '../../../common/message';
import type { Statement } from '../../../common/signing.svelte';
import program from './program.json';

export type Action = 'stake' | 'claim' | 'compound' | 'unstake' | 'withdraw';

export interface Wish {
  action: Action;
  holder: string;
  node: string;
  /** Whether the holder owns the node, so that its own side is moved. */
  owner: boolean;
  /** Base units of IO that are staked, or that an owner unstakes; shares that others unstake; null for what takes none. */
  amount: bigint | null;
}

const PROGRAM = address(program.program);
/** Lamports a byte of an account, and bytes that each has besides its own. */
const RENT = 6_960n;
const OVERHEAD = 128n;
/** The calls that a wish may take, one way or another. What is made active is the holder's own. */
const CALLS: Readonly<Record<'co' | 'owner', Readonly<Record<Action, readonly (readonly string[])[]>>>> = {
  co: {
    stake: [['stake'], ['open_position', 'stake'], ['activate', 'stake']],
    claim: [['claim']],
    compound: [['compound'], ['activate', 'compound']],
    unstake: [['unstake']],
    withdraw: [['withdraw']],
  },
  owner: {
    stake: [
      ['owner_stake'],
      ['owner_activate', 'owner_stake'],
      ['owner_stake', 'owner_activate'],
      ['owner_activate', 'owner_stake', 'owner_activate'],
    ],
    claim: [['owner_claim']],
    compound: [['owner_compound'], ['owner_activate', 'owner_compound']],
    unstake: [['owner_unstake']],
    withdraw: [['owner_withdraw']],
  },
};

/** The accounts that each role has to have; the class of a node is for the program to compare. */
async function expected(wish: Wish): Promise<Readonly<Record<string, string>>> {
  const [node, holder] = [address(wish.node), address(wish.holder)];
  const own = await purse(wish.holder, program.mint);
  const shard = (encoder.encode(node)[0] ?? 0) % program.shards;
  return {
    holder,
    owner: holder,
    node,
    position: await derived(PROGRAM, 'position', node, holder),
    offer: await derived(address(program.jobs), 'offer', node),
    vault: await derived(PROGRAM, 'vault', node),
    shard: await derived(PROGRAM, 'shard', Uint8Array.of(shard)),
    source: own,
    destination: own,
    token_program: TOKENS,
    event_authority: program.event_authority,
    program: PROGRAM,
  };
}

function words(call: Known): string {
  const { node, source, destination, position } = call.accounts;
  const amount = BigInt(call.args['amount'] ?? 0n);
  switch (call.name) {
    case 'open_position':
      return `Opens your position ${position} on the node ${node}; about ${sol((OVERHEAD + BigInt(program.position_bytes)) * RENT)} of your SOL stay in it.`;
    case 'activate':
      return `Makes your pending stake on the node ${node} active.`;
    case 'owner_activate':
      return `Makes your pending stake on your node ${node} active.`;
    case 'stake':
      return `Moves ${io(amount)} from your account ${source} to the node ${node}, as your stake.`;
    case 'owner_stake':
      return `Moves ${io(amount)} from your account ${source} to your node ${node}, as its owner's stake, which is slashed first.`;
    case 'claim':
      return `Pays all rewards of your stake on the node ${node} to your account ${destination}.`;
    case 'owner_claim':
      return `Pays all rewards of your node ${node} to your account ${destination}.`;
    case 'compound':
      return `Turns the rewards of your stake on the node ${node} into more stake there, as far as there is room.`;
    case 'owner_compound':
      return `Turns the rewards of your node ${node} into more of its owner's stake, as far as there is room.`;
    case 'unstake':
      return `Takes ${io(amount, 'shares')} of your stake off the node ${node}, each worth 1 IO at most. What is pending is paid to your account ${destination} at once; the rest cools down, and can then be withdrawn.`;
    case 'owner_unstake':
      return `Takes ${io(amount)} of the owner's stake off your node ${node}. What is pending is paid to your account ${destination} at once; the rest cools down, and can then be withdrawn. Below its minimum the node earns nothing.`;
    case 'withdraw':
      return `Pays your stake on the node ${node} that has cooled down to your account ${destination}.`;
    default:
      return `Pays the owner's stake of your node ${node} that has cooled down to your account ${destination}.`;
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
  const others = it.instructions.filter((each) => each.program !== BUDGET);
  const foreign = others.find((each) => each.program !== PROGRAM);
  if (foreign !== undefined) throw new Unexpected(`The transaction calls the program ${foreign.program}, which has no part in this.`);
  const calls = others.map((each) => named(each, 'staking', PROGRAM, program.calls));
  const names = calls.map((call) => call.name).join(', ');
  if (!CALLS[wish.owner ? 'owner' : 'co'][wish.action].some((each) => each.join(', ') === names)) {
    throw new Unexpected(`You asked to ${wish.action}, and the transaction would do this: ${names || 'nothing'}.`);
  }
  const wanted = await expected(wish);
  for (const call of calls) {
    for (const [role, account] of Object.entries(call.accounts)) {
      const right = wanted[role];
      if (right !== undefined && account !== right) {
        throw new Unexpected(`The transaction has ${account} as ${role.replace('_', ' ')} where ${right} belongs.`);
      }
    }
    const amount = call.args['amount'];
    if (amount !== undefined && amount !== wish.amount) {
      throw new Unexpected(`The transaction is about ${io(BigInt(amount))}, and you asked for ${io(wish.amount ?? 0n)}.`);
    }
  }
  return {
    does: [...calls.map(words), `Pays the network ${sol(cost)} at most.`],
    message: it.message,
    blockhash: it.blockhash,
  };
}
