//! Offers what a fee vault may still sell today, from now on. The earlier lot must be sold or have lapsed, or
//! be below the smallest sale.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `Paused`, `WrongCurrency`, `NotAtPar`, `WrongVault`, `NothingToSell`,
//! `DayIsSold`, `LotIsOpen`, `Overflow`.
//!
//! Events: `AuctionStarted`.

use super::vault::currency_at_par;
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
    /// The jobs program's currency of the mint.
    /// CHECK: read as the jobs program's currency of the auction's mint.
    pub currency: UncheckedAccount<'info>,
    /// The fee vault.
    #[account(address = auction.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
}

pub fn handle_start_auction(ctx: Context<StartAuction>) -> Result<()> {
    let accounts = &ctx.accounts;
    let config = accounts.config.load()?;
    let mut auction = accounts.auction.load_mut()?;
    let time = clock::now(auction.last_time)?;
    let currency = currency_at_par(&accounts.currency, &auction.mint)?;
    auction.start(accounts.vault.amount, &currency, &config, time)?;
    emit!(AuctionStarted {
        seq: auction.next_seq(),
        auction: accounts.auction.key(),
        time,
        size: auction.lot.size,
        minimum: auction.lot.minimum,
        day: auction.day,
        opening: auction.opening,
        sold_today: auction.sold_today,
        vault: accounts.vault.amount,
    });
    Ok(())
}
