//! Takes a node down to the class that the attesters' threshold approved, a day after it was reached. It has to prove
//! itself there anew; what it signed before is still judged by its former minimum.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NodeNotLive`, `WrongClass`, `ClassDisabled`, `OtherPool`,
//! `ClassNotLower`, `NotApproved`, `ApprovedBeforeOwner`, `NoticeRuns`, `ProofPassed`, `NotNodeDevice`,
//! `NotDeviceOwner`, `NodeLeased`, `WrongOffer`.
//!
//! Events: `NodeLowered`.

use super::lease::check_free;
use crate::errors::StakingError;
use crate::events::NodeLowered;
use crate::state::{Approval, Class, Device, Node, LOWER_SEED};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(before: u16, after: u16)]
pub struct LowerClass<'info> {
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// Its first device; the others follow when they are detached.
    #[account(
        mut,
        address = node.load()?.device @ StakingError::NotNodeDevice,
        constraint = device.load()?.owner == node.load()?.owner @ StakingError::NotDeviceOwner
    )]
    pub device: AccountLoader<'info, Device>,
    /// Its hardware class.
    #[account(
        constraint = before == node.load()?.class @ StakingError::WrongClass,
        constraint = class.load()?.id == before @ StakingError::WrongClass
    )]
    pub class: AccountLoader<'info, Class>,
    /// The class that it goes down to.
    #[account(constraint = lower.load()?.id == after @ StakingError::WrongClass)]
    pub lower: AccountLoader<'info, Class>,
    /// The approvals of this class for this node.
    #[account(
        mut,
        seeds = [
            LOWER_SEED,
            node.key().as_ref(),
            before.to_le_bytes().as_ref(),
            after.to_le_bytes().as_ref()
        ],
        bump = lowering.load()?.bump
    )]
    pub lowering: AccountLoader<'info, Approval>,
    /// The node's offer.
    /// CHECK: it need not exist.
    #[account(address = node.load()?.offer @ StakingError::WrongOffer)]
    pub offer: UncheckedAccount<'info>,
}

pub fn handle_lower_class(ctx: Context<LowerClass>, before: u16, after: u16) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    check_free(&accounts.offer, now)?;
    let set = abi::read::<abi::AttesterSet>(&accounts.attester_set).ok_or(StakingError::WrongAttesterSet)?;
    let lower = accounts.lower.load()?;
    lower.check_below(&*accounts.class.load()?)?;
    let mut approval = accounts.lowering.load_mut()?;
    let mut device = accounts.device.load_mut()?;
    approval.check_due(&set, device.registered_at, now)?;
    node.lower(&lower, now)?;
    device.class = after;
    approval.clear();
    emit!(NodeLowered {
        seq: node.next_seq(),
        node: accounts.node.key(),
        device: accounts.device.key(),
        before,
        class: node.class,
        minimum: node.minimum,
    });
    Ok(())
}
