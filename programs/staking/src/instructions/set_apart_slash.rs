//! Sets apart what a slash takes: from the owner's side, and after a decision from co-stakers, which ends the node.
//! It belongs to no side any more, holds nothing back, does not lapse, and is burned as the limits have room.
//!
//! Who may call: anyone, within 14 days of the end of the time for an appeal, or after the decision.
//!
//! Checks, each with its error: `NotExecutable`, `WrongNode`, `WrongShard`.
//!
//! Events: `SlashSetApart`.

use crate::errors::StakingError;
use crate::events::SlashSetApart;
use crate::state::{Node, Slash, StakeShard};
use anchor_lang::prelude::*;
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct SetApartSlash<'info> {
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

pub fn handle_set_apart_slash(ctx: Context<SetApartSlash>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut slash = accounts.slash.load_mut()?;
    let amount = slash.settable(node.own.total()?, now)?;
    let before = node.counted()?;
    node.set_apart(amount, now)?;
    slash.set_apart(amount)?;
    accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    let event = SlashSetApart {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        amount,
        left: slash.amount,
        terminal: node.is_terminal(),
        totals: node.totals()?,
    };
    drop((node, slash));
    emit_cpi!(ctx, event)?;
    Ok(())
}
