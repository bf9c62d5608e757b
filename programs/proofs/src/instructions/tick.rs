//! Begins an hour's compute proofs: the hash of the latest slot is their seed, which nobody knew before.
//!
//! Who may call: anyone, once an hour. Who pays the rent gets it back.
//!
//! Checks, each with its error: `NoEmission`, `WrongHour`, `NoSlotHashes`.
//!
//! Events: `HourTicked`.

use crate::errors::ProofsError;
use crate::events::HourTicked;
use crate::state::{Hour, HOUR_SEED};
use anchor_lang::prelude::*;
use io_common::slots::SlotHashes;
use io_common::{abi, clock, ids};
use io_math::HOUR;

#[derive(Accounts)]
#[instruction(seq: u64)]
pub struct Tick<'info> {
    /// Pays the rent, and gets it back.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The mint's configuration, read for the start of emission.
    /// CHECK: by address.
    #[account(address = ids::MINT_CONFIG)]
    pub mint_config: UncheckedAccount<'info>,
    /// The new hour.
    #[account(init, payer = payer, space = Hour::SPACE, seeds = [HOUR_SEED, seq.to_le_bytes().as_ref()], bump)]
    pub hour: AccountLoader<'info, Hour>,
    /// The hashes of the latest slots.
    /// CHECK: by address.
    #[account(address = ids::SLOT_HASHES @ ProofsError::NoSlotHashes)]
    pub slot_hashes: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

/// The hour that runs: its number from the start of emission, and its end.
fn running(start: i64, now: i64) -> Option<(u64, i64)> {
    // Unsigned, as the virtual machine divides no other numbers.
    let passed = u64::try_from(now.checked_sub(start)?).ok()?;
    let seq = passed.checked_div(HOUR.unsigned_abs())?.checked_add(1)?;
    let end = i64::try_from(seq).ok()?.checked_mul(HOUR)?.checked_add(start)?;
    Some((seq, end))
}

pub fn handle_tick(ctx: Context<Tick>, seq: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let now = clock::now(0)?;
    let start = abi::read::<abi::MintConfig>(&accounts.mint_config).ok_or(ProofsError::NoEmission)?.start;
    let (right, period_end) = running(start, now).ok_or(ProofsError::PeriodBeforeStart)?;
    require_eq!(right, seq, ProofsError::WrongHour);
    let data = accounts.slot_hashes.try_borrow_data()?;
    let latest = SlotHashes::read(&data).and_then(|hashes| hashes.latest());
    let (seed_slot, seed) = latest.ok_or(ProofsError::NoSlotHashes)?;
    let mut hour = accounts.hour.load_init()?;
    hour.version = 1;
    hour.bump = ctx.bumps.hour;
    hour.seq = seq;
    hour.period_end = period_end;
    hour.ticked_at = now;
    hour.seed_slot = seed_slot;
    hour.seed = seed;
    hour.payer = accounts.payer.key();
    emit!(HourTicked {
        hour: accounts.hour.key(),
        report_seq: seq,
        period_end,
        payer: hour.payer,
        seed_slot,
        seed
    });
    Ok(())
}
