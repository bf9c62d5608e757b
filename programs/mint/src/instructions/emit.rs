//! Mints what has become due on the schedule since the last emission; does nothing when no hour has passed.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `Paused`, `CapExceeded`, `WrongVault`.
//!
//! Events: `Emitted`.

use crate::errors::MintError;
use crate::events::Emitted;
use crate::state::{Config, PAUSE_EMIT};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{abi, clock, emit_cpi, ids, token};
use io_math::emission::Portion;

#[event_cpi]
#[derive(Accounts)]
pub struct Emit<'info> {
    /// The program's configuration.
    #[account(
        mut,
        address = ids::MINT_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_EMIT) @ MintError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// The token account that emission is paid into.
    #[account(mut, address = config.load()?.emission_vault @ MintError::WrongVault)]
    pub emission_vault: Account<'info, TokenAccount>,
    /// The token account of what policies withhold.
    #[account(mut, address = config.load()?.reserve_vault @ MintError::WrongVault)]
    pub reserve_vault: Account<'info, TokenAccount>,
    /// The buyback's configuration.
    /// CHECK: what fees burned, read under a demand-linked policy only.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub buyback_config: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_emit(ctx: Context<Emit>) -> Result<()> {
    let Emit { config, mint, emission_vault, reserve_vault, buyback_config, .. } = ctx.accounts;
    if let Some(event) = emit_due(config, mint, [emission_vault, reserve_vault], buyback_config)? {
        emit_cpi!(ctx, event)?;
    }
    Ok(())
}

/// Mints what is due into the emission vault and the reserve; `None` when nothing is, and then
/// nothing has changed.
pub fn emit_due<'info>(
    config: &AccountLoader<'info, Config>,
    mint: &mut Account<'info, Mint>,
    vaults: [&Account<'info, TokenAccount>; 2],
    buyback_config: &AccountInfo<'info>,
) -> Result<Option<Emitted>> {
    let mut state = config.load_mut()?;
    let now = clock::now(state.last_time)?;
    let burned = if state.needs_demand() { burned(buyback_config)? } else { 0 };
    let portion = state.accrue(now, burned)?;
    if portion.paid == 0 && portion.withheld == 0 {
        return Ok(None);
    }
    let (seq, policy_paid) = (state.next_seq(), state.policy.paid);
    let (emitted_total, withheld_total) = (state.emitted, state.withheld);
    drop(state);
    for (vault, amount) in vaults.into_iter().zip([portion.paid, portion.withheld]) {
        if amount > 0 {
            mint_io(config, mint, vault.as_ref(), amount)?;
        }
    }
    mint.reload()?;
    let Portion { paid, withheld } = portion;
    let supply = mint.supply;
    Ok(Some(Emitted { seq, time: now, paid, withheld, emitted_total, withheld_total, policy_paid, supply }))
}

/// IO that fees have burned in all.
pub fn burned(buyback_config: &AccountInfo) -> Result<u64> {
    let view = abi::read::<abi::BuybackConfig>(buyback_config).ok_or(MintError::NoDemand)?;
    Ok(view.burned)
}

/// Mints IO as the configuration.
pub fn mint_io<'info>(
    config: &AccountLoader<'info, Config>,
    mint: &Account<'info, Mint>,
    to: &AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    token::mint_to(mint.as_ref(), to, config.as_ref(), Config::SIGNER, amount)
}
