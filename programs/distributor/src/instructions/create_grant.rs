//! Creates a grant and fills its vault.
//!
//! Who may call: the authority, out of its own IO.
//!
//! Checks, each with its error: `NotAuthority`, `Paused`, `NoBeneficiary`, `UnknownAllocation`,
//! `UnsoundSchedule`, `StartOutOfRange`.
//!
//! Events: `GrantCreated`.

use crate::errors::DistributorError;
use crate::events::GrantCreated;
use crate::state::{Config, Grant, GrantArgs, GRANT_SEED, PAUSE_GRANT, VAULT_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
#[instruction(id: u64)]
pub struct CreateGrant<'info> {
    /// The authority, whose IO fills the vault.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ DistributorError::NotAuthority)]
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The program's configuration.
    #[account(
        mut,
        address = ids::DISTRIBUTOR_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_GRANT) @ DistributorError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The new grant.
    #[account(init, payer = payer, space = Grant::SPACE, seeds = [GRANT_SEED, id.to_le_bytes().as_ref()], bump)]
    pub grant: AccountLoader<'info, Grant>,
    /// The token account that holds the IO.
    #[account(init, payer = payer, seeds = [VAULT_SEED, grant.key().as_ref()], bump, token::mint = mint, token::authority = grant)]
    pub vault: Box<Account<'info, TokenAccount>>,
    /// The IO mint.
    #[account(address = ids::IO_MINT)]
    pub mint: Box<Account<'info, Mint>>,
    /// Any IO account that the authority may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_create_grant(ctx: Context<CreateGrant>, id: u64, args: GrantArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut config = accounts.config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    let mut grant = accounts.grant.load_init()?;
    grant.make(&args, now)?;
    grant.bump = ctx.bumps.grant;
    grant.id = id;
    grant.vault = accounts.vault.key();
    let granted_total = config.book_grant(args.schedule.total)?;
    let seq = config.next_seq();
    drop(grant);
    drop(config);
    let vault = accounts.vault.to_account_info();
    token::transfer(&accounts.source, &vault, &accounts.authority, &[], args.schedule.total)?;
    let GrantArgs { beneficiary, schedule, revocable, allocation } = args;
    let grant = accounts.grant.key();
    emit_cpi!(
        ctx,
        GrantCreated { seq, grant, id, allocation, beneficiary, revocable, schedule, granted_total }
    )?;
    Ok(())
}
