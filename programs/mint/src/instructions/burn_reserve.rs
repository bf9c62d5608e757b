//! Burns all that policies have withheld.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongVault`.
//!
//! Events: `ReserveBurned`.

use crate::errors::MintError;
use crate::events::ReserveBurned;
use crate::state::Config;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct BurnReserve<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::MINT_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// The token account of what policies withhold.
    #[account(mut, address = config.load()?.reserve_vault @ MintError::WrongVault)]
    pub reserve_vault: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_burn_reserve(ctx: Context<BurnReserve>) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let amount = accounts.reserve_vault.amount;
    if amount == 0 {
        return Ok(());
    }
    let mut config = accounts.config.load_mut()?;
    config.reserve_burned = config.reserve_burned.checked_add(amount).ok_or(MintError::Overflow)?;
    let (seq, burned_total) = (config.next_seq(), config.reserve_burned);
    drop(config);
    let (vault, mint) = (accounts.reserve_vault.as_ref(), accounts.mint.as_ref());
    token::burn(vault, mint, accounts.config.as_ref(), Config::SIGNER, amount)?;
    accounts.mint.reload()?;
    emit_cpi!(ctx, ReserveBurned { seq, amount, burned_total, supply: ctx.accounts.mint.supply })?;
    Ok(())
}
