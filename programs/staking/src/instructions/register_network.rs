//! Registers another network, whose authority owns the nodes it brings.
//!
//! Who may call: that authority.
//!
//! Checks, each with its error: `Paused`.
//!
//! Events: `NetworkRegistered`.

use crate::errors::StakingError;
use crate::events::NetworkRegistered;
use crate::state::{Config, Network, NETWORK_SEED, PAUSE_REGISTER};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct RegisterNetwork<'info> {
    /// The network's authority, who will own its nodes; pays the rent.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_REGISTER) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The new network.
    #[account(init, payer = authority, space = Network::SPACE, seeds = [NETWORK_SEED, authority.key().as_ref()], bump)]
    pub network: AccountLoader<'info, Network>,
    pub system_program: Program<'info, System>,
}

pub fn handle_register_network(ctx: Context<RegisterNetwork>, name: [u8; 32]) -> Result<()> {
    let authority = ctx.accounts.authority.key();
    let mut network = ctx.accounts.network.load_init()?;
    network.version = 1;
    network.bump = ctx.bumps.network;
    network.authority = authority;
    network.name = name;
    network.registered_at = clock::now(0)?;
    emit!(NetworkRegistered { network: ctx.accounts.network.key(), authority, name });
    Ok(())
}
