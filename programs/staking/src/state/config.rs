use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::Roles;
use io_math::DAY;

/// Paused entries: registering, and staking. Exits have no bit.
pub const PAUSE_REGISTER: u64 = 1;
pub const PAUSE_STAKE: u64 = 2;
pub const PAUSES: u64 = PAUSE_REGISTER | PAUSE_STAKE;

/// Bounds of the cooldown: longer than voting plus hold-up, so that a vote is never lighter than it
/// looks.
const COOLDOWN: core::ops::RangeInclusive<i64> = 14 * DAY..=30 * DAY;

/// Parameters as an instruction names them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    pub pauser: Pubkey,
    pub slasher: Pubkey,
    pub resolver: Pubkey,
    /// Seconds from unstaking to leaving.
    pub cooldown: i64,
}

/// The one configuration account of the program: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    pub version: u8,
    pub bump: u8,
    pub padding: [u8; 6],
    pub last_time: i64,
    pub roles: Roles,
    /// May propose slashes.
    pub slasher: Pubkey,
    /// Decides appealed slashes and evicts squatters; never the slasher.
    pub resolver: Pubkey,
    /// Seconds from unstaking to leaving.
    pub cooldown: i64,
    /// Number of the latest event of this account.
    pub seq: u64,
    pub reserved: [u8; 256],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    pub const DEFAULT_COOLDOWN: i64 = 14 * DAY;

    pub fn set_params(&mut self, args: ParamsArgs) -> Result<()> {
        require!(COOLDOWN.contains(&args.cooldown), StakingError::CooldownOutOfBounds);
        require_keys_neq!(args.slasher, args.resolver, StakingError::SlasherIsResolver);
        self.roles.pauser = args.pauser;
        self.slasher = args.slasher;
        self.resolver = args.resolver;
        self.cooldown = args.cooldown;
        Ok(())
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}
