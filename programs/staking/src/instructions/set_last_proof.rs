//! Keeps the verdict of a node's latest compute proof.
//!
//! Who may call: the proofs program.
//!
//! Checks, each with its error: `NotProofs`.
//!
//! Events: `ProofRecorded`.

use crate::errors::StakingError;
use crate::events::ProofRecorded;
use crate::state::Node;
use anchor_lang::prelude::*;
use io_common::abi::{LastProof, ProofReason, ProofVerdict};
use io_common::{clock, ids};

/// Called by the proofs program when an attester has judged a compute proof.
#[derive(Accounts)]
pub struct SetLastProof<'info> {
    /// The proofs program's configuration signs.
    #[account(address = ids::PROOFS_CONFIG @ StakingError::NotProofs)]
    pub proofs: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_set_last_proof(ctx: Context<SetLastProof>, verdict: ProofVerdict) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let ProofVerdict { seed, score_bps, reason } = verdict;
    let passed = u8::from(reason == ProofReason::Passed);
    node.last_proof = LastProof { time: now, seed, score_bps, reason, passed, padding: [0; 2] };
    emit!(ProofRecorded {
        seq: node.next_seq(),
        node: ctx.accounts.node.key(),
        seed,
        score_bps,
        reason,
        time: now,
    });
    Ok(())
}
