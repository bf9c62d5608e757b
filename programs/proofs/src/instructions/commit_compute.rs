//! Posts a seat's root of the commitments that it received in time. With the last seat's the draw begins.
//!
//! Who may call: an attester, once an hour.
//!
//! Checks, each with its error: `NotAttester`, `CommitsClosed`, `AlreadyDrawn`, `AlreadyCommitted`.
//!
//! Events: `ComputeCommitted`.

use crate::errors::ProofsError;
use crate::events::ComputeCommitted;
use crate::state::{AttesterSet, Hour};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct CommitCompute<'info> {
    /// An attester.
    pub attester: Signer<'info>,
    /// The attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
    /// The hour.
    #[account(mut)]
    pub hour: AccountLoader<'info, Hour>,
}

pub fn handle_commit_compute(ctx: Context<CommitCompute>, root: [u8; 32], count: u32) -> Result<()> {
    let accounts = &ctx.accounts;
    let clock = Clock::get()?;
    let set = accounts.attester_set.load()?;
    let (seat, _) = set.seat_of(accounts.attester.key).ok_or(ProofsError::NotAttester)?;
    let mut hour = accounts.hour.load_mut()?;
    require_gt!(hour.commit_until(), clock.unix_timestamp, ProofsError::CommitsClosed);
    hour.commit(seat, root, count, &set, clock.slot)?;
    let draw_from = hour.draw_from;
    emit!(ComputeCommitted {
        hour: accounts.hour.key(),
        seat,
        attester: accounts.attester.key(),
        root,
        count,
        set_version: set.set_version,
        draw_from,
    });
    Ok(())
}
