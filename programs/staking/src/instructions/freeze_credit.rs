//! Holds a node's credit back or releases it, and excludes earlier reports for it.
//!
//! Who may call: the proofs program.
//!
//! Checks, each with its error: `NotProofs`, `ChallengedLately`.
//!
//! Events: `CreditFrozen`.

use crate::errors::StakingError;
use crate::events::CreditFrozen;
use crate::state::Node;
use anchor_lang::prelude::*;
use io_common::abi::CreditFreeze;
use io_common::{clock, ids};

/// Called by the proofs program for a challenge.
#[derive(Accounts)]
pub struct FreezeCredit<'info> {
    /// The proofs program's configuration signs.
    #[account(address = ids::PROOFS_CONFIG @ StakingError::NotProofs)]
    pub proofs: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_freeze_credit(ctx: Context<FreezeCredit>, freeze: CreditFreeze) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.freeze_credit(&freeze)?;
    emit!(CreditFrozen {
        seq: node.next_seq(),
        node: ctx.accounts.node.key(),
        until: node.credit_frozen_until,
        min_report_seq: node.min_report_seq,
        quiet_until: node.quiet_until,
    });
    Ok(())
}
