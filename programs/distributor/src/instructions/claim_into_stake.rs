//! Pays an airdrop's leaf straight into its claimant's pending stake on a node.
//!
//! Who may call: the claimant, who has a position there.
//!
//! Checks, each with its error: those of `claim_airdrop` and of staking's `stake`, `NotStaked`.
//!
//! Events: `AirdropClaimed`.

use super::claim_airdrop::book;
use super::vault::VaultOwner;
use crate::errors::DistributorError;
use crate::events::AirdropClaimed;
use crate::state::{Airdrop, ClaimArgs, Claims};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{calls, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct ClaimIntoStake<'info> {
    /// The claimant that the leaf names, who holds the position.
    pub claimant: Signer<'info>,
    /// The airdrop.
    #[account(mut)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// The account of claims that marks the leaf.
    #[account(mut, constraint = claims.load()?.airdrop == airdrop.key() @ DistributorError::WrongChunk)]
    pub claims: AccountLoader<'info, Claims>,
    /// The token account that holds the IO.
    #[account(mut, address = airdrop.load()?.vault @ DistributorError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// Staking's configuration.
    /// CHECK: by address.
    #[account(address = ids::STAKING_CONFIG)]
    pub staking_config: UncheckedAccount<'info>,
    /// The node's class.
    /// CHECK: the staking program checks it.
    pub class: UncheckedAccount<'info>,
    /// The node to stake on.
    /// CHECK: the staking program checks it.
    #[account(mut)]
    pub node: UncheckedAccount<'info>,
    /// The claimant's position on the node.
    /// CHECK: the staking program checks it.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// The node's vault.
    /// CHECK: the staking program checks it.
    #[account(mut)]
    pub node_vault: UncheckedAccount<'info>,
    /// Signs the staking program's events.
    /// CHECK: by address.
    #[account(address = ids::STAKING_EVENTS)]
    pub staking_events: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_claim_into_stake(ctx: Context<ClaimIntoStake>, claim: ClaimArgs) -> Result<()> {
    let accounts = &mut *ctx.accounts;
    let claimant = accounts.claimant.key();
    let (seq, claimed_total) = book(&accounts.airdrop, &accounts.claims, &claimant, &claim)?;
    let expected = accounts.vault.amount.checked_sub(claim.amount).ok_or(DistributorError::Overflow)?;
    // The claimant stakes out of the vault itself, and may take this much and no more.
    let owner = VaultOwner::airdrop(&accounts.airdrop)?;
    owner.lend(accounts.vault.as_ref(), &accounts.claimant, claim.amount)?;
    stake(accounts, claim.amount)?;
    accounts.vault.reload()?;
    let taken = accounts.vault.amount == expected && accounts.vault.delegate.is_none();
    require!(taken, DistributorError::NotStaked);
    emit_cpi!(
        ctx,
        AirdropClaimed {
            seq,
            airdrop: ctx.accounts.airdrop.key(),
            index: claim.index,
            claimant,
            amount: claim.amount,
            destination: ctx.accounts.node_vault.key(),
            staked: true,
            claimed_total,
        }
    )?;
    Ok(())
}

fn stake(accounts: &ClaimIntoStake, amount: u64) -> Result<()> {
    calls::stake(
        [
            accounts.claimant.to_account_info(),
            accounts.staking_config.to_account_info(),
            accounts.class.to_account_info(),
            accounts.node.to_account_info(),
            accounts.position.to_account_info(),
            accounts.node_vault.to_account_info(),
            accounts.vault.to_account_info(),
            accounts.token_program.to_account_info(),
            accounts.staking_events.to_account_info(),
            accounts.staking_program.to_account_info(),
        ],
        amount,
    )
}
