//! Stops a running job before its time. The renter pays for the first hour in any case; a supplier who leaves
//! within it gets nothing.
//!
//! Who may call: the renter, who gets the refund, or the supplier.
//!
//! Checks, each with its error: `NotAParty`, `NotRunning`, `Over`, `WrongOffer`.
//!
//! Events: `Stopped`.

use crate::errors::JobsError;
use crate::events::Stopped;
use crate::state::{Job, Offer};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Stop<'info> {
    /// The renter, who gets the refund, or the supplier.
    #[account(constraint = job.load()?.is_party(party.key) @ JobsError::NotAParty)]
    pub party: Signer<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
}

pub fn handle_stop(ctx: Context<Stop>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let by_renter = job.is_renting(ctx.accounts.party.key);
    job.stop(by_renter, now)?;
    ctx.accounts.offer.load_mut()?.release(&key, now);
    emit!(Stopped {
        seq: job.next_seq(),
        job: key,
        by: ctx.accounts.party.key(),
        reason: job.reason,
        ends_at: job.ends_at,
    });
    Ok(())
}
