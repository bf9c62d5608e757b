//! Returns the bond of a dispute that is over, or pays it to the fee vault where the decision awarded the
//! party no more than the attested split did.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `DisputeOpen`, `WrongBond`, `WrongDestination`, `WrongRentPayer`.
//!
//! Events: `DisputeClosed`.

use crate::errors::JobsError;
use crate::events::DisputeClosed;
use crate::state::{Dispute, DISPUTE_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, token};

#[event_cpi]
#[derive(Accounts)]
pub struct CloseDispute<'info> {
    /// The dispute.
    #[account(mut, close = rent_payer)]
    pub dispute: AccountLoader<'info, Dispute>,
    /// The token account that holds the bond.
    #[account(mut, address = dispute.load()?.bond_vault @ JobsError::WrongBond)]
    pub bond_vault: Account<'info, TokenAccount>,
    /// Any token account of the party, or the job's fee vault where the bond is lost.
    #[account(
        mut,
        constraint = dispute.load()?.pays_to(&destination.key(), &destination.owner) @ JobsError::WrongDestination
    )]
    pub destination: Account<'info, TokenAccount>,
    /// The party that disputed, who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = dispute.load()?.party @ JobsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_close_dispute(ctx: Context<CloseDispute>) -> Result<()> {
    let CloseDispute { dispute, bond_vault, destination, rent_payer, .. } = &*ctx.accounts;
    let (job, party, bump, outcome, seq) = {
        let mut state = dispute.load_mut()?;
        state.check_over(clock::now(state.made_at)?)?;
        (state.job, state.party, [state.bump], state.outcome, state.next_seq())
    };
    let seeds: &[&[u8]] = &[DISPUTE_SEED, job.as_ref(), party.as_ref(), &bump];
    let amount = bond_vault.amount;
    token::transfer(bond_vault.as_ref(), destination.as_ref(), dispute.as_ref(), &[seeds], amount)?;
    token::close(bond_vault.as_ref(), rent_payer, dispute.as_ref(), &[seeds])?;
    let (dispute, destination) = (dispute.key(), destination.key());
    emit_cpi!(ctx, DisputeClosed { seq, job, dispute, outcome, destination, amount })?;
    Ok(())
}
