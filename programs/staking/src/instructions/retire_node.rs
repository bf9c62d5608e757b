//! Takes a node out of the market. Its stake has no vote from then on; stake still leaves and rewards are still
//! claimed.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `NodeNotLive`, `NodeLeased`, `WrongOffer`, `WrongShard`.
//!
//! Events: `NodeRetired`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::NodeRetired;
use crate::state::{Node, StakeShard};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct RetireNode<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

pub fn handle_retire_node(ctx: Context<RetireNode>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&ctx.accounts.offer, now)?;
    let before = node.counted()?;
    node.retire(now)?;
    ctx.accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(NodeRetired { seq: node.next_seq(), node: ctx.accounts.node.key(), owner: node.owner });
    Ok(())
}
