//! Ends a job before its start. Free for the supplier, and for the renter within two minutes.
//!
//! Who may call: the renter or the supplier.
//!
//! Checks, each with its error: `NotAParty`, `NotBooked`, `WrongOffer`, `WrongCluster`.
//!
//! Events: `Ended`.

use super::cluster;
use crate::errors::JobsError;
use crate::events::Ended;
use crate::state::{Cluster, Job, Offer};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Cancel<'info> {
    /// The renter or the supplier.
    #[account(
        constraint = job.load()?.renter == party.key() || job.load()?.supplier == party.key() @ JobsError::NotAParty
    )]
    pub party: Signer<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
    /// The job's, if it is part of one.
    #[account(mut)]
    pub cluster: Option<AccountLoader<'info, Cluster>>,
}

pub fn handle_cancel(ctx: Context<Cancel>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let by_renter = job.renter == ctx.accounts.party.key();
    job.cancel(by_renter, now)?;
    cluster::leave(&job, &ctx.accounts.cluster, now)?;
    ctx.accounts.offer.load_mut()?.release(&key, now);
    emit!(Ended::of(key, &mut job));
    Ok(())
}
