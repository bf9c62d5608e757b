//! Writes a node's verdict in the report at the head into the node's account. The verdict is the threshold's, and
//! no money moves by it, so that it counts before the report is final.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotHead`, `WrongProof`, `NotANode`, `UnknownReason`, `WrongVerdict`.
//!
//! Events: `VerdictShown`.

use crate::errors::ProofsError;
use crate::events::VerdictShown;
use crate::state::{Config, Report};
use anchor_lang::prelude::*;
use io_common::leaf::LeafArgs;
use io_common::{abi, calls, ids};

#[derive(Accounts)]
pub struct ShowVerdict<'info> {
    /// The program's configuration, which signs the call to the staking program.
    #[account(address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report at the head.
    #[account(constraint = config.load()?.is_head(&report.key()) @ ProofsError::NotHead)]
    pub report: AccountLoader<'info, Report>,
    /// The node.
    /// CHECK: the staking program checks it.
    #[account(mut, constraint = abi::read::<abi::Node>(&node).is_some() @ ProofsError::NotANode)]
    pub node: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
}

pub fn handle_show_verdict(ctx: Context<ShowVerdict>, leaf: LeafArgs) -> Result<()> {
    let ShowVerdict { config, report: account, node, .. } = ctx.accounts;
    let verdict = leaf.verdict;
    let height = {
        let report = account.load()?;
        require!(leaf.stands_in(&report.root, node.key), ProofsError::WrongProof);
        report.check_verdict(&verdict)?;
        report.height
    };
    calls::set_last_proof(config.to_account_info(), node.to_account_info(), &verdict)?;
    emit!(VerdictShown { node: node.key(), report: account.key(), height, verdict });
    Ok(())
}
