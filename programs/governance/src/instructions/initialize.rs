//! Creates the configuration with its defaults, and a guardian for twelve months.
//!
//! Who may call: the program's upgrade authority, once.
//!
//! Checks, each with its error: `NotUpgradeAuthority`, `WrongProgramData`.
//!
//! Events: `Initialized`.

use crate::errors::GovernanceError;
use crate::events::Initialized;
use crate::program::Governance as GovernanceProgram;
use crate::state::{Config, ParamsArgs, CONFIG_SEED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct Initialize<'info> {
    /// The program's upgrade authority; pays.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(init, payer = authority, space = Config::SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ GovernanceError::WrongProgramData)]
    pub program: Program<'info, GovernanceProgram>,
    #[account(constraint = program_data.upgrade_authority_address == Some(authority.key()) @ GovernanceError::NotUpgradeAuthority)]
    pub program_data: Account<'info, ProgramData>,
    pub system_program: Program<'info, System>,
}

pub fn handle_initialize(ctx: Context<Initialize>, guardian: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_init()?;
    let now = io_common::clock::now(0)?;
    config.version = 1;
    config.bump = ctx.bumps.config;
    config.last_time = now;
    let params = ParamsArgs::default();
    config.set_params(params)?;
    config.set_guardian(guardian, now);
    emit!(Initialized { guardian, guardian_until: config.guardian_until, params });
    Ok(())
}
