//! Draws an hour: the hash of the first slot from 32 after the last root on. Where seats are missing when their time
//! is over, or that hash was forgotten before anybody came, the first call begins the draw and the next one makes it.
//!
//! Who may call: anyone, until the hour is over.
//!
//! Checks, each with its error: `AlreadyDrawn`, `HourOver`, `CommitsOpen`, `NothingCommitted`, `NoSlotHashes`,
//! `DrawTooEarly`.
//!
//! Events: `HourDrawn`.

use crate::errors::ProofsError;
use crate::events::HourDrawn;
use crate::state::Hour;
use anchor_lang::prelude::*;
use io_common::ids;
use io_common::slots::SlotHashes;

#[derive(Accounts)]
pub struct DrawHour<'info> {
    /// The hour.
    #[account(mut)]
    pub hour: AccountLoader<'info, Hour>,
    /// The hashes of the latest slots.
    /// CHECK: by address.
    #[account(address = ids::SLOT_HASHES @ ProofsError::NoSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
}

pub fn handle_draw_hour(ctx: Context<DrawHour>) -> Result<()> {
    let accounts = &ctx.accounts;
    let clock = Clock::get()?;
    let data = accounts.slot_hashes.try_borrow_data()?;
    let hashes = SlotHashes::read(&data).ok_or(ProofsError::NoSlotHashes)?;
    let mut hour = accounts.hour.load_mut()?;
    hour.draw(&hashes, clock.slot, clock.unix_timestamp)?;
    emit!(HourDrawn {
        hour: accounts.hour.key(),
        draw_from: hour.draw_from,
        drawn_slot: hour.drawn_slot,
        randomness: hour.randomness,
    });
    Ok(())
}
