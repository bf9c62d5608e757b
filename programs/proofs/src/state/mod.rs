mod attester_set;
mod challenge;
mod config;
mod report;

pub use attester_set::*;
pub use challenge::*;
pub use config::*;
pub use report::*;
