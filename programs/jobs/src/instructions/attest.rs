use crate::errors::JobsError;
use crate::events::Attested;
use crate::state::{AttestArgs, Job};
use anchor_lang::prelude::*;
use io_common::{abi, clock, ids};

#[derive(Accounts)]
pub struct Attest<'info> {
    pub attester: Signer<'info>,
    /// CHECK: read as the attester set.
    #[account(address = ids::ATTESTER_SET)]
    pub attester_set: UncheckedAccount<'info>,
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
    job.attest(seat, &args, now)?;
    let AttestArgs { good, upto, reason, proof_digest, result_hash } = args;
    emit!(Attested {
        seq: job.next_seq(),
        job: accounts.job.key(),
        seat,
        good,
        upto,
        reason,
        attested: job.attested(),
        proof_digest,
        result_hash,
    });
    Ok(())
}
