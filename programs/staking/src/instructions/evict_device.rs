//! Takes a device from a squatter, and removes it from a node of which it is not the first; a ban stays with
//! the device, and its node is neither listed nor leased and earns nothing more.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `WrongNode`.
//!
//! Events: `DeviceEvicted`, `UnitsSet`.

use crate::errors::StakingError;
use crate::events::{DeviceEvicted, UnitsSet};
use crate::state::{Config, Device, Node};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct EvictDevice<'info> {
    /// The resolver of slashes.
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The device.
    #[account(mut)]
    pub device: AccountLoader<'info, Device>,
    /// The node that the device belongs to, where there is one.
    #[account(mut, address = device.load()?.node @ StakingError::WrongNode)]
    pub node: Option<AccountLoader<'info, Node>>,
}

pub fn handle_evict_device(ctx: Context<EvictDevice>, ban: bool) -> Result<()> {
    let (key, node_info) = (ctx.accounts.device.key(), &ctx.accounts.node);
    let mut device = ctx.accounts.device.load_mut()?;
    require!(node_info.is_some() || device.node == Pubkey::default(), StakingError::WrongNode);
    let (owner, node_key) = (core::mem::take(&mut device.owner), device.node);
    device.device_key = Pubkey::default();
    device.banned |= u8::from(ban);
    if let Some(account) = node_info {
        let mut node = account.load_mut()?;
        let now = clock::now(node.last_time)?;
        node.last_time = now;
        // Its first processor gives a node its address and stays; that node is evicted for itself.
        if node.device != key {
            node.detach(now)?;
            device.leave(&node);
            emit!(UnitsSet::new(&mut node, node_key, key));
        } else if ban {
            node.ban(now);
        }
    }
    emit!(DeviceEvicted { seq: device.next_seq(), device: key, owner, node: node_key, ban });
    Ok(())
}
