mod cluster;
mod config;
mod currency;
mod dispute;
mod job;
mod offer;

pub use cluster::*;
pub use config::*;
pub use currency::*;
pub use dispute::*;
pub use job::*;
pub use offer::*;
