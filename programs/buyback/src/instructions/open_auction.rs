//! Opens the auction of a fee vault of any mint but IO; each is opened once.
//!
//! Who may call: anyone, who pays for the account.
//!
//! Checks, each with its error: `IoIsBurned`.
//!
//! Events: `AuctionOpened`.

use crate::errors::BuybackError;
use crate::events::AuctionOpened;
use crate::state::{Auction, AUCTION_SEED, FEES_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, TokenAccount};
use io_common::ids;

#[derive(Accounts)]
#[instruction(shard: u8)]
pub struct OpenAuction<'info> {
    /// Pays for the account.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The mint that the vault holds; not IO, which is burned without an auction.
    #[account(constraint = mint.key() != ids::IO_MINT @ BuybackError::IoIsBurned)]
    pub mint: Account<'info, Mint>,
    /// The shard's fee vault.
    #[account(seeds = [FEES_SEED, mint.key().as_ref(), shard.to_le_bytes().as_ref()], bump)]
    pub vault: Account<'info, TokenAccount>,
    /// The new auction.
    #[account(
        init,
        payer = payer,
        space = Auction::SPACE,
        seeds = [AUCTION_SEED, mint.key().as_ref(), shard.to_le_bytes().as_ref()],
        bump
    )]
    pub auction: AccountLoader<'info, Auction>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_auction(ctx: Context<OpenAuction>, shard: u8) -> Result<()> {
    let accounts = &ctx.accounts;
    let (mint, vault) = (accounts.mint.key(), accounts.vault.key());
    let mut auction = accounts.auction.load_init()?;
    auction.version = 1;
    auction.bump = ctx.bumps.auction;
    auction.shard = shard;
    auction.mint = mint;
    auction.vault = vault;
    auction.last_time = io_common::clock::now(0)?;
    emit!(AuctionOpened { seq: auction.next_seq(), auction: accounts.auction.key(), mint, shard, vault });
    Ok(())
}
