//! Begins the booked time, within 20 minutes of the booking.
//!
//! Who may call: the supplier, the device, or an attester.
//!
//! Checks, each with its error: `MayNotStart`, `NotBooked`, `StartWindowOver`, `LeaseLost`, `NodeNotLive`,
//! `NodeBanned`, `WrongOffer`, `WrongNode`, `WrongAttesterSet`, `WrongCluster`, `ClusterIncomplete`, `ClusterBroken`.
//!
//! Events: `Started`.

use super::bookable::check_hireable;
use super::cluster;
use crate::errors::JobsError;
use crate::events::Started;
use crate::state::{Cluster, Job, Offer};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct Start<'info> {
    /// The supplier, the device's key, or an attester.
    pub operator: Signer<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The node's offer.
    #[account(mut, address = job.load()?.offer @ JobsError::WrongOffer)]
    pub offer: AccountLoader<'info, Offer>,
    /// The node.
    /// CHECK: read as a node of the staking program.
    #[account(address = job.load()?.node @ JobsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The job's cluster, if it is part of one.
    #[account(mut)]
    pub cluster: Option<AccountLoader<'info, Cluster>>,
}

impl Start<'_> {
    /// The node still works, and the signer may say that it does.
    fn check_operator(&self) -> Result<()> {
        let key = self.operator.key;
        let node = abi::read::<abi::Node>(&self.node).ok_or(JobsError::NotANode)?;
        check_hireable(&node)?;
        if node.device_key == *key || self.job.load()?.supplier == *key {
            return Ok(());
        }
        let set = abi::read::<abi::AttesterSet>(&self.attester_set).ok_or(JobsError::WrongAttesterSet)?;
        require!(set.seat_of(key).is_some(), JobsError::MayNotStart);
        Ok(())
    }
}

pub fn handle_start(ctx: Context<Start>) -> Result<()> {
    let accounts = &ctx.accounts;
    accounts.check_operator()?;
    let key = accounts.job.key();
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    job.start(now)?;
    if let Some(mut cluster) = cluster::of(&job, &accounts.cluster)? {
        cluster.start(job.ends_at)?;
    }
    accounts.offer.load_mut()?.hold_until(&key, job.ends_at)?;
    emit!(Started {
        seq: job.next_seq(),
        job: key,
        by: accounts.operator.key(),
        started_at: job.started_at,
        ends_at: job.ends_at,
    });
    Ok(())
}
