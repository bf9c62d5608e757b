//! What a segment of time costs now.

use crate::errors::JobsError;
use crate::state::Currency;
use anchor_lang::prelude::*;
use io_common::pyth::{Price, PriceLimits};
use io_math::price::rental_usd;

/// Micro-dollars, and base units of the currency, of `seconds` at a rate per unit and hour; and the oracle's price
/// that says so.
pub fn priced(
    currency: &Currency,
    price: &AccountInfo,
    limits: &PriceLimits,
    (rate, units, seconds): (u64, u32, u64),
    now: i64,
) -> Result<(u64, u64, Price)> {
    let usd = rental_usd(rate, units, seconds).ok_or(JobsError::Overflow)?;
    let quote = currency.read_price(price, now, limits)?;
    Ok((usd, currency.amount_for(usd, &quote)?, quote))
}
