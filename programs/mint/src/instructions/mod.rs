pub mod administer;
pub mod burn_reserve;
pub mod emit;
pub mod initialize;
pub mod mint_genesis;
pub mod set_policy;

pub use administer::*;
pub use burn_reserve::*;
pub use emit::*;
pub use initialize::*;
pub use mint_genesis::*;
pub use set_policy::*;
