//! Disputes the split of a job that is running, or that ended within a day: what is not paid yet is held back
//! for 14 days at most. Needs a bond in the job's mint, a share of what is held back.
//!
//! Who may call: the renter or the supplier, each once.
//!
//! Checks, each with its error: `NotAParty`, `NotRunning`, `DisputeWindowOver`, `Disputed`, `DisputedBefore`,
//! `AlreadyDecided`, `NothingToDispute`, `WrongMint`, `BondAboveLimit`.
//!
//! Events: `DisputeMade`.

use crate::errors::JobsError;
use crate::events::DisputeMade;
use crate::state::{Config, Dispute, Job, BOND_SEED, DISPUTE_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};
use io_math::ratio::bps_ceil;

#[event_cpi]
#[derive(Accounts)]
pub struct MakeDispute<'info> {
    /// The renter or the supplier; pays the bond and the rent.
    #[account(
        mut,
        constraint = job.load()?.renter == party.key() || job.load()?.supplier == party.key() @ JobsError::NotAParty
    )]
    pub party: Signer<'info>,
    /// The program's configuration.
    #[account(address = ids::JOBS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
    /// The new dispute.
    #[account(
        init,
        payer = party,
        space = Dispute::SPACE,
        seeds = [DISPUTE_SEED, job.key().as_ref(), party.key().as_ref()],
        bump
    )]
    pub dispute: AccountLoader<'info, Dispute>,
    /// The token account that holds the bond.
    #[account(init, payer = party, seeds = [BOND_SEED, dispute.key().as_ref()], bump, token::mint = mint, token::authority = dispute)]
    pub bond_vault: Box<Account<'info, TokenAccount>>,
    /// What the job is paid in.
    #[account(address = job.load()?.mint @ JobsError::WrongMint)]
    pub mint: Box<Account<'info, Mint>>,
    /// Any token account of the mint that the party may spend from.
    /// CHECK: the token program checks it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl MakeDispute<'_> {
    /// Fills the dispute's account, and says what happened.
    fn open(&self, bump: u8, evidence_hash: [u8; 32]) -> Result<DisputeMade> {
        let bps = self.config.load()?.dispute_bond_bps;
        let mut job = self.job.load_mut()?;
        let now = clock::now(job.last_time)?;
        job.last_time = now;
        let party = self.party.key();
        let by_renter = job.renter == party;
        let frozen = job.dispute(by_renter, now)?;
        let bond = bps_ceil(frozen, bps.into()).ok_or(JobsError::Overflow)?;
        let mut dispute = self.dispute.load_init()?;
        (dispute.version, dispute.bump, dispute.by_renter) = (1, bump, by_renter.into());
        (dispute.job, dispute.party) = (self.job.key(), party);
        (dispute.bond_vault, dispute.fee_vault) = (self.bond_vault.key(), job.fee_vault);
        (dispute.bond, dispute.frozen, dispute.evidence_hash) = (bond, frozen, evidence_hash);
        (dispute.made_at, dispute.until) = (now, job.frozen_until);
        Ok(DisputeMade {
            seq: job.next_seq(),
            job: self.job.key(),
            dispute: self.dispute.key(),
            party,
            frozen,
            bond,
            until: job.frozen_until,
            evidence_hash,
        })
    }
}

pub fn handle_dispute(ctx: Context<MakeDispute>, max_bond: u64, evidence_hash: [u8; 32]) -> Result<()> {
    let accounts = &ctx.accounts;
    let made = accounts.open(ctx.bumps.dispute, evidence_hash)?;
    require_gte!(max_bond, made.bond, JobsError::BondAboveLimit);
    let vault = accounts.bond_vault.to_account_info();
    token::transfer(&accounts.source, &vault, &accounts.party, &[], made.bond)?;
    emit_cpi!(ctx, made)?;
    Ok(())
}
