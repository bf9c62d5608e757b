//! Adds places for further jobs to a cluster that runs. They start by themselves: nothing waits for them, and
//! one that does not start takes its place along.
//!
//! Who may call: the cluster's renter. A delegate, whose key a process that replaces lost nodes has, could
//! otherwise pay for a node of its own and so come in.
//!
//! Checks, each with its error: `NotClusterRenter`, `ClusterBroken`, `ClusterIncomplete`, `ClusterOver`,
//! `ClusterPlaces`.
//!
//! Events: `ClusterGrown`.

use crate::errors::JobsError;
use crate::events::ClusterGrown;
use crate::state::Cluster;
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct GrowCluster<'info> {
    /// The cluster's renter.
    #[account(address = cluster.load()?.renter @ JobsError::NotClusterRenter)]
    pub booker: Signer<'info>,
    /// The cluster.
    #[account(mut)]
    pub cluster: AccountLoader<'info, Cluster>,
}

pub fn handle_grow_cluster(ctx: Context<GrowCluster>, places: u8) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut cluster = accounts.cluster.load_mut()?;
    let now = clock::now(cluster.opened_at)?;
    cluster.grow(places, now)?;
    emit!(ClusterGrown {
        seq: cluster.next_seq(),
        cluster: accounts.cluster.key(),
        booker: accounts.booker.key(),
        places,
    });
    Ok(())
}
