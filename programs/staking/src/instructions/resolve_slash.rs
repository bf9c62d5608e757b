//! Decides a slash: an appealed one within 30 days, another one after the time for an appeal. Only a decision
//! reaches beyond the owner's side, and one that names fraud ends the node.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `WrongNode`, `NotDecidable`, `SlashRaised`, `SlashSetApart`,
//! `WrongShard`.
//!
//! Events: `SlashResolved`.

use super::close_slash::go_on;
use crate::errors::StakingError;
use crate::events::SlashResolved;
use crate::state::{Config, Node, Slash, StakeShard};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct ResolveSlash<'info> {
    /// The resolver of slashes.
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut)]
    pub slash: AccountLoader<'info, Slash>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_resolve_slash(ctx: Context<ResolveSlash>, amount: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut slash = accounts.slash.load_mut()?;
    let freed = slash.decide(amount, now)?;
    node.thaw(freed)?;
    go_on(&mut slash, &mut node, &accounts.config, now)?;
    let before = node.counted()?;
    if slash.fraud == 1 && amount > 0 {
        node.end_for_fraud(now);
    }
    accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    emit!(SlashResolved {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        amount,
        freed,
        frozen: node.frozen,
        terminal: node.is_terminal(),
    });
    Ok(())
}
