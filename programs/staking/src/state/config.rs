use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::{Outflow, Roles};
use io_math::ratio::mul_div_floor;
use io_math::{BPS, DAY};

/// Pause bit: registering devices, nodes and networks, and reopening nodes.
#[constant]
pub const PAUSE_REGISTER: u64 = 1;
/// Pause bit: staking and compounding.
#[constant]
pub const PAUSE_STAKE: u64 = 2;
/// Every pause bit. Exits have none.
pub const PAUSES: u64 = PAUSE_REGISTER | PAUSE_STAKE;

/// Shortest cooldown, seconds: longer than voting plus hold-up, so that no vote is lighter than it looks.
#[constant]
pub const MIN_COOLDOWN: i64 = 14 * DAY;
/// Longest cooldown, seconds.
#[constant]
pub const MAX_COOLDOWN: i64 = 30 * DAY;
/// The cooldown that the program begins with, seconds.
#[constant]
pub const DEFAULT_COOLDOWN: i64 = MIN_COOLDOWN;
/// Shortest time for an appeal, seconds.
#[constant]
pub const MIN_APPEAL: i64 = 7 * DAY;
/// Longest time for an appeal, seconds.
#[constant]
pub const MAX_APPEAL: i64 = 60 * DAY;
/// The time for an appeal that the program begins with, seconds.
#[constant]
pub const DEFAULT_APPEAL: i64 = 30 * DAY;
/// Time from announcing a commission to its beginning, seconds.
#[constant]
pub const COMMISSION_NOTICE: i64 = 7 * DAY;
/// Most that may be slashed in seven days, bps of all active stake.
#[constant]
pub const SLASH_LIMIT_BPS: u64 = 100;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";

/// Parameters as an instruction names them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    /// May pause entries.
    pub pauser: Pubkey,
    /// May propose slashes.
    pub slasher: Pubkey,
    /// Decides slashes and evicts squatters; never the slasher.
    pub resolver: Pubkey,
    /// Seconds from unstaking to leaving.
    pub cooldown: i64,
    /// Seconds in which a slash can be appealed.
    pub appeal: i64,
}

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
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// May propose slashes.
    pub slasher: Pubkey,
    /// Decides appealed slashes and evicts squatters; never the slasher.
    pub resolver: Pubkey,
    /// Seconds from unstaking to leaving.
    pub cooldown: i64,
    /// Seconds in which a slash can be appealed.
    pub appeal: i64,
    /// What was slashed lately.
    pub slashed: Outflow,
    /// Number of the latest event of this account.
    pub seq: u64,
    pub reserved: [u8; 176],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn set_params(&mut self, args: ParamsArgs) -> Result<()> {
        require!((MIN_COOLDOWN..=MAX_COOLDOWN).contains(&args.cooldown), StakingError::CooldownOutOfBounds);
        require!((MIN_APPEAL..=MAX_APPEAL).contains(&args.appeal), StakingError::AppealOutOfBounds);
        require_keys_neq!(args.slasher, args.resolver, StakingError::SlasherIsResolver);
        self.roles.pauser = args.pauser;
        self.slasher = args.slasher;
        self.resolver = args.resolver;
        self.cooldown = args.cooldown;
        self.appeal = args.appeal;
        Ok(())
    }

    /// How much of `amount` may be slashed now, given all active stake; books it.
    pub fn slash(&mut self, amount: u64, stake: u64, now: i64) -> Result<u64> {
        let limit = mul_div_floor(stake, SLASH_LIMIT_BPS, BPS).ok_or(StakingError::Overflow)?;
        let amount = amount.min(self.slashed.room(now, limit));
        require_gt!(amount, 0, StakingError::SlashLimit);
        require!(self.slashed.take(now, limit, amount), StakingError::SlashLimit);
        Ok(amount)
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}
