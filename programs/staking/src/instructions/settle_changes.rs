//! Settles what has become due on a node: pending stake that it was credited past becomes active, and late weights
//! of hours that are all credited end. Also writes down the minimum of its class.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongClass`, `WrongNode`, `WrongShard`.
//!
//! Events: `Activated`, `PositionSettled`, `ChangesSettled`.

use crate::errors::StakingError;
use crate::events::{Activated, ChangesSettled, PositionSettled};
use crate::state::{Class, Node, Position, PositionSums, StakeShard};
use anchor_lang::prelude::*;
use io_common::clock;

/// Followed by positions of the node, in any order.
#[derive(Accounts)]
pub struct SettleChanges<'info> {
    /// The node's hardware class.
    #[account(constraint = class.load()?.id == node.load()?.class @ StakingError::WrongClass)]
    pub class: AccountLoader<'info, Class>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
}

pub fn handle_settle_changes<'info>(ctx: Context<'info, SettleChanges<'info>>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let minimum = accounts.class.load()?.minimum_stake(node.units)?;
    node.set_minimum(minimum, now);
    let key = accounts.node.key();
    settle(key, &mut node, &mut *accounts.shard.load_mut()?, ctx.remaining_accounts, now)?;
    emit!(ChangesSettled { seq: node.next_seq(), node: key, minimum, totals: node.totals()? });
    Ok(())
}

/// Settles the owner's side and the given positions.
pub fn settle<'info>(
    key: Pubkey,
    node: &mut Node,
    shard: &mut StakeShard,
    positions: &'info [AccountInfo<'info>],
    now: i64,
) -> Result<()> {
    let before = node.counted()?;
    if let Some(amount) = node.settle(now)? {
        let (seq, holder, totals) = (node.next_seq(), node.owner, node.totals()?);
        let position = PositionSums::default();
        emit!(Activated { seq, node: key, holder, amount, totals, position });
    }
    for info in positions {
        let loader = AccountLoader::<Position>::try_from(info)?;
        let mut position = loader.load_mut()?;
        require_keys_eq!(position.node, key, StakingError::WrongNode);
        let activated = position.settle_changes(node, now)?;
        let (seq, holder, sums) = (node.next_seq(), position.holder, position.sums());
        if let Some(amount) = activated {
            position.next_seq();
            emit!(Activated { seq, node: key, holder, amount, totals: node.totals()?, position: sums });
        } else {
            emit!(PositionSettled { seq, node: key, holder, position: sums });
        }
    }
    shard.adjust(now, before, node.counted()?)
}
