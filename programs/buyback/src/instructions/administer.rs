//! Sets the parameters, within their bounds.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `SlopeOutOfBounds`, `PeriodOutOfBounds`,
//! `MinimumLotOutOfBounds`, `DailyShareOutOfBounds`, `PriceAgeOutOfBounds`, `ConfidenceOutOfBounds`,
//! `EmaDistanceOutOfBounds`.
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
