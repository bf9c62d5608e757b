//! Approves that a node goes down to the class that its proofs have shown, and so tells its owner.
//!
//! Who may call: an attester, who pays the rent of the first approval.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NotAttester`, `NodeNotLive`, `WrongClass`, `ClassDisabled`,
//! `OtherPool`, `ClassNotLower`, `NotNodeDevice`, `AlreadyApproved`.
//!
//! Events: `LowerApproved`.

use crate::errors::StakingError;
use crate::events::LowerApproved;
use crate::state::{Approval, Class, Device, Node, LOWER_SEED};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(before: u16, after: u16)]
pub struct ApproveClass<'info> {
    /// The attester.
    #[account(mut)]
    pub attester: Signer<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The node.
    #[account(mut, constraint = node.load()?.is_live() @ StakingError::NodeNotLive)]
    pub node: AccountLoader<'info, Node>,
    /// Its first device: approvals of before its present owner count no more.
    #[account(address = node.load()?.device @ StakingError::NotNodeDevice)]
    pub device: AccountLoader<'info, Device>,
    /// Its hardware class.
    #[account(
        constraint = before == node.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.id == before @ StakingError::WrongClass
    )]
    pub class: AccountLoader<'info, Class>,
    /// The class that it reaches.
    #[account(constraint = lower.load()?.id == after @ StakingError::WrongClass)]
    pub lower: AccountLoader<'info, Class>,
    /// The approvals of this class for this node.
    #[account(
        init_if_needed,
        payer = attester,
        space = Approval::SPACE,
        seeds = [
            LOWER_SEED,
            node.key().as_ref(),
            before.to_le_bytes().as_ref(),
            after.to_le_bytes().as_ref()
        ],
        bump
    )]
    pub lowering: AccountLoader<'info, Approval>,
    pub system_program: Program<'info, System>,
}

pub fn handle_approve_class(ctx: Context<ApproveClass>, before: u16, after: u16) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let set = abi::read::<abi::AttesterSet>(&accounts.attester_set).ok_or(StakingError::WrongAttesterSet)?;
    let (seat, _) = set.seat_of(accounts.attester.key).ok_or(StakingError::NotAttester)?;
    let (class, lower) = (accounts.class.load()?, accounts.lower.load()?);
    lower.check_below(&class)?;
    let mut approval = Approval::opened(&accounts.lowering, ctx.bumps.lowering)?;
    let weight = approval.approve(&set, seat, accounts.device.load()?.registered_at, now)?;
    emit!(LowerApproved {
        seq: node.next_seq(),
        node: accounts.node.key(),
        device: accounts.device.key(),
        class: before,
        lower: after,
        seat,
        weight,
        threshold: set.threshold,
        due_at: approval.due_at(),
    });
    Ok(())
}
