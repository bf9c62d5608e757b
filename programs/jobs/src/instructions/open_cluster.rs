//! Opens a cluster of jobs, none of which starts before all are booked.
//!
//! Who may call: the renter who will book them.
//!
//! Checks, each with its error: `ClusterSize`.
//!
//! Events: `ClusterOpened`.

use crate::events::ClusterOpened;
use crate::state::{Cluster, CLUSTER_SEED};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
#[instruction(id: [u8; 32])]
pub struct OpenCluster<'info> {
    /// The renter who will book its jobs; pays the rent.
    #[account(mut)]
    pub renter: Signer<'info>,
    /// The new cluster.
    #[account(
        init,
        payer = renter,
        space = Cluster::SPACE,
        seeds = [CLUSTER_SEED, renter.key().as_ref(), id.as_ref()],
        bump
    )]
    pub cluster: AccountLoader<'info, Cluster>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_cluster(ctx: Context<OpenCluster>, id: [u8; 32], size: u8) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut cluster = accounts.cluster.load_init()?;
    cluster.version = 1;
    cluster.bump = ctx.bumps.cluster;
    cluster.renter = accounts.renter.key();
    cluster.id = id;
    cluster.open(size, clock::now(0)?)?;
    emit!(ClusterOpened {
        seq: cluster.next_seq(),
        cluster: accounts.cluster.key(),
        renter: cluster.renter,
        id,
        size,
    });
    Ok(())
}
