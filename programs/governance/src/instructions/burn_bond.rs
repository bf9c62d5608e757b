//! Burns the bond of a proposal on which less than a quarter of the quorum has voted.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongBond`, `WrongRentPayer`, `BondNotLost`.
//!
//! Events: `BondBurned`.

use crate::errors::GovernanceError;
use crate::events::BondBurned;
use crate::state::{Config, Proposal};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct BurnBond<'info> {
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The token account that holds the bond.
    #[account(mut, address = proposal.load()?.bond_vault @ GovernanceError::WrongBond)]
    pub bond_vault: Account<'info, TokenAccount>,
    /// The proposer.
    /// CHECK: gets the vault's rent.
    #[account(mut, address = proposal.load()?.proposer @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_burn_bond(ctx: Context<BurnBond>) -> Result<()> {
    let BurnBond { config, proposal, bond_vault, rent_payer, mint, .. } = &mut *ctx.accounts;
    let seq = {
        let mut proposal = proposal.load_mut()?;
        let now = clock::now(proposal.last_time)?;
        proposal.last_time = now;
        proposal.check_bond_lost(now)?;
        proposal.next_seq()
    };
    let amount = bond_vault.amount;
    let (vault, signer) = (bond_vault.as_ref(), config.as_ref());
    token::burn(vault, mint.as_ref(), signer, Config::SIGNER, amount)?;
    token::close(vault, rent_payer, signer, Config::SIGNER)?;
    mint.reload()?;
    let (proposal, supply) = (proposal.key(), mint.supply);
    emit_cpi!(ctx, BondBurned { seq, proposal, amount, supply })?;
    Ok(())
}
