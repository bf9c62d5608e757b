use crate::errors::DistributorError;
use anchor_lang::prelude::*;
use io_common::{ids, Roles};

/// Pause bit: creating grants.
#[constant]
pub const PAUSE_GRANT: u64 = 1;
/// Pause bit: creating airdrops.
#[constant]
pub const PAUSE_AIRDROP: u64 = 2;
/// Every pause bit.
pub const PAUSES: u64 = PAUSE_GRANT | PAUSE_AIRDROP;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";
/// Seed of the token account of a grant or an airdrop: `["vault", grant or airdrop]`.
#[constant]
pub const VAULT_SEED: &[u8] = b"vault";

/// The one configuration account of the program: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Number of the latest event.
    pub seq: u64,
    /// Owns the accounts that revoked and unclaimed IO goes to.
    pub treasury: Pubkey,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// Grants created so far.
    pub grants: u64,
    /// Put into grants so far, base units.
    pub granted: u64,
    /// Airdrops created so far.
    pub airdrops: u64,
    /// Put into airdrops so far, base units.
    pub airdropped: u64,
    pub reserved: [u8; 128],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Sets whose accounts revoked and unclaimed IO goes to. Once that is governance's treasury it stays: what
    /// airdrops and grants still owe it is its own, and no vote may give that away unseen.
    pub fn set_treasury(&mut self, treasury: Pubkey) -> Result<()> {
        require_keys_neq!(treasury, Pubkey::default(), DistributorError::NoTreasury);
        let stays = self.treasury != ids::GOVERNANCE_TREASURY || treasury == self.treasury;
        require!(stays, DistributorError::TreasuryIsFinal);
        self.treasury = treasury;
        Ok(())
    }

    /// Books a new grant, and returns what was put into all of them.
    pub fn book_grant(&mut self, total: u64) -> Result<u64> {
        self.grants = self.grants.checked_add(1).ok_or(DistributorError::Overflow)?;
        self.granted = self.granted.checked_add(total).ok_or(DistributorError::Overflow)?;
        Ok(self.granted)
    }

    /// Books a new airdrop, and returns what was put into all of them.
    pub fn book_airdrop(&mut self, total: u64) -> Result<u64> {
        self.airdrops = self.airdrops.checked_add(1).ok_or(DistributorError::Overflow)?;
        self.airdropped = self.airdropped.checked_add(total).ok_or(DistributorError::Overflow)?;
        Ok(self.airdropped)
    }
}
