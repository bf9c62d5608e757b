//! Closes a slash that is done or has lapsed, and frees what it still held back.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `SlashOpen`, `WrongNode`, `WrongRentPayer`.
//!
//! Events: `SlashClosed`.

use crate::errors::StakingError;
use crate::events::SlashClosed;
use crate::state::{Node, Slash};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseSlash<'info> {
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

pub fn handle_close_slash(ctx: Context<CloseSlash>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let slash = accounts.slash.load()?;
    require!(slash.is_over(now), StakingError::SlashOpen);
    node.thaw(slash.amount)?;
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
