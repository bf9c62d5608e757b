//! Creates the configuration and emission's ledger.
//!
//! Who may call: the program's upgrade authority, once.
//!
//! Checks, each with its error: `NotUpgradeAuthority`, `WrongProgramData`, `SlasherIsResolver`.
//!
//! Events: `Initialized`.

use crate::errors::StakingError;
use crate::events::Initialized;
use crate::program::Staking;
use crate::state::{Config, EmissionLedger, CONFIG_SEED, EMISSION_SEED};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address;
use io_common::{clock, ids, Roles};

#[derive(Accounts)]
pub struct Initialize<'info> {
    /// The program's upgrade authority; becomes every role, and pays.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(init, payer = authority, space = Config::SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    /// Emission's ledger, which counts what is credited.
    #[account(init, payer = authority, space = EmissionLedger::SPACE, seeds = [EMISSION_SEED], bump)]
    pub emission_ledger: AccountLoader<'info, EmissionLedger>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ StakingError::WrongProgramData)]
    pub program: Program<'info, Staking>,
    #[account(constraint = program_data.upgrade_authority_address == Some(authority.key()) @ StakingError::NotUpgradeAuthority)]
    pub program_data: Account<'info, ProgramData>,
    pub system_program: Program<'info, System>,
}

pub fn handle_initialize(ctx: Context<Initialize>, slasher: Pubkey, resolver: Pubkey) -> Result<()> {
    let authority = ctx.accounts.authority.key();
    let mut config = ctx.accounts.config.load_init()?;
    config.version = 1;
    config.bump = ctx.bumps.config;
    config.last_time = clock::now(0)?;
    config.roles = Roles::new(authority);
    let params = Config::defaults(authority, slasher, resolver);
    config.set_params(params)?;
    let mut ledger = ctx.accounts.emission_ledger.load_init()?;
    ledger.version = 1;
    ledger.bump = ctx.bumps.emission_ledger;
    ledger.vault = get_associated_token_address(&ids::EMISSION_LEDGER, &ids::IO_MINT);
    emit!(Initialized { authority, params });
    Ok(())
}
