//! Creates the configuration, which owns the vaults, with the published defaults; nothing is sold until the
//! price account is set.
//!
//! Who may call: the program's upgrade authority, once.
//!
//! Checks, each with its error: `NotUpgradeAuthority`, `WrongProgramData`.
//!
//! Events: `Initialized`.

use crate::errors::BuybackError;
use crate::events::Initialized;
use crate::program::Buyback as BuybackProgram;
use crate::state::{Config, CONFIG_SEED};
use anchor_lang::prelude::*;
use io_common::Roles;

#[derive(Accounts)]
pub struct Initialize<'info> {
    /// The program's upgrade authority; becomes authority and pauser, and pays.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(init, payer = authority, space = Config::SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ BuybackError::WrongProgramData)]
    pub program: Program<'info, BuybackProgram>,
    #[account(constraint = program_data.upgrade_authority_address == Some(authority.key()) @ BuybackError::NotUpgradeAuthority)]
    pub program_data: Account<'info, ProgramData>,
    pub system_program: Program<'info, System>,
}

pub fn handle_initialize(ctx: Context<Initialize>) -> Result<()> {
    let authority = ctx.accounts.authority.key();
    let mut config = ctx.accounts.config.load_init()?;
    config.version = 1;
    config.bump = ctx.bumps.config;
    config.last_time = io_common::clock::now(0)?;
    config.roles = Roles::new(authority);
    let params = Config::defaults(authority);
    config.set_params(params)?;
    emit!(Initialized { authority, params });
    Ok(())
}
