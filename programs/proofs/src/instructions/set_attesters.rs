//! Sets who attests. Seat i of the list is the attester that had seat i before, perhaps with a new key or
//! weight; reports that gather approvals have to be renewed. A key that leaves takes no seat for seven days.
//!
//! Who may call: the authority.
//!
//! Checks, each with its error: `NotAuthority`, `TooManySeats`, `SeatMissing`, `HalfVacantSeat`,
//! `DuplicateKey`, `SeatMoved`, `KeyDeparted`, `TooManyDeparted`, `WeightTooLarge`, `ThresholdOutOfBounds`.
//!
//! Events: `AttestersSet`.

use crate::errors::ProofsError;
use crate::events::AttestersSet;
use crate::state::{AttesterSet, Config, Seat};
use anchor_lang::prelude::*;
use io_common::{clock, ids};

#[derive(Accounts)]
pub struct SetAttesters<'info> {
    /// The program's authority.
    #[account(constraint = config.load()?.roles.is_authority(authority.key) @ ProofsError::NotAuthority)]
    pub authority: Signer<'info>,
    /// The program's configuration.
    #[account(mut, address = ids::PROOFS_CONFIG)]
    pub config: AccountLoader<'info, Config>,
    /// The attester set.
    #[account(mut, address = ids::ATTESTER_SET)]
    pub attester_set: AccountLoader<'info, AttesterSet>,
}

pub fn handle_set_attesters(ctx: Context<SetAttesters>, seats: Vec<Seat>, threshold: u32) -> Result<()> {
    let mut set = ctx.accounts.attester_set.load_mut()?;
    let now = clock::now(set.changed_at)?;
    set.replace(&seats, threshold, now)?;
    emit!(AttestersSet {
        seq: ctx.accounts.config.load_mut()?.next_seq(),
        set_version: set.set_version,
        threshold,
        total_weight: set.total_weight,
        seats,
        changed_at: now,
    });
    Ok(())
}
