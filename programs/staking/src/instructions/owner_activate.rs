//! Makes the owner's pending stake active: at once where co-stakers have nothing active, leaving or pending,
//! else once the node was credited past it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongShard`.
//!
//! Events: `Activated`.

use crate::errors::StakingError;
use crate::events::Activated;
use crate::state::{Node, PositionSums, StakeShard};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct OwnerActivate<'info> {
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_owner_activate(ctx: Context<OwnerActivate>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let before = node.counted()?;
    let amount = node.activate(now)?;
    ctx.accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(Activated {
        seq: node.next_seq(),
        node: ctx.accounts.node.key(),
        holder: node.owner,
        amount,
        totals: node.totals()?,
        position: PositionSums::default(),
    });
    Ok(())
}
