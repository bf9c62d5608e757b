//! Parameters and pauses, and the two steps in which the authority passes on.
//!
//! Who may call: the authority; the pauser too, to pause more; the named successor, to accept.
//!
//! Checks, each with its error: `NotAuthority`, `MayNotPause`, `UnknownEntry`, `NotPendingAuthority`, and the bounds
//! of the parameters.
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
