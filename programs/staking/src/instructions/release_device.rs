//! Gives up a device that has no node, or is the first of a retired one, so that another owner can claim it.
//!
//! Who may call: its owner.
//!
//! Checks, each with its error: `NotDeviceOwner`, `WrongNode`, `NotNodeDevice`, `NodeNotRetired`.
//!
//! Events: `DeviceReleased`.

use crate::errors::StakingError;
use crate::events::DeviceReleased;
use crate::state::{Device, Node};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct ReleaseDevice<'info> {
    /// The device's owner.
    #[account(address = device.load()?.owner @ StakingError::NotDeviceOwner)]
    pub owner: Signer<'info>,
    /// The device.
    #[account(mut)]
    pub device: AccountLoader<'info, Device>,
    /// The node that the device is the first of, where there is one.
    #[account(
        address = device.load()?.node @ StakingError::WrongNode,
        constraint = node.load()?.device == device.key() @ StakingError::NotNodeDevice,
        constraint = node.load()?.is_retired() @ StakingError::NodeNotRetired
    )]
    pub node: Option<AccountLoader<'info, Node>>,
}

pub fn handle_release_device(ctx: Context<ReleaseDevice>) -> Result<()> {
    let mut device = ctx.accounts.device.load_mut()?;
    require!(ctx.accounts.node.is_some() || device.node == Pubkey::default(), StakingError::WrongNode);
    let owner = core::mem::take(&mut device.owner);
    device.device_key = Pubkey::default();
    emit!(DeviceReleased { seq: device.next_seq(), device: ctx.accounts.device.key(), owner });
    Ok(())
}
