//! Ends a slash that is not decided, and returns what was set apart for it to the owner who was slashed.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `SlashDecided`, `NotExecutable`, `WrongNode`, `WrongDestination`,
//! `WrongVault`.
//!
//! Events: `SlashCancelled`.

use super::close_slash::go_on;
use super::vault::pay_out;
use crate::errors::StakingError;
use crate::events::SlashCancelled;
use crate::state::{Config, Node, Slash};
use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use io_common::{clock, emit_cpi, ids};

#[event_cpi]
#[derive(Accounts)]
pub struct CancelSlash<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ StakingError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::STAKING_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The node.
    #[account(mut, address = slash.load()?.node @ StakingError::WrongNode)]
    pub node: AccountLoader<'info, Node>,
    /// The slash.
    #[account(mut)]
    pub slash: AccountLoader<'info, Slash>,
    /// The node's vault.
    /// CHECK: by address.
    #[account(mut, address = node.load()?.vault @ StakingError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// An IO account of the owner who was slashed.
    #[account(mut, constraint = destination.owner == slash.load()?.owner @ StakingError::WrongDestination)]
    pub destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

pub fn handle_cancel_slash(ctx: Context<CancelSlash>) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut node = accounts.node.load_mut()?;
    let now = clock::now(node.last_time)?;
    node.last_time = now;
    let mut slash = accounts.slash.load_mut()?;
    let (freed, returned) = slash.cancel()?;
    node.thaw(freed)?;
    node.take_apart(returned)?;
    go_on(&mut slash, &mut node, &accounts.config, now)?;
    let event = SlashCancelled {
        seq: node.next_seq(),
        slash: accounts.slash.key(),
        node: accounts.node.key(),
        owner: slash.owner,
        freed,
        returned,
        frozen: node.frozen,
        totals: node.totals()?,
    };
    drop((node, slash));
    if returned > 0 {
        pay_out(&accounts.node, &accounts.vault, accounts.destination.as_ref(), returned)?;
    }
    emit_cpi!(ctx, event)?;
    Ok(())
}
