//! Proposes a successor of the beneficiary, who has to accept.
//!
//! Who may call: the beneficiary.
//!
//! Checks, each with its error: `NotBeneficiary`.
//!
//! Events: `BeneficiaryProposed`, `BeneficiaryAccepted`.

use crate::errors::DistributorError;
use crate::events::{BeneficiaryAccepted, BeneficiaryProposed};
use crate::state::Grant;
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct SetBeneficiary<'info> {
    /// The grant's beneficiary.
    #[account(constraint = grant.load()?.beneficiary == beneficiary.key() @ DistributorError::NotBeneficiary)]
    pub beneficiary: Signer<'info>,
    /// The grant.
    #[account(mut)]
    pub grant: AccountLoader<'info, Grant>,
}

#[derive(Accounts)]
pub struct AcceptBeneficiary<'info> {
    /// The successor that the beneficiary has proposed.
    #[account(constraint = grant.load()?.is_pending(successor.key) @ DistributorError::NotPendingBeneficiary)]
    pub successor: Signer<'info>,
    /// The grant.
    #[account(mut)]
    pub grant: AccountLoader<'info, Grant>,
}

pub fn handle_set_beneficiary(ctx: Context<SetBeneficiary>, successor: Pubkey) -> Result<()> {
    let mut grant = ctx.accounts.grant.load_mut()?;
    grant.pending_beneficiary = successor;
    emit!(BeneficiaryProposed {
        seq: grant.next_seq(),
        grant: ctx.accounts.grant.key(),
        beneficiary: grant.beneficiary,
        successor,
    });
    Ok(())
}

pub fn handle_accept_beneficiary(ctx: Context<AcceptBeneficiary>) -> Result<()> {
    let mut grant = ctx.accounts.grant.load_mut()?;
    grant.accept();
    emit!(BeneficiaryAccepted {
        seq: grant.next_seq(),
        grant: ctx.accounts.grant.key(),
        beneficiary: grant.beneficiary,
    });
    Ok(())
}
