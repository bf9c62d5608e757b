//! Removes a processor that is not the first from a node.
//!
//! Who may call: the node's owner; of a retired node also the owner of its first device, who is to reopen it.
//!
//! Checks, each with its error: `NotNodeOwner`, `NodeNotRetired`, `NotNodeDevice`, `NodeLeased`, `LastDevice`, `WrongOffer`.
//!
//! Events: `UnitsSet`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::UnitsSet;
use crate::state::{Device, Node};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct DetachDevice<'info> {
    /// The node's owner, or the owner of its first device.
    pub owner: Signer<'info>,
    /// The device that leaves.
    #[account(
        mut,
        constraint = device.load()?.node == node.key() @ StakingError::NotNodeDevice,
        constraint = device.key() != node.load()?.device @ StakingError::NotNodeDevice
    )]
    pub device: AccountLoader<'info, Device>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's first device, where the signer is its owner but not the node's.
    #[account(address = node.load()?.device @ StakingError::NotNodeDevice)]
    pub first: Option<AccountLoader<'info, Device>>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

impl DetachDevice<'_> {
    /// A seller's other processors must not keep the buyer of the first one from reopening the node.
    fn check_owner(&self, node: &Node) -> Result<()> {
        if node.owner == self.owner.key() {
            return Ok(());
        }
        let first = self.first.as_ref().ok_or(StakingError::NotNodeOwner)?;
        require_keys_eq!(first.load()?.owner, self.owner.key(), StakingError::NotNodeOwner);
        require!(node.is_retired(), StakingError::NodeNotRetired);
        Ok(())
    }
}

pub fn handle_detach_device(ctx: Context<DetachDevice>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&ctx.accounts.offer, now)?;
    ctx.accounts.check_owner(&node)?;
    node.detach(now)?;
    ctx.accounts.device.load_mut()?.leave(&node);
    emit!(UnitsSet::new(&mut node, ctx.accounts.node.key(), ctx.accounts.device.key()));
    Ok(())
}
