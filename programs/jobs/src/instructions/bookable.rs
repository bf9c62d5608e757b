//! What has to hold of a node and its attesters before time on it is sold.

use crate::errors::JobsError;
use anchor_lang::prelude::*;
use io_common::abi;

/// Checks that the attester set has the seats that a job needs: with fewer nothing of it is ever attested.
pub fn check_seats(attester_set: &AccountInfo, needed: u8) -> Result<()> {
    let set = abi::read::<abi::AttesterSet>(attester_set).ok_or(JobsError::WrongAttesterSet)?;
    require_gte!(set.taken(), usize::from(needed), JobsError::TooFewSeats);
    Ok(())
}
