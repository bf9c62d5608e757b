//! Prices from Pyth's price accounts (`PriceUpdateV2` of the receiver program).

use crate::{bytes, ids::PYTH_RECEIVER};
use anchor_lang::prelude::*;
use io_math::BPS;

/// `sha256("account:PriceUpdateV2")[..8]`.
const DISCRIMINATOR: [u8; 8] = [34, 241, 35, 99, 157, 126, 244, 205];
/// Verification level `Full`: every guardian signature of the quorum was checked. A partly verified
/// update has its fields one byte later, and is refused.
const FULL: u8 = 1;

const VERIFICATION: usize = 40;
const FEED_ID: usize = 41;
const PRICE: usize = 73;
const CONFIDENCE: usize = 81;
const EXPONENT: usize = 89;
const PUBLISH_TIME: usize = 93;
const EMA_PRICE: usize = 109;

/// Limits that a price has to keep.
#[zero_copy]
#[derive(Debug, PartialEq, Eq)]
pub struct PriceLimits {
    /// Oldest acceptable price, in seconds.
    pub max_age: u32,
    /// Largest confidence interval, in bps of the price.
    pub max_confidence_bps: u16,
    /// Largest distance from the moving average, in bps of it; 0 for no limit.
    pub max_ema_distance_bps: u16,
}

impl PriceLimits {
    /// The worst limits that may be set.
    pub const WORST: Self = Self { max_age: 300, max_confidence_bps: 500, max_ema_distance_bps: 2_000 };
}

/// A checked price: `price · 10^exponent` USD a token, give or take `confidence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub price: i64,
    pub confidence: u64,
    pub exponent: i32,
}

/// Why a price account was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceFault {
    /// Not an account of Pyth's receiver, or not a price.
    NotAPrice,
    /// Not verified in full.
    NotVerified,
    /// A price of something else.
    WrongFeed,
    /// Older than allowed, or from the future by as much.
    Stale,
    /// Zero, negative, or of an exponent that cannot be used.
    Unusable,
    /// Confidence interval too wide.
    Uncertain,
    /// Too far from its moving average.
    Volatile,
}

/// Reads and checks a price account.
pub fn read(
    account: &AccountInfo,
    feed_id: &[u8; 32],
    now: i64,
    limits: &PriceLimits,
) -> core::result::Result<Price, PriceFault> {
    if *account.owner != PYTH_RECEIVER {
        return Err(PriceFault::NotAPrice);
    }
    let data = account.try_borrow_data().map_err(|_| PriceFault::NotAPrice)?;
    check(&data, feed_id, now, limits)
}

fn check(
    data: &[u8],
    feed_id: &[u8; 32],
    now: i64,
    limits: &PriceLimits,
) -> core::result::Result<Price, PriceFault> {
    let missing = PriceFault::NotAPrice;
    if bytes::at::<8>(data, 0).ok_or(missing)? != DISCRIMINATOR {
        return Err(missing);
    }
    if bytes::at::<1>(data, VERIFICATION).ok_or(missing)? != [FULL] {
        return Err(PriceFault::NotVerified);
    }
    if bytes::at::<32>(data, FEED_ID).ok_or(missing)? != *feed_id {
        return Err(PriceFault::WrongFeed);
    }
    let price = i64::from_le_bytes(bytes::at(data, PRICE).ok_or(missing)?);
    let confidence = u64::from_le_bytes(bytes::at(data, CONFIDENCE).ok_or(missing)?);
    let exponent = i32::from_le_bytes(bytes::at(data, EXPONENT).ok_or(missing)?);
    let published = i64::from_le_bytes(bytes::at(data, PUBLISH_TIME).ok_or(missing)?);
    let ema = i64::from_le_bytes(bytes::at(data, EMA_PRICE).ok_or(missing)?);

    if now.abs_diff(published) > u64::from(limits.max_age) {
        return Err(PriceFault::Stale);
    }
    if price <= 0 || !io_math::price::EXPONENTS.contains(&exponent) {
        return Err(PriceFault::Unusable);
    }
    if !within(confidence, price.unsigned_abs(), limits.max_confidence_bps) {
        return Err(PriceFault::Uncertain);
    }
    let distance = price.abs_diff(ema);
    if limits.max_ema_distance_bps > 0 && !within(distance, ema.unsigned_abs(), limits.max_ema_distance_bps) {
        return Err(PriceFault::Volatile);
    }
    Ok(Price { price, confidence, exponent })
}

/// `part ≤ whole · bps / 10⁴`, exactly.
fn within(part: u64, whole: u64, bps: u16) -> bool {
    // Both products are below 2^80.
    u128::from(part).saturating_mul(u128::from(BPS)) <= u128::from(whole).saturating_mul(u128::from(bps))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PriceLimits =
        PriceLimits { max_age: 60, max_confidence_bps: 100, max_ema_distance_bps: 500 };
    const NOW: i64 = 1_800_000_000;
    const FEED: [u8; 32] = [7; 32];

    fn account(price: i64, confidence: u64, published: i64, ema: i64) -> Vec<u8> {
        let mut data = DISCRIMINATOR.to_vec();
        data.extend([9; 32]);
        data.push(FULL);
        data.extend(FEED);
        data.extend(price.to_le_bytes());
        data.extend(confidence.to_le_bytes());
        data.extend((-8i32).to_le_bytes());
        data.extend(published.to_le_bytes());
        data.extend((published - 1).to_le_bytes());
        data.extend(ema.to_le_bytes());
        data.extend(0u64.to_le_bytes());
        data.extend(0u64.to_le_bytes());
        data
    }

    fn checked(data: &[u8]) -> core::result::Result<Price, PriceFault> {
        check(data, &FEED, NOW, &LIMITS)
    }

    #[test]
    fn a_fresh_certain_price_is_read() {
        let price = checked(&account(200_000_000, 2_000_000, NOW - 60, 210_000_000)).unwrap();
        assert_eq!(price, Price { price: 200_000_000, confidence: 2_000_000, exponent: -8 });
    }

    #[test]
    fn age_confidence_and_distance_are_bounded() {
        let fault = |p, c, t, e| checked(&account(p, c, t, e)).unwrap_err();
        assert_eq!(fault(200_000_000, 0, NOW - 61, 200_000_000), PriceFault::Stale);
        assert_eq!(fault(200_000_000, 0, NOW + 61, 200_000_000), PriceFault::Stale);
        assert_eq!(fault(200_000_000, 2_000_001, NOW, 200_000_000), PriceFault::Uncertain);
        assert_eq!(fault(200_000_000, 0, NOW, 210_526_317), PriceFault::Volatile);
        assert_eq!(fault(0, 0, NOW, 0), PriceFault::Unusable);
        assert_eq!(fault(-1, 0, NOW, 1), PriceFault::Unusable);
    }

    #[test]
    fn another_feed_another_account_or_half_a_verification_is_refused() {
        let good = account(200_000_000, 0, NOW, 200_000_000);
        assert_eq!(check(&good, &[8; 32], NOW, &LIMITS), Err(PriceFault::WrongFeed));
        assert_eq!(checked(&good[..100]), Err(PriceFault::NotAPrice));
        let mut partial = good.clone();
        partial[VERIFICATION] = 0;
        assert_eq!(checked(&partial), Err(PriceFault::NotVerified));
        let mut other = good;
        other[0] ^= 1;
        assert_eq!(checked(&other), Err(PriceFault::NotAPrice));
    }
}
