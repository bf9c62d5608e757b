use crate::errors::StakingError;
use crate::events::NodeRegistered;
use crate::state::{Class, Config, Device, Node, NodeArgs, PAUSE_REGISTER};
use anchor_lang::prelude::*;
use io_common::abi::NodeState;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct ReopenNode<'info> {
    /// The device's owner.
    pub owner: Signer<'info>,
    /// The device's key.
    pub device_key: Signer<'info>,
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REGISTER) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    #[account(
        constraint = class.load()?.id == device.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.enabled == 1 @ StakingError::ClassDisabled
    )]
    pub class: AccountLoader<'info, Class>,
    #[account(
        mut,
        address = node.load()?.device @ StakingError::NotNodeDevice,
        constraint = device.load()?.owner == owner.key() @ StakingError::NotDeviceOwner,
        constraint = device.load()?.device_key == device_key.key() @ StakingError::NotDeviceKey,
        constraint = device.load()?.banned == 0 @ StakingError::DeviceBanned
    )]
    pub device: AccountLoader<'info, Device>,
    #[account(mut, constraint = node.load()?.state == NodeState::Retired as u8 @ StakingError::NodeNotRetired)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_reopen_node(ctx: Context<ReopenNode>, args: NodeArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let mut device = accounts.device.load_mut()?;
    let now = clock::now(node.last_time)?;
    // Another owner starts on an empty account; what it was credited stays counted.
    require!(node.owner == device.owner || node.is_empty()?, StakingError::NodeNotEmpty);
    device.node = accounts.node.key();
    node.last_time = now;
    node.registered_at = now;
    node.credited_through = node.credited_through.max(now);
    node.state = NodeState::Live as u8;
    node.owner = device.owner;
    node.device_key = device.device_key;
    node.class = device.class;
    node.pool = accounts.class.load()?.pool;
    node.commission_at = 0;
    node.describe(args)?;
    emit!(NodeRegistered {
        seq: node.next_seq(),
        node: accounts.node.key(),
        owner: node.owner,
        class: node.class,
        units: node.units,
        commission_bps: node.commission_bps,
        region: node.region,
    });
    Ok(())
}
