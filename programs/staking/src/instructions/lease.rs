//! Whether a node is leased, as its offer account says.

use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::abi;

pub fn is_leased(offer: &AccountInfo, now: i64) -> bool {
    abi::read::<abi::Offer>(offer).is_some_and(|offer| offer.leased(now))
}

pub fn check_free(offer: &AccountInfo, now: i64) -> Result<()> {
    require!(!is_leased(offer, now), StakingError::NodeLeased);
    Ok(())
}
