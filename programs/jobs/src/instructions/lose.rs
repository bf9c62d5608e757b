//! Says that the node of a job is gone. When as many attesters as the job has say so within an hour it ends at
//! its last good second: attested time is paid, without the first hour, and the renter's fee in proportion.
//!
//! Who may call: an attester.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `Over`, `SeatMoved`,
//! `WrongOffer`, `WrongCluster`.
//!
//! Events: `NodeLost`, `Ended`.

use super::cluster;
use crate::errors::JobsError;
use crate::events::{Ended, NodeLost};
use crate::state::{Cluster, Job, Offer};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct Lose<'info> {
    /// An attester.
    pub attester: Signer<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
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

pub fn handle_lose(ctx: Context<Lose>) -> Result<()> {
    let accounts = &ctx.accounts;
    let (seat, _) = abi::read::<abi::AttesterSet>(&accounts.attester_set)
        .ok_or(JobsError::WrongAttesterSet)?
        .seat_of(accounts.attester.key)
        .ok_or(JobsError::NotAttester)?;
    let key = accounts.job.key();
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let ends = job.lose(seat, accounts.attester.key, now)?;
    let cluster = cluster::of(&job, &accounts.cluster)?;
    emit!(NodeLost { seq: job.next_seq(), job: key, seat });
    if ends {
        if let Some(mut cluster) = cluster {
            cluster.lose();
        }
        accounts.offer.load_mut()?.release(&key, now);
        emit!(Ended::of(key, &mut job));
    }
    Ok(())
}
