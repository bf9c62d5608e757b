//! Takes a node out of the market. Stake still leaves and rewards are still claimed.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `NodeNotLive`, `NodeLeased`, `WrongOffer`.
//!
//! Events: `NodeRetired`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::NodeRetired;
use crate::state::Node;
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
    node.retire(now)?;
    emit!(NodeRetired { seq: node.next_seq(), node: ctx.accounts.node.key(), owner: node.owner });
    Ok(())
}
