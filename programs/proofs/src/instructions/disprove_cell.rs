//! Shows that a cell of a product that a device has signed is wrong: slashes its node, without appeal, and fails its
//! verdict.
//!
//! Who may call: anyone, until seven days after the hour.
//!
//! Checks, each with its error: `NotANode`, `HourTooOld`, `SizesUnknown`, `OutsideProof`, `WrongProof`, `NotSigned`,
//! `ForeignCommitment`, `CellStands`.
//!
//! Events: none; the staking program's `NodeDisproved`.

use super::disprove::Disprove;
use crate::errors::ProofsError;
use crate::state::{Commitment, RATE_MESSAGE};
use anchor_lang::prelude::*;
use io_common::{bytes, merkle};
use io_math::rate;

/// A cell of a product.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct CellArgs {
    /// What was signed.
    pub commitment: Commitment,
    /// The cell's row.
    pub row: u32,
    /// Its column.
    pub column: u32,
    /// The leaf that it stands in: 64 entries of the row, i32 each.
    pub entries: [u8; 256],
}

impl CellArgs {
    /// The place of its leaf.
    fn place(&self) -> Option<u32> {
        let [m, _] = self.commitment.sizes;
        let leaves = m.checked_div(rate::CHUNK)?;
        self.row.checked_mul(leaves)?.checked_add(self.column.checked_div(rate::CHUNK)?)
    }

    /// What was committed to.
    fn value(&self) -> Option<i64> {
        let at = usize::try_from(self.column.checked_rem(rate::CHUNK)?).ok()?.checked_mul(4)?;
        Some(i32::from_le_bytes(bytes::at(&self.entries, at)?).into())
    }
}

pub fn handle_disprove_cell<'info>(ctx: Context<'info, Disprove<'info>>, args: CellArgs) -> Result<()> {
    let CellArgs { commitment, row, column, entries } = &args;
    let [m, k] = commitment.sizes;
    require!(rate::sizes_fit(m, k), ProofsError::SizesUnknown);
    require!(row.max(column) < &m, ProofsError::OutsideProof);
    let place = args.place().ok_or(ProofsError::OutsideProof)?;
    let leaf = (merkle::leaf(merkle::RATE, entries), place);
    let claim = ctx.accounts.claim(ctx.remaining_accounts, RATE_MESSAGE, commitment, leaf)?;
    let (a, b) = commitment.streams(ctx.accounts.node.key, &claim.seed)?;
    let value = args.value().ok_or(ProofsError::OutsideProof)?;
    require!(rate::cell(a, b, k, *row, *column) != value, ProofsError::CellStands);
    ctx.accounts.slash(&claim)
}
