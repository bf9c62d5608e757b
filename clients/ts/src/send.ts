// Sending a transaction over plain JSON-RPC, and waiting for what became of it.

import {
  appendTransactionMessageInstructions,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  type Instruction,
  pipe,
  type Rpc,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  type Signature,
  signTransactionMessageWithSigners,
  type SolanaRpcApi,
  type TransactionSigner,
} from '@solana/kit';

import { type Event, eventsOf } from './events.js';

/** What a transaction did. */
export type Sent = { signature: Signature; events: Event[] };

/** How often the node is asked, milliseconds. */
const PAUSE = 400;

/**
 * Signs, sends and confirms a transaction, and returns its events.
 *
 * @throws SolanaError the node or a program refused it: nothing was changed.
 * @throws Error it failed on the chain, or its blockhash has expired and it did not land; the message has its signature.
 */
export async function send(
  rpc: Rpc<SolanaRpcApi>,
  payer: TransactionSigner,
  instructions: readonly Instruction[],
): Promise<Sent> {
  const { value: blockhash } = await rpc.getLatestBlockhash().send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayerSigner(payer, empty),
    (paid) => setTransactionMessageLifetimeUsingBlockhash(blockhash, paid),
    (bound) => appendTransactionMessageInstructions(instructions, bound),
  );
  const signed = await signTransactionMessageWithSigners(message);
  const signature = getSignatureFromTransaction(signed);
  const wire = getBase64EncodedWireTransaction(signed);
  await rpc.sendTransaction(wire, { encoding: 'base64', preflightCommitment: 'confirmed' }).send();
  await landed(rpc, signature, blockhash.lastValidBlockHeight);
  const answer = await rpc
    .getTransaction(signature, { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 })
    .send();
  if (answer === null) throw new Error(`transaction ${signature} landed, and the node does not show it`);
  return { signature, events: eventsOf(answer) };
}

async function landed(rpc: Rpc<SolanaRpcApi>, signature: Signature, until: bigint): Promise<void> {
  for (;;) {
    const height = await rpc.getBlockHeight({ commitment: 'confirmed' }).send();
    const { value } = await rpc.getSignatureStatuses([signature]).send();
    const status = value[0];
    if (status?.err) throw new Error(`transaction ${signature} failed: ${JSON.stringify(status.err, plain)}`);
    if (status?.confirmationStatus === 'confirmed' || status?.confirmationStatus === 'finalized') return;
    // Its state was asked for after the height: past it, nothing can land any more.
    if (height > until) throw new Error(`transaction ${signature} did not land in time, and no longer can`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
