mod attester_set;
mod challenge;
mod commitment;
mod config;
mod hour;
mod report;

pub use attester_set::*;
pub use challenge::*;
pub use commitment::*;
pub use config::*;
pub use hour::*;
pub use report::*;
