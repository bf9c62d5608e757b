//! Turns a position's rewards into pending stake, as much as there is room for.
//!
//! Who may call: its holder.
//!
//! Checks, each with its error: `Paused`, `NotHolder`, `WrongNode`, `NodeNotLive`, `WrongClass`,
//! `NothingToClaim`, `MaximumStake`, `OwnerBelowMinimum`, `CoStakeAboveHalf`, `ActivateFirst`.
//!
//! Events: `Compounded`.

use crate::errors::StakingError;
use crate::events::Compounded;
use crate::state::{Class, Config, Node, Position, PAUSE_STAKE};
use anchor_lang::prelude::*;
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct Compound<'info> {
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
}

pub fn handle_compound(ctx: Context<Compound>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut position = ctx.accounts.position.load_mut()?;
    let amount = position.compound(&mut node, &*ctx.accounts.class.load()?, now)?;
    position.next_seq();
    let (seq, totals, sums) = (node.next_seq(), node.totals()?, position.sums());
    drop(node);
    drop(position);
    let (node, holder) = (ctx.accounts.node.key(), ctx.accounts.holder.key());
    emit_cpi!(ctx, Compounded { seq, node, holder, amount, totals, position: sums })?;
    Ok(())
}
