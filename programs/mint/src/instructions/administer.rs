//! Sets who may pause.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::MintError;
use crate::events::ParamsSet;
use anchor_lang::prelude::*;

io_common::administration!(MintError, MINT_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, pauser: Pubkey) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.roles.pauser = pauser;
    emit!(ParamsSet { seq: config.next_seq(), pauser });
    Ok(())
}
