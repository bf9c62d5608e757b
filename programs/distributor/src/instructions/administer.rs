//! Sets who may pause, and whose accounts revoked and unclaimed IO goes to from now on: once
//! governance's treasury, it stays that.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `NoTreasury`, `TreasuryIsFinal`.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::DistributorError;
use crate::events::ParamsSet;
use anchor_lang::prelude::*;

io_common::administration!(DistributorError, DISTRIBUTOR_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, pauser: Pubkey, treasury: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.pauser = pauser;
    config.set_treasury(treasury)?;
    emit!(ParamsSet { seq: config.next_seq(), pauser, treasury });
    Ok(())
}
