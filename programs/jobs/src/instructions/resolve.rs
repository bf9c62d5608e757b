//! Decides a dispute: `gross` of the job's price is due, and the fees follow from it. Ends the job.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `NotDisputed`, `WrongDispute`, `SplitAbovePrice`,
//! `SplitBelowPaid`, `WrongOffer`.
//!
//! Events: `DisputeResolved`, `Ended`.

use crate::errors::JobsError;
use crate::events::{DisputeResolved, Ended};
use crate::state::{Config, Dispute, Job, Offer};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct Resolve<'info> {
    /// The resolver of disputes.
    #[account(address = config.load()?.resolver @ JobsError::NotResolver)]
    pub resolver: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::JOBS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
    /// The job's open dispute.
    #[account(
        mut,
        constraint = dispute.load()?.job == job.key() @ JobsError::WrongDispute,
        constraint = dispute.load()?.until == job.load()?.frozen_until @ JobsError::WrongDispute
    )]
    pub dispute: AccountLoader<'info, Dispute>,
}

pub fn handle_resolve(ctx: Context<Resolve>, gross: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.job.key();
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let supplier = job.resolve(gross, now)?;
    accounts.offer.load_mut()?.release(&key, now);
    let outcome = accounts.dispute.load_mut()?.decide(supplier);
    let dispute = accounts.dispute.key();
    emit!(DisputeResolved { seq: job.next_seq(), job: key, dispute, gross, outcome });
    emit!(Ended::of(key, &mut job));
    Ok(())
}
