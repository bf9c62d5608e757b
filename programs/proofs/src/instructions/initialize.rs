//! Creates the configuration with its defaults, and an attester set without seats.
//!
//! Who may call: the program's upgrade authority, once.
//!
//! Checks, each with its error: `NotUpgradeAuthority`, `WrongProgramData`.
//!
//! Events: `Initialized`.

use crate::errors::ProofsError;
use crate::events::Initialized;
use crate::program::Proofs as ProofsProgram;
use crate::state::{AttesterSet, Config, ATTESTERS_SEED, CONFIG_SEED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct Initialize<'info> {
    /// The program's upgrade authority; becomes authority, guardian, resolver and pauser, and pays.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(init, payer = authority, space = Config::SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    /// The attester set.
    #[account(init, payer = authority, space = AttesterSet::SPACE, seeds = [ATTESTERS_SEED], bump)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ ProofsError::WrongProgramData)]
    pub program: Program<'info, ProofsProgram>,
    #[account(constraint = program_data.upgrade_authority_address == Some(authority.key()) @ ProofsError::NotUpgradeAuthority)]
    pub program_data: Account<'info, ProgramData>,
    pub system_program: Program<'info, System>,
}

pub fn handle_initialize(ctx: Context<Initialize>) -> Result<()> {
    let accounts = &ctx.accounts;
    let authority = accounts.authority.key();
    let mut config = accounts.config.load_init()?;
    config.version = 1;
    config.bump = ctx.bumps.config;
    config.last_time = io_common::clock::now(0)?;
    let params = config.begin(authority);
    let mut attester_set = accounts.attester_set.load_init()?;
    attester_set.version = 1;
    attester_set.bump = ctx.bumps.attester_set;
    emit!(Initialized { authority, params });
    Ok(())
}
