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
/// Default cooldown, seconds.
#[constant]
pub const DEFAULT_COOLDOWN: i64 = MIN_COOLDOWN;
/// Shortest time for an appeal, seconds.
#[constant]
pub const MIN_APPEAL: i64 = 7 * DAY;
/// Longest time for an appeal, seconds.
#[constant]
pub const MAX_APPEAL: i64 = 60 * DAY;
/// Default time for an appeal, seconds.
#[constant]
pub const DEFAULT_APPEAL: i64 = 30 * DAY;
/// Time from announcing a commission to when it applies, seconds.
#[constant]
pub const COMMISSION_NOTICE: i64 = 7 * DAY;
/// Most that may be burned by slashes without a decision in seven days, bps of all active stake.
#[constant]
pub const SLASH_LIMIT_BPS: u64 = 100;
/// Lowest limit for what is burned by decision in seven days, bps of all active stake.
#[constant]
pub const MIN_DECIDED_LIMIT_BPS: u16 = 100;
/// Highest limit for what is burned by decision in seven days, bps of all active stake.
#[constant]
pub const MAX_DECIDED_LIMIT_BPS: u16 = 3_300;
/// Default limit for what is burned by decision in seven days, bps of all active stake.
#[constant]
pub const DEFAULT_DECIDED_LIMIT_BPS: u16 = 1_000;
/// Most active stake of all nodes whose credit is stopped by proposals that name fraud, bps of all active
/// stake; one node may always be stopped.
#[constant]
pub const STOP_LIMIT_BPS: u64 = 1_000;
/// Lowest bound of an hour's reward, bps of the owner's minimum.
#[constant]
pub const MIN_REWARD_BOUND_BPS: u16 = 10;
/// Highest bound of an hour's reward, bps of the owner's minimum.
#[constant]
pub const MAX_REWARD_BOUND_BPS: u16 = 1_000;
/// Default bound of an hour's reward, bps of the owner's minimum: a cheat that is found with a chance of one
/// in ten a day, and loses its minimum, gains nothing in a hold of seven days.
#[constant]
pub const DEFAULT_REWARD_BOUND_BPS: u16 = 96;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";

/// Parameters, as an instruction takes them.
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
    /// Most that is burned by decision in seven days, bps of all active stake.
    pub decided_limit_bps: u16,
    /// Most that a node is credited for an hour, bps of the owner's minimum.
    pub reward_bound_bps: u16,
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
    /// What was burned without a decision on each of the latest days.
    pub slashed: Outflow,
    /// What was burned by decision on each of the latest days.
    pub decided: Outflow,
    /// Number of nodes whose credit is stopped by a proposal that names fraud.
    pub stopped_nodes: u64,
    /// Their active stake when they were stopped, base units.
    pub stopped_stake: u64,
    /// Number of the latest event of this account.
    pub seq: u64,
    /// Most that is burned by decision in seven days, bps of all active stake.
    pub decided_limit_bps: u16,
    /// Most that a node is credited for an hour, bps of the owner's minimum.
    pub reward_bound_bps: u16,
    pub padding_2: u32,
    pub reserved: [u8; 80],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The published defaults.
    pub fn defaults(authority: Pubkey, slasher: Pubkey, resolver: Pubkey) -> ParamsArgs {
        ParamsArgs {
            pauser: authority,
            slasher,
            resolver,
            cooldown: DEFAULT_COOLDOWN,
            appeal: DEFAULT_APPEAL,
            decided_limit_bps: DEFAULT_DECIDED_LIMIT_BPS,
            reward_bound_bps: DEFAULT_REWARD_BOUND_BPS,
        }
    }

    pub fn set_params(&mut self, args: ParamsArgs) -> Result<()> {
        require!((MIN_COOLDOWN..=MAX_COOLDOWN).contains(&args.cooldown), StakingError::CooldownOutOfBounds);
        require!((MIN_APPEAL..=MAX_APPEAL).contains(&args.appeal), StakingError::AppealOutOfBounds);
        require_keys_neq!(args.slasher, args.resolver, StakingError::SlasherIsResolver);
        require!(
            (MIN_DECIDED_LIMIT_BPS..=MAX_DECIDED_LIMIT_BPS).contains(&args.decided_limit_bps),
            StakingError::DecidedLimitOutOfBounds
        );
        require!(
            (MIN_REWARD_BOUND_BPS..=MAX_REWARD_BOUND_BPS).contains(&args.reward_bound_bps),
            StakingError::RewardBoundOutOfBounds
        );
        self.roles.pauser = args.pauser;
        self.slasher = args.slasher;
        self.resolver = args.resolver;
        self.cooldown = args.cooldown;
        self.appeal = args.appeal;
        self.decided_limit_bps = args.decided_limit_bps;
        self.reward_bound_bps = args.reward_bound_bps;
        Ok(())
    }

    /// How much of `amount` may be burned now, given all active stake; books it.
    pub fn burn(&mut self, amount: u64, by_decision: bool, stake: u64, now: i64) -> Result<u64> {
        let (outflow, bps) = if by_decision {
            (&mut self.decided, u64::from(self.decided_limit_bps))
        } else {
            (&mut self.slashed, SLASH_LIMIT_BPS)
        };
        let limit = mul_div_floor(stake, bps, BPS).ok_or(StakingError::Overflow)?;
        let amount = amount.min(outflow.room(now, limit));
        require_gt!(amount, 0, StakingError::SlashLimit);
        require!(outflow.take(now, limit, amount), StakingError::SlashLimit);
        Ok(amount)
    }

    /// Counts a node whose credit is stopped: one may always be, others up to a tenth of all active stake.
    pub fn stop(&mut self, stake: u64, all: u64) -> Result<()> {
        let stopped = self.stopped_stake.checked_add(stake).ok_or(StakingError::Overflow)?;
        if self.stopped_nodes > 0 {
            let limit = mul_div_floor(all, STOP_LIMIT_BPS, BPS).ok_or(StakingError::Overflow)?;
            require_gte!(limit, stopped, StakingError::StopLimit);
        }
        self.stopped_stake = stopped;
        self.stopped_nodes = self.stopped_nodes.checked_add(1).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Counts a node whose credit goes on.
    pub fn go_on(&mut self, stake: u64) -> Result<()> {
        self.stopped_stake = self.stopped_stake.checked_sub(stake).ok_or(StakingError::Overflow)?;
        self.stopped_nodes = self.stopped_nodes.checked_sub(1).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let mut config: Config = bytemuck::Zeroable::zeroed();
        config.decided_limit_bps = DEFAULT_DECIDED_LIMIT_BPS;
        config
    }

    #[test]
    fn what_a_decision_burns_has_a_limit_of_its_own() {
        let mut config = config();
        assert_eq!(config.burn(50, false, 1_000, 0).unwrap(), 10);
        assert!(config.burn(1, false, 1_000, 7 * DAY).is_err());
        assert_eq!(config.burn(70, true, 1_000, 0).unwrap(), 70);
        assert_eq!(config.burn(70, true, 1_000, 0).unwrap(), 30);
        assert_eq!(config.burn(5, false, 1_000, 8 * DAY).unwrap(), 5);
    }

    #[test]
    fn one_node_may_always_be_stopped_and_others_up_to_a_tenth() {
        let mut config = config();
        config.stop(900, 1_000).unwrap();
        assert!(config.clone().stop(1, 1_000).is_err());
        config.go_on(900).unwrap();
        config.stop(60, 1_000).unwrap();
        config.stop(40, 1_000).unwrap();
        assert!(config.stop(1, 1_000).is_err());
        assert_eq!((config.stopped_nodes, config.stopped_stake), (2, 100));
    }
}
