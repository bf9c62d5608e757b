//! Who may do what: parameters, pauses and the two steps of a hand-over.

use crate::errors::DistributorError;
use crate::events::{AuthorityAccepted, AuthorityProposed, ParamsSet, PausedSet};
use crate::state::{Config, PAUSES};
use anchor_lang::prelude::*;
use io_common::ids;

#[derive(Accounts)]
pub struct Administer<'info> {
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ DistributorError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, address = ids::DISTRIBUTOR_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

#[derive(Accounts)]
#[instruction(paused: u64)]
pub struct Pause<'info> {
    /// The authority, or the pauser.
    #[account(constraint = config.load()?.roles.may_pause(signer.key, paused) @ DistributorError::MayNotPause)]
    pub signer: Signer<'info>,
    #[account(mut, address = ids::DISTRIBUTOR_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

#[derive(Accounts)]
pub struct AcceptAuthority<'info> {
    #[account(constraint = config.load()?.roles.is_pending(successor.key) @ DistributorError::NotPendingAuthority)]
    pub successor: Signer<'info>,
    #[account(mut, address = ids::DISTRIBUTOR_CONFIG)]
    pub config: AccountLoader<'info, Config>,
}

pub fn handle_set_params(ctx: Context<Administer>, pauser: Pubkey, treasury: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.pauser = pauser;
    config.set_treasury(treasury)?;
    emit!(ParamsSet { seq: config.next_seq(), pauser, treasury });
    Ok(())
}

pub fn handle_set_paused(ctx: Context<Pause>, paused: u64) -> Result<()> {
    require!(paused & !PAUSES == 0, DistributorError::UnknownEntry);
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
