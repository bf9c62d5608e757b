//! Creates an airdrop with the Merkle root of its leaves, and fills its vault.
//!
//! Who may call: the authority, out of its own IO.
//!
//! Checks, each with its error: `NotAuthority`, `Paused`, `UnknownAllocation`, `ZeroAmount`, `NoLeaves`,
//! `DeadlineOutOfRange`.
//!
//! Events: `AirdropCreated`.

use crate::errors::DistributorError;
use crate::events::AirdropCreated;
use crate::state::{Airdrop, AirdropArgs, Config, AIRDROP_SEED, PAUSE_AIRDROP, VAULT_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
#[instruction(id: u64)]
pub struct CreateAirdrop<'info> {
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
        constraint = !config.load()?.roles.is_paused(PAUSE_AIRDROP) @ DistributorError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The new airdrop.
    #[account(init, payer = payer, space = Airdrop::SPACE, seeds = [AIRDROP_SEED, id.to_le_bytes().as_ref()], bump)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The token account that holds the IO.
    #[account(init, payer = payer, seeds = [VAULT_SEED, airdrop.key().as_ref()], bump, token::mint = mint, token::authority = airdrop)]
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

pub fn handle_create_airdrop(ctx: Context<CreateAirdrop>, id: u64, args: AirdropArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut config = accounts.config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    let mut airdrop = accounts.airdrop.load_init()?;
    airdrop.make(&args, now)?;
    airdrop.bump = ctx.bumps.airdrop;
    airdrop.id = id;
    airdrop.vault = accounts.vault.key();
    airdrop.payer = accounts.payer.key();
    let airdropped_total = config.book_airdrop(args.total)?;
    let seq = config.next_seq();
    drop(airdrop);
    drop(config);
    let vault = accounts.vault.to_account_info();
    token::transfer(&accounts.source, &vault, &accounts.authority, &[], args.total)?;
    let AirdropArgs { root, leaves, total, deadline, allocation } = args;
    let airdrop = accounts.airdrop.key();
    emit_cpi!(
        ctx,
        AirdropCreated { seq, airdrop, id, allocation, root, leaves, total, deadline, airdropped_total }
    )?;
    Ok(())
}
