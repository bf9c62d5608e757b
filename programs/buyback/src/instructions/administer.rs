//! Who may do what: parameters, pauses and the two steps of a hand-over.

use crate::errors::BuybackError;
use crate::events::{AuthorityAccepted, AuthorityProposed, ParamsSet, PausedSet};
use crate::state::{Config, ParamsArgs, PAUSES};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct Administer<'info> {
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ BuybackError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

#[derive(Accounts)]
#[instruction(paused: u64)]
pub struct Pause<'info> {
    /// The authority, or the pauser.
    #[account(constraint = config.load()?.roles.may_pause(signer.key, paused) @ BuybackError::MayNotPause)]
    pub signer: Signer<'info>,
    #[account(mut, address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

#[derive(Accounts)]
pub struct AcceptAuthority<'info> {
    #[account(constraint = config.load()?.roles.is_pending(successor.key) @ BuybackError::NotPendingAuthority)]
    pub successor: Signer<'info>,
    #[account(mut, address = ids::BUYBACK_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

pub fn handle_set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}

pub fn handle_set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
    require!(paused & !PAUSES == 0, BuybackError::UnknownEntry);
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.paused = paused;
    emit!(PausedSet { seq: config.next_seq(), by: ctx.accounts.signer.key(), paused });
    Ok(())
}

pub fn handle_propose_authority(ctx: Context<Administer>, successor: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.propose(successor);
    emit!(AuthorityProposed { seq: config.next_seq(), authority: config.roles.authority, successor });
    Ok(())
}

pub fn handle_accept_authority(ctx: Context<AcceptAuthority>) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.accept();
    emit!(AuthorityAccepted { seq: config.next_seq(), authority: config.roles.authority });
    Ok(())
}
