//! Pays out the owner's cooled stake.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `NothingReady`, `Frozen`, `WrongVault`,
//! `WrongDestination`.
//!
//! Events: `Withdrawn`.

use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Withdrawn;
use crate::state::{Node, PositionSums};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct OwnerWithdraw<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// Any IO account that the owner names.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_owner_withdraw(ctx: Context<OwnerWithdraw>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    let amount = state.withdraw(now)?;
    let (seq, totals) = (state.next_seq(), state.totals()?);
    drop(state);
    pay_out(&accounts.node, &accounts.vault, &accounts.destination, amount)?;
    let (node, holder) = (accounts.node.key(), accounts.owner.key());
    let position = PositionSums::default();
    emit_cpi!(ctx, Withdrawn { seq, node, holder, amount, totals, position })?;
    Ok(())
}
