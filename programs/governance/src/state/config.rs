use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use io_common::ids;
use io_math::{vote, DAY, IO};

/// Most that voting, its extension and the hold-up may take together, seconds: the shortest cooldown of stake.
#[constant]
pub const MAX_TERMS: i64 = 14 * DAY;
/// How long a guardian may cancel, seconds.
#[constant]
pub const GUARDIAN_TERM: i64 = 365 * DAY;
/// Lowest stake that proposing may need, base units of IO.
#[constant]
pub const LEAST_STAKE: u64 = IO;
/// Highest stake that proposing may need, base units of IO.
#[constant]
pub const MOST_STAKE: u64 = 100_000 * IO;
/// Smallest bond of a proposal, base units of IO.
#[constant]
pub const MIN_BOND: u64 = IO;
/// Largest bond of a proposal, base units of IO.
#[constant]
pub const MAX_BOND: u64 = 10_000 * IO;
/// Shortest vote, seconds.
#[constant]
pub const MIN_VOTING: i64 = 3 * DAY;
/// Longest vote, seconds.
#[constant]
pub const MAX_VOTING: i64 = 7 * DAY;
/// Most by which late turns extend a vote, in all and at once, seconds.
#[constant]
pub const MAX_EXTENSION: i64 = vote::MOST_EXTENSION;
/// Shortest time from queueing to execution, seconds.
#[constant]
pub const MIN_HOLD_UP: i64 = 2 * DAY;
/// Longest time from queueing to execution, seconds.
#[constant]
pub const MAX_HOLD_UP: i64 = 7 * DAY;
/// Lowest quorum, bps of eligible stake.
#[constant]
pub const MIN_QUORUM_BPS: u16 = 200;
/// Highest quorum, bps of eligible stake.
#[constant]
pub const MAX_QUORUM_BPS: u16 = 2_000;
/// Lowest threshold, bps of the votes for and against.
#[constant]
pub const MIN_THRESHOLD_BPS: u16 = 5_000;
/// Highest threshold, bps of the votes for and against.
#[constant]
pub const MAX_THRESHOLD_BPS: u16 = 6_700;
/// Lowest limit of what leaves the treasury in seven days, bps of what it held of an asset.
#[constant]
pub const MIN_OUTFLOW_BPS: u16 = 500;
/// Highest limit of what leaves the treasury in seven days, bps of what it held of an asset.
#[constant]
pub const MAX_OUTFLOW_BPS: u16 = 5_000;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";
/// Seed of the treasury: `["treasury"]`.
#[constant]
pub const TREASURY_SEED: &[u8] = b"treasury";

/// Parameters, as an instruction takes them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    /// Active stake that a proposer needs, base units of IO.
    pub min_stake: u64,
    /// Bond of a proposal, base units of IO.
    pub bond: u64,
    /// Seconds of voting.
    pub voting: i64,
    /// Seconds by which voting is extended each time that the outcome turns near its end; two days in all at
    /// most.
    pub extension: i64,
    /// Seconds from queueing to execution.
    pub hold_up: i64,
    /// Share of eligible stake that has to vote, bps.
    pub quorum_bps: u16,
    /// Share of the votes for and against that those for must exceed, bps.
    pub threshold_bps: u16,
    /// Most of an asset that may leave the treasury in any seven days, bps of what it held.
    pub outflow_bps: u16,
}

impl Default for ParamsArgs {
    fn default() -> Self {
        Self {
            min_stake: 10_000 * IO,
            bond: 1_000 * IO,
            voting: 5 * DAY,
            extension: DAY,
            hold_up: 2 * DAY,
            quorum_bps: 1_000,
            threshold_bps: 5_000,
            outflow_bps: 2_500,
        }
    }
}

impl ParamsArgs {
    fn check(&self) -> Result<()> {
        let Self { min_stake, bond, voting, extension, hold_up, .. } = *self;
        require!((LEAST_STAKE..=MOST_STAKE).contains(&min_stake), GovernanceError::StakeOutOfBounds);
        require!((MIN_BOND..=MAX_BOND).contains(&bond), GovernanceError::BondOutOfBounds);
        require!((MIN_VOTING..=MAX_VOTING).contains(&voting), GovernanceError::VotingOutOfBounds);
        require!((0..=MAX_EXTENSION).contains(&extension), GovernanceError::ExtensionOutOfBounds);
        require!((MIN_HOLD_UP..=MAX_HOLD_UP).contains(&hold_up), GovernanceError::HoldUpOutOfBounds);
        let quorums = MIN_QUORUM_BPS..=MAX_QUORUM_BPS;
        let thresholds = MIN_THRESHOLD_BPS..=MAX_THRESHOLD_BPS;
        let outflows = MIN_OUTFLOW_BPS..=MAX_OUTFLOW_BPS;
        require!(quorums.contains(&self.quorum_bps), GovernanceError::QuorumOutOfBounds);
        require!(thresholds.contains(&self.threshold_bps), GovernanceError::ThresholdOutOfBounds);
        require!(outflows.contains(&self.outflow_bps), GovernanceError::OutflowOutOfBounds);
        // A late turn moves the end by `extension`, and a second one by what is left of the most.
        let extended = if extension > 0 { MAX_EXTENSION } else { 0 };
        let all = voting.saturating_add(extended).saturating_add(hold_up);
        require_gte!(MAX_TERMS, all, GovernanceError::TermsTooLong);
        Ok(())
    }
}

/// The one configuration account of the program, and the owner of every bond: `["config"]`. Only the
/// treasury changes it.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Share of eligible stake that has to vote, bps.
    pub quorum_bps: u16,
    /// Share of the votes for and against that those for must exceed, bps.
    pub threshold_bps: u16,
    /// Most of an asset that may leave the treasury in any seven days, bps of what it held.
    pub outflow_bps: u16,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Active stake that a proposer needs, base units of IO.
    pub min_stake: u64,
    /// Bond of a proposal, base units of IO.
    pub bond: u64,
    /// Seconds of voting.
    pub voting: i64,
    /// Seconds by which voting is extended each time that the outcome turns near its end; two days in all at
    /// most.
    pub extension: i64,
    /// Seconds from queueing to execution.
    pub hold_up: i64,
    /// May cancel what is voted on or queued; the default key stands for nobody.
    pub guardian: Pubkey,
    /// End of the guardian's term, unix time.
    pub guardian_until: i64,
    /// Number of the latest event of this account.
    pub seq: u64,
    pub reserved: [u8; 256],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// With these seeds the configuration signs.
    pub const SIGNER: &'static [&'static [&'static [u8]]] = &[&[CONFIG_SEED, &[ids::GOVERNANCE.bump]]];

    /// Sets the parameters, each within its bounds.
    pub fn set_params(&mut self, params: ParamsArgs) -> Result<()> {
        params.check()?;
        self.min_stake = params.min_stake;
        self.bond = params.bond;
        self.voting = params.voting;
        self.extension = params.extension;
        self.hold_up = params.hold_up;
        self.quorum_bps = params.quorum_bps;
        self.threshold_bps = params.threshold_bps;
        self.outflow_bps = params.outflow_bps;
        Ok(())
    }

    /// Names a guardian, whose term begins now.
    pub fn set_guardian(&mut self, guardian: Pubkey, now: i64) {
        self.guardian = guardian;
        self.guardian_until = now.saturating_add(GUARDIAN_TERM);
    }

    /// Whether `key` is the guardian, within the term.
    pub fn is_guardian(&self, key: &Pubkey, now: i64) -> bool {
        *key != Pubkey::default() && self.guardian == *key && now < self.guardian_until
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
    use bytemuck::Zeroable;

    fn refusal(change: impl FnOnce(&mut ParamsArgs)) -> Option<Error> {
        let mut params = ParamsArgs::default();
        change(&mut params);
        let mut config = Config::zeroed();
        let error = config.set_params(params).err();
        if error.is_some() {
            assert_eq!(bytemuck::bytes_of(&config), bytemuck::bytes_of(&Config::zeroed()));
        }
        error
    }

    #[test]
    fn the_defaults_are_within_the_bounds() {
        assert_eq!(refusal(|_| ()), None);
    }

    #[test]
    fn each_parameter_has_its_bounds() {
        type Set = fn(&mut ParamsArgs, u64);
        let days = |days: i64| u64::try_from(days * DAY).unwrap();
        let cases: [(u64, u64, Set, GovernanceError); 8] = [
            (IO, 100_000 * IO, |p, v| p.min_stake = v, GovernanceError::StakeOutOfBounds),
            (IO, 10_000 * IO, |p, v| p.bond = v, GovernanceError::BondOutOfBounds),
            (days(3), days(7), |p, v| p.voting = v.cast_signed(), GovernanceError::VotingOutOfBounds),
            (0, days(2), |p, v| p.extension = v.cast_signed(), GovernanceError::ExtensionOutOfBounds),
            (days(2), days(7), |p, v| p.hold_up = v.cast_signed(), GovernanceError::HoldUpOutOfBounds),
            (200, 2_000, |p, v| p.quorum_bps = v.try_into().unwrap(), GovernanceError::QuorumOutOfBounds),
            (
                5_000,
                6_700,
                |p, v| p.threshold_bps = v.try_into().unwrap(),
                GovernanceError::ThresholdOutOfBounds,
            ),
            (500, 5_000, |p, v| p.outflow_bps = v.try_into().unwrap(), GovernanceError::OutflowOutOfBounds),
        ];
        for (low, high, set, error) in cases {
            assert_eq!((refusal(|p| set(p, low)), refusal(|p| set(p, high))), (None, None));
            for beyond in [low.wrapping_sub(1), high + 1] {
                assert_eq!(refusal(|p| set(p, beyond)), Some(error.into()));
            }
        }
    }

    #[test]
    fn a_vote_and_its_hold_up_take_no_longer_than_stake_cools() {
        let terms = |voting, extension, hold_up| {
            refusal(|p| (p.voting, p.extension, p.hold_up) = (voting * DAY, extension * DAY, hold_up * DAY))
        };
        assert_eq!(terms(7, 0, 7), None);
        assert_eq!(terms(6, 2, 6), None);
        assert_eq!(terms(6, 1, 6), None);
        // Twice a day is two days.
        assert_eq!(terms(7, 1, 6), Some(GovernanceError::TermsTooLong.into()));
        assert_eq!(terms(7, 1, 7), Some(GovernanceError::TermsTooLong.into()));
    }

    #[test]
    fn a_guardian_has_twelve_months() {
        let (mut config, guardian) = (Config::zeroed(), Pubkey::new_unique());
        assert!(!config.is_guardian(&Pubkey::default(), -1));
        config.set_guardian(guardian, 100);
        assert!(config.is_guardian(&guardian, 100 + 365 * DAY - 1));
        assert!(!config.is_guardian(&guardian, 100 + 365 * DAY));
        assert!(!config.is_guardian(&Pubkey::new_unique(), 100));
    }
}
