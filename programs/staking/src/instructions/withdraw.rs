//! Pays out a position's cooled stake.
//!
//! Who may call: its holder.
//!
//! Checks, each with its error: `NotHolder`, `WrongNode`, `NothingReady`, `CoExitFrozen`, `WrongVault`,
//! `WrongDestination`.
//!
//! Events: `Withdrawn`.

use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Withdrawn;
use crate::state::{Node, Position};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct Withdraw<'info> {
    /// The position's holder.
    pub holder: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The holder's position on the node.
    #[account(
        mut,
        constraint = position.load()?.holder == holder.key() @ StakingError::NotHolder,
        constraint = position.load()?.node == node.key() @ StakingError::WrongNode
    )]
    pub position: AccountLoader<'info, Position>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// Any IO account that the holder names.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_withdraw(ctx: Context<Withdraw>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    let mut position = accounts.position.load_mut()?;
    let amount = position.withdraw(&mut state, now)?;
    position.next_seq();
    let (seq, totals, sums) = (state.next_seq(), state.totals()?, position.sums());
    drop(state);
    drop(position);
    pay_out(&accounts.node, &accounts.vault, &accounts.destination, amount)?;
    let (node, holder) = (accounts.node.key(), accounts.holder.key());
    emit_cpi!(ctx, Withdrawn { seq, node, holder, amount, totals, position: sums })?;
    Ok(())
}
