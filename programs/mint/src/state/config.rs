use crate::errors::MintError;
use anchor_lang::prelude::*;
use io_common::abi::{Allocation, Checkpoint, HISTORY};
use io_common::ids;
use io_common::Roles;
use io_math::emission::{cumulative, Demand, Portion};
use io_math::{CAP, DAY, IO};

/// Pause bit: emission, and setting a policy. What a pause delays is emitted afterwards.
#[constant]
pub const PAUSE_EMIT: u64 = 1;
/// Every pause bit.
pub const PAUSES: u64 = PAUSE_EMIT;

/// Decimals of IO.
#[constant]
pub const DECIMALS: u8 = 8;
/// The most that is ever minted, base units.
#[constant]
pub const MAX_SUPPLY: u64 = CAP;
/// What each genesis allocation mints, base units, by the number of the `Allocation`; 500,000,000 IO in all.
#[constant]
pub const ALLOCATIONS: [u64; 5] =
    [100_000_000 * IO, 128_000_000 * IO, 100_000_000 * IO, 81_600_000 * IO, 90_400_000 * IO];
/// Longest time between initialisation and the start of emission, seconds.
#[constant]
pub const MAX_AHEAD: i64 = 365 * DAY;
/// Most that a demand-linked policy pays for what was burned, bps of it: no more than was burned, so that burning
/// what was never a fee gains nothing.
#[constant]
pub const MAX_PER_BURNED_BPS: u32 = 10_000;
/// How many of the latest cranks of emission are remembered.
#[constant]
pub const CRANKS: u8 = io_common::abi::CRANKS;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";
/// Seed of the IO mint: `["mint"]`.
#[constant]
pub const MINT_SEED: &[u8] = b"mint";

io_common::open_enum!(
    /// The pace of emission.
    pub enum PolicyKind {
        /// All that the schedule says.
        Fixed = 0,
        /// A floor, and more as fees burn IO; the rest of the schedule goes to the reserve.
        DemandLinked = 1,
    }
);

/// A policy, as an instruction takes it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyArgs {
    /// How it paces emission.
    pub kind: PolicyKind,
    /// Part of the schedule that is paid in any case, in bps. 0 for a fixed policy.
    pub floor_bps: u16,
    /// Paid in addition for IO burned by fees since the policy began, in bps of what was burned. 0 for a
    /// fixed policy.
    pub per_burned_bps: u32,
}

impl PolicyArgs {
    /// The first policy.
    pub const FIXED: Self = Self { kind: PolicyKind::Fixed, floor_bps: 0, per_burned_bps: 0 };
}

/// The policy in force, and where the counters stood when it began.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// How it paces emission.
    pub kind: PolicyKind,
    pub padding: u8,
    /// Part of the schedule that is paid in any case, bps.
    pub floor_bps: u16,
    /// Paid in addition for IO burned by fees since the policy began, bps of what was burned.
    pub per_burned_bps: u32,
    /// Emitted when the policy began, base units.
    pub emitted_before: u64,
    /// Burned by fees when the policy began, base units.
    pub burned_before: u64,
    /// Paid into the emission vault since then, base units.
    pub paid: u64,
}

/// The one configuration account of the program, and the mint's authority: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 6],
    /// Unix time from which emission counts.
    pub start: i64,
    /// Minted on the schedule so far, what was withheld included, base units; never falls.
    pub emitted: u64,
    /// Part of it that was minted into the reserve, base units; never falls.
    pub withheld: u64,
    /// `emitted` and `withheld` after each of the latest calls of `emit`, the latest first; zeros stand for
    /// the start.
    pub history: [Checkpoint; HISTORY],
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// The IO mint.
    pub mint: Pubkey,
    /// Token account of staking's emission ledger, which emission is paid into.
    pub emission_vault: Pubkey,
    /// Token account of this configuration, for what policies withhold.
    pub reserve_vault: Pubkey,
    /// Minted at genesis so far, base units.
    pub genesis: u64,
    /// Allocations minted, a bit each.
    pub allocated: u64,
    /// Burned out of the reserve so far, base units.
    pub reserve_burned: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// The policy in force.
    pub policy: Policy,
    pub reserved: [u8; 128],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// With these seeds the configuration signs.
    pub const SIGNER: &'static [&'static [&'static [u8]]] = &[&[CONFIG_SEED, &[ids::MINT.bump]]];

    /// The start of emission that `start` asks for.
    pub fn start_at(start: i64, now: i64) -> Result<i64> {
        if start == 0 {
            return Ok(now);
        }
        require!((now..=now.saturating_add(MAX_AHEAD)).contains(&start), MintError::StartOutOfRange);
        Ok(start)
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Marks an allocation as minted and returns its amount.
    pub fn allocate(&mut self, allocation: Allocation) -> Result<u64> {
        let number = allocation.number();
        let amount = *ALLOCATIONS.get(usize::from(number)).ok_or(MintError::UnknownAllocation)?;
        let bit = 1u64.checked_shl(u32::from(number)).ok_or(MintError::UnknownAllocation)?;
        require!(self.allocated & bit == 0, MintError::AlreadyAllocated);
        self.allocated |= bit;
        self.genesis = self.genesis.checked_add(amount).ok_or(MintError::Overflow)?;
        self.check_cap()?;
        Ok(amount)
    }

    /// Books what the schedule has come to by `now`, divided by the policy in force. `burned` is what
    /// fees have burned in all; a fixed policy does not look at it.
    pub fn accrue(&mut self, now: i64, burned: u64) -> Result<Portion> {
        let scheduled = cumulative(now.saturating_sub(self.start));
        let due = scheduled.saturating_sub(self.emitted);
        let portion = self.divide(due, scheduled, burned);
        self.emitted = self.emitted.checked_add(due).ok_or(MintError::Overflow)?;
        self.withheld = self.withheld.checked_add(portion.withheld).ok_or(MintError::Overflow)?;
        self.policy.paid = self.policy.paid.checked_add(portion.paid).ok_or(MintError::Overflow)?;
        if due > 0 {
            self.last_time = now;
            self.remember();
        }
        self.check_cap()?;
        Ok(portion)
    }

    /// Reports of the hours up to now are measured by what this crank paid.
    fn remember(&mut self) {
        self.history.copy_within(..HISTORY - 1, 1);
        let [latest, ..] = &mut self.history;
        *latest = Checkpoint { emitted: self.emitted, withheld: self.withheld };
    }

    fn divide(&self, due: u64, scheduled: u64, burned: u64) -> Portion {
        let policy = &self.policy;
        if policy.kind == PolicyKind::Fixed {
            return Portion { paid: due, withheld: 0 };
        }
        let terms = Demand { floor_bps: policy.floor_bps, per_burned_bps: policy.per_burned_bps };
        let since = scheduled.saturating_sub(policy.emitted_before);
        terms.divide(due, since, burned.saturating_sub(policy.burned_before), policy.paid)
    }

    /// Whether the policy in force looks at what was burned.
    pub fn needs_demand(&self) -> bool {
        self.policy.kind == PolicyKind::DemandLinked
    }

    /// Begins a policy; the caller has accrued to now under the old one.
    pub fn begin_policy(&mut self, args: PolicyArgs, burned: u64) -> Result<()> {
        let terms_fit = match args.kind {
            PolicyKind::Fixed => args.floor_bps == 0 && args.per_burned_bps == 0,
            PolicyKind::DemandLinked => {
                u64::from(args.floor_bps) <= io_math::BPS && args.per_burned_bps <= MAX_PER_BURNED_BPS
            }
            _ => return err!(MintError::UnknownPolicy),
        };
        require!(terms_fit, MintError::PolicyOutOfBounds);
        self.policy = Policy {
            kind: args.kind,
            padding: 0,
            floor_bps: args.floor_bps,
            per_burned_bps: args.per_burned_bps,
            emitted_before: self.emitted,
            burned_before: burned,
            paid: 0,
        };
        Ok(())
    }

    /// Burns never reopen room: what counts is what was ever minted.
    fn check_cap(&self) -> Result<()> {
        let minted = self.genesis.checked_add(self.emitted).ok_or(MintError::Overflow)?;
        require_gte!(CAP, minted, MintError::CapExceeded);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_common::{abi, assert_layout};

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(Config, abi::MintConfig, [version, bump, padding, start, emitted, withheld, history]);
    }

    #[test]
    fn the_allocations_are_the_genesis_supply() {
        assert_eq!(ALLOCATIONS.iter().sum::<u64>(), io_math::GENESIS);
    }
}
