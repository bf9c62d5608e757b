//! Ends a challenge that nobody has decided in time; the bond goes back. Until 30 days after its freeze only the
//! guardian makes another of that node.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `ChallengeOpen`, `WrongNode`, `WrongBond`, `WrongDestination`,
//! `WrongRentPayer`.
//!
//! Events: `ChallengeLifted`.

use crate::errors::ProofsError;
use crate::events::ChallengeLifted;
use crate::state::{Challenge, Config};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::abi::CreditFreeze;
use io_common::{calls, clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct LiftChallenge<'info> {
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The challenge.
    #[account(mut, close = rent_payer)]
    pub challenge: AccountLoader<'info, Challenge>,
    /// The token account that holds the bond.
    #[account(mut, address = challenge.load()?.bond_vault @ ProofsError::WrongBond)]
    pub bond_vault: Account<'info, TokenAccount>,
    /// An IO account of the challenger.
    #[account(mut, constraint = destination.owner == challenge.load()?.challenger @ ProofsError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    /// The challenger.
    /// CHECK: by address.
    #[account(mut, address = challenge.load()?.challenger @ ProofsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    /// The node.
    /// CHECK: by address.
    #[account(mut, address = challenge.load()?.node @ ProofsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_lift_challenge(ctx: Context<LiftChallenge>) -> Result<()> {
    let LiftChallenge { config, challenge, bond_vault, destination, rent_payer, node, .. } = &*ctx.accounts;
    let seq = {
        let mut config = config.load_mut()?;
        let now = clock::now(config.last_time)?;
        config.last_time = now;
        challenge.load()?.check_expired(now)?;
        config.next_seq()
    };
    let amount = bond_vault.amount;
    let (vault, signer) = (bond_vault.as_ref(), config.as_ref());
    token::transfer(vault, destination.as_ref(), signer, Config::SIGNER, amount)?;
    token::close(vault, rent_payer, signer, Config::SIGNER)?;
    let freeze = CreditFreeze { lifted: true, ..CreditFreeze::default() };
    calls::freeze_credit(config.to_account_info(), node.to_account_info(), &freeze)?;
    let report = challenge.load()?.report;
    emit_cpi!(
        ctx,
        ChallengeLifted { seq, challenge: challenge.key(), report, node: node.key(), bond: amount }
    )?;
    Ok(())
}
