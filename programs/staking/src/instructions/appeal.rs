//! Puts a slash before the resolver.
//!
//! Who may call: the node's owner, within 30 days.
//!
//! Checks, each with its error: `NotNodeOwner`, `WrongNode`, `AppealClosed`.
//!
//! Events: `SlashAppealed`.

use crate::errors::StakingError;
use crate::events::SlashAppealed;
use crate::state::{Node, Slash};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct Appeal<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut)]
    pub slash: AccountLoader<'info, Slash>,
}

pub fn handle_appeal(ctx: Context<Appeal>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    accounts.slash.load_mut()?.appeal(now)?;
    emit!(SlashAppealed {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        by: accounts.owner.key(),
    });
    Ok(())
}
