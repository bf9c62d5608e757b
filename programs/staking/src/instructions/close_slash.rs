//! Closes a slash that is done or has lapsed, and frees what it still held back. After a lapse no slash of
//! the node can be proposed for 30 days.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `SlashOpen`, `WrongNode`, `WrongRentPayer`.
//!
//! Events: `SlashClosed`.

use crate::errors::StakingError;
use crate::events::SlashClosed;
use crate::state::{Config, Node, Slash, SLASH_PAUSE};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct CloseSlash<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut, close = proposer)]
    pub slash: AccountLoader<'info, Slash>,
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = slash.load()?.proposer @ StakingError::WrongRentPayer)]
    pub proposer: UncheckedAccount<'info>,
}

/// Lets a node's credit go on, where the slash stopped it.
pub fn go_on(slash: &mut Slash, node: &mut Node, config: &AccountLoader<Config>, now: i64) -> Result<()> {
    if slash.stops == 1 {
        slash.stops = 0;
        node.go_on(now);
        config.load_mut()?.go_on(slash.stopped_stake)?;
    }
    Ok(())
}

pub fn handle_close_slash(ctx: Context<CloseSlash>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut slash = accounts.slash.load_mut()?;
    require!(slash.is_over(now), StakingError::SlashOpen);
    if slash.has_lapsed(now) {
        let lapsed_at = slash.last_day().unwrap_or(now);
        node.spared_until = node.spared_until.max(lapsed_at.saturating_add(SLASH_PAUSE));
    }
    node.thaw(slash.amount)?;
    go_on(&mut slash, &mut node, &accounts.config, now)?;
    emit!(SlashClosed {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: slash.node,
        burned: slash.burned,
        lapsed: slash.amount,
        frozen: node.frozen,
    });
    Ok(())
}
