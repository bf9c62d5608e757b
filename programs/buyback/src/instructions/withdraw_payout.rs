//! Pays out what a payout's vault holds, in the mint that the job was paid in, less the payment fee of that
//! currency.
//!
//! Who may call: the job's supplier.
//!
//! Checks, each with its error: `NotSupplier`, `WrongCurrency`, `WrongVault`, `WrongDestination`,
//! `WrongMint`, `NothingToSell`.
//!
//! Events: `PayoutWithdrawn`.

use super::vault::currency;
use crate::errors::BuybackError;
use crate::events::PayoutWithdrawn;
use crate::state::{Config, Payout};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawPayout<'info> {
    /// The job's supplier.
    #[account(constraint = payout.load()?.supplier == supplier.key() @ BuybackError::NotSupplier)]
    pub supplier: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The payout.
    #[account(mut)]
    pub payout: AccountLoader<'info, Payout>,
    /// The jobs program's currency account of the mint.
    /// CHECK: read as the jobs program's currency of the payout's mint.
    pub currency: UncheckedAccount<'info>,
    /// The payout's token account.
    #[account(mut, address = payout.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// Any token account of the supplier in the payout's mint.
    #[account(mut, constraint = destination.owner == supplier.key() @ BuybackError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    /// The job's fee vault.
    /// CHECK: by address.
    #[account(mut)]
    pub fee_vault: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_withdraw_payout(ctx: Context<WithdrawPayout>) -> Result<()> {
    let accounts = &*ctx.accounts;
    let held = accounts.vault.amount;
    let mut payout = accounts.payout.load_mut()?;
    require_keys_eq!(accounts.destination.mint, payout.mint, BuybackError::WrongMint);
    let (payment_bps, fee_vault) = {
        let currency = currency(&accounts.currency, &payout.mint)?;
        (currency.payment_bps, currency.vault_of(&payout.job))
    };
    require!(fee_vault == Some(accounts.fee_vault.key()), BuybackError::WrongVault);
    payout.last_time = clock::now(payout.last_time)?;
    let fee = payout.withdraw(held, payment_bps)?;
    let amount = held.checked_sub(fee).ok_or(BuybackError::Overflow)?;
    let (seq, job, time) = (payout.next_seq(), payout.job, payout.last_time);
    let (supplier, withdrawn_total) = (payout.supplier, payout.withdrawn);
    drop(payout);
    let (vault, config) = (accounts.vault.as_ref(), accounts.config.as_ref());
    token::transfer(vault, accounts.destination.as_ref(), config, Config::SIGNER, amount)?;
    token::transfer(vault, &accounts.fee_vault, config, Config::SIGNER, fee)?;
    let destination = accounts.destination.key();
    emit_cpi!(ctx, PayoutWithdrawn { seq, job, supplier, time, destination, amount, fee, withdrawn_total })?;
    Ok(())
}
