//! Movements out of a job's escrow.

use crate::errors::JobsError;
use crate::events::Paid;
use crate::state::{Job, Party, JOB_SEED};
use anchor_lang::prelude::*;
use anchor_spl::token::TokenAccount;
use io_common::token;

/// The job's signature seeds, less the prefix.
struct Seeds {
    offer: Pubkey,
    nonce: [u8; 8],
    bump: [u8; 1],
}

impl Seeds {
    fn of(job: &AccountLoader<Job>) -> Result<Self> {
        let job = job.load()?;
        Ok(Self { offer: job.offer, nonce: job.nonce.to_le_bytes(), bump: [job.bump] })
    }

    fn parts(&self) -> [&[u8]; 4] {
        [JOB_SEED, self.offer.as_ref(), &self.nonce, &self.bump]
    }
}

/// Pays one party; `take` books it in the job's account and returns the amount. Nothing due is no
/// error: the event says so.
pub fn pay<'info>(
    job: &AccountLoader<'info, Job>,
    escrow: &UncheckedAccount<'info>,
    to: &Account<'info, TokenAccount>,
    party: Party,
    take: impl FnOnce(&mut Job) -> Result<u64>,
) -> Result<Paid> {
    let mut state = job.load_mut()?;
    require_keys_eq!(to.mint, state.mint, JobsError::WrongMint);
    let amount = take(&mut state)?;
    let paid = match party {
        Party::Supplier => state.paid_supplier,
        Party::FeeVault => state.paid_fees,
        _ => state.paid_refund,
    };
    let (seq, held, settled_good) = (state.next_seq(), state.held()?, state.settled_good);
    drop(state);
    if amount > 0 {
        send(job, escrow, to.as_ref(), amount)?;
    }
    Ok(Paid { seq, job: job.key(), party, destination: to.key(), amount, paid, held, settled_good })
}

/// Moves tokens out of an escrow.
pub fn send<'info>(
    job: &AccountLoader<'info, Job>,
    escrow: &AccountInfo<'info>,
    to: &AccountInfo<'info>,
    amount: u64,
) -> Result<()> {
    let seeds = Seeds::of(job)?;
    token::transfer(escrow, to, job.as_ref(), &[&seeds.parts()], amount)
}

/// Closes an empty escrow; its rent goes to `rent_payer`.
pub fn close<'info>(
    job: &AccountLoader<'info, Job>,
    escrow: &AccountInfo<'info>,
    rent_payer: &AccountInfo<'info>,
) -> Result<()> {
    let seeds = Seeds::of(job)?;
    token::close(escrow, rent_payer, job.as_ref(), &[&seeds.parts()])
}
