mod attester_set;
mod config;
mod report;

pub use attester_set::*;
pub use config::*;
pub use report::*;
