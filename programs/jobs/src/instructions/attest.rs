//! Records how much of the time since the start a seat has looked at, and how much of it was good.
//!
//! Who may call: an attester.
//!
//! Checks, each with its error: `WrongAttesterSet`, `NotAttester`, `NotRunning`, `SeatMoved`,
//! `AttestationFalls`, `LoweredBefore`, `LoweredBelowPaid`, `AttestationAhead`, `AttestationOverlaps`,
//! `BreakWithoutReason`, `NoTimelock`.
//!
//! Events: `Attested`, `TimeLost`.

use crate::errors::JobsError;
use crate::events::{Attested, TimeLost};
use crate::state::{AttestArgs, Job};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct Attest<'info> {
    /// An attester.
    pub attester: Signer<'info>,
    /// The attester set of the proofs program.
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
    /// The job.
    #[account(mut)]
    pub job: AccountLoader<'info, Job>,
}

pub fn handle_attest(ctx: Context<Attest>, args: AttestArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let (seat, _) = abi::read::<abi::AttesterSet>(&accounts.attester_set)
        .ok_or(JobsError::WrongAttesterSet)?
        .seat_of(accounts.attester.key)
        .ok_or(JobsError::NotAttester)?;
    let mut job = accounts.job.load_mut()?;
    let now = clock::now(job.last_time)?;
    job.last_time = now;
    let key = accounts.job.key();
    let before = job.attest(seat, accounts.attester.key, &args, now)?;
    let lost = before.lost_since(&args);
    // A successor on the seat takes back what was called good at any time.
    let from = if args.good < before.good { 0 } else { before.upto };
    let AttestArgs { good, upto, reason, proof_digest, timelock, result_hash } = args;
    emit!(Attested {
        seq: job.next_seq(),
        job: key,
        seat,
        good,
        upto,
        reason,
        attested: job.attested(),
        proof_digest,
        timelock,
        result_hash,
    });
    if reason != 0 {
        emit!(TimeLost { seq: job.next_seq(), job: key, seat, from, upto, lost, reason });
    }
    Ok(())
}
