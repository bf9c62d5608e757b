//! Challenges one node's leaf, with a bond, and holds that node's credit back for up to seven days.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `NotChallengeable`, `NotANode`; staking's `ChallengedLately` until 30 days after the
//! freeze of one that nobody decided, except for the guardian. While the freeze runs anyone may join in; only the
//! guardian makes it longer.
//!
//! Events: `ChallengeMade`.

use crate::errors::ProofsError;
use crate::events::ChallengeMade;
use crate::state::{Challenge, Config, Report, BOND_SEED, CHALLENGE_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::abi::{self, CreditFreeze};
use io_common::{calls, clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct MakeChallenge<'info> {
    /// Pays the bond and the rent.
    #[account(mut)]
    pub challenger: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The report that has the leaf.
    pub report: AccountLoader<'info, Report>,
    /// The node whose leaf is challenged.
    /// CHECK: the staking program checks it.
    #[account(mut, constraint = abi::read::<abi::Node>(&node).is_some() @ ProofsError::NotANode)]
    pub node: UncheckedAccount<'info>,
    /// The new challenge.
    #[account(
        init,
        payer = challenger,
        space = Challenge::SPACE,
        seeds = [CHALLENGE_SEED, report.key().as_ref(), node.key().as_ref()],
        bump
    )]
    pub challenge: AccountLoader<'info, Challenge>,
    /// The token account that holds the bond.
    #[account(init, payer = challenger, seeds = [BOND_SEED, challenge.key().as_ref()], bump, token::mint = mint, token::authority = config)]
    pub bond_vault: Box<Account<'info, TokenAccount>>,
    /// The IO mint.
    #[account(address = ids::IO_MINT)]
    pub mint: Box<Account<'info, Mint>>,
    /// Any IO account that the challenger may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn handle_challenge(ctx: Context<MakeChallenge>, evidence_hash: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    accounts.report.load()?.check_challengeable()?;
    let mut config = accounts.config.load_mut()?;
    let now = clock::now(config.last_time)?;
    config.last_time = now;
    let until = now.saturating_add(i64::from(config.challenge_freeze));
    let (seq, bond) = (config.next_seq(), config.challenge_bond);
    let guardian = config.guardian == accounts.challenger.key();
    drop(config);
    let mut challenge = accounts.challenge.load_init()?;
    challenge.version = 1;
    challenge.bump = ctx.bumps.challenge;
    challenge.report = accounts.report.key();
    challenge.node = accounts.node.key();
    challenge.challenger = accounts.challenger.key();
    challenge.bond_vault = accounts.bond_vault.key();
    challenge.bond = bond;
    challenge.evidence_hash = evidence_hash;
    challenge.made_at = now;
    challenge.until = until;
    let quiet_until = challenge.quiet_until();
    drop(challenge);
    let (vault, challenger) = (accounts.bond_vault.to_account_info(), &accounts.challenger);
    token::transfer(&accounts.source, &vault, challenger, &[], bond)?;
    let freeze = CreditFreeze { until, guardian, quiet_until, ..CreditFreeze::default() };
    calls::freeze_credit(accounts.config.to_account_info(), accounts.node.to_account_info(), &freeze)?;
    emit_cpi!(
        ctx,
        ChallengeMade {
            seq,
            challenge: accounts.challenge.key(),
            report: accounts.report.key(),
            node: accounts.node.key(),
            challenger: accounts.challenger.key(),
            bond,
            until,
            evidence_hash,
        }
    )?;
    Ok(())
}
