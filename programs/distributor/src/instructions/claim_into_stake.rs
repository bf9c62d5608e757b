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
    /// Whom the leaf names, and who holds the position.
    pub claimant: Signer<'info>,
    #[account(mut)]
    pub airdrop: AccountLoader<'info, Airdrop>,
    /// Marks the claims of the leaf and its neighbours.
    #[account(mut, constraint = claims.load()?.airdrop == airdrop.key() @ DistributorError::WrongChunk)]
    pub claims: AccountLoader<'info, Claims>,
    #[account(mut, address = airdrop.load()?.vault @ DistributorError::WrongVault)]
    pub vault: Account<'info, TokenAccount>,
    /// CHECK: staking's configuration, by address.
    #[account(address = ids::STAKING_CONFIG)]
    pub staking_config: UncheckedAccount<'info>,
    /// CHECK: the node's class; the staking program checks it.
    pub class: UncheckedAccount<'info>,
    /// CHECK: the node to stake on; the staking program checks it.
    #[account(mut)]
    pub node: UncheckedAccount<'info>,
    /// CHECK: the claimant's position on the node; the staking program checks it.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: the node's vault; the staking program checks it.
    #[account(mut)]
    pub node_vault: UncheckedAccount<'info>,
    /// CHECK: signs the staking program's events, by address.
    #[account(address = ids::STAKING_EVENTS)]
    pub staking_events: UncheckedAccount<'info>,
    /// CHECK: the staking program, by address.
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
