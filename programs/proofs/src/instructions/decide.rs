//! Decides a challenge. Upheld: the bond goes back, and the node is credited from later reports only.
//! Rejected: the bond is burned.
//!
//! Who may call: the resolver.
//!
//! Checks, each with its error: `NotResolver`, `ChallengeExpired`, `WrongReport`, `WrongNode`, `WrongBond`,
//! `WrongDestination`, `WrongRentPayer`.
//!
//! Events: `ChallengeDecided`.

use crate::errors::ProofsError;
use crate::events::ChallengeDecided;
use crate::state::{Challenge, Config, Report};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use io_common::abi::CreditFreeze;
use io_common::{calls, clock, emit_cpi, ids, token};

#[event_cpi]
#[derive(Accounts)]
pub struct Decide<'info> {
    /// The resolver of challenges.
    #[account(address = config.load()?.resolver @ ProofsError::NotResolver)]
    pub resolver: Signer<'info>,
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
    /// The challenged report.
    #[account(address = challenge.load()?.report @ ProofsError::WrongReport)]
    pub report: AccountLoader<'info, Report>,
    /// The node.
    /// CHECK: by address.
    #[account(mut, address = challenge.load()?.node @ ProofsError::WrongNode)]
    pub node: UncheckedAccount<'info>,
    /// The IO mint.
    #[account(mut, address = ids::IO_MINT)]
    pub mint: Account<'info, Mint>,
    /// The staking program.
    /// CHECK: by address.
    #[account(address = ids::STAKING_PROGRAM)]
    pub staking_program: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_decide(ctx: Context<Decide>, upheld: bool) -> Result<()> {
    let accounts = &ctx.accounts;
    let seq = {
        let mut config = accounts.config.load_mut()?;
        let now = clock::now(config.last_time)?;
        config.last_time = now;
        accounts.challenge.load()?.check_open(now)?;
        config.next_seq()
    };
    let Decide { config, bond_vault, destination, .. } = accounts;
    let (vault, signer) = (bond_vault.as_ref(), config.as_ref());
    let amount = bond_vault.amount;
    let quiet_until = accounts.challenge.load()?.quiet_until();
    let mut freeze = CreditFreeze { lifted: true, quiet_until, ..CreditFreeze::default() };
    if upheld {
        // The wrong leaf, and every earlier one, pays this node nothing; the next report heals it.
        freeze.min_report_seq = accounts.report.load()?.seq.saturating_add(1);
        token::transfer(vault, destination.as_ref(), signer, Config::SIGNER, amount)?;
    } else {
        token::burn(vault, accounts.mint.as_ref(), signer, Config::SIGNER, amount)?;
    }
    token::close(vault, &accounts.rent_payer, signer, Config::SIGNER)?;
    calls::freeze_credit(config.to_account_info(), accounts.node.to_account_info(), &freeze)?;
    emit_cpi!(
        ctx,
        ChallengeDecided {
            seq,
            challenge: accounts.challenge.key(),
            report: accounts.report.key(),
            node: accounts.node.key(),
            upheld,
            bond: amount,
        }
    )?;
    Ok(())
}
