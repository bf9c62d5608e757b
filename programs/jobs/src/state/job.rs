use super::{Broken, DISPUTE_TIME, DISPUTE_WINDOW, LOST_WITHIN, MANIFEST_WINDOW, SILENCE, START_WINDOW};
use crate::errors::JobsError;
use anchor_lang::prelude::*;
use core::cmp::Ordering;
use io_common::abi::SEATS;
pub use io_common::abi::{CloseReason, JobState, PayoutKind};
use io_math::escrow::{self, Division, Ending, Rates};

/// Places for segments in a job's account.
pub const SEGMENTS: usize = MAX_SEGMENTS as usize;
/// Most segments of a job: the booking and its extensions.
#[constant]
pub const MAX_SEGMENTS: u8 = 5;
/// The time that a renter pays for in any case, and the shortest rental, seconds.
#[constant]
pub const FIRST_HOUR: u64 = escrow::FIRST_HOUR;
/// Seed of a job: `["job", offer, nonce]`, the nonce in 8 bytes, little endian.
#[constant]
pub const JOB_SEED: &[u8] = b"job";
/// Seed of the token account that holds a deposit: `["escrow", job]`.
#[constant]
pub const ESCROW_SEED: &[u8] = b"escrow";
/// Seed of the buyback's token account that a supplier's part waits in: `["payout", job]`.
#[constant]
pub const PAYOUT_SEED: &[u8] = b"payout";

/// Bit of `Job.disputes`: the renter has disputed it.
#[constant]
pub const DISPUTED_BY_RENTER: u8 = 1;
/// Bit of `Job.disputes`: the supplier has disputed it.
#[constant]
pub const DISPUTED_BY_SUPPLIER: u8 = 2;

/// Bit of an attestation's reason: a sample was missing.
#[constant]
pub const BREAK_SAMPLE_GAP: u16 = 1;
/// Bit of an attestation's reason: another process was on the device.
#[constant]
pub const BREAK_FOREIGN_PROCESS: u16 = 2;
/// Bit of an attestation's reason: the device was used by others.
#[constant]
pub const BREAK_FOREIGN_USE: u16 = 4;
/// Bit of an attestation's reason: a sample was wrong.
#[constant]
pub const BREAK_BAD_SAMPLE: u16 = 8;
/// Bit of an attestation's reason: the node could not be reached.
#[constant]
pub const BREAK_NODE_LOST: u16 = 16;
/// Bit of an attestation's reason: the node failed a compute challenge.
#[constant]
pub const BREAK_CHALLENGE_FAILED: u16 = 32;

/// A segment of booked time: the booking, or an extension.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Its length in seconds.
    pub seconds: u64,
    /// Its price, base units of the job's mint.
    pub price: u64,
}

/// What one attester seat has seen of the job, in seconds since its start.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Seconds in which the node was up and used by nobody else.
    pub good: u32,
    /// Seconds that were looked at.
    pub upto: u32,
    /// When it stated that the node is gone, unix time; 0 where it has not, or has attested since.
    pub lost_at: i64,
    /// The key that attested last.
    pub key: Pubkey,
}

impl Seen {
    /// Seconds that an attestation finds not good: of those newly looked at, and of those called good before.
    pub fn lost_since(&self, args: &AttestArgs) -> u32 {
        let looked = args.upto.saturating_sub(self.upto);
        looked.saturating_add(self.good).saturating_sub(args.good)
    }
}

io_common::open_enum!(
    /// Who is paid out of a job's escrow.
    pub enum Party {
        /// The supplier.
        Supplier = 0,
        /// The buyback's fee vault.
        FeeVault = 1,
        /// The renter, or the wallet that gets the refund in their place.
        Renter = 2,
    }
);

/// What an attester says.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestArgs {
    /// Good seconds since the start, in all.
    pub good: u32,
    /// Seconds since the start that were looked at, in all.
    pub upto: u32,
    /// Why time since the last attestation was not good, bits `BREAK_*`; 0 when all of it was.
    pub reason: u16,
    /// Digest of the latest Proof of Compute; zeros when there is none yet.
    pub proof_digest: [u8; 32],
    /// Digest of the device's signed samples that show it used by nobody else: without it no time is good.
    pub timelock: [u8; 32],
    /// Hash of the job's result; zeros while there is none. It is recorded and unlocks nothing.
    pub result_hash: [u8; 32],
}

/// What a booking fixes for the life of its job.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The node's owner.
    pub supplier: Pubkey,
    pub price: u64,
    pub fee: u64,
    pub seconds: u64,
    pub rate: u64,
    pub units: u32,
    pub booking_bps: u16,
    pub renter_payment_bps: u16,
    pub supplier_payment_bps: u16,
    pub attesters: u8,
    /// When the node passed its latest compute proof.
    pub verdict_at: i64,
}

/// A rental with its escrow: `["job", offer, nonce]`. deposit = paid to the supplier + fees + refund +
/// what the escrow holds, at all times.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Job {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Where it stands.
    pub state: JobState,
    /// Why it ended, or was stopped.
    pub reason: CloseReason,
    /// Attesters that must have seen a second good for it to count.
    pub attesters: u8,
    /// What the supplier is paid in, as the offer said at booking.
    pub payout: PayoutKind,
    /// Jobs that its cluster was opened for; 1 for a job that stands alone.
    pub cluster_size: u8,
    /// Segments in use.
    pub segment_count: u8,
    /// Booking fee of each side, bps; fixed at booking, as are the other two.
    pub booking_bps: u16,
    /// Payment fee of the renter, bps.
    pub renter_payment_bps: u16,
    /// Payment fee of the supplier, bps.
    pub supplier_payment_bps: u16,
    /// Who has disputed it: bit 0 the renter, bit 1 the supplier. Each may once.
    pub disputes: u8,
    pub padding: u8,
    /// The node's offer.
    pub offer: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Who booked it.
    pub renter: Pubkey,
    /// The node's owner at booking.
    pub supplier: Pubkey,
    /// What the renter pays in.
    pub mint: Pubkey,
    /// The buyback's account `["payout", job]`, which gets the supplier's part where the supplier is paid in
    /// IO and the renter pays in another mint; else zeros.
    pub payout_vault: Pubkey,
    /// Paid to the supplier, or into their payout account, so far, base units.
    pub paid_supplier: u64,
    /// Token account that holds the deposit.
    pub escrow: Pubkey,
    /// The buyback's vault that the fees go to.
    pub fee_vault: Pubkey,
    /// Who gets the rent back.
    pub rent_payer: Pubkey,
    /// The cluster's account, or zeros.
    pub cluster: Pubkey,
    /// `sha256` of the manifest that says what is to be run.
    pub manifest_hash: [u8; 32],
    /// Hash of the result as attested; unlocks nothing.
    pub result_hash: [u8; 32],
    /// Digest of the latest Proof of Compute.
    pub proof_digest: [u8; 32],
    /// Part of the address.
    pub nonce: u64,
    /// Micro-dollars per unit and hour.
    pub rate: u64,
    /// Processors of the node at booking.
    pub units: u32,
    /// 1 when an attester has confirmed in time that it had the manifest.
    pub manifest_seen: u8,
    /// How it came into a cluster that ran: 1 in place of a lost job, 2 in a place that was added; else 0.
    pub replaces: u8,
    /// Seats whose good time a successor has lowered, a bit each.
    pub lowered: u16,
    /// Sum of the segments' prices, base units.
    pub price: u64,
    /// Sum of the renter's fees, base units.
    pub fee: u64,
    /// Sum of the segments' seconds.
    pub seconds: u64,
    /// When it was booked, unix time.
    pub booked_at: i64,
    /// When the booked time began, unix time; 0 before.
    pub started_at: i64,
    /// When the booked time is over, unix time; 0 before the start.
    pub ends_at: i64,
    /// When it ended, unix time; 0 before.
    pub ended_at: i64,
    /// When an attester last looked at it, unix time.
    pub last_attested_at: i64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// Nothing is paid before this time, while a dispute is open; 0 where none is.
    pub frozen_until: i64,
    /// Owed to the supplier in all, once the job has ended, base units.
    pub owed_supplier: u64,
    /// Owed to the fee vault in all, once the job has ended, base units.
    pub owed_fees: u64,
    /// Owed to `refund_to` in all, once the job has ended, base units.
    pub owed_refund: u64,
    /// Fees paid so far, base units.
    pub paid_fees: u64,
    /// Refunded so far, base units.
    pub paid_refund: u64,
    /// The wallet that gets the refund; fixed at booking.
    pub refund_to: Pubkey,
    /// When the node passed the compute proof that it was booked on, unix time.
    pub verdict_at: i64,
    /// Good seconds that the supplier was paid for at the last payment: no seat is lowered below them.
    pub settled_good: u64,
    /// Number of the latest event.
    pub seq: u64,
    /// The booking and the extensions, in order; the first `segment_count` are in use.
    pub segments: [Segment; SEGMENTS],
    /// What each attester seat has seen, by number of the seat.
    pub seen: [Seen; SEATS],
    pub reserved: [u8; 72],
}

impl Job {
    pub const SPACE: usize = 8 + size_of::<Self>();

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    pub fn is(&self, state: JobState) -> bool {
        self.state == state
    }

    /// Fills in what the booking fixes.
    pub fn book(&mut self, terms: Terms, now: i64) {
        let Terms { price, fee, seconds, rate, units, .. } = terms;
        self.state = JobState::Booked;
        self.supplier = terms.supplier;
        (self.attesters, self.verdict_at) = (terms.attesters, terms.verdict_at);
        self.booking_bps = terms.booking_bps;
        self.renter_payment_bps = terms.renter_payment_bps;
        self.supplier_payment_bps = terms.supplier_payment_bps;
        (self.price, self.fee, self.seconds, self.rate, self.units) = (price, fee, seconds, rate, units);
        if let Some(first) = self.segments.first_mut() {
            *first = Segment { seconds, price };
        }
        self.segment_count = 1;
        self.booked_at = now;
        self.last_time = now;
    }

    /// The latest time of a start.
    pub fn start_by(&self) -> i64 {
        self.booked_at.saturating_add(START_WINDOW)
    }

    /// Begins the booked time.
    pub fn start(&mut self, now: i64) -> Result<()> {
        require!(self.is(JobState::Booked), JobsError::NotBooked);
        require_gte!(self.start_by(), now, JobsError::StartWindowOver);
        let seconds = i64::try_from(self.seconds).map_err(|_| JobsError::Overflow)?;
        self.state = JobState::Running;
        self.started_at = now;
        self.ends_at = now.checked_add(seconds).ok_or(JobsError::Overflow)?;
        self.last_attested_at = now;
        Ok(())
    }

    /// Adds a segment of time to a job that runs. The fee rates are those of the booking.
    pub fn extend(&mut self, seconds: u64, price: u64, now: i64) -> Result<u64> {
        require!(self.is(JobState::Running), JobsError::NotRunning);
        require_gt!(self.ends_at, now, JobsError::Over);
        require!(!self.is_frozen(now), JobsError::Disputed);
        require_gt!(seconds, 0, JobsError::DurationOutOfBounds);
        let fee = self.rates().renter_fee(price).ok_or(JobsError::Overflow)?;
        let place = self.segments.get_mut(usize::from(self.segment_count));
        *place.ok_or(JobsError::TooManyExtensions)? = Segment { seconds, price };
        self.segment_count = self.segment_count.saturating_add(1);
        self.price = self.price.checked_add(price).ok_or(JobsError::Overflow)?;
        self.fee = self.fee.checked_add(fee).ok_or(JobsError::Overflow)?;
        self.seconds = self.seconds.checked_add(seconds).ok_or(JobsError::Overflow)?;
        let seconds = i64::try_from(seconds).map_err(|_| JobsError::Overflow)?;
        self.ends_at = self.ends_at.checked_add(seconds).ok_or(JobsError::Overflow)?;
        Ok(fee)
    }

    /// Seconds from the start to `now`, at most the booked ones.
    fn elapsed(&self, now: i64) -> u64 {
        u64::try_from(now.min(self.ends_at).saturating_sub(self.started_at)).unwrap_or(0)
    }

    /// Checks that a key has not spoken for another seat of the job: it would count twice.
    fn check_key(&self, seat: u8, key: &Pubkey) -> Result<()> {
        let elsewhere = |(number, seen): (usize, &Seen)| number != usize::from(seat) && seen.key == *key;
        require!(!self.seen.iter().enumerate().any(elsewhere), JobsError::SeatMoved);
        Ok(())
    }

    /// Lets a successor on a seat take back good time that the seat has called good, once: not what the
    /// supplier was paid for.
    fn lower(&mut self, seat: u8, seen: &Seen, key: &Pubkey, good: u32) -> Result<()> {
        require!(seen.key != Pubkey::default() && seen.key != *key, JobsError::AttestationFalls);
        let bit = 1u16.checked_shl(seat.into()).ok_or(JobsError::NotAttester)?;
        require!(self.lowered & bit == 0, JobsError::LoweredBefore);
        require_gte!(u64::from(good), self.settled_good, JobsError::LoweredBelowPaid);
        self.lowered |= bit;
        Ok(())
    }

    /// Records an attestation: neither sum falls, no second counts twice, and none that has not
    /// passed. Only a successor on the seat may correct its good time, once. Returns what the seat had said
    /// before.
    pub fn attest(&mut self, seat: u8, key: &Pubkey, args: &AttestArgs, now: i64) -> Result<Seen> {
        require!(self.is(JobState::Running), JobsError::NotRunning);
        self.check_key(seat, key)?;
        let before = *self.seen.get(usize::from(seat)).ok_or(JobsError::NotAttester)?;
        require_gte!(args.upto, before.upto, JobsError::AttestationFalls);
        if args.good < before.good {
            self.lower(seat, &before, key, args.good)?;
        }
        require_gte!(self.elapsed(now), u64::from(args.upto), JobsError::AttestationAhead);
        let looked = args.upto.saturating_sub(before.upto);
        require_gte!(looked, args.good.saturating_sub(before.good), JobsError::AttestationOverlaps);
        require!((before.lost_since(args) > 0) == (args.reason != 0), JobsError::BreakWithoutReason);
        require!(args.good <= before.good || args.timelock != [0; 32], JobsError::NoTimelock);
        if let Some(seen) = self.seen.get_mut(usize::from(seat)) {
            *seen = Seen { good: args.good, upto: args.upto, lost_at: 0, key: *key };
        }
        self.last_attested_at = now;
        for (field, value) in
            [(&mut self.proof_digest, args.proof_digest), (&mut self.result_hash, args.result_hash)]
        {
            if value != [0; 32] {
                *field = value;
            }
        }
        Ok(before)
    }

    /// Records that a seat finds the node gone. When enough have said so within an hour the job ends: its good
    /// time is paid, without the first hour. Says whether it has ended.
    pub fn lose(&mut self, seat: u8, key: &Pubkey, now: i64) -> Result<bool> {
        require!(self.is(JobState::Running), JobsError::NotRunning);
        require_gt!(self.ends_at, now, JobsError::Over);
        self.check_key(seat, key)?;
        self.seen.get_mut(usize::from(seat)).ok_or(JobsError::NotAttester)?.lost_at = now;
        let since = now.saturating_sub(LOST_WITHIN);
        let gone = self.seen.iter().filter(|seen| seen.lost_at != 0 && seen.lost_at >= since).count();
        let ends = gone >= usize::from(self.attesters);
        if ends {
            self.ends_at = now;
            self.end(Ending::Lost, CloseReason::Lost, now)?;
        }
        Ok(ends)
    }

    /// Records that what is to be run is at hand, early enough for the supplier to start it.
    pub fn confirm_manifest(&mut self, now: i64) -> Result<()> {
        require!(self.is(JobState::Booked), JobsError::NotBooked);
        let until = self.booked_at.saturating_add(MANIFEST_WINDOW);
        require_gte!(until, now, JobsError::ManifestLate);
        self.manifest_seen = 1;
        Ok(())
    }

    /// The value that enough seats reach: the k-th largest.
    fn agreed(&self, value: impl Fn(&Seen) -> u32) -> u32 {
        let reach = |level: &u32| self.seen.iter().filter(|seen| value(seen) >= *level).count();
        let enough = |level: &u32| reach(level) >= usize::from(self.attesters);
        // Most seats have said nothing, and each of them would be compared with all.
        self.seen.iter().map(&value).filter(|level| *level > 0).filter(enough).max().unwrap_or(0)
    }

    /// Good seconds that enough attesters agree on.
    pub fn attested(&self) -> u64 {
        self.agreed(|seen| seen.good).into()
    }

    fn rates(&self) -> Rates {
        Rates {
            booking: self.booking_bps,
            renter_payment: self.renter_payment_bps,
            supplier_payment: self.supplier_payment_bps,
        }
    }

    fn gross(&self, billable: u64) -> Result<u64> {
        let used = self.segments.iter().take(usize::from(self.segment_count));
        let mut segments = [escrow::Segment::default(); SEGMENTS];
        for (segment, Segment { seconds, price }) in segments.iter_mut().zip(used) {
            *segment = escrow::Segment { seconds: *seconds, price: *price };
        }
        escrow::gross(&segments, billable).ok_or_else(|| error!(JobsError::Overflow))
    }

    /// The supplier's part in all, by the attested time.
    fn supplier_part(&self) -> Result<u64> {
        match self.state {
            JobState::Ended => Ok(self.owed_supplier),
            JobState::Running => {
                let gross = self.gross(escrow::billable(self.ending(), self.attested()))?;
                self.rates().supplier_net(gross).ok_or_else(|| error!(JobsError::Overflow))
            }
            _ => err!(JobsError::NotRunning),
        }
    }

    /// What the supplier can take at `now`: nothing in the first hour, then what attested time has
    /// earned, less what was paid.
    pub fn payable(&self, now: i64) -> Result<u64> {
        require!(!self.is_frozen(now), JobsError::Disputed);
        let owed = self.supplier_part()?;
        if self.is(JobState::Running) {
            let first_hour = i64::try_from(FIRST_HOUR).map_err(|_| JobsError::Overflow)?;
            let opens = self.started_at.saturating_add(first_hour);
            require_gte!(now, opens, JobsError::FirstHour);
        }
        Ok(owed.saturating_sub(self.paid_supplier))
    }

    /// Ends the job and fixes what everyone is owed.
    pub fn end(&mut self, ending: Ending, reason: CloseReason, now: i64) -> Result<()> {
        let gross = self.gross(escrow::billable(ending, self.attested()))?;
        let booked = escrow::Segment { seconds: self.seconds, price: self.price };
        let Division { supplier, fees, refund } =
            escrow::divide(ending, &self.rates(), booked, self.fee, gross).ok_or(JobsError::Overflow)?;
        (self.owed_supplier, self.owed_fees, self.owed_refund) = (supplier, fees, refund);
        self.state = JobState::Ended;
        self.reason = reason;
        self.ended_at = now;
        Ok(())
    }

    /// How the job ends if it ends as it stands.
    fn ending(&self) -> Ending {
        let elapsed = self.elapsed(self.ends_at);
        match self.reason {
            CloseReason::RenterStopped => Ending::RenterStopped { elapsed },
            CloseReason::SupplierStopped => Ending::SupplierStopped { elapsed },
            _ => Ending::Completed,
        }
    }

    /// The reason to close with: that of an earlier stop, or `otherwise`.
    fn reason_or(&self, otherwise: CloseReason) -> CloseReason {
        match self.reason {
            CloseReason::RenterStopped => CloseReason::RenterStopped,
            CloseReason::SupplierStopped => CloseReason::SupplierStopped,
            _ => otherwise,
        }
    }

    /// Ends a job whose time is over, or was stopped, and was looked at to its end by enough attesters.
    pub fn complete(&mut self, now: i64) -> Result<()> {
        require!(self.is(JobState::Running), JobsError::NotRunning);
        require_gte!(now, self.ends_at, JobsError::NotOver);
        let seen = u64::from(self.agreed(|seen| seen.upto));
        require_gte!(seen, self.elapsed(self.ends_at), JobsError::NotAttestedToItsEnd);
        self.end(self.ending(), self.reason_or(CloseReason::Completed), now)
    }

    /// Seconds that the node was held without a start.
    fn held_for(&self, now: i64) -> u64 {
        u64::try_from(now.min(self.start_by()).saturating_sub(self.booked_at)).unwrap_or(0)
    }

    /// How a job ends that nobody has started: at no cost where an attester has said that it could be.
    fn not_started(&self, now: i64) -> Ending {
        if self.manifest_seen == 1 {
            Ending::NeverStarted
        } else {
            Ending::NotStarted { held: self.held_for(now) }
        }
    }

    /// How a job ends at `now` that its renter left at `at`. Behind the start window there is nothing to cancel.
    fn left_at(&self, at: i64, now: i64) -> (Ending, CloseReason) {
        if at <= self.start_by() {
            (Ending::Cancelled { held: self.held_for(now) }, CloseReason::RenterCancelled)
        } else {
            (self.not_started(now), CloseReason::NoShow)
        }
    }

    /// Ends a job that nobody started in time, or whose attesters fell silent. One whose cluster is broken
    /// cannot start any more and ends at once: cancelled when its renter broke it, else not started.
    pub fn expire(&mut self, cluster: Option<Broken>, now: i64) -> Result<()> {
        match self.state {
            JobState::Booked => {
                let (ending, reason) = match cluster {
                    Some(Broken { by_renter: true, at }) => self.left_at(at, now),
                    // The fault is another job's: what was at hand for this one does not make it free.
                    Some(_) => (Ending::NotStarted { held: self.held_for(now) }, CloseReason::ClusterBroken),
                    None => {
                        require_gt!(now, self.start_by(), JobsError::StartWindowOpen);
                        (self.not_started(now), CloseReason::NoShow)
                    }
                };
                self.end(ending, reason, now)
            }
            JobState::Running => {
                // Attestations after the end do not put it off: else one attester of several could do so without end.
                let heard = self.last_attested_at.min(self.ends_at);
                let silent_at = heard.saturating_add(SILENCE);
                require_gt!(now, silent_at, JobsError::NotSilent);
                let ending = match self.ending() {
                    Ending::Completed => Ending::TimedOut,
                    stopped => stopped,
                };
                self.end(ending, self.reason_or(CloseReason::TimedOut), now)
            }
            _ => err!(JobsError::NotRunning),
        }
    }

    /// Ends a job before its start, for its renter's side or its supplier.
    pub fn cancel(&mut self, by_renter: bool, now: i64) -> Result<()> {
        require!(self.is(JobState::Booked), JobsError::NotBooked);
        let (ending, reason) = if by_renter {
            self.left_at(now, now)
        } else {
            (Ending::NeverStarted, CloseReason::SupplierCancelled)
        };
        self.end(ending, reason, now)
    }

    /// Ends the work before its time, for the renter or the supplier. The account closes as usual, when
    /// the time until now was looked at: what was worked and not yet attested is not lost.
    pub fn stop(&mut self, by_renter: bool, now: i64) -> Result<()> {
        require!(self.is(JobState::Running), JobsError::NotRunning);
        require_gt!(self.ends_at, now, JobsError::Over);
        let reason = if by_renter { CloseReason::RenterStopped } else { CloseReason::SupplierStopped };
        self.reason = reason;
        self.ends_at = now;
        Ok(())
    }

    /// Whether a key is the renter's, or of who gets what is given back: either ends the job.
    pub fn is_renting(&self, key: &Pubkey) -> bool {
        self.renter == *key || self.refund_to == *key
    }

    /// Whether a key may end the job.
    pub fn is_party(&self, key: &Pubkey) -> bool {
        self.is_renting(key) || self.supplier == *key
    }

    /// Whether a dispute holds back what is not paid yet.
    pub fn is_frozen(&self, now: i64) -> bool {
        now < self.frozen_until
    }

    /// Freezes what is not paid yet, for a party that has not disputed before; returns how much that is.
    pub fn dispute(&mut self, by_renter: bool, now: i64) -> Result<u64> {
        // Of a job that was never started nothing is in doubt; the start sets its end.
        require!(!self.is(JobState::Booked) && self.ends_at != 0, JobsError::NotRunning);
        if self.is(JobState::Ended) {
            let until = self.ended_at.saturating_add(DISPUTE_WINDOW);
            require!(self.reason != CloseReason::Resolved, JobsError::AlreadyDecided);
            require_gte!(until, now, JobsError::DisputeWindowOver);
        }
        require!(!self.is_frozen(now), JobsError::Disputed);
        let bit = if by_renter { DISPUTED_BY_RENTER } else { DISPUTED_BY_SUPPLIER };
        require!(self.disputes & bit == 0, JobsError::DisputedBefore);
        let held = self.held()?;
        require_gt!(held, 0, JobsError::NothingToDispute);
        self.disputes |= bit;
        self.frozen_until = now.saturating_add(DISPUTE_TIME);
        Ok(held)
    }

    /// Ends a disputed job by a decision that `gross` of its price is due. What was paid stays paid. Says
    /// how the supplier's part compares with the attested one.
    pub fn resolve(&mut self, gross: u64, now: i64) -> Result<Ordering> {
        require!(self.is_frozen(now), JobsError::NotDisputed);
        require_gte!(self.price, gross, JobsError::SplitAbovePrice);
        let attested = self.supplier_part()?;
        let Division { supplier, fees, refund } =
            escrow::decide(&self.rates(), self.price, self.fee, gross, self.paid_fees)
                .ok_or(JobsError::SplitBelowPaid)?;
        require_gte!(supplier, self.paid_supplier, JobsError::SplitBelowPaid);
        require_gte!(refund, self.paid_refund, JobsError::SplitBelowPaid);
        (self.owed_supplier, self.owed_fees, self.owed_refund) = (supplier, fees, refund);
        if self.is(JobState::Running) {
            self.ended_at = now;
            self.ends_at = self.ends_at.min(now);
        }
        self.state = JobState::Ended;
        self.reason = CloseReason::Resolved;
        self.frozen_until = 0;
        Ok(supplier.cmp(&attested))
    }

    /// Takes what the supplier is owed now.
    pub fn pay_supplier(&mut self, now: i64) -> Result<u64> {
        let amount = self.payable(now)?;
        self.settled_good = self.attested();
        self.paid_supplier = self.paid_supplier.checked_add(amount).ok_or(JobsError::Overflow)?;
        Ok(amount)
    }

    /// Takes what the fee vault is owed.
    pub fn pay_fees(&mut self, now: i64) -> Result<u64> {
        self.check_payable(now)?;
        let amount = self.owed_fees.saturating_sub(self.paid_fees);
        self.paid_fees = self.owed_fees;
        Ok(amount)
    }

    /// Takes what is given back.
    pub fn pay_refund(&mut self, now: i64) -> Result<u64> {
        self.check_payable(now)?;
        let amount = self.owed_refund.saturating_sub(self.paid_refund);
        self.paid_refund = self.owed_refund;
        Ok(amount)
    }

    fn check_payable(&self, now: i64) -> Result<()> {
        require!(self.is(JobState::Ended), JobsError::NotEnded);
        require!(!self.is_frozen(now), JobsError::Disputed);
        Ok(())
    }

    /// Whether the supplier's part goes to a token account at `key` of `owner`: one of theirs, or
    /// the one from which the buyback buys them IO.
    pub fn supplier_takes(&self, key: &Pubkey, owner: &Pubkey) -> bool {
        if self.payout_vault == Pubkey::default() {
            *owner == self.supplier
        } else {
            *key == self.payout_vault
        }
    }

    /// Whether everyone has been paid what they are owed.
    pub fn is_settled(&self) -> bool {
        self.is(JobState::Ended)
            && self.paid_supplier == self.owed_supplier
            && self.paid_fees == self.owed_fees
            && self.paid_refund == self.owed_refund
    }

    /// What the escrow holds according to the job's account, base units.
    pub fn held(&self) -> Result<u64> {
        let deposit = self.price.checked_add(self.fee).ok_or(JobsError::Overflow)?;
        [self.paid_supplier, self.paid_fees, self.paid_refund]
            .iter()
            .try_fold(deposit, |left, paid| left.checked_sub(*paid))
            .ok_or_else(|| error!(JobsError::Overflow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io_common::{abi, assert_layout};

    const PRICE: u64 = 10_000_000_000;

    /// 100 IO for two hours, booked at 0.
    fn job(attesters: u8) -> Job {
        let mut job: Job = bytemuck::Zeroable::zeroed();
        job.book(
            Terms {
                supplier: Pubkey::default(),
                price: PRICE,
                fee: 25_000_000,
                seconds: 7_200,
                rate: 1,
                units: 1,
                booking_bps: 25,
                renter_payment_bps: 0,
                supplier_payment_bps: 0,
                attesters,
                verdict_at: 0,
            },
            0,
        );
        job
    }

    fn running() -> Job {
        let mut job = job(1);
        job.start(0).unwrap();
        job
    }

    /// The key of a seat.
    fn key(seat: u8) -> Pubkey {
        Pubkey::new_from_array([seat + 1; 32])
    }

    fn says(good: u32, upto: u32) -> AttestArgs {
        let reason = u16::from(good < upto);
        AttestArgs { good, upto, reason, proof_digest: [1; 32], timelock: [2; 32], result_hash: [0; 32] }
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        assert_layout!(
            Job,
            abi::Job,
            [
                version,
                bump,
                state,
                reason,
                attesters,
                payout,
                cluster_size,
                segment_count,
                booking_bps,
                renter_payment_bps,
                supplier_payment_bps,
                disputes,
                padding,
                offer,
                node,
                renter,
                supplier,
                mint,
                payout_vault,
                paid_supplier
            ]
        );
    }

    #[test]
    fn a_start_after_twenty_minutes_is_refused_and_the_job_expires() {
        assert!(job(1).start(1_201).is_err());
        job(1).start(1_200).unwrap();
        let mut late = job(1);
        assert!(late.expire(None, 1_200).is_err());
        late.expire(None, 1_201).unwrap();
        assert_eq!((late.owed_supplier, late.owed_refund), (0, PRICE + 25_000_000 - late.owed_fees));
        // A sixth of two hours' price, rounded up.
        assert_eq!(late.owed_fees, 1_666_666_667);
        assert_eq!(late.reason, CloseReason::NoShow);
    }

    #[test]
    fn attestations_never_fall_overlap_or_run_ahead() {
        let mut job = running();
        assert!(job.attest(0, &key(0), &says(0, 101), 100).is_err());
        job.attest(0, &key(0), &says(100, 100), 100).unwrap();
        assert!(job.attest(0, &key(0), &says(99, 200), 200).is_err());
        assert!(job.attest(0, &key(0), &says(201, 200), 200).is_err());
        let silent = AttestArgs { reason: 0, ..says(150, 200) };
        assert!(job.attest(0, &key(0), &silent, 200).is_err());
        job.attest(0, &key(0), &says(150, 200), 200).unwrap();
        assert!(job.attest(0, &key(0), &says(250, 250), 250).is_err(), "time once called bad stays bad");
        assert_eq!(job.attested(), 150);
        assert_eq!(job.proof_digest, [1; 32]);
    }

    #[test]
    fn a_second_counts_when_enough_attesters_saw_it() {
        let mut job = job(2);
        job.start(0).unwrap();
        job.attest(0, &key(0), &says(500, 500), 500).unwrap();
        assert_eq!(job.attested(), 0);
        job.attest(3, &key(3), &says(300, 500), 500).unwrap();
        assert_eq!(job.attested(), 300);
        job.attest(1, &key(1), &says(400, 400), 500).unwrap();
        assert_eq!(job.attested(), 400);
    }

    #[test]
    fn the_supplier_streams_attested_time_after_the_first_hour() {
        let mut job = running();
        job.attest(0, &key(0), &says(3_600, 3_600), 3_600).unwrap();
        assert!(job.pay_supplier(3_599).is_err());
        // Half of 100 IO less a quarter per cent.
        assert_eq!(job.pay_supplier(3_600).unwrap(), 4_987_500_000);
        assert_eq!(job.pay_supplier(3_600).unwrap(), 0);
    }

    #[test]
    fn a_completed_job_pays_out_its_whole_deposit() {
        let mut job = running();
        job.attest(0, &key(0), &says(3_600, 3_600), 3_600).unwrap();
        job.pay_supplier(5_000).unwrap();
        assert!(job.complete(7_199).is_err());
        assert!(job.complete(7_200).is_err(), "not yet attested to its end");
        job.attest(0, &key(0), &says(7_000, 7_200), 7_300).unwrap();
        job.complete(7_300).unwrap();
        let paid =
            [job.pay_supplier(7_300).unwrap(), job.pay_fees(7_300).unwrap(), job.pay_refund(7_300).unwrap()];
        // G = ⌊100 · 7,000 / 7,200⌋ = 97.22222222, its fee 0.24305556, and 49.875 were paid before.
        assert_eq!(paid, [9_697_916_666 - 4_987_500_000, 24_305_556 + 25_000_000, 277_777_778]);
        assert!(job.is_settled());
        assert_eq!(job.held().unwrap(), 0);
    }

    #[test]
    fn silence_ends_a_job_after_a_day() {
        let mut job = running();
        job.attest(0, &key(0), &says(3_600, 3_600), 3_600).unwrap();
        assert!(job.expire(None, 3_600 + 86_400).is_err());
        job.expire(None, 3_601 + 86_400).unwrap();
        assert_eq!(job.reason, CloseReason::TimedOut);
        // Half the time, half the renter's fee.
        assert_eq!(job.owed_fees, 12_500_000 + 12_500_000);
    }

    #[test]
    fn one_of_two_attesters_cannot_keep_a_job_open() {
        let mut job = job(2);
        job.start(0).unwrap();
        job.attest(0, &key(0), &says(7_200, 7_200), 7_200).unwrap();
        job.attest(0, &key(0), &AttestArgs { reason: 0, ..says(7_200, 7_200) }, 90_000).unwrap();
        assert!(job.complete(90_000).is_err());
        assert!(job.expire(None, 7_200 + 86_400).is_err());
        job.expire(None, 7_201 + 86_400).unwrap();
        assert_eq!(job.owed_supplier, 0);
    }

    #[test]
    fn stopping_and_cancelling_pay_by_who_did_it_and_when() {
        let mut stopped = running();
        stopped.stop(true, 600).unwrap();
        assert!(stopped.stop(false, 601).is_err());
        assert!(stopped.complete(600).is_err(), "the time until the stop was not looked at yet");
        stopped.attest(0, &key(0), &says(0, 600), 700).unwrap();
        stopped.complete(700).unwrap();
        // 3,000 of 7,200 s are left of the first hour: G = 41.66666666, its fee 0.10416667.
        assert_eq!(stopped.owed_supplier, 4_156_249_999);
        assert_eq!(stopped.reason, CloseReason::RenterStopped);
        let mut left = running();
        left.stop(false, 3_599).unwrap();
        left.attest(0, &key(0), &says(3_599, 3_599), 3_600).unwrap();
        assert_eq!(left.payable(3_600).unwrap(), 0);
        left.complete(3_600).unwrap();
        assert_eq!(left.owed_supplier, 0);
        // Two minutes of 7,200 s are dearer than the booking fee; 10 s are not.
        for (now, fees) in [(0, 25_000_000), (10, 25_000_000), (120, 166_666_667), (1_200, 1_666_666_667)] {
            let mut left = job(1);
            left.cancel(true, now).unwrap();
            assert_eq!((left.owed_fees, left.owed_refund), (fees, PRICE + 25_000_000 - fees));
        }
        assert!(running().cancel(true, 1).is_err());
    }

    /// 100 IO for two hours and 60 IO for the third, of which `seconds` were good.
    fn extended(seconds: u32) -> Job {
        let mut job = running();
        assert_eq!(job.extend(3_600, 6_000_000_000, 7_199).unwrap(), 15_000_000);
        job.attest(0, &key(0), &says(seconds, 10_800), 10_800).unwrap();
        job
    }

    #[test]
    fn an_extension_is_paid_at_its_own_price() {
        let mut job = extended(9_000);
        assert_eq!(
            (job.ends_at, job.seconds, job.price, job.fee),
            (10_800, 10_800, 16_000_000_000, 40_000_000)
        );
        job.complete(10_800).unwrap();
        // G = 100 + 60 · 1,800 / 3,600 = 130, its fee 0.325; both segments' F = 0.25 + 0.15.
        assert_eq!(job.owed_supplier, 13_000_000_000 - 32_500_000);
        assert_eq!((job.owed_fees, job.owed_refund), (32_500_000 + 40_000_000, 3_000_000_000));
    }

    #[test]
    fn a_job_is_extended_four_times_while_it_runs() {
        let mut late = running();
        assert!(late.extend(3_600, 1, 7_200).is_err(), "its time is over");
        assert!(late.extend(0, 1, 7_199).is_err(), "no time at all");
        assert!(job(1).extend(3_600, 1, 0).is_err(), "it has not started");
        for _ in 0..4 {
            late.extend(60, 1, 10).unwrap();
        }
        assert!(late.extend(60, 1, 10).is_err());
        late.stop(true, 20).unwrap();
        assert!(running().extend(u64::MAX, 1, 10).is_err());
        assert!(running().extend(1, u64::MAX, 10).is_err());
    }

    #[test]
    fn a_dispute_freezes_what_is_not_paid_for_a_fortnight_at_most() {
        let mut job = running();
        job.attest(0, &key(0), &says(3_600, 3_600), 3_600).unwrap();
        job.pay_supplier(3_600).unwrap();
        // 100.25 less half of 99.75.
        assert_eq!(job.dispute(true, 5_000).unwrap(), 10_025_000_000 - 4_987_500_000);
        for refused in [job.dispute(true, 5_001), job.dispute(false, 5_001)] {
            assert!(refused.is_err());
        }
        job.attest(0, &key(0), &says(7_200, 7_200), 7_200).unwrap();
        assert!(job.pay_supplier(7_200).is_err());
        assert!(job.clone().extend(60, 1, 7_000).is_err());
        job.complete(7_200).unwrap();
        let until = 5_000 + 14 * 86_400;
        for refused in [job.pay_supplier(until - 1), job.pay_fees(until - 1), job.pay_refund(until - 1)] {
            assert!(refused.is_err());
        }
        assert!(job.resolve(0, until).is_err(), "too late to decide");
        // The attested split stands.
        assert_eq!(job.pay_supplier(until).unwrap(), 9_975_000_000 - 4_987_500_000);
    }

    #[test]
    fn a_job_is_disputed_within_a_day_of_its_end_and_once_by_each_side() {
        let ended = || {
            let mut job = running();
            job.attest(0, &key(0), &says(7_200, 7_200), 7_200).unwrap();
            job.complete(7_200).unwrap();
            job
        };
        assert!(job(1).dispute(true, 10).is_err(), "it has not started");
        assert!(ended().dispute(true, 7_201 + 86_400).is_err());
        ended().dispute(true, 7_200 + 86_400).unwrap();
        let mut twice = running();
        twice.dispute(false, 0).unwrap();
        let (over, again) = (14 * 86_400, 28 * 86_400);
        assert!(twice.dispute(false, over).is_err());
        twice.dispute(true, over).unwrap();
        assert!(twice.dispute(true, again).is_err());
        let mut paid = ended();
        (paid.pay_supplier(7_200).unwrap(), paid.pay_fees(7_200).unwrap(), paid.pay_refund(7_200).unwrap());
        assert!(paid.dispute(true, 7_200).is_err(), "there is nothing left to freeze");
        let mut never = job(1);
        never.cancel(true, 200).unwrap();
        assert!(never.dispute(true, 200).is_err());
    }

    #[test]
    fn a_decision_is_any_split_that_takes_nothing_back() {
        let disputed = || {
            let mut job = running();
            job.attest(0, &key(0), &says(3_600, 3_600), 3_600).unwrap();
            job.pay_supplier(3_600).unwrap();
            job.dispute(true, 3_600).unwrap();
            job
        };
        assert!(disputed().resolve(PRICE + 1, 3_700).is_err());
        // 49.875 were paid, for which G = 50.
        assert!(disputed().resolve(4_999_999_999, 3_700).is_err());
        for (gross, supplier, fees, refund) in [
            // E = ⌈0.25 · G / 100⌉, the supplier's fee as much.
            (5_000_000_000, 4_987_500_000, 25_000_000, 5_012_500_000),
            (PRICE, 9_975_000_000, 50_000_000, 0),
            (6_000_000_000, 5_985_000_000, 30_000_000, 4_010_000_000),
        ] {
            let mut job = disputed();
            assert_eq!(job.resolve(gross, 3_700).unwrap(), gross.cmp(&5_000_000_000));
            assert_eq!((job.owed_supplier, job.owed_fees, job.owed_refund), (supplier, fees, refund));
            assert_eq!((job.state, job.reason), (JobState::Ended, CloseReason::Resolved));
            assert_eq!((job.ended_at, job.ends_at), (3_700, 3_700));
            assert!(job.resolve(gross, 3_700).is_err(), "it is decided");
            assert!(job.dispute(false, 3_700).is_err());
            job.pay_supplier(3_700).unwrap();
        }
    }

    #[test]
    fn jobs_of_a_broken_cluster_end_at_once_and_cost_what_they_held() {
        let ends = |by_renter: bool, at: i64, seen: bool| {
            let mut job = job(1);
            if seen {
                job.confirm_manifest(9).unwrap();
            }
            job.expire(Some(Broken { by_renter, at }), at + 1).unwrap();
            (job.reason, job.owed_supplier, job.owed_fees)
        };
        // 101 of 7,200 s; 120 s, and the whole window.
        assert_eq!(ends(false, 100, false), (CloseReason::ClusterBroken, 0, 140_277_778));
        assert_eq!(ends(false, 100, true), (CloseReason::ClusterBroken, 0, 140_277_778));
        assert_eq!(ends(true, 119, true), (CloseReason::RenterCancelled, 0, 166_666_667));
        assert_eq!(ends(true, 1_201, false), (CloseReason::NoShow, 0, 1_666_666_667));
    }

    #[test]
    fn a_manifest_at_hand_in_time_makes_a_job_that_nobody_starts_free_and_no_other() {
        let seen = |at: i64| {
            let mut job = job(1);
            job.confirm_manifest(at).map(|()| job)
        };
        let mut late = seen(600).unwrap();
        late.expire(None, 1_201).unwrap();
        assert_eq!(
            (late.reason, late.owed_fees, late.owed_refund),
            (CloseReason::NoShow, 0, PRICE + 25_000_000)
        );
        assert!(seen(601).is_err(), "the supplier has ten minutes");
        let mut left = seen(0).unwrap();
        left.cancel(true, 120).unwrap();
        assert_eq!(left.owed_fees, 166_666_667);
        assert!(running().confirm_manifest(1).is_err());
    }

    #[test]
    fn a_lost_node_ends_its_job_when_enough_say_so_within_an_hour() {
        let mut job = job(2);
        job.start(0).unwrap();
        for seat in 0..2 {
            job.attest(seat, &key(seat), &says(600, 600), 600).unwrap();
        }
        assert!(!job.lose(0, &key(0), 900).unwrap());
        assert!(!job.lose(0, &key(0), 901).unwrap(), "a seat counts once");
        let mut too_late = job;
        assert!(!too_late.lose(1, &key(1), 901 + 3_601).unwrap());
        let mut taken_back = job;
        taken_back.attest(0, &key(0), &says(600, 700), 950).unwrap();
        assert!(!taken_back.lose(1, &key(1), 1_000).unwrap());
        assert!(job.lose(1, &key(1), 901 + 3_600).unwrap());
        // G = ⌊100 · 600 / 7,200⌋, and both fees in proportion.
        assert_eq!((job.owed_supplier, job.owed_fees), (833_333_333 - 2_083_334, 2 * 2_083_334));
        assert_eq!((job.state, job.reason, job.ended_at), (JobState::Ended, CloseReason::Lost, 4_501));
        assert!(job.lose(1, &key(1), 4_501).is_err());
    }

    #[test]
    fn a_job_that_is_stopped_or_over_is_not_lost() {
        let mut stopped = running();
        stopped.stop(false, 100).unwrap();
        assert!(stopped.lose(0, &key(0), 100).is_err());
        assert!(running().lose(0, &key(0), 7_200).is_err());
        assert!(job(1).lose(0, &key(0), 1).is_err(), "it has not started");
    }

    #[test]
    fn a_successor_on_a_seat_lowers_its_good_time_once_and_not_what_was_paid() {
        let mut job = running();
        job.attest(0, &key(0), &says(4_000, 4_000), 4_000).unwrap();
        job.pay_supplier(4_000).unwrap();
        job.attest(0, &key(0), &says(5_000, 5_000), 5_000).unwrap();
        let heir = key(9);
        let bad = |good: u32, upto: u32| AttestArgs { reason: 16, ..says(good, upto) };
        assert!(job.attest(0, &key(0), &bad(4_500, 5_000), 5_000).is_err(), "its own word");
        assert!(job.clone().attest(0, &heir, &bad(3_999, 5_000), 5_000).is_err(), "it was paid for");
        let silent = AttestArgs { reason: 0, ..says(4_200, 5_000) };
        assert!(job.clone().attest(0, &heir, &silent, 5_000).is_err(), "without a reason");
        job.attest(0, &heir, &bad(4_200, 5_100), 5_100).unwrap();
        assert_eq!((job.attested(), job.lowered), (4_200, 1));
        assert!(job.attest(0, &key(0), &bad(4_100, 5_100), 5_100).is_err(), "it was lowered before");
        let fine = AttestArgs { reason: 0, ..says(4_300, 5_200) };
        job.attest(0, &key(0), &fine, 5_200).unwrap();
    }

    #[test]
    fn a_key_speaks_for_one_seat_of_a_job() {
        let mut job = running();
        job.attest(0, &key(0), &says(100, 100), 100).unwrap();
        assert!(job.attest(1, &key(0), &says(100, 100), 100).is_err());
        assert!(job.lose(1, &key(0), 100).is_err());
        job.attest(0, &key(5), &says(100, 100), 100).unwrap();
        job.attest(1, &key(0), &says(100, 100), 100).unwrap();
    }

    #[test]
    fn whoever_gets_the_refund_may_end_a_job_too() {
        let mut job = job(1);
        (job.renter, job.supplier, job.refund_to) = (key(1), key(2), key(3));
        for (who, renting, party) in [(1, true, true), (2, false, true), (3, true, true), (4, false, false)] {
            assert_eq!((job.is_renting(&key(who)), job.is_party(&key(who))), (renting, party));
        }
    }

    #[test]
    fn no_time_is_good_without_the_samples_that_show_it() {
        let mut job = running();
        let without = AttestArgs { timelock: [0; 32], ..says(100, 100) };
        assert!(job.attest(0, &key(0), &without, 100).is_err());
        job.attest(0, &key(0), &AttestArgs { timelock: [0; 32], ..says(0, 100) }, 100).unwrap();
    }

    #[test]
    fn a_supplier_paid_in_io_for_another_mint_takes_it_through_the_buyback_alone() {
        let mut job = job(1);
        let (vault, any) = (Pubkey::new_unique(), Pubkey::new_unique());
        job.supplier = Pubkey::new_unique();
        assert!(job.supplier_takes(&any, &job.supplier));
        assert!(!job.supplier_takes(&any, &any));
        job.payout_vault = vault;
        assert!(job.supplier_takes(&vault, &any));
        assert!(!job.supplier_takes(&any, &job.supplier));
    }
}
