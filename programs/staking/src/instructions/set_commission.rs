//! Announces the owner's part of co-stakers' rewards: at most five percentage points more, from seven days
//! later.
//!
//! Who may call: the node's owner.
//!
//! Checks, each with its error: `NotNodeOwner`, `CommissionOutOfBounds`, `CommissionStep`,
//! `CommissionUndecided`.
//!
//! Events: `CommissionSet`.

use crate::errors::StakingError;
use crate::events::CommissionSet;
use crate::state::{Node, COMMISSION_NOTICE};
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct SetCommission<'info> {
    /// The node's owner.
    #[account(address = node.load()?.owner @ StakingError::NotNodeOwner)]
    pub owner: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_set_commission(ctx: Context<SetCommission>, commission_bps: u16) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let from = now.saturating_add(COMMISSION_NOTICE);
    node.set_commission(commission_bps, now, from)?;
    emit!(CommissionSet { seq: node.next_seq(), node: ctx.accounts.node.key(), commission_bps, from });
    Ok(())
}
