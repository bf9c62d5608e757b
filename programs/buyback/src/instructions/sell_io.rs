//! Sells IO for what an auction's lot holds: as much as `max_io` pays for, but no more than is left or than
//! the vault may sell today. The IO is burned.
//!
//! Who may call: anyone with IO.
//!
//! Checks, each with its error: `Paused`, `WrongPriceAccount`, `WrongCurrency`, `WrongCurrencyPrice` and those of a
//! price (`NotAPrice`, `PriceNotVerified`, `WrongFeed`, `StalePrice`, `UnusablePrice`, `UncertainPrice`,
//! `VolatilePrice`), `WrongVault`, `WrongDestination`, `WrongMint`, `NoLot`, `LotHasLapsed`, `DayIsSold`, `SaleTooSmall`,
//! `BelowMinimum`, `SupplyMismatch`, `Overflow`.
//!
//! Events: `IoSold`.

use super::vault::currency;
use crate::errors::BuybackError;
use crate::events::IoSold;
use crate::state::{check_burned, Auction, Config, Deal, SaleArgs, PAUSE_SELL};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct SellIo<'info> {
    /// Sells IO.
    pub seller: Signer<'info>,
    /// The program's configuration.
    #[account(
        mut,
        address = ids::BUYBACK_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_SELL) @ BuybackError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The auction.
    #[account(mut)]
    pub auction: AccountLoader<'info, Auction>,
    /// The price account of IO.
    /// CHECK: read as Pyth's price of IO.
    #[account(address = config.load()?.price_account @ BuybackError::WrongPriceAccount)]
    pub price: UncheckedAccount<'info>,
    /// The jobs program's currency account of the mint.
    /// CHECK: read as the jobs program's currency of the auction's mint.
    pub currency: UncheckedAccount<'info>,
    /// The price account of the currency; not read for a currency at par.
    /// CHECK: by address, and read as Pyth's price of the currency.
    pub currency_price: UncheckedAccount<'info>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// Any IO account that the seller may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// The fee vault.
    #[account(mut, address = auction.load()?.vault @ BuybackError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// Any token account of the seller in the mint that is sold.
    #[account(mut, constraint = destination.owner == seller.key() @ BuybackError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

impl SellIo<'_> {
    /// Burns the seller's IO, and returns the supply before and after.
    fn burn(&mut self, amount: u64) -> Result<(u64, u64)> {
        let before = self.mint.supply;
        token::burn(&self.source, self.mint.as_ref(), &self.seller, &[], amount)?;
        self.mint.reload()?;
        check_burned(before, self.mint.supply, amount)?;
        Ok((before, self.mint.supply))
    }
}

pub fn handle_sell_io(ctx: Context<SellIo>, args: SaleArgs) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let mut config = accounts.config.load_mut()?;
    let mut auction = accounts.auction.load_mut()?;
    require_keys_eq!(accounts.destination.mint, auction.mint, BuybackError::WrongMint);
    let time = clock::now(config.last_time.max(auction.last_time))?;
    let prices = {
        let currency = currency(&accounts.currency, &auction.mint)?;
        config.read_prices(&accounts.price, &currency, &accounts.currency_price, time)?
    };
    let vault_before = accounts.vault.amount;
    let Deal { out, io, elapsed } = auction.sell(&args, vault_before, &prices, &config, time)?;
    let (receipt, burned_total) = (config.book_burn(io, time)?, config.burned);
    let (seq, sale, left) = (auction.next_seq(), auction.sales, auction.lot.left);
    let (sold_total, bought_total, sold_today) = (auction.sold, auction.bought, auction.sold_today);
    drop((config, auction));
    let (supply_before, supply_after) = accounts.burn(io)?;
    let (vault, to) = (accounts.vault.as_ref(), accounts.destination.as_ref());
    token::transfer(vault, to, accounts.config.as_ref(), Config::SIGNER, out)?;
    emit_cpi!(
        ctx,
        IoSold {
            seq,
            auction: ctx.accounts.auction.key(),
            seller: ctx.accounts.seller.key(),
            receipt,
            sale,
            time,
            elapsed,
            price: prices.io.price,
            exponent: prices.io.exponent,
            currency_price: prices.currency.price,
            currency_exponent: prices.currency.exponent,
            out,
            io,
            left,
            sold_today,
            sold_total,
            bought_total,
            burned_total,
            supply_before,
            supply_after,
            vault_before,
            vault_after: vault_before.saturating_sub(out),
        }
    )?;
    Ok(())
}
