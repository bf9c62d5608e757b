//! Unstakes from a position: pending stake leaves at once, active stake cools.
//!
//! Who may call: its holder.
//!
//! Checks, each with its error: `NotHolder`, `WrongNode`, `ZeroAmount`, `MoreThanStaked`, `NoFreeSlot`,
//! `CoExitFrozen`, `WrongShard`, `WrongVault`, `WrongDestination`.
//!
//! Events: `Unstaked`.

use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::Unstaked;
use crate::state::{Config, Node, Position, StakeShard};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct Unstake<'info> {
    /// The position's holder.
    pub holder: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
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
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
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

pub fn handle_unstake(ctx: Context<Unstake>, amount: u64) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut state = accounts.node.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.last_time = now;
    let mut position = accounts.position.load_mut()?;
    let cooldown = accounts.config.load()?.cooldown;
    let before = state.counted()?;
    let leaving = position.unstake(&mut state, amount, now, cooldown)?;
    position.next_seq();
    accounts.shard.load_mut()?.adjust(now, before, state.counted()?)?;
    let (seq, totals, sums) = (state.next_seq(), state.totals()?, position.sums());
    drop(state);
    drop(position);
    if leaving.now > 0 {
        pay_out(&accounts.node, &accounts.vault, &accounts.destination, leaving.now)?;
    }
    emit_cpi!(
        ctx,
        Unstaked {
            seq,
            node: accounts.node.key(),
            holder: accounts.holder.key(),
            left: leaving.now,
            cooling: leaving.cooling,
            ready_at: now.saturating_add(cooldown),
            totals,
            position: sums,
        }
    )?;
    Ok(())
}
