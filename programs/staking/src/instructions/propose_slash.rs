//! Proposes to burn a node's stake and holds it back.
//!
//! Who may call: the slasher, who gets nothing of it.
//!
//! Checks, each with its error: `NotSlasher`, `ZeroAmount`, `SlashAboveStake`.
//!
//! Events: `SlashProposed`.

use crate::errors::StakingError;
use crate::events::SlashProposed;
use crate::state::{Config, Node, Slash, SLASH_SEED};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct ProposeSlash<'info> {
    /// Pays the rent, and gets it back.
    #[account(mut, address = config.load()?.slasher @ StakingError::NotSlasher)]
    pub slasher: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::STAKING_CONFIG)]
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
    pub system_program: Program<'info, System>,
}

pub fn handle_propose_slash(
    ctx: Context<ProposeSlash>,
    nonce: u64,
    amount: u64,
    evidence_hash: [u8; 32],
) -> Result<()> {
    require_gt!(amount, 0, StakingError::ZeroAmount);
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    node.freeze(amount)?;
    let mut slash = accounts.slash.load_init()?;
    slash.version = 1;
    slash.bump = ctx.bumps.slash;
    slash.node = accounts.node.key();
    slash.proposer = accounts.slasher.key();
    slash.nonce = nonce;
    slash.amount = amount;
    slash.evidence_hash = evidence_hash;
    slash.proposed_at = now;
    slash.appeal_until = now.saturating_add(accounts.config.load()?.appeal);
    emit!(SlashProposed {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: slash.node,
        amount,
        evidence_hash,
        frozen: node.frozen,
    });
    Ok(())
}
