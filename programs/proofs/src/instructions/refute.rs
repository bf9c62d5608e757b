//! Voids a report that is not final: one of its leaves is below what its node was credited, or names no node.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongProof`, `CorrectionStands`, `LeafStands`, `ReportDecided`.
//!
//! Events: `ReportVoided`.

use crate::errors::ProofsError;
use crate::events::ReportVoided;
use crate::state::{Config, Report};
use anchor_lang::prelude::*;
use io_common::leaf::LeafArgs;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct Refute<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report.
    #[account(mut)]
    pub report: AccountLoader<'info, Report>,
    /// The leaf's node.
    /// CHECK: it refutes the report when it is none of the staking program's.
    pub node: UncheckedAccount<'info>,
}

pub fn handle_refute(ctx: Context<Refute>, leaf: LeafArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut report = accounts.report.load_mut()?;
    require!(leaf.stands_in(&report.root, accounts.node.key), ProofsError::WrongProof);
    let credited = abi::read::<abi::Node>(&accounts.node).map(|node| node.credited);
    require!(!report.is_correction(), ProofsError::CorrectionStands);
    require!(credited.is_none_or(|credited| leaf.lifetime < credited), ProofsError::LeafStands);
    let mut config = accounts.config.load_mut()?;
    config.last_time = clock::now(config.last_time)?;
    config.void(&accounts.report.key(), &mut report)?;
    emit!(ReportVoided {
        seq: config.next_seq(),
        report: accounts.report.key(),
        report_seq: report.seq,
        node: accounts.node.key(),
        head: config.head_state(),
        next_void: config.next_void,
    });
    Ok(())
}
