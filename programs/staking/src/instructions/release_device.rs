use crate::errors::StakingError;
use crate::events::DeviceReleased;
use crate::state::{Device, Node};
use anchor_lang::prelude::*;
use io_common::abi::NodeState;

#[derive(Accounts)]
pub struct ReleaseDevice<'info> {
    #[account(address = device.load()?.owner @ StakingError::NotDeviceOwner)]
    pub owner: Signer<'info>,
    #[account(mut)]
    pub device: AccountLoader<'info, Device>,
    /// The node that the device is the first of.
    #[account(
        address = device.load()?.node @ StakingError::WrongNode,
        constraint = node.load()?.state == NodeState::Retired as u8 @ StakingError::NodeNotRetired
    )]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_release_device(ctx: Context<ReleaseDevice>) -> Result<()> {
    let mut device = ctx.accounts.device.load_mut()?;
    let owner = core::mem::take(&mut device.owner);
    device.device_key = Pubkey::default();
    emit!(DeviceReleased { device: ctx.accounts.device.key(), owner });
    Ok(())
}
