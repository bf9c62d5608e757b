//! Sells IO for what a payout's lot holds: as much as `max_io` pays for, but no more than is left. The IO
//! goes to the job's supplier.
//!
//! Who may call: anyone with IO.
//!
//! Checks, each with its error: `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and those of a price,
//! `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`, `LotHasLapsed`, `SaleTooSmall`, `BelowMinimum`, `Overflow`.
//!
//! Events: `IoCredited`.

use super::vault::currency;
use crate::errors::BuybackError;
use crate::events::IoCredited;
use crate::state::{Config, Deal, Payout, SaleArgs};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct SellToSupplier<'info> {
    /// Sells IO.
    pub seller: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The payout.
    #[account(mut)]
    pub payout: AccountLoader<'info, Payout>,
    /// The price account of IO.
    /// CHECK: read as Pyth's price of IO.
    #[account(address = config.load()?.price_account @ BuybackError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// The jobs program's currency account of the mint.
    /// CHECK: read as the jobs program's currency of the payout's mint.
    pub currency: UncheckedAccount<'info>,
    /// The price account of the currency; not read for a currency at par.
    /// CHECK: by address, and read as Pyth's price of the currency.
    pub currency_price: UncheckedAccount<'info>,
    /// Any IO account that the seller may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// Any IO account of the supplier.
    #[account(
        mut,
        constraint = credit.owner == payout.load()?.supplier @ BuybackError::WrongDestination,
        constraint = credit.mint == ids::IO_MINT @ BuybackError::WrongMint,
        constraint = credit.key() != source.key() @ BuybackError::WrongDestination
    )]
    pub credit: Account<'info, TokenAccount>,
    /// The payout's token account.
    #[account(mut, address = payout.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// Any token account of the seller in the mint that is sold.
    #[account(mut, constraint = destination.owner == seller.key() @ BuybackError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_sell_to_supplier(ctx: Context<SellToSupplier>, args: SaleArgs) -> Result<()> {
    let accounts = &*ctx.accounts;
    let config = accounts.config.load()?;
    let mut payout = accounts.payout.load_mut()?;
    require_keys_eq!(accounts.destination.mint, payout.mint, BuybackError::WrongMint);
    let time = clock::now(payout.last_time)?;
    let prices = {
        let currency = currency(&accounts.currency, &payout.mint)?;
        config.read_prices(&accounts.price, &currency, &accounts.currency_price, time)?
    };
    let (vault_before, credit_before) = (accounts.vault.amount, accounts.credit.amount);
    let Deal { out, io, elapsed } = payout.sell(&args, &prices, &config, time)?;
    let (seq, job, supplier) = (payout.next_seq(), payout.job, payout.supplier);
    let (receipt, left) = (payout.sales, payout.lot.left);
    let (sold_total, credited_total) = (payout.sold, payout.credited);
    drop((config, payout));
    token::transfer(&accounts.source, accounts.credit.as_ref(), &accounts.seller, &[], io)?;
    let (vault, to) = (accounts.vault.as_ref(), accounts.destination.as_ref());
    token::transfer(vault, to, accounts.config.as_ref(), Config::SIGNER, out)?;
    emit_cpi!(
        ctx,
        IoCredited {
            seq,
            job,
            supplier,
            seller: accounts.seller.key(),
            receipt,
            time,
            elapsed,
            price: prices.io.price,
            exponent: prices.io.exponent,
            currency_price: prices.currency.price,
            currency_exponent: prices.currency.exponent,
            out,
            io,
            left,
            sold_total,
            credited_total,
            credit_before,
            credit_after: credit_before.saturating_add(io),
            vault_before,
            vault_after: vault_before.saturating_sub(out),
        }
    )?;
    Ok(())
}
