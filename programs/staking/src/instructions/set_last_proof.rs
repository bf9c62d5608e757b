//! Keeps a node's verdict of the hour of the report at the head.
//!
//! Who may call: the proofs program.
//!
//! Checks, each with its error: `NotProofs`, `VerdictBeforeChange`.
//!
//! Events: `ProofRecorded`.

use crate::errors::StakingError;
use crate::events::ProofRecorded;
use crate::state::Node;
use anchor_lang::prelude::*;
use io_common::abi::LastProof;
use io_common::leaf::Verdict;
use io_common::{clock, ids};

/// Called by the proofs program when somebody shows a verdict.
#[derive(Accounts)]
pub struct SetLastProof<'info> {
    /// The proofs program's configuration signs.
    #[account(address = ids::PROOFS_CONFIG @ StakingError::NotProofs)]
    pub proofs: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
}

pub fn handle_set_last_proof(ctx: Context<SetLastProof>, verdict: Verdict) -> Result<()> {
    let mut node = ctx.accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.check_verdict(verdict.time)?;
    let Verdict { time, evidence_hash, score_bps, reason, passed } = verdict;
    let kept = LastProof { time, evidence_hash, score_bps, reason, ..LastProof::default() };
    node.last_proof = LastProof { passed: u8::from(passed), ..kept };
    emit!(ProofRecorded {
        seq: node.next_seq(),
        node: ctx.accounts.node.key(),
        evidence_hash,
        score_bps,
        reason,
        time,
    });
    Ok(())
}
