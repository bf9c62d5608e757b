//! Names who may book and extend jobs of a cluster besides its renter.
//!
//! Who may call: the cluster's renter.
//!
//! Checks, each with its error: `NotClusterRenter`.
//!
//! Events: `DelegateSet`.

use crate::errors::JobsError;
use crate::events::DelegateSet;
use crate::state::Cluster;
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct SetDelegate<'info> {
    /// The cluster's renter.
    #[account(address = cluster.load()?.renter @ JobsError::NotClusterRenter)]
    pub renter: Signer<'info>,
    /// The cluster.
    #[account(mut)]
    pub cluster: AccountLoader<'info, Cluster>,
}

pub fn handle_set_delegate(ctx: Context<SetDelegate>, delegate: Pubkey) -> Result<()> {
    let mut cluster = ctx.accounts.cluster.load_mut()?;
    cluster.delegate = delegate;
    emit!(DelegateSet { seq: cluster.next_seq(), cluster: ctx.accounts.cluster.key(), delegate });
    Ok(())
}
