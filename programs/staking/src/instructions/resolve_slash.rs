//! Decides a slash: an appealed one within 30 days, another one after the time for an appeal. Only a decision
//! reaches beyond the owner's side.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `WrongNode`, `NotDecidable`, `SlashRaised`.
//!
//! Events: `SlashResolved`.

use crate::errors::StakingError;
use crate::events::SlashResolved;
use crate::state::{Config, Node, Slash};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct ResolveSlash<'info> {
    /// The resolver of slashes.
    #[account(address = config.load()?.resolver @ StakingError::NotResolver)]
    pub resolver: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut)]
    pub slash: AccountLoader<'info, Slash>,
}

pub fn handle_resolve_slash(ctx: Context<ResolveSlash>, amount: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let freed = accounts.slash.load_mut()?.decide(amount, now)?;
    node.thaw(freed)?;
    emit!(SlashResolved {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        amount,
        freed,
        frozen: node.frozen,
    });
    Ok(())
}
