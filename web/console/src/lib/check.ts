/** Whether a transaction does what was asked for, and nothing else; and what it does, in words. */
import { address, type Address } from '@solana/addresses';
import { BUDGET, derived, fee, named, purse, TOKEN_ACCOUNTS, TOKENS, whole, type Known } from '../../../common/calls';
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
  /** The cluster that the job is of; left out or empty: it stands alone. */
  cluster?: string;
  /** Who gets its refund, and who the SOL of its accounts; left out or empty: the wallet. */
  refund_to?: string;
  rent_payer?: string;
}

/** A cluster: its account, the key that it is booked for, and the id from which the account follows, hex. */
export interface OfCluster {
  wallet: string;
  cluster: string;
  renter: string;
}

export type Single =
  | { action: 'book'; wallet: string; renter: string; node: string; seconds: bigint; most: bigint; manifest: string; coin: Coin; cluster?: string }
  | ({ action: 'stop' | 'cancel' | 'refund' } & OfJob)
  | ({ action: 'extend'; seconds: bigint; most: bigint } & OfJob)
  /** By the wallet, or for the key that rents the job. */
  | ({ action: 'dispute'; most: bigint; evidence: string; renter: string } & OfJob)
  | ({ action: 'bond'; renter: string } & OfJob)
  | { action: 'claim'; wallet: string; node: string }
  | ({ action: 'open'; id: string; size: bigint } & OfCluster)
  | ({ action: 'return' } & OfCluster);

/** Something about several jobs, one after the other: as many of them as fit into the transaction. */
export interface Several {
  action: 'all';
  wallet: string;
  of: readonly Single[];
  /** A key that signs as well; left out: none does. */
  also?: string;
  /** What has to come first. */
  first?: Single & { action: 'open' };
}

export type Wish = Single | Several;

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
const DISPUTE = (2n * OVERHEAD + ESCROW + BigInt(program.dispute_bytes)) * RENT;
const CLUSTER = (OVERHEAD + BigInt(program.cluster_bytes)) * RENT;
/** Of a token account that is opened. */
const PURSE = (OVERHEAD + ESCROW) * RENT;
const IO: Coin = { mint: program.mint, unit: 'IO', decimals: 8 };
/** Coins that these pages know by themselves: the market's own, and Circle's dollars on mainnet and devnet. */
const KNOWN: readonly Coin[] = [
  IO,
  { mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', unit: 'USDC', decimals: 6 },
  { mint: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', unit: 'USDC', decimals: 6 },
];

/** An amount, in a coin that these pages know. What a console calls any other one is its word alone, and that is said. */
function money(base: bigint, coin: Coin): string {
  const known = KNOWN.find((each) => each.mint === coin.mint);
  if (known) return tokens(base, known.decimals, known.unit);
  return `${tokens(base, coin.decimals, coin.unit)} (${base} base units of the mint ${coin.mint}, of which this console alone says what it is)`;
}

/** Which calls a wish takes, in this order; what ends with ? may be left out. */
const CALLS: Readonly<Record<Single['action'], readonly string[]>> = {
  book: ['book'],
  stop: ['stop'],
  cancel: ['cancel', 'open purse?', 'refund', 'collect_fees?', 'close'],
  refund: ['open purse?', 'refund'],
  extend: ['extend'],
  dispute: ['transfer', 'open purse', 'move', 'dispute'],
  bond: ['open purse', 'open purse', 'close_dispute?', 'move', 'shut', 'transfer?'],
  claim: ['owner_claim'],
  open: ['transfer', 'open_cluster'],
  return: ['close_cluster?', 'transfer'],
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

/** Moving SOL: `Transfer` of the System program. */
function moving(called: Called): Known {
  const [from = '', to = ''] = called.accounts;
  if (called.data.length !== 12 || whole(called.data.subarray(0, 4)) !== 2n || called.accounts.length !== 2) {
    throw new Unexpected('The transaction asks the System program for something else than to move SOL.');
  }
  return { program: 'system', name: 'transfer', accounts: { from, to }, args: { lamports: whole(called.data.subarray(4)) } };
}

/** Moving tokens, or closing an account of them: `Transfer` and `CloseAccount` of the token program. */
function ofPurse(called: Called): Known {
  const [first = '', to = '', by = ''] = called.accounts;
  const { data } = called;
  if (called.accounts.length === 3 && data.length === 9 && data[0] === 3) {
    return { program: 'tokens', name: 'move', accounts: { from: first, to, by }, args: { amount: whole(data.subarray(1)) } };
  }
  if (called.accounts.length === 3 && data.length === 1 && data[0] === 9) {
    return { program: 'tokens', name: 'shut', accounts: { from: first, to, by }, args: {} };
  }
  throw new Unexpected('The transaction asks the token program for something else than to move tokens or to close an account.');
}

function known(called: Called, moves: boolean, tokens: boolean): Known {
  if (moves && called.program === SYSTEM) return moving(called);
  if (tokens && called.program === TOKENS) return ofPurse(called);
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
async function expected(wish: Single, call: Known): Promise<Record<string, string>> {
  if (wish.action === 'open' || wish.action === 'return') return ofCluster(wish, call);
  if (ofKey(wish)) return forKey(wish, call);
  const { wallet, node } = wish;
  const [offer, vault] = [await job('offer', address(node)), await derived(STAKING, 'vault', address(node))];
  const coin = wish.action === 'claim' ? IO : wish.coin;
  const source = await purse(wallet, coin.mint);
  const [to, rent] = [getting(wish), ('rent_payer' in wish && wish.rent_payer) || wallet];
  const back = to === wallet ? source : await purse(to, coin.mint);
  const about = wish.action === 'book' ? await job('job', address(offer), integer(BigInt(call.args['nonce'] ?? 0n))) : wish.action === 'claim' ? SYSTEM : wish.job;
  const dispute = await job('dispute', address(about), address(wallet));
  return {
    payer: wallet, party: wallet, refund_to: wallet, rent_payer: rent, owner: wallet, wallet: to,
    renter: wish.action === 'book' ? wish.renter : wallet,
    node, offer, vault,
    job: about,
    escrow: await job('escrow', address(about)),
    dispute,
    bond_vault: await job('bond', address(dispute)),
    currency: await job('currency', address(coin.mint)),
    mint: coin.mint,
    source, purse: back,
    // Fees go to the vault that the job names.
    ...(call.name === 'collect_fees' ? {} : { destination: back }),
    cluster: ('cluster' in wish && wish.cluster) || JOBS,
    token_program: TOKENS, token: TOKENS, system_program: SYSTEM, system: SYSTEM,
    event_authority: call.program === 'jobs' ? program.event_authorities.jobs : program.event_authorities.staking,
    program: call.program === 'jobs' ? JOBS : STAKING,
  };
}

/** Who gets what a job does not use. */
const getting = (wish: Single): string => ('refund_to' in wish && wish.refund_to) || wish.wallet;

/** The same in words, where no byte says it: what a console says is told as its word. */
const byWord = (wish: Single): string =>
  `${getting(wish) === wish.wallet ? 'your wallet' : `the wallet ${getting(wish)}, and not to yours`}, as this console says`;

/** Whether a dispute is one of a key's, for which the wallet pays. */
const ofKey = (wish: Single): wish is Single & { action: 'dispute' | 'bond' } =>
  wish.action === 'bond' || (wish.action === 'dispute' && wish.renter !== wish.wallet);

/** A dispute by the key that rents the job: the wallet gives it bond and rent, and has back what is left of both. */
async function forKey(wish: Single & { action: 'dispute' | 'bond' }, call: Known): Promise<Record<string, string>> {
  const { wallet, renter, coin } = wish;
  const [own, its] = [await purse(wallet, coin.mint), await purse(renter, coin.mint)];
  const dispute = await job('dispute', address(wish.job), address(renter));
  const gives = wish.action === 'dispute';
  const to: Record<string, Record<string, string>> = {
    transfer: gives ? { from: wallet, to: renter } : { from: renter, to: wallet },
    move: gives ? { from: own, to: its, by: wallet } : { from: its, to: own, by: renter },
    shut: { from: its, to: wallet, by: renter },
    // The wallet's own may be opened, too, for what comes back.
    'open purse': !gives && call.accounts['wallet'] === wallet ? { wallet, purse: own } : { wallet: renter, purse: its },
  };
  return {
    payer: wallet, party: renter, rent_payer: renter, job: wish.job, dispute, bond_vault: await job('bond', address(dispute)),
    mint: coin.mint, source: its, token_program: TOKENS, token: TOKENS, system_program: SYSTEM, system: SYSTEM,
    event_authority: program.event_authorities.jobs, program: JOBS,
    ...to[call.name],
  };
}

async function ofCluster(wish: Single & { action: 'open' | 'return' }, call: Known): Promise<Record<string, string>> {
  const { wallet, renter } = wish;
  const account = wish.action === 'open' ? await job('cluster', address(renter), fromHex(wish.id)) : wish.cluster;
  if (account !== wish.cluster) throw new Unexpected(`The cluster's account would be ${account}, not ${wish.cluster}.`);
  const [from, to] = wish.action === 'open' ? [wallet, account] : [renter, wallet];
  return { renter, cluster: account, from, to, system_program: SYSTEM, program: call.program === 'jobs' ? JOBS : SYSTEM };
}

const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** The arguments that a call has to have. */
function wanted(wish: Single, call: Known): Record<string, bigint | string> {
  switch (wish.action) {
    case 'open':
      return { id: wish.id, size: wish.size, lamports: CLUSTER };
    case 'return':
      // Whatever there is goes to the wallet.
      return { lamports: call.args['lamports'] ?? 0n };
    case 'book':
      return { seconds: wish.seconds, max_deposit: wish.most, manifest_hash: wish.manifest, nonce: call.args['nonce'] ?? 0n };
    case 'extend':
      return { seconds: wish.seconds, max_deposit: wish.most };
    case 'dispute':
      return { max_bond: wish.most, evidence_hash: wish.evidence, amount: wish.most, lamports: DISPUTE };
    case 'bond':
      // Whatever there is goes to the wallet.
      return { lamports: call.args['lamports'] ?? 0n, amount: call.args['amount'] ?? 0n };
    default:
      return {};
  }
}

function words(wish: Single, call: Known): string {
  const { source, destination, escrow, job: about, renter, node, cluster, from, to } = call.accounts;
  const amount = 'most' in wish ? money(wish.most, wish.coin) : '';
  const gets = getting(wish);
  if (ofKey(wish)) return wordsForKey(wish, call);
  switch (call.name) {
    case 'transfer':
      return wish.action === 'open'
        ? `Moves ${sol(BigInt(call.args['lamports'] ?? 0n))} from your wallet into ${to}, the account of the cluster. They come back when you have it closed.`
        : `Moves ${sol(BigInt(call.args['lamports'] ?? 0n))} from the cluster's key ${from} to your wallet.`;
    case 'open_cluster':
      return `Opens the cluster ${cluster} of ${call.args['size']} nodes for the key ${renter}: no job of it starts before all are booked.`;
    case 'close_cluster':
      return `Closes the account of the cluster ${cluster}; its SOL go to the cluster's key.`;
    case 'book':
      return `Books the node ${node} for ${span(Number(call.args['seconds']))} as the job ${about}: moves at most ${amount} from your account ${source} into its escrow ${escrow}. What it does not come to is refunded to your wallet. The key ${renter} may read what the job prints and leaves, and end it; no money goes to it. About ${sol((2n * OVERHEAD + ESCROW + BigInt(program.job_bytes)) * RENT)} of your SOL stay in the job's accounts until it is closed.`;
    case 'stop':
      return `Ends the job ${about} now. Its used time is paid, an hour at least, and the rest of its escrow is refunded to ${byWord(wish)}.`;
    case 'cancel':
      return `Ends the job ${about} before its start, at the price of the time for which its node was held.`;
    case 'open purse':
      return gets === wish.wallet
        ? `Opens your account ${call.accounts['purse']} for what is refunded, if it is not there: ${sol(PURSE)} of yours then stay in it.`
        : `Opens the account ${call.accounts['purse']} of the wallet ${gets} for what is refunded, if it is not there: your wallet then pays ${sol(PURSE)} for it, which do not come back to you.`;
    case 'refund':
      return gets === wish.wallet
        ? `Pays what is left for you in the escrow ${escrow} to your account ${destination}.`
        : `Pays what is left in the escrow ${escrow} to ${destination}, the account of the wallet ${gets}, and not to yours.`;
    case 'collect_fees':
      return `Pays the fees of the job ${about} from its escrow.`;
    case 'close':
      return `Closes the job ${about}; the SOL in its accounts come back to ${call.accounts['rent_payer'] === wish.wallet ? 'your wallet' : `the wallet ${call.accounts['rent_payer']}, and not to yours`}.`;
    case 'extend':
      return `Books the job ${about} on the node ${node} for ${span(Number(call.args['seconds']))} more: moves at most ${amount} from your account ${source} into its escrow ${escrow}. What it does not come to is refunded to ${byWord(wish)}: that was fixed when the job was booked, and no byte of this transaction says it.`;
    case 'dispute':
      return `Disputes the split of the job ${about}: moves a bond of at most ${amount} from your account ${source} into ${call.accounts['bond_vault']}. It comes back unless the decision gives you no more. What is not paid yet is held back for 14 days at most.`;
    default:
      return `Pays all rewards of your node ${node} to your account ${destination}.`;
  }
}

function wordsForKey(wish: Single & { action: 'dispute' | 'bond' }, call: Known): string {
  const { renter, coin, job: about } = wish;
  const moved = sol(BigInt(call.args['lamports'] ?? 0n));
  const amount = money(BigInt(call.args['amount'] ?? 0n), coin);
  switch (call.name) {
    case 'transfer':
      return wish.action === 'dispute'
        ? `Moves ${moved} from your wallet to the key ${renter}, for the accounts of the dispute. They come back with the bond.`
        : `Moves ${moved} from the key ${renter} to your wallet.`;
    case 'open purse':
      return `Opens the account ${call.accounts['purse']} of ${call.accounts['wallet'] === renter ? 'the key' : 'your wallet'}, if it is not there: ${sol(PURSE)} of yours then stay in it${call.accounts['wallet'] === renter ? ' until it is closed' : ''}.`;
    case 'move':
      return wish.action === 'dispute'
        ? `Moves ${amount} from your account to that of the key ${renter}, which pays the bond of it.`
        : `Moves ${amount} from the account of the key ${renter} to yours.`;
    case 'shut':
      return `Closes the account ${call.accounts['from']} of the key; its SOL go to your wallet.`;
    case 'close_dispute':
      return `Ends the dispute of the job ${about}, which is over. Its bond goes to ${call.accounts['destination']}.`;
    default:
      return `Disputes the split of the job ${about}, as its renter ${renter}, with a bond of at most ${money(BigInt(call.args['max_bond'] ?? 0n), coin)}. It comes back unless the decision gives you no more. What is not paid yet is held back for 14 days at most.`;
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

type Part = readonly [Single, readonly Known[]];

/** Whether a call begins a part of a transaction that does something with several jobs. */
function begins(action: string, call: Known, before: Known | undefined): boolean {
  if (action === 'dispute') return call.name === 'transfer';
  if (action !== 'refund') return call.name === action;
  // The purse is opened before what goes there.
  return call.name === 'open purse' || (call.name === 'refund' && before?.name !== 'open purse');
}

/** The calls of a transaction, each part with what it was asked for by: each of those once at most. */
function partsOf(wish: Wish, calls: readonly Known[]): Part[] {
  if (wish.action !== 'all') return [[wish, calls]];
  const left = [...wish.of];
  const action = left[0]?.action ?? '';
  const skipped = wish.first === undefined ? 0 : CALLS.open.length;
  const split: Known[][] = [];
  calls.slice(skipped).forEach((call, index, all) => {
    if (!split.length || begins(action, call, all[index - 1])) split.push([]);
    split.at(-1)?.push(call);
  });
  if (!split.length) throw new Unexpected('The transaction does nothing of what was asked for.');
  const parts = split.map((part): Part => {
    const about = part.map((call) => call.accounts[action === 'book' ? 'node' : 'job']).find((account) => account !== undefined) ?? 'nothing that has a name';
    const index = left.findIndex((each) => (each.action === 'book' ? each.node : 'job' in each ? each.job : '') === about);
    const [single] = index < 0 ? [] : left.splice(index, 1);
    if (single === undefined) throw new Unexpected(`The transaction is about ${about}, which was not asked for, or is in it twice.`);
    return [single, part];
  });
  return wish.first === undefined ? parts : [[wish.first, calls.slice(0, skipped)], ...parts];
}

async function checkPart(wish: Single, calls: readonly Known[]): Promise<void> {
  const names = calls.map((call) => call.name);
  const pattern = wish.action === 'dispute' && !ofKey(wish) ? ['dispute'] : CALLS[wish.action];
  if (!inOrder(names, pattern)) {
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
}

/** What leaves the wallet at most, of all nodes together. */
function together(parts: readonly Part[]): string[] {
  const paid = parts.flatMap(([single]) => ('most' in single ? [single] : []));
  const [one, ...others] = paid;
  if (one === undefined || !others.length || paid.some((each) => each.coin.mint !== one.coin.mint)) return [];
  const most = paid.reduce((sum, each) => sum + each.most, 0n);
  const what = { book: 'bookings', extend: 'extensions', dispute: 'bonds' }[one.action];
  return [`Together these ${paid.length} ${what} move at most ${money(most, one.coin)}: all of them or none.`];
}

/** The keys that sign after the wallet. */
export function alsoSigning(wish: Wish): readonly string[] {
  if (wish.action === 'return' || (wish.action !== 'all' && ofKey(wish))) return [wish.renter];
  return wish.action === 'all' && wish.also ? [wish.also] : [];
}

/** What a transaction does, if that is what was asked for.
 *
 * Throws `Unexpected`: it does something else, or more.
 */
export async function check(transaction: Uint8Array, wish: Wish): Promise<Statement> {
  const also = alsoSigning(wish);
  const it = read(transaction, also);
  if (it.payer !== wish.wallet) throw new Unexpected(`The transaction is paid and signed by ${it.payer}, not by your wallet.`);
  const cost = fee(it.instructions.filter((each) => each.program === BUDGET), 1 + also.length);
  const keyed = (wish.action === 'all' ? wish.of : [wish]).some(ofKey);
  const moves = keyed || wish.action === 'return' || (wish.action === 'all' && wish.first !== undefined);
  const calls = it.instructions.filter((each) => each.program !== BUDGET).map((each) => known(each, moves, keyed));
  const parts = partsOf(wish, calls);
  for (const [single, part] of parts) await checkPart(single, part);
  return {
    does: [...parts.flatMap(([single, part]) => part.map((call) => words(single, call))), ...together(parts), `Pays the network ${sol(cost)} at most.`],
    message: it.message,
    blockhash: it.blockhash,
  };
}
