use super::bond;
use crate::errors::GovernanceError;
use crate::events::BondReturned;
use crate::state::{Config, Proposal};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct ReturnBond<'info> {
    #[account(address = ids::GOVERNANCE_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    #[account(mut)]
    pub proposal: AccountLoader<'info, Proposal>,
    #[account(mut, address = proposal.load()?.bond_vault @ GovernanceError::WrongBond)]
    pub bond_vault: Account<'info, TokenAccount>,
    /// An IO account of the proposer.
    #[account(mut, constraint = destination.owner == proposal.load()?.proposer @ GovernanceError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    /// CHECK: the proposer, by address.
    #[account(mut, address = proposal.load()?.proposer @ GovernanceError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_return_bond(ctx: Context<ReturnBond>) -> Result<()> {
    let ReturnBond { config, proposal, bond_vault, destination, rent_payer, token_program, .. } =
        &*ctx.accounts;
    let seq = {
        let mut proposal = proposal.load_mut()?;
        let now = clock::now(proposal.last_time)?;
        proposal.last_time = now;
        proposal.check_bond_returned(now)?;
        proposal.next_seq()
    };
    let amount = bond_vault.amount;
    bond::give_back(config, bond_vault, destination.to_account_info(), token_program)?;
    bond::close(config, bond_vault, rent_payer.to_account_info(), token_program)?;
    emit_cpi!(BondReturned { seq, proposal: proposal.key(), destination: destination.key(), amount });
    Ok(())
}
