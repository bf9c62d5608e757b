//! Creates the mint, its configuration, and the two vaults that emissions go to.
//!
//! Who may call: the program's upgrade authority, once.
//!
//! Checks, each with its error: `NotUpgradeAuthority`, `WrongProgramData`, `StartOutOfRange`.
//!
//! Events: `Initialized`.

use crate::errors::MintError;
use crate::events::Initialized;
use crate::program::Mint as MintProgram;
use crate::state::{Config, PolicyArgs, CONFIG_SEED, DECIMALS, MINT_SEED};
use anchor_lang::prelude::*;
use anchor_spl::associated_token::AssociatedToken;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{ids, Roles};

#[derive(Accounts)]
pub struct Initialize<'info> {
    /// The program's upgrade authority; becomes authority and pauser, and pays.
    #[account(mut)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(init, payer = authority, space = Config::SPACE, seeds = [CONFIG_SEED], bump)]
    pub config: AccountLoader<'info, Config>,
    /// The IO mint: 8 decimals, minted by the configuration alone, frozen by nobody.
    #[account(init, payer = authority, seeds = [MINT_SEED], bump, mint::decimals = DECIMALS, mint::authority = config)]
    pub mint: Account<'info, Mint>,
    /// Staking's emission ledger.
    /// CHECK: staking's emission ledger, which need not exist yet.
    #[account(address = ids::EMISSION_LEDGER)]
    pub emission_ledger: UncheckedAccount<'info>,
    /// The token account that emission is paid into.
    #[account(init, payer = authority, associated_token::mint = mint, associated_token::authority = emission_ledger)]
    pub emission_vault: Account<'info, TokenAccount>,
    /// The token account of what policies withhold.
    #[account(init, payer = authority, associated_token::mint = mint, associated_token::authority = config)]
    pub reserve_vault: Account<'info, TokenAccount>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ MintError::WrongProgramData)]
    pub program: Program<'info, MintProgram>,
    #[account(constraint = program_data.upgrade_authority_address == Some(authority.key()) @ MintError::NotUpgradeAuthority)]
    pub program_data: Account<'info, ProgramData>,
    pub token_program: Program<'info, Token>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn handle_initialize(ctx: Context<Initialize>, start: i64) -> Result<()> {
    let now = io_common::clock::now(0)?;
    let start = Config::start_at(start, now)?;
    let accounts = &ctx.accounts;
    let mut config = accounts.config.load_init()?;
    config.version = 1;
    config.bump = ctx.bumps.config;
    config.start = start;
    config.last_time = now;
    config.roles = Roles::new(accounts.authority.key());
    config.mint = accounts.mint.key();
    config.emission_vault = accounts.emission_vault.key();
    config.reserve_vault = accounts.reserve_vault.key();
    drop(config);
    let (authority, mint, policy) = (accounts.authority.key(), accounts.mint.key(), PolicyArgs::FIXED);
    emit!(Initialized { authority, mint, start, policy });
    Ok(())
}
