//! Says that what a job is to run is at hand, so that nothing but the supplier keeps it from its start: if nobody
//! starts it, it costs the renter nothing.
//!
//! Who may call: an attester, within ten minutes of the booking.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NotAttester`, `NotBooked`, `ManifestLate`, `WrongCluster`,
//! `ClusterIncomplete`, `ClusterBroken`.
//!
//! Events: `ManifestConfirmed`.

use super::cluster;
use crate::errors::JobsError;
use crate::events::ManifestConfirmed;
use crate::state::{Cluster, Job};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct ConfirmManifest<'info> {
    /// An attester.
    pub attester: Signer<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The job's cluster, if it is part of one.
    pub cluster: Option<AccountLoader<'info, Cluster>>,
}

pub fn handle_confirm_manifest(ctx: Context<ConfirmManifest>) -> Result<()> {
    let accounts = &ctx.accounts;
    let (seat, _) = abi::read::<abi::AttesterSet>(&accounts.attester_set)
        .ok_or(JobsError::WrongAttesterSet)?
        .seat_of(accounts.attester.key)
        .ok_or(JobsError::NotAttester)?;
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    job.confirm_manifest(now)?;
    // A job that waits for others of its cluster is not its supplier's to start.
    if let Some(cluster) = cluster::read(&job, &accounts.cluster)? {
        cluster.check_complete()?;
    }
    emit!(ManifestConfirmed { seq: job.next_seq(), job: accounts.job.key(), seat });
    Ok(())
}
