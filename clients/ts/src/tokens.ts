// Where a wallet's tokens are.

import { type Address, address, getAddressEncoder, getProgramDerivedAddress } from '@solana/kit';

import { findMintPda } from './generated/mint/index.js';

const TOKEN_PROGRAM = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const ASSOCIATED_TOKEN_PROGRAM = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');

/** The associated token account of a wallet; of IO, where no other mint is given. */
export async function tokenAccount(owner: Address, mint?: Address): Promise<Address> {
  const [io] = await findMintPda();
  const encoder = getAddressEncoder();
  const seeds = [owner, TOKEN_PROGRAM, mint ?? io].map((seed) => encoder.encode(seed));
  const [found] = await getProgramDerivedAddress({ programAddress: ASSOCIATED_TOKEN_PROGRAM, seeds });
  return found;
}
