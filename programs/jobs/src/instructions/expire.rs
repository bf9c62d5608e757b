//! Ends a job that nobody started in 20 minutes, that cannot start because another job of its cluster has
//! ended before its start, or whose attesters have been silent for a day.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `StartWindowOpen`, `NotSilent`, `NotRunning`, `WrongOffer`, `WrongCluster`.
//!
//! Events: `Ended`.

use super::cluster;
use crate::errors::JobsError;
use crate::events::Ended;
use crate::state::{Cluster, Job, JobState, Offer};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Expire<'info> {
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

pub fn handle_expire(ctx: Context<Expire>) -> Result<()> {
    let key = ctx.accounts.job.key();
    let mut job = ctx.accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    // Only a job that waits needs its cluster, and keeps it from being closed.
    let waits = job.is(JobState::Booked);
    let mut cluster = if waits { cluster::of(&job, &ctx.accounts.cluster)? } else { None };
    job.expire(cluster.as_ref().and_then(|cluster| cluster.broken()), now)?;
    if let Some(cluster) = &mut cluster {
        cluster.leave(job.replaces, job.reason, now);
    }
    ctx.accounts.offer.load_mut()?.release(&key, now);
    emit!(Ended::of(key, &mut job));
    Ok(())
}
