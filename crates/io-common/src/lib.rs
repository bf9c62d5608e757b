//! What the marketplace's programs share. No program depends on another: what one reads of another's
//! accounts stands in [`abi`].
#![cfg_attr(test, allow(clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used))]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::expect_used))]
// The compiler derives the fixed addresses.
#![allow(long_running_const_eval)]

pub mod abi;
pub mod admin;
pub mod bytes;
pub mod calls;
pub mod clock;
pub mod events;
pub mod ids;
pub mod leaf;
pub mod merkle;
pub mod open_enum;
pub mod outflow;
pub mod pyth;
pub mod roles;
pub mod slots;
pub mod snapshot;
pub mod token;

pub use outflow::Outflow;
pub use roles::Roles;
pub use snapshot::Snapshot;
