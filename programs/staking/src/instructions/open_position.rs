//! Opens an empty position of a co-staker.
//!
//! Who may call: its holder.
//!
//! Checks, each with its error: `OwnerIsNoCoStaker`, `NodeNotLive`.
//!
//! Events: none.

use crate::errors::StakingError;
use crate::state::{Node, Position, POSITION_SEED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct OpenPosition<'info> {
    /// The co-staker who will hold the position; pays the rent.
    #[account(mut, constraint = holder.key() != node.load()?.owner @ StakingError::OwnerIsNoCoStaker)]
    pub holder: Signer<'info>,
    /// The node.
    #[account(constraint = node.load()?.is_live() @ StakingError::NodeNotLive)]
    pub node: AccountLoader<'info, Node>,
    /// The new position.
    #[account(init, payer = holder, space = Position::SPACE, seeds = [POSITION_SEED, node.key().as_ref(), holder.key().as_ref()], bump)]
    pub position: AccountLoader<'info, Position>,
    pub system_program: Program<'info, System>,
}

pub fn handle_open_position(ctx: Context<OpenPosition>) -> Result<()> {
    let mut position = ctx.accounts.position.load_init()?;
    position.version = 1;
    position.bump = ctx.bumps.position;
    position.node = ctx.accounts.node.key();
    position.holder = ctx.accounts.holder.key();
    position.entry = ctx.accounts.node.load()?.co.acc;
    Ok(())
}
