pub mod administer;
pub mod approve;
pub mod finalize;
pub mod initialize;
pub mod report;
pub mod set_attesters;

pub use administer::*;
pub use approve::*;
pub use finalize::*;
pub use initialize::*;
pub use report::*;
pub use set_attesters::*;
