mod class;
mod config;
mod device;
mod ledger;
mod node;
mod position;
mod shard;
mod slots;

pub use class::*;
pub use config::*;
pub use device::*;
pub use ledger::*;
pub use node::*;
pub use position::*;
pub use shard::*;
pub use slots::*;
