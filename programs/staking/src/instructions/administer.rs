//! Sets roles, the cooldown, the time for appeals, and the limits of slashes and rewards.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `CooldownOutOfBounds`, `AppealOutOfBounds`,
//! `SlasherIsResolver`, `DecidedLimitOutOfBounds`, `RewardBoundOutOfBounds`.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::StakingError;
use crate::events::ParamsSet;
use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

io_common::administration!(StakingError, STAKING_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}
