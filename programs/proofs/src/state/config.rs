use super::{AttesterSet, Report};
use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::abi::{self, ReportState, CREDITABLE};
use io_common::ids;
use io_common::Roles;
use io_math::IO;

/// Pause bit: making and approving reports. Reports approved before still become final.
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

/// Longest time that rewards are held back behind their hour, seconds.
#[constant]
pub const MAX_HOLD: u32 = abi::MAX_HOLD;
/// Time from a correction's approval to its finality, seconds. The next correction is approved after this
/// time plus the hold at the earliest.
#[constant]
pub const CORRECTION_WINDOW: u32 = 72 * HOUR;
/// Heights whose reports are known, and the most that are approved and not final at once.
#[constant]
pub const KEPT_HEIGHTS: u8 = 192;
/// Places for their reports in an account.
pub const KEPT: usize = KEPT_HEIGHTS as usize;
/// Most reports that the guardian voids in [`VOID_PERIOD`].
#[constant]
pub const MAX_VOIDS: u8 = 20;
/// Places for their times in an account.
pub const VOIDS: usize = MAX_VOIDS as usize;
/// Time in which the guardian voids at most [`MAX_VOIDS`] reports, seconds.
#[constant]
pub const VOID_PERIOD: u32 = 30 * DAY;

/// Seed of the configuration: `["config"]`.
#[constant]
pub const CONFIG_SEED: &[u8] = b"config";

/// Parameters, as an instruction takes them.
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
    /// Most seconds for which a challenge freezes a node's credit, 1 to 7 days.
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
    /// Seconds that rewards are held back behind their hour, at most 30 days.
    pub hold: u32,
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
            hold: 7 * DAY,
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
        require_gte!(MAX_HOLD, self.hold, ProofsError::HoldOutOfBounds);
        Ok(())
    }
}

/// The report at the head, and the corrections that stand, after an instruction.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadState {
    /// Height of the latest report that reached the threshold and stands.
    pub height: u64,
    /// End of its period, unix time.
    pub period_end: i64,
    /// No report below this height is creditable.
    pub min_height: u64,
    /// When the latest correction that stands reached its threshold, unix time; 0 while none did.
    pub correction_at: i64,
    /// `min_height` before that correction, should it be voided.
    pub previous_min_height: u64,
    /// `correction_at` before that correction.
    pub previous_correction_at: i64,
}

/// The one configuration account of the program: `["config"]`.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Config {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    pub padding: [u8; 2],
    /// How long rewards are held back behind their hour, seconds.
    pub hold: u32,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Height of the latest report that reached the threshold and stands; 0 while none did.
    pub head: u64,
    /// Height of the latest final report; 0 while there is none.
    pub final_height: u64,
    /// No report below this height is creditable: that of the latest correction which reached the threshold and
    /// stands; 0 while none did.
    pub min_height: u64,
    /// End of the period of the report at the head, unix time.
    pub head_period_end: i64,
    /// Authority, pauser, and what is paused.
    pub roles: Roles,
    /// May void a report that is not final.
    pub guardian: Pubkey,
    /// Decides challenges.
    pub resolver: Pubkey,
    /// The latest final report; the default key while there is none.
    pub final_report: Pubkey,
    /// The highest total of all final reports, base units.
    pub highest_total: u64,
    /// What emission had paid until the end of that report's period, base units.
    pub highest_paid: u64,
    /// When the latest correction that stands reached its threshold, unix time; 0 while none did.
    pub correction_at: i64,
    /// `min_height` before that correction, should it be voided.
    pub previous_min_height: u64,
    /// `correction_at` before that correction.
    pub previous_correction_at: i64,
    /// Seconds from approval to finality.
    pub challenge_window: u32,
    /// Most seconds for which a challenge freezes a node's credit.
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
    /// Index at which the time of the guardian's next void is written.
    pub next_void: u8,
    pub padding_2: [u8; 7],
    /// When the guardian voided its latest reports, unix time.
    pub voids: [i64; VOIDS],
    /// Reports at the latest heights: that of height h at index h modulo 192.
    pub reports: [Pubkey; KEPT],
    pub reserved: [u8; 120],
}

/// Where the report of a height is kept.
fn place_of(height: u64) -> Option<usize> {
    usize::try_from(height.checked_rem(u64::from(KEPT_HEIGHTS))?).ok()
}

impl Config {
    pub const SPACE: usize = 8 + size_of::<Self>();
    /// With these seeds the configuration signs.
    pub const SIGNER: &'static [&'static [&'static [u8]]] = &[&[CONFIG_SEED, &[ids::PROOFS.bump]]];

    /// Gives every role to `authority`, and every parameter its default.
    pub fn begin(&mut self, authority: Pubkey) -> ParamsArgs {
        let params = ParamsArgs::new(authority);
        self.roles = Roles::new(authority);
        self.apply(&params);
        params
    }

    /// The head and the corrections, for events.
    pub fn head_state(&self) -> HeadState {
        HeadState {
            height: self.head,
            period_end: self.head_period_end,
            min_height: self.min_height,
            correction_at: self.correction_at,
            previous_min_height: self.previous_min_height,
            previous_correction_at: self.previous_correction_at,
        }
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
        self.hold = params.hold;
    }

    /// Whether `key` is the guardian's.
    pub fn is_guardian(&self, key: &Pubkey) -> bool {
        self.guardian == *key
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// The report at a height from the final one to the head; the default key below the first.
    fn report_at(&self, height: u64) -> Pubkey {
        if height == self.final_height {
            return self.final_report;
        }
        place_of(height).and_then(|place| self.reports.get(place)).copied().unwrap_or_default()
    }

    /// Whether `key` is the report at the head.
    pub fn is_head(&self, key: &Pubkey) -> bool {
        self.head > 0 && self.report_at(self.head) == *key
    }

    /// Whether a report that is not final is the one at its height, and not above the head.
    pub fn stands(&self, key: &Pubkey, report: &Report) -> bool {
        let between = self.final_height < report.height && report.height <= self.head;
        between && report.state == ReportState::Approved && self.report_at(report.height) == *key
    }

    /// A correction's total is at most the highest so far, and what was paid since: it gives nothing that had
    /// stayed unallocated.
    fn check_correction(&self, report: &Report) -> Result<()> {
        let since = report.paid.saturating_sub(self.highest_paid);
        require_gte!(
            self.highest_total.saturating_add(since),
            report.total,
            ProofsError::TotalAboveCorrection
        );
        Ok(())
    }

    /// Marks a report as approved once its approvals suffice; then it has to follow the report at the head. The
    /// first to get there is the only one of its height.
    pub fn decide(&mut self, key: Pubkey, report: &mut Report, set: &AttesterSet) -> Result<()> {
        require_gt!(report.height, self.head, ProofsError::AlreadyDecided);
        if report.is_correction() {
            self.check_correction(report)?;
        }
        if report.weight < report.needed(set) {
            return Ok(());
        }
        let follows = report.predecessor == self.report_at(self.head);
        require!(follows && report.height == self.head.saturating_add(1), ProofsError::NotAtHead);
        let pending = self.head.saturating_sub(self.final_height);
        require_gt!(u64::from(KEPT_HEIGHTS), pending, ProofsError::TooManyPending);
        if report.is_correction() {
            self.begin_correction(report.height)?;
        }
        self.set_head(key, report);
        report.state = ReportState::Approved;
        report.approved_at = self.last_time;
        Ok(())
    }

    fn set_head(&mut self, key: Pubkey, report: &Report) {
        self.head = report.height;
        self.head_period_end = report.period_end;
        if let Some(kept) = place_of(report.height).and_then(|place| self.reports.get_mut(place)) {
            *kept = key;
        }
    }

    /// From now on nothing earlier is creditable.
    fn begin_correction(&mut self, height: u64) -> Result<()> {
        require_gte!(self.final_height, self.min_height, ProofsError::CorrectionOpen);
        let wait = i64::from(self.hold).saturating_add(i64::from(CORRECTION_WINDOW));
        let from = self.correction_at.saturating_add(wait);
        require!(self.correction_at == 0 || self.last_time >= from, ProofsError::CorrectionTooSoon);
        self.previous_min_height = self.min_height;
        self.previous_correction_at = self.correction_at;
        self.min_height = height;
        self.correction_at = self.last_time;
        Ok(())
    }

    /// Makes a report that is neither final nor void worthless. One that stands takes the head with it.
    pub fn void(&mut self, key: &Pubkey, report: &mut Report) -> Result<()> {
        let undecided = [ReportState::Pending, ReportState::Approved].contains(&report.state);
        require!(undecided, ProofsError::ReportDecided);
        if self.stands(key, report) {
            self.head = report.height.saturating_sub(1);
            self.head_period_end = report.predecessor_end;
            if self.min_height >= report.height {
                self.min_height = self.previous_min_height;
                self.correction_at = self.previous_correction_at;
            }
        }
        report.state = ReportState::Void;
        Ok(())
    }

    /// Counts a void of the guardian's.
    pub fn count_void(&mut self) -> Result<()> {
        let next = usize::from(self.next_void);
        let oldest = self.voids.get_mut(next).ok_or(ProofsError::Overflow)?;
        let free = *oldest == 0 || oldest.saturating_add(i64::from(VOID_PERIOD)) <= self.last_time;
        require!(free, ProofsError::TooManyVoids);
        *oldest = self.last_time;
        self.next_void = self.next_void.saturating_add(1).checked_rem(MAX_VOIDS).unwrap_or(0);
        Ok(())
    }

    /// Makes the report above the latest final one final.
    pub fn finalize(&mut self, key: Pubkey, report: &mut Report) -> Result<()> {
        require!(report.state == ReportState::Approved, ProofsError::NotApproved);
        require!(self.stands(&key, report), ProofsError::ReportFell);
        require!(report.height == self.final_height.saturating_add(1), ProofsError::NotNext);
        let window = if report.is_correction() { CORRECTION_WINDOW } else { self.challenge_window };
        let window_end = report.approved_at.saturating_add(i64::from(window));
        require_gte!(self.last_time, window_end, ProofsError::WindowOpen);
        self.final_height = report.height;
        self.final_report = key;
        if report.total >= self.highest_total {
            self.highest_total = report.total;
            self.highest_paid = report.paid;
        }
        report.state = ReportState::Final;
        report.finalized_at = self.last_time;
        let held_until = report.period_end.saturating_add(i64::from(self.hold.max(window)));
        report.creditable_from = held_until.max(self.last_time);
        report.creditable_until = report.creditable_from.saturating_add(CREDITABLE);
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

    fn set() -> AttesterSet {
        AttesterSet { threshold: 4, total_weight: 6, ..AttesterSet::zeroed() }
    }

    /// With the weight of the threshold, of an hour at each height.
    fn report(height: u64, predecessor: Pubkey, total: u64) -> Report {
        let period_end = i64::try_from(height).unwrap() * 3_600;
        let predecessor_end = period_end - 3_600;
        let paid = height * 100;
        Report {
            seq: height,
            height,
            predecessor,
            total,
            paid,
            weight: 4,
            period_end,
            predecessor_end,
            ..Report::zeroed()
        }
    }

    fn correction(height: u64, predecessor: Pubkey, total: u64) -> Report {
        Report { correction: 1, weight: 5, ..report(height, predecessor, total) }
    }

    /// Approves a chain of reports on the head, and returns them with their keys.
    fn chain(config: &mut Config, count: u64) -> Vec<(Pubkey, Report)> {
        let mut made = Vec::new();
        for _ in 0..count {
            let key = Pubkey::new_unique();
            let mut next = report(config.head + 1, config.report_at(config.head), config.head * 50);
            config.decide(key, &mut next, &set()).unwrap();
            made.push((key, next));
        }
        made
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
    fn the_hold_has_its_bounds() {
        let fine = ParamsArgs::new(Pubkey::new_unique());
        for (hold, error) in [(0, None), (30 * DAY, None), (30 * DAY + 1, Some(()))] {
            let checked = ParamsArgs { hold, ..fine }.check();
            assert_eq!(checked.err(), error.map(|()| ProofsError::HoldOutOfBounds.into()));
        }
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        io_common::assert_layout!(
            Config,
            io_common::abi::ProofsConfig,
            [version, bump, padding, hold, last_time, head, final_height, min_height, head_period_end]
        );
        // No more than one call can create.
        const { assert!(Config::SPACE <= 10_240) };
    }

    #[test]
    fn the_first_report_to_the_threshold_decides_its_height() {
        let mut config = config();
        let mut slow = Report { weight: 3, ..report(1, Pubkey::default(), 5) };
        let (mut fast, key) = (report(1, Pubkey::default(), 6), Pubkey::new_unique());
        config.decide(Pubkey::new_unique(), &mut slow, &set()).unwrap();
        assert_eq!((slow.state, config.head), (ReportState::Pending, 0));
        config.decide(key, &mut fast, &set()).unwrap();
        assert_eq!((fast.state, fast.approved_at), (ReportState::Approved, 1_000_000));
        assert_eq!((config.head, config.head_period_end), (1, 3_600));
        slow.weight = 4;
        let late = config.decide(Pubkey::new_unique(), &mut slow, &set()).unwrap_err();
        assert_eq!(late, ProofsError::AlreadyDecided.into());
    }

    #[test]
    fn a_report_reaches_the_threshold_on_the_head_alone() {
        let mut config = config();
        let made = chain(&mut config, 2);
        let refused = |mut report: Report| {
            config.clone().decide(Pubkey::new_unique(), &mut report, &set()).unwrap_err()
        };
        assert_eq!(refused(report(4, made[1].0, 0)), ProofsError::NotAtHead.into());
        assert_eq!(refused(report(3, made[0].0, 0)), ProofsError::NotAtHead.into());
        // It may gather what does not suffice.
        let mut early = Report { weight: 3, ..report(4, Pubkey::new_unique(), 0) };
        assert_eq!(config.clone().decide(Pubkey::new_unique(), &mut early, &set()), Ok(()));
    }

    #[test]
    fn at_most_192_reports_are_approved_and_not_final() {
        let mut config = config();
        let mut made = chain(&mut config, u64::from(KEPT_HEIGHTS));
        let mut next = report(config.head + 1, made[191].0, 0);
        let refused = config.decide(Pubkey::new_unique(), &mut next, &set()).unwrap_err();
        assert_eq!(refused, ProofsError::TooManyPending.into());
        config.last_time += i64::from(24 * HOUR);
        let (key, first) = &mut made[0];
        config.finalize(*key, first).unwrap();
        config.decide(Pubkey::new_unique(), &mut next, &set()).unwrap();
        // The last place now holds a report 192 above the final one; what is above that still goes back to it.
        let (key, second) = &mut made[1];
        config.void(key, second).unwrap();
        assert_eq!((config.head, config.report_at(1)), (1, made[0].0));
        chain(&mut config, 3);
    }

    #[test]
    fn a_report_is_final_after_its_window_in_its_turn_and_creditable_after_the_hold() {
        let mut config = config();
        let mut made = chain(&mut config, 2);
        let window = i64::from(24 * HOUR);
        config.last_time += window - 1;
        let (first, second) = (made[0].0, made[1].0);
        assert_eq!(config.finalize(first, &mut made[0].1).unwrap_err(), ProofsError::WindowOpen.into());
        config.last_time += 1;
        assert_eq!(config.finalize(second, &mut made[1].1), Err(ProofsError::NotNext.into()));
        assert_eq!(config.finalize(second, &mut made[0].1), Err(ProofsError::ReportFell.into()));
        config.finalize(first, &mut made[0].1).unwrap();
        assert_eq!(config.finalize(first, &mut made[0].1), Err(ProofsError::NotApproved.into()));
        let done = &made[0].1;
        assert_eq!((config.final_height, config.final_report), (1, first));
        assert_eq!(done.finalized_at, config.last_time);
        // The period is long ago here, so that it is creditable at once.
        assert_eq!(done.creditable_from, config.last_time);
        config.last_time = made[1].1.period_end;
        made[1].1.approved_at = config.last_time - window;
        config.finalize(second, &mut made[1].1).unwrap();
        assert_eq!(made[1].1.creditable_from, made[1].1.period_end + i64::from(7 * DAY));
        assert_eq!(made[1].1.creditable_until, made[1].1.creditable_from + CREDITABLE);
    }

    #[test]
    fn voiding_a_report_that_stands_takes_the_head_with_it_and_others_move_nothing() {
        let mut config = config();
        let mut made = chain(&mut config, 4);
        let (key, third) = &mut made[2];
        config.void(key, third).unwrap();
        assert_eq!((config.head, config.head_period_end), (2, made[1].1.period_end));
        let (key, fallen) = &mut made[3];
        assert!(!config.stands(key, fallen));
        config.void(key, fallen).unwrap();
        assert_eq!(config.head, 2);
        let again = chain(&mut config, 2);
        // Its id is not the one at its height.
        let mut other = Report { state: ReportState::Approved, ..made[3].1 };
        let key = made[3].0;
        assert_eq!(config.finalize(key, &mut other).unwrap_err(), ProofsError::ReportFell.into());
        config.void(&key, &mut other).unwrap();
        assert_eq!((config.head, config.report_at(4)), (4, again[1].0));
        assert_eq!(config.void(&key, &mut other), Err(ProofsError::ReportDecided.into()));
    }

    #[test]
    fn a_correction_needs_four_fifths_or_the_guardian() {
        let config = config();
        let decided = |weight: u32, endorsed: u8| {
            let mut made = Report { weight, endorsed, ..correction(1, Pubkey::default(), 10) };
            config.clone().decide(Pubkey::new_unique(), &mut made, &set()).unwrap();
            made.state == ReportState::Approved
        };
        // Four fifths of six are 4.8.
        assert_eq!([decided(3, 1), decided(4, 0), decided(4, 1), decided(5, 0)], [false, false, true, true]);
    }

    #[test]
    fn a_correction_ends_what_was_before_it_and_its_void_restores_that() {
        let mut config = config();
        let made = chain(&mut config, 2);
        let (key, mut wrong) = (Pubkey::new_unique(), correction(3, made[1].0, 10));
        config.decide(key, &mut wrong, &set()).unwrap();
        assert_eq!((config.min_height, config.correction_at), (3, 1_000_000));
        // A second one would have to wait for the first.
        let mut second = correction(4, key, 10);
        let refused = config.clone().decide(Pubkey::new_unique(), &mut second, &set()).unwrap_err();
        assert_eq!(refused, ProofsError::CorrectionOpen.into());
        let mut voided = config;
        voided.void(&key, &mut wrong.clone()).unwrap();
        assert_eq!((voided.head, voided.min_height, voided.correction_at), (2, 0, 0));
        // So does the void of what it stands on.
        let mut lower = config;
        lower.void(&made[1].0, &mut made[1].1.clone()).unwrap();
        assert_eq!((lower.head, lower.min_height), (1, 0));
    }

    #[test]
    fn one_correction_is_approved_in_the_hold_and_72_hours() {
        let mut config = config();
        let (key, mut first) = (Pubkey::new_unique(), correction(1, Pubkey::default(), 10));
        config.decide(key, &mut first, &set()).unwrap();
        config.last_time += i64::from(72 * HOUR) - 1;
        assert_eq!(config.finalize(key, &mut first).unwrap_err(), ProofsError::WindowOpen.into());
        config.last_time += 1;
        config.finalize(key, &mut first).unwrap();
        config.last_time += i64::from(7 * DAY) - 1;
        let mut second = correction(2, key, 10);
        let soon = config.decide(Pubkey::new_unique(), &mut second, &set()).unwrap_err();
        assert_eq!(soon, ProofsError::CorrectionTooSoon.into());
        config.last_time += 1;
        config.decide(Pubkey::new_unique(), &mut second, &set()).unwrap();
    }

    #[test]
    fn a_correction_gives_nothing_that_had_stayed_unallocated() {
        let mut config = config();
        config.highest_total = 60;
        config.highest_paid = 100;
        config.head = 2;
        // 300 were paid until the third hour, 200 since.
        let decided = |total| {
            config.clone().decide(
                Pubkey::new_unique(),
                &mut correction(3, config.report_at(2), total),
                &set(),
            )
        };
        assert_eq!(decided(260), Ok(()));
        assert_eq!(decided(261).unwrap_err(), ProofsError::TotalAboveCorrection.into());
    }

    #[test]
    fn the_guardian_voids_twenty_reports_in_thirty_days() {
        let mut config = config();
        for _ in 0..20 {
            config.count_void().unwrap();
            config.last_time += 1;
        }
        assert_eq!(config.count_void(), Err(ProofsError::TooManyVoids.into()));
        config.last_time = 1_000_000 + i64::from(30 * DAY);
        config.count_void().unwrap();
        assert_eq!(config.count_void(), Err(ProofsError::TooManyVoids.into()));
    }
}
