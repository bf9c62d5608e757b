//! Adds a processor of the same class to a node, up to eight in all.
//!
//! Who may call: the owner of both.
//!
//! Checks, each with its error: `NotNodeOwner`, `NotDeviceOwner`, `DeviceInUse`, `DeviceBanned`,
//! `WrongClass`, `ClassDisabled`, `NodeNotLive`, `NodeLeased`, `TooManyDevices`, `WrongOffer`.
//!
//! Events: `UnitsSet`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::UnitsSet;
use crate::state::{Class, Device, Node};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct AttachDevice<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The device that joins.
    #[account(
        mut,
        constraint = device.load()?.owner == owner.key() @ StakingError::NotDeviceOwner,
        constraint = device.load()?.node == Pubkey::default() @ StakingError::DeviceInUse,
        constraint = device.load()?.banned == 0 @ StakingError::DeviceBanned,
        constraint = device.load()?.class == node.load()?.class @ StakingError::WrongClass
    )]
    pub device: AccountLoader<'info, Device>,
    /// The node.
    #[account(mut, constraint = node.load()?.is_live() @ StakingError::NodeNotLive)]
    pub node: AccountLoader<'info, Node>,
    /// The hardware class of the node and the device.
    #[account(
        constraint = class.load()?.id == node.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.enabled == 1 @ StakingError::ClassDisabled
    )]
    pub class: AccountLoader<'info, Class>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

pub fn handle_attach_device(ctx: Context<AttachDevice>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&ctx.accounts.offer, now)?;
    node.attach(now)?;
    ctx.accounts.device.load_mut()?.node = ctx.accounts.node.key();
    emit!(UnitsSet::new(&mut node, ctx.accounts.node.key(), ctx.accounts.device.key()));
    Ok(())
}
