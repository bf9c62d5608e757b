mod config;
mod currency;
mod job;
mod offer;

pub use config::*;
pub use currency::*;
pub use job::*;
pub use offer::*;
