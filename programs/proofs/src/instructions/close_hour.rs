//! Closes an hour in which nothing can be disproved any more; the rent goes back to who paid it.
//!
//! Who may call: anyone.
//!
//! Checks, each with its error: `HourKept`, `WrongRentPayer`.
//!
//! Events: `HourClosed`.

use crate::errors::ProofsError;
use crate::events::HourClosed;
use crate::state::Hour;
use anchor_lang::prelude::*;
use io_common::clock;

#[derive(Accounts)]
pub struct CloseHour<'info> {
    /// The hour.
    #[account(mut, close = payer)]
    pub hour: AccountLoader<'info, Hour>,
    /// Who paid the rent.
    /// CHECK: by address.
    #[account(mut, address = hour.load()?.payer @ ProofsError::WrongRentPayer)]
    pub payer: UncheckedAccount<'info>,
}

pub fn handle_close_hour(ctx: Context<CloseHour>) -> Result<()> {
    let until = ctx.accounts.hour.load()?.disprove_until();
    require_gt!(clock::now(0)?, until, ProofsError::HourKept);
    emit!(HourClosed { hour: ctx.accounts.hour.key() });
    Ok(())
}
