use crate::errors::StakingError;
use crate::events::DeviceEvicted;
use crate::state::{Config, Device};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct EvictDevice<'info> {
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    #[account(mut)]
    pub device: AccountLoader<'info, Device>,
}

pub fn handle_evict_device(ctx: Context<EvictDevice>, ban: bool) -> Result<()> {
    let mut device = ctx.accounts.device.load_mut()?;
    let owner = core::mem::take(&mut device.owner);
    device.device_key = Pubkey::default();
    device.banned |= u8::from(ban);
    emit!(DeviceEvicted { device: ctx.accounts.device.key(), owner, node: device.node, ban });
    Ok(())
}
