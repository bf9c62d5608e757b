//! Sets the roles besides the authority, and the terms of challenges.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `WindowOutOfBounds`, `BondOutOfBounds`, `FreezeOutOfBounds`,
//! `GpuShareOutOfBounds`, `InUseShareOutOfBounds`, `FeeBoundOutOfBounds`, `UpHoursOutOfBounds`.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::ProofsError;
use crate::events::ParamsSet;
use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

io_common::administration!(ProofsError, PROOFS_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(&params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}
