//! Closes a cluster in which no job waits for its start or has booked time ahead; the rent goes back to its
//! renter.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `ClusterWaits`, `ClusterYoung`, `ClusterRuns`, `WrongRentPayer`.
//!
//! Events: `ClusterClosed`.

use crate::errors::JobsError;
use crate::events::ClusterClosed;
use crate::state::Cluster;
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseCluster<'info> {
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = cluster.load()?.renter @ JobsError::WrongRentPayer)]
    pub renter: UncheckedAccount<'info>,
    /// The cluster.
    #[account(mut, close = renter)]
    pub cluster: AccountLoader<'info, Cluster>,
}

pub fn handle_close_cluster(ctx: Context<CloseCluster>) -> Result<()> {
    let mut cluster = ctx.accounts.cluster.load_mut()?;
    cluster.check_closable(clock::now(cluster.opened_at)?)?;
    emit!(ClusterClosed { seq: cluster.next_seq(), cluster: ctx.accounts.cluster.key() });
    Ok(())
}
