//! Pays an airdrop's leaf into an account of its claimant, before the deadline.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongVault`, `WrongChunk`, `AirdropOver`, `UnknownIndex`, `AlreadyClaimed`,
//! `WrongProof`, `ZeroAmount`, `Exhausted`.
//!
//! Events: `AirdropClaimed`.

use super::vault::VaultOwner;
use crate::errors::DistributorError;
use crate::events::AirdropClaimed;
use crate::state::{Airdrop, ClaimArgs, Claims};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi};

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimAirdrop<'info> {
    /// The airdrop.
    #[account(mut)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The account of claims that marks the leaf.
    #[account(mut, constraint = claims.load()?.airdrop == airdrop.key() @ DistributorError::WrongChunk)]
    pub claims: AccountLoader<'info, Claims>,
    /// The airdrop's vault.
    /// CHECK: by address.
    #[account(mut, address = airdrop.load()?.vault @ DistributorError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the claimant: its owner has to be the one that the leaf names.
    #[account(mut)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_claim_airdrop(ctx: Context<ClaimAirdrop>, claim: ClaimArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let claimant = accounts.destination.owner;
    let (seq, claimed_total) = book(&accounts.airdrop, &accounts.claims, &claimant, &claim)?;
    VaultOwner::airdrop(&accounts.airdrop)?.pay(
        &accounts.vault,
        accounts.destination.as_ref(),
        claim.amount,
    )?;
    emit_cpi!(
        ctx,
        AirdropClaimed {
            seq,
            airdrop: accounts.airdrop.key(),
            index: claim.index,
            claimant,
            amount: claim.amount,
            destination: accounts.destination.key(),
            staked: false,
            claimed_total,
        }
    )?;
    Ok(())
}

/// Books a claim; returns the number of its event, and what was claimed so far.
pub fn book<'info>(
    airdrop: &AccountLoader<'info, Airdrop>,
    claims: &AccountLoader<'info, Claims>,
    claimant: &Pubkey,
    claim: &ClaimArgs,
) -> Result<(u64, u64)> {
    let mut state = airdrop.load_mut()?;
    let now = clock::now(state.last_time)?;
    state.claim(&mut *claims.load_mut()?, &airdrop.key(), claimant, claim, now)?;
    Ok((state.next_seq(), state.claimed))
}
