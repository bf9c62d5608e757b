use super::Report;
use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::abi::ReportState;
use io_common::ids;
use io_common::Roles;
use io_math::IO;

/// Pause bit: making and approving reports. What is approved still becomes final.
#[constant]
pub const PAUSE_REPORT: u64 = 1;
/// Every pause bit.
pub const PAUSES: u64 = PAUSE_REPORT;

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// Shortest time from approval to finality, seconds.
#[constant]
pub const MIN_CHALLENGE_WINDOW: u32 = 6 * HOUR;
/// Longest time from approval to finality, seconds.
#[constant]
pub const MAX_CHALLENGE_WINDOW: u32 = 72 * HOUR;
/// Shortest time that a challenge may freeze a node's credit, seconds.
#[constant]
pub const MIN_CHALLENGE_FREEZE: u32 = DAY;
/// Longest time that a challenge may freeze a node's credit, seconds.
#[constant]
pub const MAX_CHALLENGE_FREEZE: u32 = 7 * DAY;
/// Smallest bond of a challenge, base units of IO.
#[constant]
pub const MIN_CHALLENGE_BOND: u64 = IO;
/// Largest bond of a challenge, base units of IO.
#[constant]
pub const MAX_CHALLENGE_BOND: u64 = 100_000 * IO;
/// Largest part of an hour for the GPU pool, bps.
#[constant]
pub const MAX_GPU_BPS: u16 = 10_000;
/// Largest part of a pool for nodes in use, bps.
#[constant]
pub const MAX_IN_USE_BPS: u16 = 5_000;
/// Largest bound of a node's part by the fees of its job, bps.
#[constant]
pub const MAX_FEE_BOUND_BPS: u16 = 9_500;
/// Most hours in a row that a node may have to be up.
#[constant]
pub const MAX_UP_HOURS: u16 = 168;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";

/// The parameters, as an instruction names them.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamsArgs {
    /// May pause.
    pub pauser: Pubkey,
    /// May void a report that is not final. The default key: nobody.
    pub guardian: Pubkey,
    /// Decides challenges. The default key: nobody.
    pub resolver: Pubkey,
    /// Seconds from approval to finality, 6 to 72 hours.
    pub challenge_window: u32,
    /// Most seconds that a challenge freezes a node's credit, 1 to 7 days.
    pub challenge_freeze: u32,
    /// Bond of a challenge in base units of IO, 1 to 100,000 IO.
    pub challenge_bond: u64,
    /// The GPU pool's part of an hour's emission, bps; the CPU pool has the rest.
    pub gpu_bps: u16,
    /// Part of a pool for nodes in use, bps.
    pub in_use_bps: u16,
    /// Bound of that part by the fees of a node's job, bps.
    pub fee_bound_bps: u16,
    /// Hours in a row that a node must have been up.
    pub up_hours: u16,
}

impl ParamsArgs {
    /// What an initialised program begins with, `authority` in every role.
    fn new(authority: Pubkey) -> Self {
        Self {
            pauser: authority,
            guardian: authority,
            resolver: authority,
            challenge_window: 24 * HOUR,
            challenge_freeze: 7 * DAY,
            challenge_bond: 500 * IO,
            gpu_bps: 9_500,
            in_use_bps: 3_000,
            fee_bound_bps: 8_000,
            up_hours: 5,
        }
    }

    fn check(&self) -> Result<()> {
        let Self { challenge_window, challenge_freeze, challenge_bond, .. } = self;
        let windows = MIN_CHALLENGE_WINDOW..=MAX_CHALLENGE_WINDOW;
        let freezes = MIN_CHALLENGE_FREEZE..=MAX_CHALLENGE_FREEZE;
        let bonds = MIN_CHALLENGE_BOND..=MAX_CHALLENGE_BOND;
        require!(windows.contains(challenge_window), ProofsError::WindowOutOfBounds);
        require!(freezes.contains(challenge_freeze), ProofsError::FreezeOutOfBounds);
        require!(bonds.contains(challenge_bond), ProofsError::BondOutOfBounds);
        require_gte!(MAX_GPU_BPS, self.gpu_bps, ProofsError::GpuShareOutOfBounds);
        require_gte!(MAX_IN_USE_BPS, self.in_use_bps, ProofsError::InUseShareOutOfBounds);
        require_gte!(MAX_FEE_BOUND_BPS, self.fee_bound_bps, ProofsError::FeeBoundOutOfBounds);
        require_gte!(MAX_UP_HOURS, self.up_hours, ProofsError::UpHoursOutOfBounds);
        Ok(())
    }
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
    /// Latest time that an instruction has seen.
    pub last_time: i64,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// May void a report that is not final.
    pub guardian: Pubkey,
    /// Decides challenges.
    pub resolver: Pubkey,
    /// Hour of the latest approved report; never falls.
    pub approved_seq: u64,
    /// Hour of the latest final report; never falls.
    pub final_seq: u64,
    /// Total of the latest final report, base units; never falls.
    pub final_total: u64,
    /// End of period of the latest final report, unix time; never falls.
    pub final_period_end: i64,
    /// Seconds from approval to finality.
    pub challenge_window: u32,
    /// Most seconds that a challenge freezes a node's credit.
    pub challenge_freeze: u32,
    /// Bond of a challenge in base units of IO.
    pub challenge_bond: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// The GPU pool's part of an hour's emission, bps. Attesters share it out by this and the next three; no
    /// program computes with them.
    pub gpu_bps: u16,
    /// Part of a pool for nodes in use, bps.
    pub in_use_bps: u16,
    /// Bound of that part by the fees of a node's job, bps.
    pub fee_bound_bps: u16,
    /// Hours in a row that a node must have been up.
    pub up_hours: u16,
    pub reserved: [u8; 120],
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// With these seeds the configuration signs.
    pub const SIGNER: &'static [&'static [&'static [u8]]] = &[&[CONFIG_SEED, &[ids::PROOFS.bump]]];

    /// Gives every role to `authority`, and every parameter its default.
    pub fn begin(&mut self, authority: Pubkey) {
        self.roles = Roles::new(authority);
        self.apply(&ParamsArgs::new(authority));
    }

    /// Sets the parameters, each within its bounds.
    pub fn set_params(&mut self, params: &ParamsArgs) -> Result<()> {
        params.check()?;
        self.apply(params);
        Ok(())
    }

    fn apply(&mut self, params: &ParamsArgs) {
        self.roles.pauser = params.pauser;
        self.guardian = params.guardian;
        self.resolver = params.resolver;
        self.challenge_window = params.challenge_window;
        self.challenge_freeze = params.challenge_freeze;
        self.challenge_bond = params.challenge_bond;
        self.gpu_bps = params.gpu_bps;
        self.in_use_bps = params.in_use_bps;
        self.fee_bound_bps = params.fee_bound_bps;
        self.up_hours = params.up_hours;
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Totals never fall.
    pub fn check_total(&self, total: u64) -> Result<()> {
        require_gte!(total, self.final_total, ProofsError::TotalFell);
        Ok(())
    }

    /// Marks a report as approved once its approvals reach `threshold`. The first of an hour to get
    /// there is the only one; what is left of that hour and of earlier ones gathers nothing more.
    pub fn decide(&mut self, report: &mut Report, threshold: u32) -> Result<()> {
        require!(report.seq > self.approved_seq, ProofsError::AlreadyDecided);
        if report.weight >= threshold {
            self.approved_seq = report.seq;
            report.state = ReportState::Approved;
            report.approved_at = self.last_time;
        }
        Ok(())
    }

    /// Makes an approved report final.
    pub fn finalize(&mut self, report: &mut Report) -> Result<()> {
        require!(report.state == ReportState::Approved, ProofsError::NotApproved);
        let window_end = report.approved_at.saturating_add(i64::from(self.challenge_window));
        require_gte!(self.last_time, window_end, ProofsError::WindowOpen);
        require_gt!(report.period_end, self.final_period_end, ProofsError::PeriodFell);
        self.check_total(report.total)?;
        self.final_seq = report.seq;
        self.final_total = report.total;
        self.final_period_end = report.period_end;
        report.state = ReportState::Final;
        report.finalized_at = self.last_time;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn config() -> Config {
        let mut config = Config::zeroed();
        config.begin(Pubkey::new_unique());
        config.last_time = 1_000_000;
        config
    }

    fn report(seq: u64, total: u64, weight: u32) -> Report {
        Report { seq, total, weight, period_end: i64::try_from(seq).unwrap() * 3_600, ..Report::zeroed() }
    }

    #[test]
    fn the_defaults_are_within_the_bounds() {
        assert_eq!(ParamsArgs::new(Pubkey::new_unique()).check(), Ok(()));
    }

    #[test]
    fn each_parameter_has_its_bounds() {
        let fine = ParamsArgs::new(Pubkey::new_unique());
        for (window, error) in
            [(6 * HOUR, None), (6 * HOUR - 1, Some(())), (72 * HOUR, None), (72 * HOUR + 1, Some(()))]
        {
            let checked = ParamsArgs { challenge_window: window, ..fine }.check();
            assert_eq!(checked.err(), error.map(|()| ProofsError::WindowOutOfBounds.into()));
        }
        for (freeze, error) in [(DAY, None), (DAY - 1, Some(())), (7 * DAY, None), (7 * DAY + 1, Some(()))] {
            let checked = ParamsArgs { challenge_freeze: freeze, ..fine }.check();
            assert_eq!(checked.err(), error.map(|()| ProofsError::FreezeOutOfBounds.into()));
        }
        for (bond, error) in [(IO, None), (IO - 1, Some(())), (100_000 * IO, None), (u64::MAX, Some(()))] {
            let checked = ParamsArgs { challenge_bond: bond, ..fine }.check();
            assert_eq!(checked.err(), error.map(|()| ProofsError::BondOutOfBounds.into()));
        }
        let shares = |gpu_bps, in_use_bps, fee_bound_bps, up_hours| {
            ParamsArgs { gpu_bps, in_use_bps, fee_bound_bps, up_hours, ..fine }.check()
        };
        assert_eq!(shares(10_000, 5_000, 9_500, 168), Ok(()));
        assert_eq!(shares(0, 0, 0, 0), Ok(()));
        assert_eq!(shares(10_001, 0, 0, 0).unwrap_err(), ProofsError::GpuShareOutOfBounds.into());
        assert_eq!(shares(0, 5_001, 0, 0).unwrap_err(), ProofsError::InUseShareOutOfBounds.into());
        assert_eq!(shares(0, 0, 9_501, 0).unwrap_err(), ProofsError::FeeBoundOutOfBounds.into());
        assert_eq!(shares(0, 0, 0, 169).unwrap_err(), ProofsError::UpHoursOutOfBounds.into());
    }

    #[test]
    fn the_first_report_to_the_threshold_decides_its_hour() {
        let mut config = config();
        let (mut slow, mut fast) = (report(7, 5, 1), report(7, 6, 2));
        config.decide(&mut slow, 2).unwrap();
        assert_eq!((slow.state, config.approved_seq), (ReportState::Pending, 0));
        config.decide(&mut fast, 2).unwrap();
        assert_eq!((fast.state, fast.approved_at), (ReportState::Approved, 1_000_000));
        slow.weight = 2;
        assert_eq!(config.decide(&mut slow, 2), Err(ProofsError::AlreadyDecided.into()));
        assert_eq!(config.decide(&mut report(6, 5, 2), 2), Err(ProofsError::AlreadyDecided.into()));
        assert_eq!(config.decide(&mut report(8, 5, 2), 2), Ok(()));
    }

    #[test]
    fn a_report_is_final_when_its_window_has_passed_and_not_before() {
        let mut config = config();
        let mut report = report(7, 5, 2);
        assert_eq!(config.finalize(&mut report), Err(ProofsError::NotApproved.into()));
        config.decide(&mut report, 2).unwrap();
        config.last_time += i64::from(24 * HOUR) - 1;
        assert_eq!(config.finalize(&mut report).unwrap_err(), ProofsError::WindowOpen.into());
        config.last_time += 1;
        config.finalize(&mut report).unwrap();
        assert_eq!(report.finalized_at, config.last_time);
        assert_eq!((config.final_seq, config.final_total, config.final_period_end), (7, 5, 7 * 3_600));
        assert_eq!(config.finalize(&mut report), Err(ProofsError::NotApproved.into()));
    }

    #[test]
    fn neither_totals_nor_periods_ever_fall() {
        let mut config = config();
        let [mut sixth, mut seventh, mut eighth, mut ninth] =
            [report(6, 5, 2), report(7, 9, 2), report(8, 8, 2), report(9, 9, 2)];
        for report in [&mut sixth, &mut seventh, &mut eighth, &mut ninth] {
            config.decide(report, 2).unwrap();
        }
        config.last_time += i64::from(24 * HOUR);
        config.finalize(&mut seventh).unwrap();
        assert_eq!(config.finalize(&mut sixth).unwrap_err(), ProofsError::PeriodFell.into());
        assert_eq!(config.finalize(&mut eighth).unwrap_err(), ProofsError::TotalFell.into());
        config.finalize(&mut ninth).unwrap();
    }
}
