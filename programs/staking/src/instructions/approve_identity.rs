//! Approves the digest of the certificate that a device's maker gave its hardware. At the attesters' threshold it is the
//! device's. Zeros approve that it has none.
//!
//! Who may call: an attester, who pays the rent of the first approval.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NotAttester`, `AlreadyApproved`.
//!
//! Events: `IdentityApproved`.

use crate::errors::StakingError;
use crate::events::IdentityApproved;
use crate::state::{Approval, Device, IDENTITY_SEED};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
#[instruction(digest: [u8; 32])]
pub struct ApproveIdentity<'info> {
    /// The attester.
    #[account(mut)]
    pub attester: Signer<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The device.
    #[account(mut)]
    pub device: AccountLoader<'info, Device>,
    /// The approvals of this digest for this device.
    #[account(
        init_if_needed,
        payer = attester,
        space = Approval::SPACE,
        seeds = [IDENTITY_SEED, device.key().as_ref(), digest.as_ref()],
        bump
    )]
    pub identity: AccountLoader<'info, Approval>,
    pub system_program: Program<'info, System>,
}

pub fn handle_approve_identity(ctx: Context<ApproveIdentity>, digest: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    let now = clock::now(0)?;
    let set = abi::read::<abi::AttesterSet>(&accounts.attester_set).ok_or(StakingError::WrongAttesterSet)?;
    let (seat, _) = set.seat_of(accounts.attester.key).ok_or(StakingError::NotAttester)?;
    let mut approval = Approval::opened(&accounts.identity, ctx.bumps.identity)?;
    // It says what the silicon is, not whose.
    let weight = approval.approve(&set, seat, 0, now)?;
    let mut device = accounts.device.load_mut()?;
    if approval.is_reached(&set, now) {
        (device.identity, device.identity_at) = (digest, now);
        approval.clear();
    }
    emit!(IdentityApproved {
        seq: device.next_seq(),
        device: accounts.device.key(),
        digest,
        seat,
        weight,
        threshold: set.threshold,
        identity: device.identity,
    });
    Ok(())
}
