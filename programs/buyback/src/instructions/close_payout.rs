//! Closes an empty payout whose job is closed; the rent goes back to the account that paid it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongRentPayer`, `WrongJob`, `JobIsOpen`, `WrongVault`, `PayoutNotEmpty`.
//!
//! Events: `PayoutClosed`.

use crate::errors::BuybackError;
use crate::events::PayoutClosed;
use crate::state::{Config, Payout};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{ids, token};

#[derive(Accounts)]
pub struct ClosePayout<'info> {
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = payout.load()?.rent_payer @ BuybackError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    /// The program's configuration.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The job.
    /// CHECK: the jobs program has closed it, and never opens it again.
    #[account(
        address = payout.load()?.job @ BuybackError::WrongJob,
        constraint = *job.owner != ids::JOBS_PROGRAM @ BuybackError::JobIsOpen
    )]
    pub job: UncheckedAccount<'info>,
    /// The payout.
    #[account(mut, close = rent_payer)]
    pub payout: AccountLoader<'info, Payout>,
    /// The payout's token account.
    #[account(
        mut,
        address = payout.load()?.vault @ BuybackError::WrongVault,
        constraint = vault.amount == 0 @ BuybackError::PayoutNotEmpty
    )]
    pub vault: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_close_payout(ctx: Context<ClosePayout>) -> Result<()> {
    let accounts = &*ctx.accounts;
    token::close(accounts.vault.as_ref(), &accounts.rent_payer, accounts.config.as_ref(), Config::SIGNER)?;
    let mut payout = accounts.payout.load_mut()?;
    emit!(PayoutClosed {
        seq: payout.next_seq(),
        job: payout.job,
        sold_total: payout.sold,
        credited_total: payout.credited,
        withdrawn_total: payout.withdrawn,
    });
    Ok(())
}
