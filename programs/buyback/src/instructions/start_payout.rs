//! Puts all that a payout's vault holds up for sale, as `start_auction` does.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those of a price,
//! `WrongVault`, `NothingToSell`, `LotIsOpen`, `Overflow`.
//!
//! Events: `PayoutStarted`.

use super::vault::currency;
use crate::errors::BuybackError;
use crate::events::PayoutStarted;
use crate::state::{Config, Lot, Payout};
use anchor_lang::prelude::*;
use anchor_spl::token::TokenAccount;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct StartPayout<'info> {
    /// The program's configuration.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The payout.
    #[account(mut)]
    pub payout: AccountLoader<'info, Payout>,
    /// The jobs program's currency account of the mint.
    /// CHECK: read as the jobs program's currency of the payout's mint.
    pub currency: UncheckedAccount<'info>,
    /// The price account of IO.
    /// CHECK: read as Pyth's price of IO.
    #[account(address = config.load()?.price_account @ BuybackError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// The price account of the currency; not read for a currency at par.
    /// CHECK: by address, and read as Pyth's price of the currency.
    pub currency_price: UncheckedAccount<'info>,
    /// The payout's token account.
    #[account(address = payout.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
}

pub fn handle_start_payout(ctx: Context<StartPayout>) -> Result<()> {
    let accounts = &ctx.accounts;
    let config = accounts.config.load()?;
    let mut payout = accounts.payout.load_mut()?;
    let time = clock::now(payout.last_time)?;
    let prices = {
        let currency = currency(&accounts.currency, &payout.mint)?;
        config.read_prices(&accounts.price, &currency, &accounts.currency_price, time)?
    };
    payout.start(accounts.vault.amount, &prices, &config, time)?;
    let Lot { size, minimum, decimals, .. } = payout.lot;
    emit!(PayoutStarted {
        seq: payout.next_seq(),
        job: payout.job,
        time,
        size,
        minimum,
        decimals,
        price: prices.io.price,
        exponent: prices.io.exponent,
        currency_price: prices.currency.price,
        currency_exponent: prices.currency.exponent,
    });
    Ok(())
}
