//! Ends a job whose time is over, or that was stopped, once attesters have looked at all of it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotRunning`, `NotOver`, `NotAttestedToItsEnd`, `WrongOffer`.
//!
//! Events: `Ended`.

use crate::errors::JobsError;
use crate::events::Ended;
use crate::state::{Job, Offer};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Complete<'info> {
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
}

pub fn handle_complete(ctx: Context<Complete>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    job.complete(now)?;
    ctx.accounts.offer.load_mut()?.release(&key, now);
    emit!(Ended::of(key, &mut job));
    Ok(())
}
