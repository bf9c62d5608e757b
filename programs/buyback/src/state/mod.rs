mod auction;
mod config;
mod lot;
mod payout;

pub use auction::*;
pub use config::*;
pub use lot::*;
pub use payout::*;
