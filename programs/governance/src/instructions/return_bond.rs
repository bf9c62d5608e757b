//! Returns the bond to the proposer: a quarter of the quorum has voted, or the proposal was cancelled.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `WrongBond`, `WrongDestination`, `WrongRentPayer`, `BondNotReturned`.
//!
//! Events: `BondReturned`.

use crate::errors::GovernanceError;
use crate::events::BondReturned;
use crate::state::{Config, Proposal};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct ReturnBond<'info> {
    /// The program's configuration.
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The proposal.
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
    /// The token account that holds the bond.
    #[account(mut, address = proposal.load()?.bond_vault @ GovernanceError::WrongBond)]
    pub bond_vault: Account<'info, TokenAccount>,
    /// An IO account of the proposer.
    #[account(mut, constraint = destination.owner == proposal.load()?.proposer @ GovernanceError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    /// The proposer.
    /// CHECK: by address.
    #[account(mut, address = proposal.load()?.proposer @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_return_bond(ctx: Context<ReturnBond>) -> Result<()> {
    let ReturnBond { config, proposal, bond_vault, destination, rent_payer, .. } = &*ctx.accounts;
    let seq = {
        let mut proposal = proposal.load_mut()?;
        let now = clock::now(proposal.last_time)?;
        proposal.last_time = now;
        proposal.check_bond_returned(now)?;
        proposal.next_seq()
    };
    let amount = bond_vault.amount;
    let (vault, signer) = (bond_vault.as_ref(), config.as_ref());
    token::transfer(vault, destination.as_ref(), signer, Config::SIGNER, amount)?;
    token::close(vault, rent_payer, signer, Config::SIGNER)?;
    emit_cpi!(ctx, BondReturned { seq, proposal: proposal.key(), destination: destination.key(), amount })?;
    Ok(())
}
