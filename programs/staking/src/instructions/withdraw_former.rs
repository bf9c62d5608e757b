//! Pays out what is left of a former owner's side, after its cooldown.
//!
//! Who may call: anyone, so that it stands in nobody's way.
//!
//! Checks, each with its error: `NothingReady`, `WrongDestination`, `WrongVault`.
//!
//! Events: `Withdrawn`.

use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Withdrawn;
use crate::state::{Node, PositionSums};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct WithdrawFormer<'info> {
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the former owner; anyone can create one.
    #[account(mut, constraint = destination.owner == node.load()?.former.owner @ StakingError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_withdraw_former(ctx: Context<WithdrawFormer>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    let holder = state.former.owner;
    let amount = state.withdraw_former(now)?;
    let (seq, totals, position) = (state.next_seq(), state.totals()?, PositionSums::default());
    drop(state);
    pay_out(&accounts.node, &accounts.vault, accounts.destination.as_ref(), amount)?;
    let node = accounts.node.key();
    emit_cpi!(ctx, Withdrawn { seq, node, holder, amount, totals, position })?;
    Ok(())
}
