//! Pure integer arithmetic of the marketplace.
//!
//! Nothing here knows of accounts or clocks: amounts in, amounts out, in base units. Every division
//! names its rounding; a function returns `None` where its result does not exist or does not fit.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::cast_possible_truncation))]

pub mod auction;
pub mod emission;
mod emission_table;
pub mod escrow;
pub mod outflow;
pub mod price;
pub mod rate;
pub mod ratio;
pub mod residency;
pub mod reward;
pub mod shares;
pub mod slash;
pub mod vesting;
pub mod vote;

/// Base units in one IO (8 decimals).
pub const IO: u64 = 100_000_000;
/// Tokens that exist at genesis, in base units.
pub const GENESIS: u64 = 500_000_000 * IO;
/// Tokens that may ever be emitted on top of genesis, in base units.
pub const EMISSION: u64 = 300_000_000 * IO;
/// Tokens that may ever be minted, in base units.
pub const CAP: u64 = 800_000_000 * IO;
/// One whole in basis points.
pub const BPS: u64 = 10_000;
/// Seconds in one hour.
pub const HOUR: i64 = 3_600;
/// Seconds in one day.
pub const DAY: i64 = 86_400;
