/** Whether a transaction does what was asked for, and nothing else; and what it does, in words. */
import { address, type Address } from '@solana/addresses';
import { BUDGET, derived, fee, named, purse, TOKEN_ACCOUNTS, TOKENS, type Known } from '../../../common/calls';
import { sol, span, tokens } from '../../../common/format';
import { read, Unexpected, type Called } from '../../../common/message';
import program from './program.json';

interface Coin {
  mint: string;
  unit: string;
  decimals: number;
}

interface OfJob {
  wallet: string;
  job: string;
  node: string;
  coin: Coin;
}

export type Wish =
  | { action: 'book'; wallet: string; renter: string; node: string; seconds: bigint; most: bigint; manifest: string; coin: Coin }
  | ({ action: 'stop' | 'cancel' | 'refund' } & OfJob)
  | ({ action: 'extend'; seconds: bigint; most: bigint } & OfJob)
  | ({ action: 'dispute'; most: bigint; evidence: string } & OfJob)
  | { action: 'claim'; wallet: string; node: string };

export interface Statement {
  does: readonly string[];
  /** What is signed. */
  message: Uint8Array;
  blockhash: string;
}

const JOBS = address(program.programs.jobs.address);
const STAKING = address(program.programs.staking.address);
const SYSTEM = '11111111111111111111111111111111';
/** Of a token account, and of all accounts besides: bytes, and lamports for each. */
const ESCROW = 165n;
const OVERHEAD = 128n;
const RENT = 6_960n;
const IO: Coin = { mint: program.mint, unit: 'IO', decimals: 8 };

/** Which calls a wish takes, in this order; what ends with ? may be left out. */
const CALLS: Readonly<Record<Wish['action'], readonly string[]>> = {
  book: ['book'],
  stop: ['stop'],
  cancel: ['cancel', 'open purse?', 'refund', 'collect_fees?', 'close'],
  refund: ['open purse?', 'refund'],
  extend: ['extend'],
  dispute: ['dispute'],
  claim: ['owner_claim'],
};

function integer(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** Opening the wallet's token account, if it is not there: `CreateIdempotent` of the program of such accounts. */
function opening(called: Called): Known {
  const [payer = '', account = '', owner = '', mint = '', system = '', token = ''] = called.accounts;
  if (called.data.length !== 1 || called.data[0] !== 1 || called.accounts.length !== 6) {
    throw new Unexpected('The transaction asks the program of token accounts for something else than to open one.');
  }
  return { program: 'tokens', name: 'open purse', accounts: { payer, purse: account, wallet: owner, mint, system, token }, args: {} };
}

function known(called: Called): Known {
  switch (called.program) {
    case JOBS:
      return named(called, 'jobs', JOBS, program.programs.jobs.calls);
    case STAKING:
      return named(called, 'staking', STAKING, program.programs.staking.calls);
    case TOKEN_ACCOUNTS:
      return opening(called);
    default:
      throw new Unexpected(`The transaction calls the program ${called.program}, which has no part in this.`);
  }
}

const job = (...seeds: (string | Address | Uint8Array)[]): Promise<string> => derived(JOBS, ...seeds);

/** The account that each role of a call has to have; what is not here, the program compares with its own. */
async function expected(wish: Wish, call: Known): Promise<Record<string, string>> {
  const { wallet, node } = wish;
  const [offer, vault] = [await job('offer', address(node)), await derived(STAKING, 'vault', address(node))];
  const coin = wish.action === 'claim' ? IO : wish.coin;
  const source = await purse(wallet, coin.mint);
  const about = wish.action === 'book' ? await job('job', address(offer), integer(BigInt(call.args['nonce'] ?? 0n))) : wish.action === 'claim' ? SYSTEM : wish.job;
  const dispute = await job('dispute', address(about), address(wallet));
  return {
    payer: wallet, party: wallet, refund_to: wallet, rent_payer: wallet, owner: wallet, wallet,
    renter: wish.action === 'book' ? wish.renter : wallet,
    node, offer, vault,
    job: about,
    escrow: await job('escrow', address(about)),
    dispute,
    bond_vault: await job('bond', address(dispute)),
    currency: await job('currency', address(coin.mint)),
    mint: coin.mint,
    source, purse: source,
    // Fees go to the vault that the job names.
    ...(call.name === 'collect_fees' ? {} : { destination: source }),
    cluster: JOBS,
    token_program: TOKENS, token: TOKENS, system_program: SYSTEM, system: SYSTEM,
    event_authority: call.program === 'jobs' ? program.event_authorities.jobs : program.event_authorities.staking,
    program: call.program === 'jobs' ? JOBS : STAKING,
  };
}

/** The arguments that a call has to have. */
function wanted(wish: Wish, call: Known): Record<string, bigint | string> {
  switch (wish.action) {
    case 'book':
      return { seconds: wish.seconds, max_deposit: wish.most, manifest_hash: wish.manifest, nonce: call.args['nonce'] ?? 0n };
    case 'extend':
      return { seconds: wish.seconds, max_deposit: wish.most };
    case 'dispute':
      return { max_bond: wish.most, evidence_hash: wish.evidence };
    default:
      return {};
  }
}

function words(wish: Wish, call: Known): string {
  const { source, destination, escrow, job: about, renter, node } = call.accounts;
  const amount = 'most' in wish ? tokens(wish.most, wish.coin.decimals, wish.coin.unit) : '';
  switch (call.name) {
    case 'book':
      return `Books the node ${node} for ${span(Number(call.args['seconds']))} as the job ${about}: moves at most ${amount} from your account ${source} into its escrow ${escrow}. What it does not come to is refunded to your wallet. The key ${renter} may read what the job prints and leaves, and end it; no money goes to it. About ${sol((2n * OVERHEAD + ESCROW + BigInt(program.job_bytes)) * RENT)} of your SOL stay in the job's accounts until it is closed.`;
    case 'stop':
      return `Ends the job ${about} now. Its used time is paid, an hour at least, and the rest of its escrow is refunded to your wallet.`;
    case 'cancel':
      return `Ends the job ${about} before its start, at the price of the time for which its node was held.`;
    case 'open purse':
      return `Opens your account ${call.accounts['purse']} for what is refunded, if it is not there.`;
    case 'refund':
      return `Pays what is left for you in the escrow ${escrow} to your account ${destination}.`;
    case 'collect_fees':
      return `Pays the fees of the job ${about} from its escrow.`;
    case 'close':
      return `Closes the job ${about}; the SOL in its accounts come back to your wallet.`;
    case 'extend':
      return `Books the job ${about} for ${span(Number(call.args['seconds']))} more: moves at most ${amount} from your account ${source} into its escrow ${escrow}.`;
    case 'dispute':
      return `Disputes the split of the job ${about}: moves a bond of at most ${amount} from your account ${source} into ${call.accounts['bond_vault']}. It comes back unless the decision gives you no more. What is not paid yet is held back for 14 days at most.`;
    default:
      return `Pays all rewards of your node ${node} to your account ${destination}.`;
  }
}

function inOrder(names: readonly string[], pattern: readonly string[]): boolean {
  let at = 0;
  for (const each of pattern) {
    const optional = each.endsWith('?');
    if (names[at] === (optional ? each.slice(0, -1) : each)) at += 1;
    else if (!optional) return false;
  }
  return at === names.length;
}

/** What a transaction does, if that is what was asked for.
 *
 * Throws `Unexpected`: it does something else, or more.
 */
export async function check(transaction: Uint8Array, wish: Wish): Promise<Statement> {
  const it = read(transaction);
  if (it.payer !== wish.wallet) throw new Unexpected(`The transaction is paid and signed by ${it.payer}, not by your wallet.`);
  const cost = fee(it.instructions.filter((each) => each.program === BUDGET));
  const calls = it.instructions.filter((each) => each.program !== BUDGET).map(known);
  const names = calls.map((call) => call.name);
  if (!inOrder(names, CALLS[wish.action])) {
    throw new Unexpected(`You asked to ${wish.action}, and the transaction would do this: ${names.join(', ') || 'nothing'}.`);
  }
  for (const call of calls) {
    const right = await expected(wish, call);
    for (const [role, account] of Object.entries(call.accounts)) {
      const belongs = right[role];
      if (belongs !== undefined && account !== belongs) {
        throw new Unexpected(`The transaction has ${account} as ${role.replace('_', ' ')} where ${belongs} belongs.`);
      }
    }
    for (const [name, value] of Object.entries(call.args)) {
      const asked = wanted(wish, call)[name];
      if (value !== asked) throw new Unexpected(`The transaction has ${value} as ${name.replace('_', ' ')}, and you asked for ${asked}.`);
    }
  }
  return {
    does: [...calls.map((call) => words(wish, call)), `Pays the network ${sol(cost)} at most.`],
    message: it.message,
    blockhash: it.blockhash,
  };
}
