//! Time. Always the cluster's wall clock, never slots.

use anchor_lang::prelude::*;

/// The clock's time, but never earlier than `last`, an account's own latest time: a clock that goes
/// back gives nobody a second turn.
pub fn now(last: i64) -> Result<i64> {
    Ok(Clock::get()?.unix_timestamp.max(last))
}
