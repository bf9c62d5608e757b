//! Opens the vault that the supplier's part of a job is paid into, where the job is paid in another currency
//! and the supplier in IO; once for each job.
//!
//! Who may call: anyone, who pays the rent until the close.
//!
//! Checks, each with its error: `NotAJob`, `WrongMint`, `NotPaidOutInIo`.
//!
//! Events: `PayoutOpened`.

use crate::errors::BuybackError;
use crate::events::PayoutOpened;
use crate::state::{Config, Payout, PAYOUT_SEED, PAYOUT_VAULT_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct OpenPayout<'info> {
    /// Pays the rent, and gets it back when the payout is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The job.
    /// CHECK: read as a job of the jobs program.
    pub job: UncheckedAccount<'info>,
    /// What the job is paid in.
    pub mint: Account<'info, Mint>,
    /// The new payout.
    #[account(init, payer = payer, space = Payout::SPACE, seeds = [PAYOUT_SEED, job.key().as_ref()], bump)]
    pub payout: AccountLoader<'info, Payout>,
    /// The token account that the job will pay into.
    #[account(
        init,
        payer = payer,
        seeds = [PAYOUT_VAULT_SEED, job.key().as_ref()],
        bump,
        token::mint = mint,
        token::authority = config
    )]
    pub payout_vault: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_payout(ctx: Context<OpenPayout>) -> Result<()> {
    let accounts = &ctx.accounts;
    let (job, mint, vault) = (accounts.job.key(), accounts.mint.key(), accounts.payout_vault.key());
    let supplier = {
        let found = abi::read::<abi::Job>(&accounts.job).ok_or(BuybackError::NotAJob)?;
        require_keys_eq!(mint, found.mint, BuybackError::WrongMint);
        let in_io = found.payout == abi::PayoutKind::Io && mint != ids::IO_MINT;
        require!(in_io, BuybackError::NotPaidOutInIo);
        found.supplier
    };
    let mut payout = accounts.payout.load_init()?;
    payout.version = 1;
    payout.bump = ctx.bumps.payout;
    payout.job = job;
    payout.supplier = supplier;
    payout.mint = mint;
    payout.vault = vault;
    payout.rent_payer = accounts.payer.key();
    payout.last_time = clock::now(0)?;
    emit!(PayoutOpened { seq: payout.next_seq(), job, supplier, mint, vault });
    Ok(())
}
