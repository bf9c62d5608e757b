pub mod administer;
pub mod burn_fees;
pub mod initialize;
pub mod open_vault;

pub use administer::*;
pub use burn_fees::*;
pub use initialize::*;
pub use open_vault::*;
