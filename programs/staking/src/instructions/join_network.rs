//! Adds a node to its owner's network.
//!
//! Who may call: the owner of both.
//!
//! Checks, each with its error: `NotNodeOwner`, `NotNetwork`, `InNetwork`.
//!
//! Events: `NetworkJoined`.

use crate::errors::StakingError;
use crate::events::NetworkJoined;
use crate::state::{Network, Node};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct JoinNetwork<'info> {
    /// The owner of the node and of the network.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub authority: Signer<'info>,
    /// The network.
    #[account(constraint = network.load()?.authority == authority.key() @ StakingError::NotNetwork)]
    pub network: AccountLoader<'info, Network>,
    /// The node.
    #[account(mut, constraint = node.load()?.network == Pubkey::default() @ StakingError::InNetwork)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_join_network(ctx: Context<JoinNetwork>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    node.network = ctx.accounts.network.key();
    emit!(NetworkJoined { seq: node.next_seq(), node: ctx.accounts.node.key(), network: node.network });
    Ok(())
}
