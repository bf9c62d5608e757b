//! Sets roles, fees, price limits and attesters of new jobs.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `BookingFeeOutOfBounds`, `DisputeBondOutOfBounds`,
//! `PriceAgeOutOfBounds`, `VerdictAgeOutOfBounds`, `ConfidenceOutOfBounds`, `EmaDistanceOutOfBounds`,
//! `AttestersOutOfBounds`.
//!
//! Events: `ParamsSet`, `PausedSet`, `AuthorityProposed`, `AuthorityAccepted`.

use crate::errors::JobsError;
use crate::events::ParamsSet;
use crate::state::ParamsArgs;
use anchor_lang::prelude::*;

io_common::administration!(JobsError, JOBS_CONFIG);

pub fn handle_set_params(ctx: Context<Administer>, params: ParamsArgs) -> Result<()> {
    let mut config = ctx.accounts.config.load_mut()?;
    config.set_params(params)?;
    emit!(ParamsSet { seq: config.next_seq(), params });
    Ok(())
}
