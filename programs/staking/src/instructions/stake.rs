//! Adds to a position's pending stake.
//!
//! Who may call: its holder.
//!
//! Checks, each with its error: `Paused`, `NodeNotLive`, `NotHolder`, `WrongNode`, `WrongClass`,
//! `WrongVault`, `ZeroAmount`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`, `ActivateFirst`.
//!
//! Events: `Staked`.

use crate::errors::StakingError;
use crate::events::Staked;
use crate::state::{Class, Config, Node, Position, PAUSE_STAKE};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct Stake<'info> {
    /// The position's holder.
    pub holder: Signer<'info>,
    /// The program's configuration.
    #[account(
        address = ids::STAKING_CONFIG,
        constraint = !config.load()?.roles.is_paused(PAUSE_STAKE) @ StakingError::Paused
    )]
    pub config: AccountLoader<'info, Config>,
    /// The node's hardware class.
    #[account(constraint = class.load()?.id == node.load()?.class @ StakingError::WrongClass)]
    pub class: AccountLoader<'info, Class>,
    /// The node.
    #[account(mut, constraint = node.load()?.is_live() @ StakingError::NodeNotLive)]
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
    /// Any IO account that the holder may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_stake(ctx: Context<Stake>, amount: u64) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.co_stake(&*accounts.class.load()?, amount, now)?;
    let mut position = accounts.position.load_mut()?;
    position.stake(&node, amount, now)?;
    position.next_seq();
    let (seq, totals, sums) = (node.next_seq(), node.totals()?, position.sums());
    drop(node);
    drop(position);
    token::transfer(&accounts.source, &accounts.vault, &accounts.holder, &[], amount)?;
    let (node, holder) = (accounts.node.key(), accounts.holder.key());
    emit_cpi!(ctx, Staked { seq, node, holder, amount, totals, position: sums })?;
    Ok(())
}
