//! Puts what a fee vault may still sell today up for sale. The previous lot must be sold, have lapsed, or be
//! below the smallest sale. Prices must be fresh, so that no lot ages while nobody can buy it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `Paused`, `WrongCurrency`, `WrongPriceAccount`, `WrongCurrencyPrice` and those
//! of a price, `WrongVault`, `NothingToSell`, `DayIsSold`, `LotIsOpen`, `Overflow`.
//!
//! Events: `AuctionStarted`.

use super::vault::currency;
use crate::errors::BuybackError;
use crate::events::AuctionStarted;
use crate::state::{Auction, Config, PAUSE_SELL};
use anchor_lang::prelude::*;
use anchor_spl::token::TokenAccount;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct StartAuction<'info> {
    /// The program's configuration.
    #[account(
        address = ids::BUYBACK_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_SELL) @ BuybackError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The auction.
    #[account(mut)]
    pub auction: AccountLoader<'info, Auction>,
    /// The jobs program's currency account of the mint.
    /// CHECK: read as the jobs program's currency of the auction's mint.
    pub currency: UncheckedAccount<'info>,
    /// The price account of IO.
    /// CHECK: read as Pyth's price of IO.
    #[account(address = config.load()?.price_account @ BuybackError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// The price account of the currency; not read for a currency at par.
    /// CHECK: by address, and read as Pyth's price of the currency.
    pub currency_price: UncheckedAccount<'info>,
    /// The fee vault.
    #[account(address = auction.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
}

pub fn handle_start_auction(ctx: Context<StartAuction>) -> Result<()> {
    let accounts = &ctx.accounts;
    let config = accounts.config.load()?;
    let mut auction = accounts.auction.load_mut()?;
    let time = clock::now(auction.last_time)?;
    let prices = {
        let currency = currency(&accounts.currency, &auction.mint)?;
        config.read_prices(&accounts.price, &currency, &accounts.currency_price, time)?
    };
    auction.start(accounts.vault.amount, &prices, &config, time)?;
    emit!(AuctionStarted {
        seq: auction.next_seq(),
        auction: accounts.auction.key(),
        time,
        size: auction.lot.size,
        minimum: auction.lot.minimum,
        decimals: auction.lot.decimals,
        day: auction.day,
        opening: auction.opening,
        sold_today: auction.sold_today,
        vault: accounts.vault.amount,
        price: prices.io.price,
        exponent: prices.io.exponent,
        currency_price: prices.currency.price,
        currency_exponent: prices.currency.exponent,
    });
    Ok(())
}
