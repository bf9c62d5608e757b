mod airdrop;
mod claims;
mod config;
mod grant;

pub use airdrop::*;
pub use claims::*;
pub use config::*;
pub use grant::*;
