//! Burns all that the shard's fee vault of IO holds; does nothing when it is empty.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `Paused`, `SupplyMismatch`.
//!
//! Events: `FeesBurned`.

use crate::errors::BuybackError;
use crate::events::FeesBurned;
use crate::state::{check_burned, Config, FEES_SEED, PAUSE_BURN};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
#[instruction(shard: u8)]
pub struct BurnFees<'info> {
    /// The program's configuration.
    #[account(
        mut,
        address = ids::BUYBACK_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_BURN) @ BuybackError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// The shard's fee vault of IO.
    #[account(mut, seeds = [FEES_SEED, mint.key().as_ref(), shard.to_le_bytes().as_ref()], bump)]
    pub vault: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_burn_fees(ctx: Context<BurnFees>, shard: u8) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let (amount, supply_before) = (accounts.vault.amount, accounts.mint.supply);
    if amount == 0 {
        return Ok(());
    }
    let mut config = accounts.config.load_mut()?;
    let time = clock::now(config.last_time)?;
    let receipt = config.book_burn(amount, time)?;
    let (seq, burned_total) = (config.next_seq(), config.burned);
    drop(config);
    token::burn(
        accounts.vault.as_ref(),
        accounts.mint.as_ref(),
        accounts.config.as_ref(),
        Config::SIGNER,
        amount,
    )?;
    accounts.mint.reload()?;
    let supply_after = accounts.mint.supply;
    check_burned(supply_before, supply_after, amount)?;
    emit_cpi!(
        ctx,
        FeesBurned { seq, receipt, time, shard, amount, burned_total, supply_before, supply_after }
    )?;
    Ok(())
}
