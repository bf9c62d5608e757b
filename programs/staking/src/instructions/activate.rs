//! Makes a position's pending stake active, when the node was credited past it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NothingPending`, `StillPending`, `NodeTerminal`, `WrongNode`, `WrongShard`.
//!
//! Events: `Activated`.

use crate::errors::StakingError;
use crate::events::Activated;
use crate::state::{Node, Position, StakeShard};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Activate<'info> {
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The co-staker's position on the node.
    #[account(mut, constraint = position.load()?.node == node.key() @ StakingError::WrongNode)]
    pub position: AccountLoader<'info, Position>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_activate(ctx: Context<Activate>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut position = ctx.accounts.position.load_mut()?;
    let before = node.counted()?;
    let amount = position.activate(&mut node, now)?;
    position.next_seq();
    ctx.accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(Activated {
        seq: node.next_seq(),
        node: position.node,
        holder: position.holder,
        amount,
        totals: node.totals()?,
        position: position.sums(),
    });
    Ok(())
}
