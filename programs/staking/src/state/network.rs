use anchor_lang::prelude::*;

/// Seed of a network: `["network", authority]`.
#[constant]
pub const NETWORK_SEED: &[u8] = b"network";

/// Another network whose devices take part: `["network", authority]`. Its authority owns the nodes that
/// it registers and receives what they earn.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Network {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// Owns the nodes of the network.
    pub authority: Pubkey,
    /// Name, UTF-8, padded with zeros.
    pub name: [u8; 32],
    /// When it was registered, unix time.
    pub registered_at: i64,
    pub reserved: [u8; 64],
}

impl Network {
    pub const SPACE: usize = 8 + size_of::<Self>();
}
