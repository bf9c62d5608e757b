//! Brings a retired node back; what it was credited before stays counted, and so does co-stake. A new owner
//! can do so when the former owner's side is empty, no proposal is open, and all the former owner's hours are
//! credited or 60 days have passed.
//!
//! Who may call: the device's owner and its key.
//!
//! Checks, each with its error: `Paused`, `NodeNotRetired`, `NotNodeDevice`, `NotDeviceOwner`,
//! `NotDeviceKey`, `DeviceBanned`, `WrongClass`, `ClassDisabled`, `NodeNotEmpty`, `Frozen`, `OwnerStays`,
//! `DevicesAttached`, `CommissionNotice`, `CommissionOutOfBounds`, `WrongShard`.
//!
//! Events: `NodeRegistered`.

use crate::errors::StakingError;
use crate::events::NodeRegistered;
use crate::state::{Class, Config, Device, Node, NodeArgs, StakeShard, PAUSE_REGISTER};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct ReopenNode<'info> {
    /// The device's owner.
    pub owner: Signer<'info>,
    /// The device's key.
    pub device_key: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REGISTER) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The device's hardware class.
    #[account(
        constraint = class.load()?.id == device.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.enabled == 1 @ StakingError::ClassDisabled
    )]
    pub class: AccountLoader<'info, Class>,
    /// The node's first device.
    #[account(
        address = node.load()?.device @ StakingError::NotNodeDevice,
        constraint = device.load()?.owner == owner.key() @ StakingError::NotDeviceOwner,
        constraint = device.load()?.device_key == device_key.key() @ StakingError::NotDeviceKey,
        constraint = device.load()?.banned == 0 @ StakingError::DeviceBanned
    )]
    pub device: AccountLoader<'info, Device>,
    /// The node.
    #[account(mut, constraint = node.load()?.is_retired() @ StakingError::NodeNotRetired)]
    pub node: AccountLoader<'info, Node>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_reopen_node(ctx: Context<ReopenNode>, args: NodeArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let before = node.counted()?;
    node.reopen(&*accounts.device.load()?, &*accounts.class.load()?, args, now)?;
    accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(NodeRegistered::new(accounts.node.key(), &mut node));
    Ok(())
}
