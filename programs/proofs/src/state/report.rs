use super::AttesterSet;
use crate::errors::ProofsError;
use anchor_lang::prelude::*;
use io_common::abi::{self, ProofReason, ReportState};
use io_common::leaf::Verdict;
use io_common::merkle;
use io_math::emission::cumulative;
use io_math::HOUR;
use solana_sha256_hasher::hashv;

/// Most bytes of the address under which a report's evidence is published.
#[constant]
pub const MAX_URI: u8 = 96;
/// Places for them in an account.
pub const URI: usize = MAX_URI as usize;
/// Prefix of a report's content in its hash.
#[constant]
pub const REPORT_DOMAIN: &[u8] = b"ionet:report";
/// Prefix of a reward leaf in its hash, after a zero byte.
#[constant]
pub const REWARD_DOMAIN: &[u8] = merkle::REWARD;
/// Seed of a report: `["report", seq, content hash]`, the number in 8 bytes, little endian.
#[constant]
pub const REPORT_SEED: &[u8] = b"report";

/// A report's content, as attesters propose it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportArgs {
    /// The report that this one continues; the default key for the first.
    pub predecessor: Pubkey,
    /// Whether it is a correction, which may lower leaves.
    pub correction: bool,
    /// Merkle root of the reward leaves.
    pub root: [u8; 32],
    /// Sum over all nodes of the lifetime reward in the leaf, or of what was credited where that is more,
    /// base units of IO.
    pub total: u64,
    /// Unix time that the rewards count to, whole hours after the start of emission.
    pub period_end: i64,
    /// Number of leaves.
    pub leaves: u32,
    /// SHA-256 of what the rewards were computed from.
    pub evidence_hash: [u8; 32],
    /// Where the evidence is published, UTF-8, padded with zeros.
    pub evidence_uri: [u8; URI],
}

impl ReportArgs {
    /// `sha256("ionet:report" ‖ borsh(self))`.
    pub fn content_hash(&self) -> Result<[u8; 32]> {
        let mut content = Vec::with_capacity(size_of::<Self>());
        self.serialize(&mut content)?;
        Ok(hashv(&[REPORT_DOMAIN, &content]).to_bytes())
    }

    /// Checks the content against the address it is made for, the schedule, its predecessor and the time; returns
    /// what emission had paid until the end of its period.
    pub fn check(
        &self,
        seq: u64,
        content_hash: &[u8; 32],
        emission: &abi::MintConfig,
        predecessor: &Predecessor,
        now: i64,
    ) -> Result<u64> {
        require!(self.content_hash()? == *content_hash, ProofsError::WrongContentHash);
        require_gt!(self.period_end, emission.start, ProofsError::PeriodBeforeStart);
        let seconds = self.period_end.saturating_sub(emission.start);
        // Unsigned, because the program's instruction set divides nothing else.
        let (elapsed, hour) = (seconds.unsigned_abs(), HOUR.unsigned_abs());
        require!(elapsed.checked_rem(hour) == Some(0), ProofsError::PeriodNotWholeHours);
        require_gte!(now, self.period_end, ProofsError::PeriodNotOver);
        require!(elapsed.checked_div(hour) == Some(seq), ProofsError::WrongSeq);
        require_gt!(self.period_end, predecessor.period_end, ProofsError::PeriodFell);
        require!(self.leaves > 0, ProofsError::NoLeaves);
        // What a policy withheld of these hours is known once they are emitted, and stays what it was.
        let scheduled = cumulative(seconds);
        require_gte!(emission.emitted, scheduled, ProofsError::NotEmitted);
        let paid = emission.paid_until(scheduled).ok_or(ProofsError::PeriodForgotten)?;
        require_gte!(paid, self.total, ProofsError::TotalAboveEmission);
        let rises = self.correction || self.total >= predecessor.total;
        require!(rises, ProofsError::TotalFell);
        Ok(paid)
    }
}

/// What a report is measured by: the report that it continues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Predecessor {
    /// Its height; 0 where there is none.
    pub height: u64,
    /// Its total.
    pub total: u64,
    /// The end of its period.
    pub period_end: i64,
}

impl Predecessor {
    /// The report in `account`, which has to be the one that `args` names; none for the default key.
    pub fn read(args: &ReportArgs, account: &AccountInfo) -> Result<Self> {
        require_keys_eq!(*account.key, args.predecessor, ProofsError::WrongPredecessor);
        if args.predecessor == Pubkey::default() {
            return Ok(Self::default());
        }
        let report = abi::read::<abi::Report>(account).ok_or(ProofsError::WrongPredecessor)?;
        Ok(Self { height: report.height, total: report.total, period_end: report.period_end })
    }
}

/// Cumulative rewards of all nodes until the end of a period: `["report", seq, sha256(content)]`. Never
/// closed: what attesters have approved stays on record.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Report {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Where it stands.
    pub state: ReportState,
    /// 1 for a correction, which may lower leaves.
    pub correction: u8,
    pub padding: [u8; 4],
    /// Hours from the start of emission to `period_end`.
    pub seq: u64,
    /// Merkle root of the reward leaves.
    pub root: [u8; 32],
    /// Sum over all nodes of the lifetime reward in the leaf, or of what was credited where that is more,
    /// base units of IO.
    pub total: u64,
    /// Unix time that the rewards count to.
    pub period_end: i64,
    /// When it became final, unix time; 0 before.
    pub finalized_at: i64,
    /// Its predecessor's height plus one.
    pub height: u64,
    /// From when its leaves are creditable, unix time; set when it becomes final.
    pub creditable_from: i64,
    /// The last second in which they are, unix time.
    pub creditable_until: i64,
    /// The predecessor: the report that it continues; the default key for the first.
    pub predecessor: Pubkey,
    /// End of the predecessor's period, unix time, or 0.
    pub predecessor_end: i64,
    /// What emission had paid until the end of its period, base units.
    pub paid: u64,
    /// The attester set whose approvals count.
    pub set_version: u32,
    /// Number of leaves.
    pub leaves: u32,
    /// Seats that have approved, a bit each.
    pub approvals: u32,
    /// Weight of those seats.
    pub weight: u32,
    /// When the threshold was reached, unix time; 0 before.
    pub approved_at: i64,
    /// When it was made, unix time.
    pub created_at: i64,
    /// 1 when the guardian has endorsed it, which a correction of less than four fifths of the weight needs.
    pub endorsed: u8,
    pub padding_2: [u8; 7],
    /// The attester who made it and paid for the account.
    pub payer: Pubkey,
    /// SHA-256 of the content; part of the address.
    pub content_hash: [u8; 32],
    /// SHA-256 of what the rewards were computed from.
    pub evidence_hash: [u8; 32],
    /// Where the evidence is published, UTF-8, padded with zeros.
    pub evidence_uri: [u8; URI],
    pub reserved: [u8; 64],
}

/// What a report keeps besides its content.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub seq: u64,
    pub content_hash: [u8; 32],
    pub paid: u64,
    pub set_version: u32,
    pub payer: Pubkey,
    pub now: i64,
}

impl Report {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// Takes the content; nobody has approved it yet.
    pub fn begin(&mut self, made: Made, args: &ReportArgs, predecessor: &Predecessor) {
        let ReportArgs { root, total, period_end, leaves, evidence_hash, evidence_uri, correction, .. } =
            *args;
        let Made { seq, content_hash, paid, set_version, payer, now } = made;
        *self = Self {
            state: ReportState::Pending,
            correction: u8::from(correction),
            seq,
            root,
            total,
            period_end,
            height: predecessor.height.saturating_add(1),
            predecessor: args.predecessor,
            predecessor_end: predecessor.period_end,
            paid,
            set_version,
            leaves,
            created_at: now,
            payer,
            content_hash,
            evidence_hash,
            evidence_uri,
            ..*self
        };
    }

    pub fn is_correction(&self) -> bool {
        self.correction == 1
    }

    /// The weight that approves it: the threshold, or four fifths of all for a correction that the guardian has
    /// not endorsed.
    pub fn needed(&self, set: &AttesterSet) -> u32 {
        if !self.is_correction() || self.endorsed == 1 {
            return set.threshold;
        }
        let four_fifths = u64::from(set.total_weight).saturating_mul(4).div_ceil(5);
        u32::try_from(four_fifths).unwrap_or(u32::MAX).max(set.threshold)
    }

    /// Counts the guardian's word for a correction.
    pub fn endorse(&mut self, set: &AttesterSet) -> Result<()> {
        require!(self.is_correction(), ProofsError::NotACorrection);
        require!(self.state == ReportState::Pending, ProofsError::NotPending);
        require!(self.set_version == set.set_version, ProofsError::StaleSet);
        require!(self.endorsed == 0, ProofsError::AlreadyEndorsed);
        self.endorsed = 1;
        Ok(())
    }

    /// Makes it pending again, without approvals. `stands`: whether it is approved and may become final.
    pub fn renew(&mut self, set: &AttesterSet, stands: bool) -> Result<()> {
        let stale = self.state == ReportState::Pending && self.set_version != set.set_version;
        let fell = self.state == ReportState::Approved && !stands;
        require!(stale || fell || self.state == ReportState::Void, ProofsError::NotRenewable);
        self.state = ReportState::Pending;
        self.set_version = set.set_version;
        self.approvals = 0;
        self.weight = 0;
        self.approved_at = 0;
        self.endorsed = 0;
        Ok(())
    }

    /// Whether a leaf can still be, or may already have been, credited from it.
    pub fn check_challengeable(&self) -> Result<()> {
        let pays = [ReportState::Approved, ReportState::Final].contains(&self.state);
        require!(pays, ProofsError::NotChallengeable);
        Ok(())
    }

    /// What a leaf of it may say of a node's compute proofs.
    pub fn check_verdict(&self, verdict: &Verdict) -> Result<()> {
        let Verdict { time, reason, passed, .. } = *verdict;
        require!(reason.is_known(), ProofsError::UnknownReason);
        let consistent = passed == (reason == ProofReason::Passed) && time <= self.period_end;
        require!(consistent, ProofsError::WrongVerdict);
        Ok(())
    }

    /// Counts an attester's approval and returns its seat.
    pub fn approve(&mut self, set: &AttesterSet, attester: &Pubkey) -> Result<u8> {
        require!(self.state == ReportState::Pending, ProofsError::NotPending);
        require!(self.set_version == set.set_version, ProofsError::StaleSet);
        let (seat, weight) = set.seat_of(attester).ok_or(ProofsError::NotAttester)?;
        let bit = 1u32.checked_shl(u32::from(seat)).ok_or(ProofsError::Overflow)?;
        require!(self.approvals & bit == 0, ProofsError::AlreadyApproved);
        self.approvals |= bit;
        self.weight = self.weight.checked_add(weight).ok_or(ProofsError::Overflow)?;
        Ok(seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Seat;
    use bytemuck::Zeroable;
    use io_common::assert_layout;

    const START: i64 = 1_800_000_000;

    fn args() -> ReportArgs {
        ReportArgs {
            predecessor: Pubkey::default(),
            correction: false,
            root: [1; 32],
            total: cumulative(2 * HOUR) - 10,
            period_end: START + 2 * HOUR,
            leaves: 3,
            evidence_hash: [2; 32],
            evidence_uri: [3; 96],
        }
    }

    /// Emitted to the end of the third hour, of which 3 were withheld; 10 of the first two, which were
    /// emitted together.
    fn emission() -> abi::MintConfig {
        let mut emission = abi::MintConfig { start: START, withheld: 13, ..abi::MintConfig::zeroed() };
        emission.emitted = cumulative(3 * HOUR);
        emission.history[1] = abi::Checkpoint { emitted: cumulative(2 * HOUR), withheld: 10 };
        emission.history[0] = abi::Checkpoint { emitted: emission.emitted, withheld: 13 };
        emission
    }

    fn check(args: ReportArgs, seq: u64, now: i64) -> Result<()> {
        args.check(seq, &args.content_hash()?, &emission(), &Predecessor::default(), now).map(|_| ())
    }

    fn code(result: Result<()>) -> Option<u32> {
        result.err().map(|error| match error {
            Error::AnchorError(error) => error.error_code_number,
            Error::ProgramError(_) => 0,
        })
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(
            Report,
            abi::Report,
            [
                version,
                bump,
                state,
                correction,
                padding,
                seq,
                root,
                total,
                period_end,
                finalized_at,
                height,
                creditable_from,
                creditable_until
            ]
        );
    }

    #[test]
    fn the_content_hash_is_the_published_one() {
        // python: sha256(b"ionet:report" + bytes(33) + bytes(32) + (5).to_bytes(8, "little") + (6).to_bytes(8, "little")
        //         + (7).to_bytes(4, "little") + bytes(32) + bytes(96))
        let args = ReportArgs {
            predecessor: Pubkey::default(),
            correction: false,
            root: [0; 32],
            total: 5,
            period_end: 6,
            leaves: 7,
            evidence_hash: [0; 32],
            evidence_uri: [0; 96],
        };
        let hex: String = args.content_hash().unwrap().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "423020102591bb6b3d1b9f79df1fe072dec0407510116345d3b0b88b22d35c13");
    }

    #[test]
    fn a_report_of_all_that_was_emitted_and_not_withheld_is_accepted_at_the_end_of_its_period() {
        assert_eq!(check(args(), 2, START + 2 * HOUR), Ok(()));
    }

    #[test]
    fn a_content_that_does_not_fit_its_period_is_refused() {
        let now = START + 3 * HOUR;
        let refused = |args: ReportArgs, seq: u64, now: i64, error: ProofsError| {
            assert_eq!(code(check(args, seq, now)), Some(error.into()));
        };
        refused(args(), 2, START + 2 * HOUR - 1, ProofsError::PeriodNotOver);
        refused(args(), 3, now, ProofsError::WrongSeq);
        refused(ReportArgs { period_end: START, ..args() }, 0, now, ProofsError::PeriodBeforeStart);
        refused(ReportArgs { period_end: i64::MIN, ..args() }, 0, now, ProofsError::PeriodBeforeStart);
        let odd = ReportArgs { period_end: START + 2 * HOUR - 1, ..args() };
        refused(odd, 2, now, ProofsError::PeriodNotWholeHours);
        refused(ReportArgs { leaves: 0, ..args() }, 2, now, ProofsError::NoLeaves);
        let more = ReportArgs { total: args().total + 1, ..args() };
        refused(more, 2, now, ProofsError::TotalAboveEmission);
        let early = ReportArgs { period_end: START + 4 * HOUR, ..args() };
        refused(early, 4, START + 4 * HOUR, ProofsError::NotEmitted);
        let hash = more.content_hash().unwrap();
        let other = args().check(2, &hash, &emission(), &Predecessor::default(), now).map(|_| ());
        assert_eq!(code(other), Some(ProofsError::WrongContentHash.into()));
    }

    #[test]
    fn a_report_continues_its_predecessor_and_only_a_correction_lowers_the_total() {
        let before = Predecessor { height: 1, total: 500, period_end: START + HOUR };
        let check = |args: ReportArgs, before: Predecessor| {
            let hash = args.content_hash().unwrap();
            code(args.check(2, &hash, &emission(), &before, START + 2 * HOUR).map(|_| ()))
        };
        assert_eq!(check(ReportArgs { total: 500, ..args() }, before), None);
        let lower = ReportArgs { total: 499, ..args() };
        assert_eq!(check(lower, before), Some(ProofsError::TotalFell.into()));
        assert_eq!(check(ReportArgs { correction: true, ..lower }, before), None);
        let same = Predecessor { period_end: START + 2 * HOUR, ..before };
        assert_eq!(check(args(), same), Some(ProofsError::PeriodFell.into()));
    }

    #[test]
    fn what_is_void_fallen_or_of_an_old_set_is_renewed_without_its_approvals() {
        let set = AttesterSet { set_version: 2, ..AttesterSet::zeroed() };
        let of = |state, set_version| Report {
            state,
            set_version,
            weight: 3,
            approvals: 1,
            approved_at: 7,
            endorsed: 1,
            ..Report::zeroed()
        };
        for (state, set_version, stands, renewed) in [
            (ReportState::Void, 2, false, true),
            (ReportState::Pending, 1, false, true),
            (ReportState::Pending, 2, false, false),
            (ReportState::Approved, 1, false, true),
            (ReportState::Approved, 1, true, false),
            (ReportState::Final, 1, false, false),
        ] {
            let mut report = of(state, set_version);
            assert_eq!(report.renew(&set, stands).is_ok(), renewed, "{state:?} {set_version} {stands}");
            if renewed {
                assert_eq!((report.state, report.set_version), (ReportState::Pending, 2));
                let gathered = (report.weight, report.approvals, report.approved_at, report.endorsed);
                assert_eq!(gathered, (0, 0, 0, 0));
            }
        }
    }

    #[test]
    fn a_total_is_measured_by_what_was_withheld_of_its_own_hours() {
        let check = |hours: i64, total: u64, emission: &abi::MintConfig| {
            let args = ReportArgs { total, period_end: START + hours * HOUR, ..args() };
            let seq = hours.unsigned_abs();
            let hash = args.content_hash().unwrap();
            let checked = args.check(seq, &hash, emission, &Predecessor::default(), START + 9 * HOUR);
            code(checked.map(|_| ()))
        };
        let above = Some(ProofsError::TotalAboveEmission.into());
        let mut emission = emission();
        // Half of what the first two hours were paid, 2 · 456,308,464,522 − 10.
        for (hours, most) in [(1, 456_308_464_517), (2, 912_616_929_034), (3, cumulative(3 * HOUR) - 13)] {
            assert_eq!(check(hours, most, &emission), None, "{hours} h");
            assert_eq!(check(hours, most + 1, &emission), above, "{hours} h");
        }
        // When every place is taken by later cranks, the hour is too old; a newer report heals it.
        emission.history = [emission.history[0]; abi::HISTORY];
        assert_eq!(check(2, 1, &emission), Some(ProofsError::PeriodForgotten.into()));
        assert_eq!(check(3, 1, &emission), None);
    }

    #[test]
    fn each_seat_of_the_set_approves_once_while_the_report_is_pending() {
        let keys = [Pubkey::new_unique(), Pubkey::new_unique()];
        let mut set = AttesterSet::zeroed();
        set.replace(&keys.map(|key| Seat { key, weight: 3 }), 6, 0).unwrap();
        let mut report = Report { set_version: 1, ..Report::zeroed() };
        assert_eq!(report.approve(&set, &keys[1]), Ok(1));
        assert_eq!((report.approvals, report.weight), (0b10, 3));
        assert_eq!(report.approve(&set, &keys[1]), Err(ProofsError::AlreadyApproved.into()));
        assert_eq!(report.approve(&set, &Pubkey::default()), Err(ProofsError::NotAttester.into()));
        let mut stale = Report { set_version: 0, ..report };
        assert_eq!(stale.approve(&set, &keys[0]), Err(ProofsError::StaleSet.into()));
        let mut void = Report { state: ReportState::Void, ..report };
        assert_eq!(void.approve(&set, &keys[0]), Err(ProofsError::NotPending.into()));
        assert_eq!(report.approve(&set, &keys[0]), Ok(0));
        assert_eq!((report.approvals, report.weight), (0b11, 6));
    }
}
