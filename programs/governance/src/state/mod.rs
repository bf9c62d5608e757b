mod config;
mod outflow;
mod proposal;
mod transaction;
mod vote;

pub use config::*;
pub use outflow::*;
pub use proposal::*;
pub use transaction::*;
pub use vote::*;
