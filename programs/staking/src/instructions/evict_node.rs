//! Retires the node of a squatter; stake on it can still leave. A lease runs to its end, so that a squatter
//! cannot stay by leasing their own node.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `NodeNotLive`, `WrongShard`.
//!
//! Events: `NodeRetired`.

use crate::errors::StakingError;
use crate::events::NodeRetired;
use crate::state::{Config, Node, StakeShard};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct EvictNode<'info> {
    /// The resolver of slashes.
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_evict_node(ctx: Context<EvictNode>) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let before = node.counted()?;
    node.retire(now)?;
    ctx.accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(NodeRetired { seq: node.next_seq(), node: ctx.accounts.node.key(), owner: node.owner });
    Ok(())
}
