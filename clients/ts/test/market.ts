// Stakes, books and votes on a local market, and prints what the events say, a line of JSON each.
//
// usage: node dist/test/market.js URL KEYS NODE PROPOSAL (stake | book | vote | refused)...

import fs from 'node:fs';
import path from 'node:path';

import { type Address, address, createKeyPairSignerFromBytes, createSolanaRpc, isSolanaError } from '@solana/kit';

import { governance, jobs, mint, send, type Sent, staking, tokenAccount } from '../src/index.js';

const [url, keys, nodeText, proposalText, ...steps] = process.argv.slice(2);
const rpc = createSolanaRpc(url!);
const node = address(nodeText!);
const proposal = address(proposalText!);

async function person(name: string) {
  const file = path.join(keys!, `${name}.json`);
  return createKeyPairSignerFromBytes(new Uint8Array(JSON.parse(fs.readFileSync(file, 'utf8'))));
}

/** A co-staker opens a position on the node, and stakes 10 IO. */
async function stake(amount = 10_00000000n, name = 'carol'): Promise<Sent> {
  const holder = await person(name);
  const { data: its } = await staking.fetchNode(rpc, node);
  const [hardware] = await staking.findClassPda({ id: its.class });
  const source = await tokenAccount(holder.address);
  return send(rpc, holder, [
    await staking.getOpenPositionInstructionAsync({ holder, node }),
    await staking.getStakeInstructionAsync({ holder, class: hardware, node, source, amount }),
  ]);
}

/** A renter books the node for an hour, in IO. */
async function book(): Promise<Sent> {
  const payer = await person('renter');
  const [offer] = await jobs.findOfferPda({ node });
  const [io] = await mint.findMintPda();
  const [currency] = await jobs.findCurrencyPda({ mint: io });
  const [terms, paid, its] = await Promise.all([
    jobs.fetchOffer(rpc, offer),
    jobs.fetchCurrency(rpc, currency),
    staking.fetchNode(rpc, node),
  ]);
  const [hardware] = await staking.findClassPda({ id: its.data.class });
  const nonce = terms.data.nonce + 1n;
  const [job] = await jobs.findJobPda({ offer, nonce });
  const booking = await jobs.getBookInstructionAsync({
    payer,
    renter: payer.address,
    refundTo: payer.address,
    node,
    class: hardware,
    payoutCurrency: currency,
    price: paid.data.priceAccount,
    mint: io,
    source: await tokenAccount(payer.address),
    nonce,
    seconds: 3_600,
    maxDeposit: 1_00000000n,
    manifestHash: new Uint8Array(32).fill(7),
  });
  const sent = await send(rpc, payer, [booking]);
  const { data } = await jobs.fetchJob(rpc, job);
  if (data.renter !== payer.address || data.node !== node) throw new Error('another job was booked');
  return sent;
}

/** The node's owner votes with their stake. */
async function vote(): Promise<Sent> {
  const owner = await person('alice');
  const { data } = await governance.fetchProposal(rpc, proposal);
  return send(rpc, owner, [
    await governance.getOpenNodeVoteInstructionAsync({ payer: owner, proposal, node }),
    await governance.getOwnerVoteInstructionAsync({
      owner,
      proposal,
      node,
      choice: governance.VoteChoice.For,
      contentHash: data.contentHash,
    }),
  ]);
}

/** More than the holder has: the program's error has a name. */
async function refused(): Promise<void> {
  try {
    await stake(90_000_000_00000000n, 'bob');
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      const context = isSolanaError(cause) ? (cause.context as { code?: number }) : {};
      if (context.code !== undefined) {
        console.log(JSON.stringify({ refused: staking.getStakingErrorMessage(context.code as staking.StakingError) }));
        return;
      }
    }
    throw error;
  }
}

const run: Record<string, () => Promise<Sent | void>> = { stake, book, vote, refused };
for (const step of steps) {
  const sent = await run[step]!();
  for (const { program, name, data } of sent?.events ?? []) {
    console.log(JSON.stringify({ step, program, name, data }, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)));
  }
}
