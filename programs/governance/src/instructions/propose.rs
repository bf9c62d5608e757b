//! Creates a draft, with a bond. The proposer shows their stake: nodes that they own, and positions that they
//! hold, each followed by its node.
//!
//! Who may call: anyone with the stake.
//!
//! Checks, each with its error: `StakeOrder`, `NotProposersStake`, `WrongNode`, `SnapshotGone`,
//! `StakeTooSmall`.
//!
//! Events: `Proposed`.

use super::stake;
use crate::errors::GovernanceError;
use crate::events::Proposed;
use crate::state::{Config, Proposal, ProposalArgs, BOND_SEED, PROPOSAL_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::snapshot::week_of;
use io_common::{clock, emit_cpi, ids, token};

/// The proposer's stake follows as remaining accounts, ascending: nodes that they own, and positions that they
/// hold, each with its node behind it.
#[event_cpi]
#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct Propose<'info> {
    /// Pays the bond and the rent.
    #[account(mut)]
    pub proposer: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The new proposal.
    #[account(
        init,
        payer = proposer,
        space = Proposal::SPACE,
        seeds = [PROPOSAL_SEED, proposer.key().as_ref(), nonce.to_le_bytes().as_ref()],
        bump
    )]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The token account that holds the bond.
    #[account(init, payer = proposer, seeds = [BOND_SEED, proposal.key().as_ref()], bump, token::mint = mint, token::authority = config)]
    pub bond_vault: Box<Account<'info, TokenAccount>>,
    /// The IO mint.
    #[account(address = ids::IO_MINT)]
    pub mint: Box<Account<'info, Mint>>,
    /// Any IO account that the proposer may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_propose<'info>(
    ctx: Context<'info, Propose<'info>>,
    nonce: u64,
    args: ProposalArgs,
) -> Result<()> {
    let accounts = &ctx.accounts;
    let now = clock::now(0)?;
    let shown = stake::held(ctx.remaining_accounts, accounts.proposer.key, week_of(now))?;
    let (needed, bond) = {
        let config = accounts.config.load()?;
        (config.min_stake, config.bond)
    };
    require_gte!(shown, needed, GovernanceError::StakeTooSmall);
    let mut proposal = accounts.proposal.load_init()?;
    proposal.version = 1;
    proposal.bump = ctx.bumps.proposal;
    proposal.proposer = accounts.proposer.key();
    proposal.nonce = nonce;
    proposal.bond_vault = accounts.bond_vault.key();
    proposal.bond = bond;
    (proposal.created_at, proposal.last_time) = (now, now);
    proposal.describe(args);
    let event = Proposed {
        seq: proposal.next_seq(),
        proposal: accounts.proposal.key(),
        proposer: proposal.proposer,
        nonce,
        stake: shown,
        bond,
        title: args.title,
        uri: args.uri,
        text_hash: args.text_hash,
        content_hash: proposal.content_hash,
    };
    drop(proposal);
    let vault = accounts.bond_vault.to_account_info();
    token::transfer(&accounts.source, &vault, &accounts.proposer, &[], bond)?;
    emit_cpi!(ctx, event)?;
    Ok(())
}
