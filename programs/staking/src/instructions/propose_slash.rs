//! Proposes to burn a node's stake and holds it back. A proposal that names fraud also stops the node's
//! credit.
//!
//! Who may call: the slasher, who gets nothing of it.
//!
//! Checks, each with its error: `NotSlasher`, `ZeroAmount`, `SlashAboveStake`, `SlashPause`, `CreditStopped`,
//! `StopLimit`, `ShardsMissing`, `WrongShard`.
//!
//! Events: `SlashProposed`.

use super::execute_slash::all_stake;
use crate::errors::StakingError;
use crate::events::SlashProposed;
use crate::state::{Config, Node, Slash, StakeShard, SLASH_SEED};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

/// For fraud the other 15 stake shards follow as remaining accounts, in any order.
#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct ProposeSlash<'info> {
    /// Pays the rent, and gets it back.
    #[account(mut, address = config.load()?.slasher @ StakingError::NotSlasher)]
    pub slasher: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut)]
    pub node: AccountLoader<'info, Node>,
    /// The new slash.
    #[account(
        init,
        payer = slasher,
        space = Slash::SPACE,
        seeds = [SLASH_SEED, node.key().as_ref(), nonce.to_le_bytes().as_ref()],
        bump
    )]
    pub slash: AccountLoader<'info, Slash>,
    /// The shard of active stake that the node counts in.
    #[account(constraint = shard.load()?.index == StakeShard::index_of(node.to_account_info().key) @ StakingError::WrongShard)]
    pub shard: AccountLoader<'info, StakeShard>,
    pub system_program: Program<'info, System>,
}

pub fn handle_propose_slash<'info>(
    ctx: Context<'info, ProposeSlash<'info>>,
    nonce: u64,
    amount: u64,
    evidence_hash: [u8; 32],
    fraud: bool,
) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.freeze(amount, now)?;
    let mut config = accounts.config.load_mut()?;
    let mut slash = accounts.slash.load_init()?;
    slash.version = 1;
    slash.bump = ctx.bumps.slash;
    slash.node = accounts.node.key();
    slash.owner = node.owner;
    slash.proposer = accounts.slasher.key();
    slash.nonce = nonce;
    slash.amount = amount;
    slash.evidence_hash = evidence_hash;
    slash.proposed_at = now;
    slash.appeal_until = now.saturating_add(config.appeal);
    if fraud {
        (slash.fraud, slash.stops) = (1, 1);
        slash.stopped_stake = node.active()?;
        node.stop(now)?;
        config.stop(slash.stopped_stake, all_stake(&accounts.shard, ctx.remaining_accounts)?)?;
    }
    emit!(SlashProposed {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: slash.node,
        amount,
        evidence_hash,
        fraud,
        frozen: node.frozen,
    });
    Ok(())
}
