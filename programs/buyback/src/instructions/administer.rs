//! Parameters and pauses, and the two steps in which the authority passes on.
//!
//! Who may call: the authority; the pauser too, to pause more; the named successor, to accept.
//!
//! Checks, each with its error: `NotAuthority`, `MayNotPause`, `UnknownEntry`, `NotPendingAuthority`, and the bounds
//! of the parameters.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::BuybackError;
use crate::events::ParamsSet;
use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

io_common::administration!(BuybackError, BUYBACK_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}
