//! Sets a tenth of a node's minimum apart, without appeal, and fails its verdict: what its device had signed was shown
//! to be wrong. It reaches the owner's side only, and is burned by `execute_slash`.
//!
//! Who may call: the proofs program, once a node and hour.
//!
//! Checks, each with its error: `NotProofs`, `WrongShard`, `RetiredThen`.
//!
//! Events: `NodeDisproved`.

use crate::errors::StakingError;
use crate::events::NodeDisproved;
use crate::state::{Node, Slash, SlashState, StakeShard, DISPROOF_SEED};
use anchor_lang::prelude::*;
use io_common::abi::{Disproof, DISPROVE_TIME};
use io_common::{clock, emit_cpi, ids};

/// Called by the proofs program for a disproof.
#[event_cpi]
#[derive(Accounts)]
#[instruction(hour: u64)]
pub struct SlashDisproved<'info> {
    /// The proofs program's configuration signs.
    #[account(address = ids::PROOFS_CONFIG @ StakingError::NotProofs)]
    pub proofs: Signer<'info>,
    /// Pays the rent, and gets it back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The new slash.
    #[account(
        init,
        payer = payer,
        space = Slash::SPACE,
        seeds = [DISPROOF_SEED, node.key().as_ref(), hour.to_le_bytes().as_ref()],
        bump
    )]
    pub disproof: AccountLoader<'info, Slash>,
    /// The shard of active stake that the node counts in.
    #[account(mut, constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    pub system_program: Program<'info, System>,
}

pub fn handle_slash_disproved(ctx: Context<SlashDisproved>, disproof: Disproof) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let before = node.counted()?;
    let amount = node.disprove(&disproof, now)?;
    accounts.shard.load_mut()?.adjust(now, before, node.counted()?)?;
    let Disproof { hour, period_end, evidence_hash } = disproof;
    let mut slash = accounts.disproof.load_init()?;
    slash.version = 1;
    slash.bump = ctx.bumps.disproof;
    slash.state = SlashState::Disproved;
    slash.node = accounts.node.key();
    slash.owner = node.owner;
    slash.proposer = accounts.payer.key();
    slash.nonce = hour;
    slash.apart = amount;
    slash.evidence_hash = evidence_hash;
    slash.proposed_at = now;
    slash.appeal_until = period_end.saturating_add(DISPROVE_TIME);
    let event = NodeDisproved {
        seq: node.next_seq(),
        slash: accounts.disproof.key(),
        node: slash.node,
        payer: slash.proposer,
        hour,
        period_end,
        evidence_hash,
        amount,
        totals: node.totals()?,
    };
    drop((node, slash));
    emit_cpi!(ctx, event)?;
    Ok(())
}
