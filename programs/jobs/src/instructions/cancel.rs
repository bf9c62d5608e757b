//! Ends a job before its start. Costs the supplier nothing, and the renter the price of the time that the node
//! was held, at least the booking fee; into the fee vault.
//!
//! Who may call: the renter, who gets the refund, or the supplier.
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
    /// The renter, who gets the refund, or the supplier.
    #[account(constraint = job.load()?.is_party(party.key) @ JobsError::NotAParty)]
    pub party: Signer<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
    /// The job's cluster, if it is part of one.
    #[account(mut)]
    pub cluster: Option<AccountLoader<'info, Cluster>>,
}

pub fn handle_cancel(ctx: Context<Cancel>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let by_renter = job.is_renting(ctx.accounts.party.key);
    job.cancel(by_renter, now)?;
    cluster::leave(&job, &ctx.accounts.cluster, now)?;
    ctx.accounts.offer.load_mut()?.release(&key, now);
    emit!(Ended::of(key, &mut job));
    Ok(())
}
