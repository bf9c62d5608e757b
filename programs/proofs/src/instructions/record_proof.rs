//! Keeps the verdict of a node's latest compute proof in the node's account.
//!
//! Who may call: an attester.
//!
//! Checks, each with its error: `UnknownReason`, `NotAttester`, `NotANode`.
//!
//! Events: `ProofJudged`.

use crate::errors::ProofsError;
use crate::events::ProofJudged;
use crate::state::AttesterSet;
use anchor_lang::prelude::*;
use io_common::abi::{self, ProofVerdict};
use io_common::{calls, ids};

#[derive(Accounts)]
pub struct RecordProof<'info> {
    /// An attester.
    pub attester: Signer<'info>,
    /// The attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
    /// Signs the call to the staking program.
    /// CHECK: by address.
    #[account(address = ids::PROOFS_CONFIG)]
    pub config: UncheckedAccount<'info>,
    /// The node.
    /// CHECK: the staking program checks it.
    #[account(mut, constraint = abi::read::<abi::Node>(&node).is_some() @ ProofsError::NotANode)]
    pub node: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
}

pub fn handle_record_proof(ctx: Context<RecordProof>, verdict: ProofVerdict) -> Result<()> {
    require!(verdict.reason.is_known(), ProofsError::UnknownReason);
    let accounts = &ctx.accounts;
    let (seat, _) =
        accounts.attester_set.load()?.seat_of(accounts.attester.key).ok_or(ProofsError::NotAttester)?;
    calls::set_last_proof(accounts.config.to_account_info(), accounts.node.to_account_info(), &verdict)?;
    let ProofVerdict { seed, score_bps, reason } = verdict;
    emit!(ProofJudged { node: accounts.node.key(), seat, seed, score_bps, reason });
    Ok(())
}
