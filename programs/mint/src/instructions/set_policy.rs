//! Emits to now under the old policy, then sets the new one.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `UnknownPolicy`, `PolicyOutOfBounds`, `NoDemand`, and those
//! of `emit`.
//!
//! Events: `Emitted`, `PolicySet`.

use super::emit::{burned, emit_due};
use crate::errors::MintError;
use crate::events::PolicySet;
use crate::state::{Config, PolicyArgs, PolicyKind, PAUSE_EMIT};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct SetPolicy<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ MintError::NotAuthority)]
    pub authority: Signer<'info>,
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
    /// CHECK: what fees burned, read where the old or the new policy is demand-linked.
    #[account(address = ids::BUYBACK_CONFIG)]
    pub buyback_config: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_set_policy(ctx: Context<SetPolicy>, policy: PolicyArgs) -> Result<()> {
    let SetPolicy { config, mint, emission_vault, reserve_vault, buyback_config, .. } = ctx.accounts;
    let emitted = emit_due(config, mint, [emission_vault, reserve_vault], buyback_config)?;
    let burned = if policy.kind == PolicyKind::Fixed { 0 } else { burned(buyback_config)? };
    let mut state = config.load_mut()?;
    state.begin_policy(policy, burned)?;
    let (seq, emitted_before) = (state.next_seq(), state.emitted);
    drop(state);
    if let Some(event) = emitted {
        emit_cpi!(ctx, event)?;
    }
    emit_cpi!(ctx, PolicySet { seq, policy, emitted_before, burned_before: burned })?;
    Ok(())
}
