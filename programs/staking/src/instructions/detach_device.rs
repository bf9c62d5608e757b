//! Removes a processor that is not the first from a node.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `NotNodeDevice`, `NodeLeased`, `LastDevice`, `WrongOffer`.
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
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
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
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

pub fn handle_detach_device(ctx: Context<DetachDevice>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&ctx.accounts.offer, now)?;
    node.detach()?;
    ctx.accounts.device.load_mut()?.node = Pubkey::default();
    emit!(UnitsSet::new(&mut node, ctx.accounts.node.key(), ctx.accounts.device.key()));
    Ok(())
}
