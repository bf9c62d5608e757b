//! Adds to the owner's pending stake.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `Paused`, `NotNodeOwner`, `NodeNotLive`, `WrongClass`, `WrongVault`,
//! `ZeroAmount`, `MaximumStake`, `ActivateFirst`.
//!
//! Events: `Staked`.

use crate::errors::StakingError;
use crate::events::Staked;
use crate::state::{Class, Config, Node, PositionSums, PAUSE_STAKE};
use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct OwnerStake<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
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
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// Any IO account that the owner may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_owner_stake(ctx: Context<OwnerStake>, amount: u64) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.stake(&*accounts.class.load()?, amount, now)?;
    let (seq, totals) = (node.next_seq(), node.totals()?);
    drop(node);
    token::transfer(&accounts.source, &accounts.vault, &accounts.owner, &[], amount)?;
    let (node, holder) = (accounts.node.key(), accounts.owner.key());
    let position = PositionSums::default();
    emit_cpi!(ctx, Staked { seq, node, holder, amount, totals, position })?;
    Ok(())
}
