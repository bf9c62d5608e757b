//! Shows that a read of a residency proof that a device has signed is wrong, by making its block again: slashes its
//! node, without appeal, and fails its verdict.
//!
//! Who may call: anyone, until seven days after the hour.
//!
//! Checks, each with its error: `NotANode`, `HourTooOld`, `SizesUnknown`, `OutsideProof`, `WrongProof`, `NotSigned`,
//! `ForeignCommitment`, `ReadStands`.
//!
//! Events: none; the staking program's `NodeDisproved`.

use super::disprove::Disprove;
use crate::errors::ProofsError;
use crate::state::{Commitment, READS_MESSAGE};
use anchor_lang::prelude::*;
use io_common::merkle::{self, Hash};
use io_math::residency;

/// A read of a chain.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct ReadArgs {
    /// What was signed.
    pub commitment: Commitment,
    /// The place of the leaf in the tree.
    pub place: u32,
    /// The chain.
    pub chain: u32,
    /// Which of its reads, from 0.
    pub read: u32,
    /// The chain's state before it.
    pub state: [u8; 128],
    /// The block that was read.
    pub address: u32,
    /// The chain's state after it.
    pub next: [u8; 128],
}

impl ReadArgs {
    fn leaf(&self) -> Hash {
        let numbers = [self.chain, self.read].map(u32::to_le_bytes);
        let payload =
            [numbers.as_flattened(), self.state.as_slice(), &self.address.to_le_bytes(), &self.next].concat();
        merkle::leaf(merkle::READ, &payload)
    }

    /// Whether address and state follow from the state before, in a memory with this seed.
    fn follows(&self, seed: &Hash, blocks: u32, rounds: u32) -> bool {
        let state = residency::words(&self.state);
        if residency::address(&state, blocks) != self.address {
            return false;
        }
        let block = residency::block(seed, self.address, rounds);
        residency::next(&state, &block, self.read) == residency::words(&self.next)
    }
}

pub fn handle_disprove_read<'info>(ctx: Context<'info, Disprove<'info>>, args: ReadArgs) -> Result<()> {
    let commitment = &args.commitment;
    let [blocks, rounds] = commitment.sizes;
    require!(residency::sizes_fit(blocks, rounds), ProofsError::SizesUnknown);
    let leaf = (args.leaf(), args.place);
    let claim = ctx.accounts.claim(ctx.remaining_accounts, READS_MESSAGE, commitment, leaf)?;
    let seed = commitment.memory(&claim.device, &claim.seed);
    require!(!args.follows(&seed, blocks, rounds), ProofsError::ReadStands);
    ctx.accounts.slash(&claim)
}
