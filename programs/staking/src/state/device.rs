use super::Node;
use anchor_lang::prelude::*;

/// Seed of a device: `["device", fingerprint]`.
#[constant]
pub const DEVICE_SEED: &[u8] = b"device";

/// One processor, known by its fingerprint: `["device", sha256(uuid)]`. A device has one account for good,
/// so that none counts twice.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Device {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// 1 when the device was banned; stays with it under any owner.
    pub banned: u8,
    /// Seat of the attester that challenged it.
    pub seat: u8,
    /// Number of its hardware class.
    pub class: u16,
    pub padding: u16,
    /// `sha256` of the device's own unique id.
    pub fingerprint: [u8; 32],
    /// Signs for the device.
    pub device_key: Pubkey,
    /// Its owner; zeros while nobody owns it.
    pub owner: Pubkey,
    /// The node it belongs to, or zeros.
    pub node: Pubkey,
    /// When its owner registered it, unix time.
    pub registered_at: i64,
    /// Number of the latest event.
    pub seq: u64,
    /// Digest of the certificate that its maker gave its hardware, as the attesters' threshold set it; zeros while
    /// none is.
    pub identity: [u8; 32],
    /// When that was set last, unix time; 0 while it never was.
    pub identity_at: i64,
    pub reserved: [u8; 16],
}

impl Device {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Leaves its node, in the class that the node was of at last.
    pub fn leave(&mut self, node: &Node) {
        self.node = Pubkey::default();
        self.class = node.class;
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}
