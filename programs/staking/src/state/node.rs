use super::{Class, Device, Slots, DISPROOF_BPS};
use crate::errors::StakingError;
use anchor_lang::prelude::*;
use io_common::abi::{
    CreditFreeze, Disproof, LastProof, NodeState, Pool, ProofReason, CREDITABLE, DISPROVE_TIME, MAX_HOLD,
};
use io_common::Snapshot;
use io_math::ratio::mul_div_floor;
use io_math::reward::{bound, split, Accumulator, Split};
use io_math::slash::Reach;
use io_math::{shares, BPS, HOUR};

/// Shortest time between two credits of a node on which something is pending or late, seconds, so that anyone
/// can settle the changes that the first one has made due.
#[constant]
pub const CREDIT_REST: i64 = 600;
/// How long after its last hour a node may still be credited for it, seconds, not counting time in which its
/// credit was stopped: the longest hold plus the time in which a report is creditable.
#[constant]
pub const LAST_CREDIT: i64 = MAX_HOLD as i64 + CREDITABLE;
/// Most processors of a node.
#[constant]
pub const MAX_UNITS: u8 = 8;
/// Most that a commission may rise at once, bps.
#[constant]
pub const COMMISSION_STEP_BPS: u16 = 500;
/// Seed of a node's offer in the jobs program: `["offer", node]`.
#[constant]
pub const OFFER_SEED: &[u8] = b"offer";
/// Seed of a node: `["node", its first device]`.
#[constant]
pub const NODE_SEED: &[u8] = b"node";
/// Seed of a node's token account: `["vault", node]`.
#[constant]
pub const VAULT_SEED: &[u8] = b"vault";

/// What an owner states about a node when registering it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeArgs {
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// Region, ISO 3166-1 numeric.
    pub region: u16,
    /// Memory in GiB.
    pub memory_gib: u32,
    /// Link speed in Mbit/s.
    pub link_mbps: u32,
}

/// The owner's side, in tokens.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnerSide {
    /// Earns and votes.
    pub active: u64,
    /// Counts for caps and can be slashed, but earns nothing yet.
    pub pending: u64,
    /// When the pending stake was last added to, unix time.
    pub pending_at: i64,
    /// No longer active, and still in the split of rewards for hours in which it was.
    pub late: u64,
    /// On its way out; can still be slashed.
    pub cooling: Slots,
    /// Part of the late stake that slashes took while it was active.
    pub lost: u64,
    /// When the latest of them did, unix time: the part counts until the node is credited up to then.
    pub lost_at: i64,
    /// Rewards not yet claimed; can be slashed.
    pub due: u64,
}

impl OwnerSide {
    /// What shares rewards: the active stake and the late.
    pub fn weight(&self) -> Result<u64> {
        self.active.checked_add(self.late).ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Ends the late weights of changes that were asked for by `through`.
    fn end_late(&mut self, through: i64) -> Result<()> {
        if self.late == 0 {
            return Ok(());
        }
        let mut ended = self.cooling.end_weights(through)?;
        if self.lost_at <= through {
            ended = ended.checked_add(core::mem::take(&mut self.lost)).ok_or(StakingError::Overflow)?;
        }
        self.late = self.late.checked_sub(ended).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// All that a slash can reach.
    pub fn total(&self) -> Result<u64> {
        [self.pending, self.cooling.total()?, self.due]
            .iter()
            .try_fold(self.active, |sum, part| sum.checked_add(*part))
            .ok_or_else(|| error!(StakingError::Overflow))
    }
}

/// The co-stakers' side: positions hold shares of `tokens`.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CoSide {
    /// Tokens behind all shares (active, pending and cooling), base units.
    pub tokens: u64,
    /// All shares: active, pending and cooling.
    pub shares: u64,
    /// Shares that earn and vote.
    pub active: u64,
    /// Shares that do not earn yet.
    pub pending: u64,
    /// Shares that are no longer active, and still in the split of rewards for hours in which they were.
    pub late: u64,
    /// Rewards credited to co-stakers and not yet claimed, base units.
    pub owed: u64,
    /// Reward per active or late share since the beginning: u128, Q64.64, little endian.
    pub acc: [u8; 16],
    /// Remainder of its last division: u128, little endian.
    pub rem: [u8; 16],
}

impl CoSide {
    pub fn accumulator(&self) -> Accumulator {
        Accumulator { acc: u128::from_le_bytes(self.acc), rem: u128::from_le_bytes(self.rem) }
    }

    fn set_accumulator(&mut self, accumulator: Accumulator) {
        self.acc = accumulator.acc.to_le_bytes();
        self.rem = accumulator.rem.to_le_bytes();
    }

    /// Shares that rewards are divided by: the active ones and the late.
    pub fn weight(&self) -> Result<u64> {
        self.active.checked_add(self.late).ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Whether nothing on the side earns, leaves or waits.
    fn is_idle(&self) -> bool {
        self.active == 0 && self.late == 0 && self.pending == 0
    }

    /// Takes shares out and returns the tokens that they stand for.
    pub fn redeem(&mut self, amount: u64) -> Result<u64> {
        let tokens = shares::redeem(amount, self.tokens, self.shares).ok_or(StakingError::Overflow)?;
        self.shares = self.shares.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.tokens = self.tokens.checked_sub(tokens).ok_or(StakingError::Overflow)?;
        Ok(tokens)
    }
}

/// A node's sums after an instruction; with what cools, is due and is owed they make up its vault.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeTotals {
    /// The owner's active stake, base units of IO, as are all sums of tokens here.
    pub own_active: u64,
    /// The owner's pending stake.
    pub own_pending: u64,
    /// The owner's stake on its way out.
    pub own_cooling: u64,
    /// The owner's rewards that are not yet claimed.
    pub own_due: u64,
    /// Tokens behind all co-stakers' shares.
    pub co_tokens: u64,
    /// All co-stakers' shares.
    pub co_shares: u64,
    /// Shares that earn and vote.
    pub co_active: u64,
    /// Shares that do not earn yet.
    pub co_pending: u64,
    /// Co-stakers' rewards that are not yet claimed.
    pub co_owed: u64,
    /// The owner's stake that still shares rewards of earlier hours, although it is no longer active.
    pub own_late: u64,
    /// Shares that still share rewards of earlier hours, although they are no longer active.
    pub co_late: u64,
    /// What is left of a former owner's side.
    pub former: u64,
    /// What was set apart for slashes and is not burned yet.
    pub set_apart: u64,
}

/// All that a former owner had on a node whose device has passed to another owner.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Former {
    /// The former owner.
    pub owner: Pubkey,
    /// Base units of IO; 0 when nothing is left.
    pub amount: u64,
    /// When it may leave, unix time.
    pub ready_at: i64,
}

/// A time of retirement that is over.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Absence {
    /// When the node was retired, unix time.
    pub from: i64,
    /// When it was reopened, unix time.
    pub until: i64,
}

impl Absence {
    /// Whether the hour that ended then began in it, and ended in it too.
    fn has(&self, period_end: i64) -> bool {
        period_end.saturating_sub(HOUR) > self.from && period_end <= self.until
    }
}

/// What a node's leaf proves.
#[derive(Clone, Copy, Debug)]
pub struct Earned {
    /// In the node's whole life, base units.
    pub lifetime: u64,
    /// Until when.
    pub through: i64,
    /// The height of its report.
    pub height: u64,
}

/// What bounds a credit.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most that may be credited now, base units.
    pub most: u64,
    /// Most of an hour's reward, bps of the owner's minimum.
    pub hour_bps: u16,
}

/// How much leaves at once and how much cools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    pub now: u64,
    pub cooling: u64,
}

/// A node and the stake on it: `["node", its first device]`. Never closed: what was
/// credited to it stays counted when its device registers again.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Node {
    /// Version of this layout.
    pub version: u8,
    /// Bump of the account's address.
    pub bump: u8,
    /// Whether the node takes part.
    pub state: NodeState,
    /// Processors.
    pub units: u8,
    /// Number of its hardware class.
    pub class: u16,
    /// The kind of hardware of its class.
    pub pool: Pool,
    /// 1 when its first device is banned: it is neither listed nor leased, and earns nothing more.
    pub banned: u8,
    /// Its owner.
    pub owner: Pubkey,
    /// The jobs program's offer account of this node, which carries the lease.
    pub offer: Pubkey,
    /// Signs for the device.
    pub device_key: Pubkey,
    /// Rewards credited in the node's whole life, base units; never falls.
    pub credited: u64,
    /// Its latest compute proof.
    pub last_proof: LastProof,
    /// The owner's minimum for its processors, base units, as of the latest instruction that read its class.
    pub minimum: u64,
    /// The owner's side.
    pub own: OwnerSide,
    /// Its first processor, which gives it its address.
    pub device: Pubkey,
    /// Token account that holds exactly [`Node::vault_total`].
    pub vault: Pubkey,
    /// Network account that registered the node in bulk, or zeros.
    pub network: Pubkey,
    /// Number of the latest event.
    pub seq: u64,
    /// Latest time that an instruction has seen, unix time.
    pub last_time: i64,
    /// When its present owner registered or reopened it, unix time.
    pub registered_at: i64,
    /// Time up to which rewards were credited, unix time; never falls.
    pub credited_through: i64,
    /// No credit before this time, while a challenge is open; unix time.
    pub credit_frozen_until: i64,
    /// No credit from reports before this one: an upheld challenge has shown a leaf to be wrong.
    pub min_report_seq: u64,
    /// No challenge before this time but the guardian's, except while a freeze runs: nobody has decided the one
    /// that began it.
    pub quiet_until: i64,
    /// Sum of the open slash proposals, base units.
    pub frozen: u64,
    /// When `next_commission_bps` begins to apply, unix time; 0 when no change is coming.
    pub commission_at: i64,
    /// The owner's part of co-stakers' rewards, bps.
    pub commission_bps: u16,
    /// The commission that applies from `commission_at` on, bps.
    pub next_commission_bps: u16,
    /// Region, ISO 3166-1 numeric, as stated by the owner.
    pub region: u16,
    /// Open challenges, which hold its credit back together.
    pub challenges: u16,
    /// Memory in GiB, as stated by the owner.
    pub memory_gib: u32,
    /// Link speed in Mbit/s, as stated by the owner.
    pub link_mbps: u32,
    /// The co-stakers' side.
    pub co: CoSide,
    /// The owner's active stake by week; none while the node is not live.
    pub own_snapshot: Snapshot,
    /// The co-stakers' active stake by week; none while the node is not live.
    pub co_snapshot: Snapshot,
    /// When it was last retired, unix time.
    pub retired_at: i64,
    /// When it was last credited, unix time.
    pub last_credit_at: i64,
    /// Height of the highest report whose leaf was credited in full.
    pub credited_height: u64,
    /// Credited since `credited_through` moved last, base units: parts of leaves that had to wait.
    pub partial: u64,
    /// The highest minimum since `credited_through`, base units.
    pub highest: u64,
    /// When `highest` was last in force, unix time; it counts until the node is credited up to then.
    pub highest_at: i64,
    /// End of the last hour that it earns, unix time: when co-stakers bore a loss, fraud was decided or its
    /// device was banned; 0 before any of these.
    pub closed_at: i64,
    /// Since when a proposal that names fraud stops its credit, unix time; 0 while none does.
    pub stopped_since: i64,
    /// How long its credit was stopped in all, seconds: its reports are creditable for that much longer.
    pub stopped: i64,
    /// No slash can be proposed before this time, unix time, after one has lapsed.
    pub spared_until: i64,
    /// 1 when fraud was decided: nothing is credited any more.
    pub fraud: u8,
    pub padding_2: [u8; 7],
    /// Set apart for slashes and not burned yet, base units: it belongs to neither side any more.
    pub set_apart: u64,
    /// What is left of a former owner's side.
    pub former: Former,
    /// When its owner, class or processors last changed, or something that its device signed was disproved, unix
    /// time: compute proofs have to be later. 0 while none of it has happened.
    pub changed_at: i64,
    /// The highest minimum in force until `fined_until`, beside the present one, base units.
    pub fined: u64,
    /// Until when what was signed under that minimum can be disproved, unix time.
    pub fined_until: i64,
    /// Its retirements before the last one that hours fall into, the later one first.
    pub past_retired: [Absence; 2],
    pub reserved: [u8; 8],
}

impl Node {
    pub const SPACE: usize = 8 + size_of::<Self>();

    pub fn is_live(&self) -> bool {
        self.state == NodeState::Live
    }

    pub fn is_retired(&self) -> bool {
        self.state == NodeState::Retired
    }

    pub fn is_terminal(&self) -> bool {
        self.state == NodeState::Terminal
    }

    /// The number of the next event.
    pub fn next_seq(&mut self) -> u64 {
        self.seq = self.seq.saturating_add(1);
        self.seq
    }

    /// Active stake of both sides.
    pub fn active(&self) -> Result<u64> {
        self.own.active.checked_add(self.co.active).ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Active stake that the shards sum and that votes: none while the node is not live.
    pub fn counted(&self) -> Result<u64> {
        if !self.is_live() {
            return Ok(0);
        }
        self.active()
    }

    /// Writes what votes from now on: both sides' active stake, none while the node is not live.
    fn record(&mut self, now: i64) {
        self.record_own(now);
        self.record_co(now);
    }

    fn record_own(&mut self, now: i64) {
        let votes = if self.is_live() { self.own.active } else { 0 };
        self.own_snapshot.set(now, votes);
    }

    pub fn record_co(&mut self, now: i64) {
        let votes = if self.is_live() { self.co.active } else { 0 };
        self.co_snapshot.set(now, votes);
    }

    /// Whether hours until `end` cannot be credited any more, whatever the hold.
    fn is_past_credit(&self, end: i64, now: i64) -> bool {
        let since = if self.stopped_since == 0 { now } else { self.stopped_since };
        let stopped = self.stopped.saturating_add(now.saturating_sub(since).max(0));
        now > end.saturating_add(LAST_CREDIT).saturating_add(stopped)
    }

    /// Whether nothing can be credited any more.
    fn is_settled_for_ever(&self, now: i64) -> bool {
        // A leaf's time is a whole hour: the hour of the end is not earned.
        let closed = self.closed_at != 0
            && (self.credited_through.saturating_add(HOUR) > self.closed_at
                || self.is_past_credit(self.closed_at, now));
        let gone = self.is_retired() && self.is_past_credit(self.retired_at, now);
        self.fraud == 1 || closed || gone
    }

    /// The time up to which late weights have ended.
    pub fn settled_through(&self, now: i64) -> i64 {
        if self.is_settled_for_ever(now) {
            return i64::MAX;
        }
        self.credited_through
    }

    /// Ends the owner's late weights that are due.
    pub fn end_own_late(&mut self, now: i64) -> Result<()> {
        if self.own.late == 0 {
            return Ok(());
        }
        self.own.end_late(self.settled_through(now))
    }

    /// Whether something on it waits for a credit: its credits are then some minutes apart.
    pub fn is_changing(&self) -> bool {
        self.own.pending != 0 || self.own.late != 0 || self.co.pending != 0 || self.co.late != 0
    }

    /// Sets the owner's minimum, and remembers the highest since the node was last credited.
    pub fn set_minimum(&mut self, minimum: u64, now: i64) {
        if self.minimum >= self.highest && minimum < self.minimum {
            self.highest = self.minimum;
            self.highest_at = now;
        }
        self.highest = self.highest.max(minimum);
        if minimum < self.minimum {
            self.fined = self.finable(now);
            self.fined_until = now.saturating_add(HOUR).saturating_add(DISPROVE_TIME);
        }
        self.minimum = minimum;
    }

    /// The minimum that a disproof goes by: the highest of those under which something was signed that can still be
    /// disproved. A node that was taken to a cheaper class meanwhile pays as it would have in the class it cheated in.
    fn finable(&self, now: i64) -> u64 {
        if now > self.fined_until {
            return self.minimum;
        }
        self.fined.max(self.minimum)
    }

    /// Sets the owner's minimum for another number of processors of the same class.
    fn set_units(&mut self, units: u8, now: i64) -> Result<()> {
        let each = self.minimum.checked_div(u64::from(self.units)).ok_or(StakingError::Overflow)?;
        let minimum = each.checked_mul(u64::from(units)).ok_or(StakingError::Overflow)?;
        self.units = units;
        self.set_minimum(minimum, now);
        Ok(())
    }

    /// What a slash can reach.
    pub fn reach(&self) -> Reach {
        Reach {
            due: self.own.due,
            active: self.own.active,
            pending: self.own.pending,
            cooling: self.own.cooling.slots.map(|slot| slot.amount),
            co: self.co.tokens,
        }
    }

    /// The owner's side and the co-stakers' tokens: the most that proposals can hold back.
    pub fn slashable(&self) -> Result<u64> {
        self.own.total()?.checked_add(self.co.tokens).ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Holds `amount` back for a slash proposal.
    pub fn freeze(&mut self, amount: u64, now: i64) -> Result<()> {
        require_gte!(now, self.spared_until, StakingError::SlashPause);
        let frozen = self.frozen.checked_add(amount).ok_or(StakingError::Overflow)?;
        require_gte!(self.slashable()?, frozen, StakingError::SlashAboveStake);
        self.frozen = frozen;
        Ok(())
    }

    /// Holds `amount` back no longer.
    pub fn thaw(&mut self, amount: u64) -> Result<()> {
        self.frozen = self.frozen.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// Stops its credit for a proposal that names fraud, one at a time.
    pub fn stop(&mut self, now: i64) -> Result<()> {
        require!(self.stopped_since == 0, StakingError::CreditStopped);
        self.stopped_since = now;
        Ok(())
    }

    /// Lets its credit go on, and remembers how long it was stopped.
    pub fn go_on(&mut self, now: i64) {
        let passed = now.saturating_sub(self.stopped_since).max(0);
        self.stopped = self.stopped.saturating_add(passed);
        self.stopped_since = 0;
    }

    /// Ends the node for fraud: it neither earns, works nor votes, and what its leaves still prove is burned.
    pub fn end_for_fraud(&mut self, now: i64) {
        self.fraud = 1;
        self.end(now);
    }

    fn end(&mut self, now: i64) {
        self.state = NodeState::Terminal;
        self.close(now);
        self.record(now);
    }

    /// Ends its earning: hours before are credited.
    fn close(&mut self, now: i64) {
        if self.closed_at == 0 {
            self.closed_at = now;
        }
    }

    /// Its first device is banned: it earns nothing more.
    pub fn ban(&mut self, now: i64) {
        self.banned = 1;
        self.close(now);
    }

    /// Sets a frozen `amount` apart, from the owner's side, then from the co-stakers, which ends the node. What
    /// was active stays in the split of hours before.
    pub fn set_apart(&mut self, amount: u64, now: i64) -> Result<()> {
        self.thaw(amount)?;
        let left = self.reach().take(amount).ok_or(StakingError::SlashAboveStake)?;
        let lost = self.own.active.saturating_sub(left.active);
        self.end_own_late(now)?;
        if lost > 0 {
            self.own.late = self.own.late.checked_add(lost).ok_or(StakingError::Overflow)?;
            self.own.lost = self.own.lost.checked_add(lost).ok_or(StakingError::Overflow)?;
            self.own.lost_at = now;
        }
        self.own.due = left.due;
        self.own.active = left.active;
        self.own.pending = left.pending;
        for (slot, amount) in self.own.cooling.slots.iter_mut().zip(left.cooling) {
            slot.amount = amount;
        }
        self.set_apart = self.set_apart.checked_add(amount).ok_or(StakingError::Overflow)?;
        if left.co < self.co.tokens {
            self.co.tokens = left.co;
            self.end(now);
        }
        self.record_own(now);
        Ok(())
    }

    /// Sets a tenth of its minimum, the highest of the last seven days, apart, or what the owner has that no proposal holds back, and fails its verdict:
    /// what its device had signed was shown to be wrong.
    pub fn disprove(&mut self, disproof: &Disproof, now: i64) -> Result<u64> {
        require!(!self.was_retired(disproof.period_end), StakingError::RetiredThen);
        let fine = mul_div_floor(self.finable(now), DISPROOF_BPS, BPS).ok_or(StakingError::Overflow)?;
        let free = self.slashable()?.saturating_sub(self.frozen);
        let amount = fine.min(self.own.total()?).min(free);
        self.frozen = self.frozen.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.set_apart(amount, now)?;
        let Disproof { period_end: time, evidence_hash, .. } = *disproof;
        let reason = ProofReason::Disproved;
        self.last_proof = LastProof { time, evidence_hash, reason, ..LastProof::default() };
        // Verdicts of hours until now say nothing against it.
        self.changed_at = now;
        Ok(amount)
    }

    /// Takes `amount` of what was set apart: it is burned, or goes back.
    pub fn take_apart(&mut self, amount: u64) -> Result<()> {
        self.set_apart = self.set_apart.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// What the vault holds, to the base unit.
    pub fn vault_total(&self) -> Result<u64> {
        [self.co.tokens, self.co.owed, self.former.amount, self.set_apart]
            .iter()
            .try_fold(self.own.total()?, |sum, part| sum.checked_add(*part))
            .ok_or_else(|| error!(StakingError::Overflow))
    }

    /// Both sides' sums, for events.
    pub fn totals(&self) -> Result<NodeTotals> {
        Ok(NodeTotals {
            own_active: self.own.active,
            own_pending: self.own.pending,
            own_cooling: self.own.cooling.total()?,
            own_due: self.own.due,
            co_tokens: self.co.tokens,
            co_shares: self.co.shares,
            co_active: self.co.active,
            co_pending: self.co.pending,
            co_owed: self.co.owed,
            own_late: self.own.late,
            co_late: self.co.late,
            former: self.former.amount,
            set_apart: self.set_apart,
        })
    }

    /// Adds to the owner's pending stake. Before a top-up moves `pending_at`: what had waited long enough is not
    /// sent back to wait. It is refused only where the caller must activate first, to keep the vote snapshots
    /// right.
    pub fn stake(&mut self, class: &Class, amount: u64, now: i64) -> Result<()> {
        require_gte!(self.room(class, now)?, amount, StakingError::MaximumStake);
        require!(self.own.pending == 0 || !self.own_is_ready(), StakingError::ActivateFirst);
        self.own.pending = self.own.pending.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.own.pending_at = now;
        Ok(())
    }

    /// Adds to the co-stakers' pending stake; the position follows.
    pub fn co_stake(&mut self, class: &Class, amount: u64, now: i64) -> Result<()> {
        require_gte!(self.room(class, now)?, amount, StakingError::MaximumStake);
        require_gte!(self.own.active, self.minimum, StakingError::OwnerBelowMinimum);
        require_gte!(self.co_room(class, now)?, amount, StakingError::CoStakeAboveHalf);
        let co = &mut self.co;
        co.pending = co.pending.checked_add(amount).ok_or(StakingError::Overflow)?;
        co.shares = co.shares.checked_add(amount).ok_or(StakingError::Overflow)?;
        co.tokens = co.tokens.checked_add(amount).ok_or(StakingError::Overflow)?;
        Ok(())
    }

    /// How much more both sides together may stake. The class's present minimum is written down on the way.
    fn room(&mut self, class: &Class, now: i64) -> Result<u64> {
        let minimum = class.minimum_stake(self.units)?;
        self.set_minimum(minimum, now);
        let maximum = minimum.checked_mul(u64::from(class.maximum)).ok_or(StakingError::Overflow)?;
        let staked = [self.own.pending, self.co.active, self.co.pending]
            .iter()
            .try_fold(self.own.active, |sum, part| sum.checked_add(*part))
            .ok_or(StakingError::Overflow)?;
        Ok(maximum.saturating_sub(staked))
    }

    /// How much more the co-stakers may stake: up to the maximum, and up to the owner's active stake. Pending
    /// stake makes no room, since it may leave at once.
    pub fn co_room(&mut self, class: &Class, now: i64) -> Result<u64> {
        let co = self.co.active.checked_add(self.co.pending).ok_or(StakingError::Overflow)?;
        Ok(self.room(class, now)?.min(self.own.active.saturating_sub(co)))
    }

    /// Whether the owner's pending stake may earn: once the node was credited past it, or at once where
    /// co-stakers have nothing that earns, leaves or waits, so that nobody's rewards are shared by it.
    fn own_is_ready(&self) -> bool {
        self.credited_through >= self.own.pending_at || self.co.is_idle()
    }

    /// Makes the owner's pending stake active and returns it.
    pub fn activate(&mut self, now: i64) -> Result<u64> {
        require!(self.own.pending > 0, StakingError::NothingPending);
        require!(!self.is_terminal(), StakingError::NodeTerminal);
        require!(self.own_is_ready(), StakingError::StillPending);
        let amount = core::mem::take(&mut self.own.pending);
        self.own.active = self.own.active.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.record_own(now);
        Ok(amount)
    }

    /// Makes the owner's pending stake active if it is due, and ends late weights that are.
    pub fn settle(&mut self, now: i64) -> Result<Option<u64>> {
        self.end_own_late(now)?;
        let due = self.own.pending > 0 && !self.is_terminal() && self.own_is_ready();
        if !due {
            return Ok(None);
        }
        self.activate(now).map(Some)
    }

    /// Takes `amount` off the owner's stake: pending first, which leaves at once; all active stake cools.
    pub fn unstake(
        &mut self,
        minimum: u64,
        amount: u64,
        leased: bool,
        now: i64,
        cooldown: i64,
    ) -> Result<Leaving> {
        let staked = self.own.active.checked_add(self.own.pending).ok_or(StakingError::Overflow)?;
        require_gte!(staked, amount, StakingError::MoreThanStaked);
        let pending = amount.min(self.own.pending);
        let cooling = amount.saturating_sub(pending);
        let left = self.own.active.saturating_sub(cooling);
        if leased && cooling > 0 {
            require_gte!(left, minimum, StakingError::LeaseLocksMinimum);
        }
        self.check_frozen(pending)?;
        self.end_own_late(now)?;
        self.own.pending = self.own.pending.saturating_sub(pending);
        self.own.active = left;
        self.own.cooling.put(cooling, now, now.saturating_add(cooldown))?;
        self.own.late = self.own.late.checked_add(cooling).ok_or(StakingError::Overflow)?;
        self.record_own(now);
        Ok(Leaving { now: pending, cooling })
    }

    /// Lets the owner's ready stake leave and returns it.
    pub fn withdraw(&mut self, now: i64) -> Result<u64> {
        self.end_own_late(now)?;
        let amount = self.own.cooling.take_ready(now)?;
        require!(amount > 0, StakingError::NothingReady);
        // The slots are empty already: what is left must cover the proposals.
        self.check_frozen(0)?;
        Ok(amount)
    }

    /// Lets the owner's rewards leave and returns them.
    pub fn claim(&mut self, now: i64) -> Result<u64> {
        self.end_own_late(now)?;
        let amount = core::mem::take(&mut self.own.due);
        require!(amount > 0, StakingError::NothingToClaim);
        self.check_frozen(0)?;
        Ok(amount)
    }

    /// Turns the owner's rewards into pending stake, as much as there is room for, and returns it.
    pub fn compound(&mut self, class: &Class, now: i64) -> Result<u64> {
        require!(self.own.due > 0, StakingError::NothingToClaim);
        let amount = self.own.due.min(self.room(class, now)?);
        self.stake(class, amount.max(1), now)?;
        self.own.due = self.own.due.checked_sub(amount).ok_or(StakingError::Overflow)?;
        Ok(amount)
    }

    /// Nothing leaves the owner's side below the open slash proposals.
    fn check_frozen(&self, leaving: u64) -> Result<()> {
        if self.frozen > 0 {
            let kept = self.own.total()?.saturating_sub(leaving);
            require_gte!(kept, self.frozen, StakingError::Frozen);
        }
        Ok(())
    }

    /// Co-stakers wait only while the proposals exceed the owner's side, which loses first.
    pub fn check_co_exit(&self) -> Result<()> {
        require_gte!(self.own.total()?, self.frozen, StakingError::CoExitFrozen);
        Ok(())
    }

    /// Credits a report's leaf: what the node earned in its life, of which it was credited a part, but no more
    /// than the bounds let through now. Returns the newly credited amount and how the two sides share it. What
    /// had to wait is credited later by the same leaf, or a newer one; until then the node is not credited past it.
    pub fn credit(&mut self, leaf: Earned, bounds: Bounds, now: i64) -> Result<(u64, Split)> {
        require!(self.fraud == 0, StakingError::NodeTerminal);
        let rested = now >= self.last_credit_at.saturating_add(CREDIT_REST) || !self.is_changing();
        require!(rested, StakingError::CreditTooSoon);
        let owed = leaf.lifetime.saturating_sub(self.credited);
        let earns = self.closed_at == 0 || leaf.through <= self.closed_at;
        require!(earns || owed == 0, StakingError::HourNotEarned);
        self.check_bound(owed, leaf.through, bounds.hour_bps)?;
        let reward = self.creditable(owed, bounds.most, now)?;
        let commission = self.commission_until(leaf.through);
        let weight = self.co.weight()?;
        let parts = split(reward, self.own.weight()?, weight, commission).ok_or(StakingError::Overflow)?;
        if parts.co > 0 {
            let next = self.co.accumulator().add(parts.co, weight).ok_or(StakingError::Overflow)?;
            self.co.set_accumulator(next);
        }
        self.co.owed = self.co.owed.checked_add(parts.co).ok_or(StakingError::Overflow)?;
        self.own.due = self.own.due.checked_add(parts.owner).ok_or(StakingError::Overflow)?;
        self.count(reward, leaf)?;
        self.last_credit_at = now;
        self.end_own_late(now)?;
        Ok((reward, parts))
    }

    /// An hour's reward is at most a part of the owner's minimum, the highest since `credited_through`; parts of
    /// a leaf that was not credited to its end count together.
    fn check_bound(&self, owed: u64, through: i64, bps: u16) -> Result<()> {
        if owed == 0 {
            return Ok(());
        }
        let passed = u64::try_from(through.saturating_sub(self.credited_through)).unwrap_or(0);
        let most = bound(self.highest, bps.into(), passed.div_ceil(HOUR.unsigned_abs()));
        let owed = owed.checked_add(self.partial).ok_or(StakingError::Overflow)?;
        require_gte!(most, owed, StakingError::RewardAboveBound);
        Ok(())
    }

    /// How much of what a leaf proves is credited now.
    fn creditable(&self, owed: u64, most: u64, now: i64) -> Result<u64> {
        require_gte!(now, self.credit_frozen_until, StakingError::CreditFrozen);
        require!(self.stopped_since == 0, StakingError::CreditStopped);
        if owed > 0 && most == 0 {
            return Err(error!(StakingError::CreditLimit).with_values((most, owed)));
        }
        Ok(owed.min(most))
    }

    /// Counts what was credited of a leaf; all of it brings the node to the leaf's time.
    fn count(&mut self, reward: u64, leaf: Earned) -> Result<()> {
        self.credited = self.credited.checked_add(reward).ok_or(StakingError::Overflow)?;
        if self.credited < leaf.lifetime {
            self.partial = self.partial.checked_add(reward).ok_or(StakingError::Overflow)?;
            return Ok(());
        }
        self.credited_height = self.credited_height.max(leaf.height);
        if leaf.through > self.credited_through {
            self.credited_through = leaf.through;
            self.partial = 0;
            if self.credited_through >= self.highest_at {
                self.highest = self.minimum;
            }
        }
        self.settle_commission();
        Ok(())
    }

    /// The commission for rewards up to `through`; across a change the lower rate applies.
    fn commission_until(&self, through: i64) -> u16 {
        if self.commission_at == 0 || through < self.commission_at {
            self.commission_bps
        } else if self.credited_through < self.commission_at {
            self.commission_bps.min(self.next_commission_bps)
        } else {
            self.next_commission_bps
        }
    }

    /// A change of the commission that lies wholly behind becomes the rate.
    fn settle_commission(&mut self) {
        if self.commission_at != 0 && self.credited_through >= self.commission_at {
            self.commission_bps = self.next_commission_bps;
            self.commission_at = 0;
        }
    }

    /// Announces a commission for `from` on: at most five points above the present one.
    pub fn set_commission(&mut self, bps: u16, now: i64, from: i64) -> Result<()> {
        require!(u64::from(bps) <= BPS, StakingError::CommissionOutOfBounds);
        // A change whose date has passed applies at the next credit; until then it must not be forgotten.
        let open = self.commission_at != 0 && now >= self.commission_at;
        require!(!open, StakingError::CommissionUndecided);
        let highest = self.commission_bps.saturating_add(COMMISSION_STEP_BPS);
        require_gte!(highest, bps, StakingError::CommissionStep);
        self.next_commission_bps = bps;
        self.commission_at = from;
        Ok(())
    }

    /// Counts rewards that the leaf of a node that ended for fraud proves, no more than `most` now; they are to be
    /// burned.
    pub fn forfeit(&mut self, leaf: Earned, most: u64, now: i64) -> Result<u64> {
        require!(self.fraud == 1, StakingError::NodeNotTerminal);
        let amount = self.creditable(leaf.lifetime.saturating_sub(self.credited), most, now)?;
        require_gt!(amount, 0, StakingError::NothingToClaim);
        self.count(amount, leaf)?;
        Ok(amount)
    }

    /// Its compute proofs say nothing of what it has become.
    fn forget_proof(&mut self, now: i64) {
        self.last_proof = LastProof::default();
        self.changed_at = now;
    }

    /// Checks that the hour of a verdict began after the node became what it is.
    pub fn check_verdict(&self, time: i64) -> Result<()> {
        if self.changed_at != 0 {
            require_gte!(time.saturating_sub(HOUR), self.changed_at, StakingError::VerdictBeforeChange);
        }
        Ok(())
    }

    /// Takes a processor in.
    pub fn attach(&mut self, now: i64) -> Result<()> {
        require_gt!(MAX_UNITS, self.units, StakingError::TooManyDevices);
        self.forget_proof(now);
        self.set_units(self.units.saturating_add(1), now)
    }

    /// Gives a processor up.
    pub fn detach(&mut self, now: i64) -> Result<()> {
        require_gt!(self.units, 1, StakingError::LastDevice);
        self.set_units(self.units.saturating_sub(1), now)
    }

    /// Goes down to a lower class of its pool, with all its processors: that is what its proofs have shown it to be.
    pub fn lower(&mut self, class: &Class, now: i64) -> Result<()> {
        require!(self.is_live(), StakingError::NodeNotLive);
        require!(self.last_proof.passed == 0, StakingError::ProofPassed);
        self.class = class.id;
        self.forget_proof(now);
        self.set_minimum(class.minimum_stake(self.units)?, now);
        Ok(())
    }

    /// Leaves the market; stake and rewards go their usual ways, and votes no more.
    pub fn retire(&mut self, now: i64) -> Result<()> {
        require!(self.is_live(), StakingError::NodeNotLive);
        self.state = NodeState::Retired;
        let past = Absence { from: self.retired_at, until: self.registered_at };
        if self.retired_at != 0 && past.until.saturating_sub(past.from) > HOUR {
            let [latest, _] = self.past_retired;
            self.past_retired = [past, latest];
        }
        self.retired_at = now;
        self.record(now);
        Ok(())
    }

    /// A node goes to another owner only while no proposal is open, and when nothing of the former owner's hours
    /// can be credited or disproved any more.
    fn check_passes(&self, now: i64) -> Result<()> {
        require!(self.frozen == 0 && self.stopped_since == 0, StakingError::Frozen);
        let credited = self.credited_through >= self.retired_at || self.is_past_credit(self.retired_at, now);
        require!(credited, StakingError::OwnerStays);
        require_gt!(now, self.disprovable_until(), StakingError::DisproofsOpen);
        Ok(())
    }

    /// The last second in which anything of before its retirement can be disproved, unix time.
    fn disprovable_until(&self) -> i64 {
        self.retired_at.saturating_add(HOUR).saturating_add(DISPROVE_TIME)
    }

    /// Whether it was retired before the hour that ended then began, and until its end: by its last three
    /// retirements that were longer than an hour. Nobody asks for proofs of a retired node, and the key of its
    /// device may be a stranger's by then.
    fn was_retired(&self, period_end: i64) -> bool {
        let still = self.is_retired() || self.registered_at < self.retired_at;
        let until = if still { i64::MAX } else { self.registered_at };
        let last = Absence { from: self.retired_at, until };
        let known = self.retired_at != 0 && last.has(period_end);
        known || self.past_retired.iter().any(|past| past.has(period_end))
    }

    /// Comes back to the market for its device's owner. What was credited stays counted, and co-stakers
    /// keep what they have.
    pub fn reopen(&mut self, device: &Device, class: &Class, args: NodeArgs, now: i64) -> Result<()> {
        let passed_on = self.owner != device.owner;
        if passed_on {
            // Another owner begins with an empty side, to which no proposal reaches.
            require!(self.own.total()? == 0, StakingError::NodeNotEmpty);
            self.check_passes(now)?;
            self.network = Pubkey::default();
        }
        // What the present key has signed can be disproved until then.
        let kept = passed_on || self.device_key == device.device_key;
        require!(kept || now > self.disprovable_until(), StakingError::KeyStays);
        // The others are of the former owner, or of the former class.
        let alone = self.units == 1 || !passed_on && self.class == device.class;
        require!(alone, StakingError::DevicesAttached);
        let co = self.co.active.checked_add(self.co.pending).ok_or(StakingError::Overflow)?;
        let announced = (self.commission_at, self.next_commission_bps);
        if co > 0 {
            // Co-stakers came for this commission: it changes with notice, or not at all.
            require!(args.commission_bps == self.commission_bps, StakingError::CommissionNotice);
        }
        self.describe(args)?;
        if co > 0 {
            (self.commission_at, self.next_commission_bps) = announced;
        } else {
            self.commission_at = 0;
        }
        self.state = NodeState::Live;
        self.owner = device.owner;
        self.device_key = device.device_key;
        self.class = device.class;
        self.pool = class.pool;
        self.registered_at = now;
        self.forget_proof(now);
        self.set_minimum(class.minimum_stake(self.units)?, now);
        self.record(now);
        Ok(())
    }

    /// Moves the whole side of an owner whose device has passed on out of the way: after a cooldown it is
    /// theirs to withdraw, even if the node has another owner by then.
    pub fn expel(&mut self, now: i64, cooldown: i64) -> Result<u64> {
        require!(self.is_retired(), StakingError::NodeNotRetired);
        self.check_passes(now)?;
        require!(self.former.amount == 0, StakingError::FormerUnpaid);
        let amount = self.own.total()?;
        require!(amount > 0, StakingError::NothingReady);
        self.own = OwnerSide::default();
        self.former = Former { owner: self.owner, amount, ready_at: now.saturating_add(cooldown) };
        self.record_own(now);
        Ok(amount)
    }

    /// Lets what is left of a former owner's side leave and returns it.
    pub fn withdraw_former(&mut self, now: i64) -> Result<u64> {
        let ready = self.former.amount > 0 && now >= self.former.ready_at;
        require!(ready, StakingError::NothingReady);
        Ok(core::mem::take(&mut self.former).amount)
    }

    /// Applies what a challenge does to the node's credit. The first one freezes it; who joins in while the freeze
    /// runs makes it no longer, but for the guardian.
    pub fn freeze_credit(&mut self, freeze: &CreditFreeze) -> Result<()> {
        self.min_report_seq = self.min_report_seq.max(freeze.min_report_seq);
        if freeze.lifted {
            return self.end_challenge(freeze.quiet_until);
        }
        self.challenges = self.challenges.checked_add(1).ok_or(StakingError::Overflow)?;
        if freeze.guardian {
            self.credit_frozen_until = self.credit_frozen_until.max(freeze.until);
        } else if self.last_time >= self.credit_frozen_until {
            require_gte!(self.last_time, self.quiet_until, StakingError::ChallengedLately);
            self.credit_frozen_until = freeze.until;
            self.quiet_until = freeze.quiet_until;
        }
        Ok(())
    }

    /// Ends a challenge. Where the one that began a freeze is decided, others may begin one again.
    fn end_challenge(&mut self, quiet_until: i64) -> Result<()> {
        self.challenges = self.challenges.checked_sub(1).ok_or(StakingError::Overflow)?;
        if self.challenges == 0 {
            self.credit_frozen_until = 0;
        }
        if self.quiet_until == quiet_until {
            self.quiet_until = 0;
        }
        Ok(())
    }

    /// Accepts a registration's own words about the node.
    pub fn describe(&mut self, args: NodeArgs) -> Result<()> {
        require!(u64::from(args.commission_bps) <= BPS, StakingError::CommissionOutOfBounds);
        self.commission_bps = args.commission_bps;
        self.next_commission_bps = args.commission_bps;
        self.region = args.region;
        self.memory_gib = args.memory_gib;
        self.link_mbps = args.link_mbps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::class;
    use io_common::abi;
    use io_math::{DAY, IO};

    const COOLDOWN: i64 = 14 * DAY;
    const MINIMUM: u64 = 200 * IO;
    /// No limit.
    const ANY: u64 = u64::MAX;

    fn node(own: u64, co: u64) -> Node {
        let mut node: Node = bytemuck::Zeroable::zeroed();
        node.units = 1;
        node.own.active = own;
        node.co.active = co;
        node.co.shares = co;
        node.co.tokens = co;
        (node.minimum, node.highest) = (MINIMUM, MINIMUM);
        node
    }

    fn credit(node: &mut Node, lifetime: u64, through: i64, most: u64, now: i64) -> Result<(u64, Split)> {
        node.credit(Earned { lifetime, through, height: 1 }, Bounds { most, hour_bps: 96 }, now)
    }

    #[test]
    fn the_layout_begins_as_others_read_it() {
        use core::mem::offset_of;
        let own = [
            ("version", offset_of!(Node, version)),
            ("bump", offset_of!(Node, bump)),
            ("state", offset_of!(Node, state)),
            ("units", offset_of!(Node, units)),
            ("class", offset_of!(Node, class)),
            ("pool", offset_of!(Node, pool)),
            ("banned", offset_of!(Node, banned)),
            ("owner", offset_of!(Node, owner)),
            ("offer", offset_of!(Node, offer)),
            ("device_key", offset_of!(Node, device_key)),
            ("credited", offset_of!(Node, credited)),
            ("last_proof", offset_of!(Node, last_proof)),
            ("minimum", offset_of!(Node, minimum)),
            ("owner_active", offset_of!(Node, own.active)),
        ];
        let (fields, size) = abi::Node::LAYOUT;
        assert_eq!(own.as_slice(), fields);
        assert!(size <= size_of::<Node>());
        assert_eq!(Node::DISCRIMINATOR, <abi::Node as abi::View>::DISCRIMINATOR);
    }

    #[test]
    fn the_stake_that_votes_lies_where_governance_reads_it() {
        use core::mem::offset_of;
        for (own, read) in [
            (offset_of!(Node, state), offset_of!(abi::NodeStake, state)),
            (offset_of!(Node, owner), offset_of!(abi::NodeStake, owner)),
            (offset_of!(Node, registered_at), offset_of!(abi::NodeStake, registered_at)),
            (offset_of!(Node, own_snapshot), offset_of!(abi::NodeStake, own_snapshot)),
            (offset_of!(Node, co_snapshot), offset_of!(abi::NodeStake, co_snapshot)),
            (offset_of!(Node, co.tokens), offset_of!(abi::NodeShares, tokens)),
            (offset_of!(Node, co.shares), offset_of!(abi::NodeShares, shares)),
            (offset_of!(Node, co.acc), offset_of!(abi::NodeShares, acc)),
        ] {
            assert_eq!(own, read);
        }
    }

    #[test]
    fn the_maximum_binds_both_sides_together() {
        // Minimum 200 IO, maximum 1,000 IO.
        let mut node = node(600 * IO, 300 * IO);
        assert!(node.stake(&class(10_000), 100 * IO + 1, 0).is_err());
        assert!(node.co_stake(&class(10_000), 100 * IO + 1, 0).is_err());
        node.co_stake(&class(10_000), 100 * IO, 0).unwrap();
        assert_eq!(node.co.pending, 100 * IO);
    }

    #[test]
    fn co_stake_is_at_most_the_owners_active_stake() {
        let mut node = node(200 * IO, 150 * IO);
        node.own.pending = 500 * IO;
        assert!(node.co_stake(&class(10_000), 50 * IO + 1, 0).is_err(), "pending makes no room");
        node.co_stake(&class(10_000), 50 * IO, 0).unwrap();
        assert!(node.co_stake(&class(10_000), 1, 0).is_err());
    }

    #[test]
    fn co_stake_enters_only_while_the_owners_active_stake_covers_the_minimum() {
        let mut node = node(200 * IO - 1, 0);
        node.own.pending = 500 * IO;
        assert!(node.co_stake(&class(10_000), 1, 0).is_err());
        node.own.active += 1;
        node.co_stake(&class(10_000), 1, 0).unwrap();
    }

    #[test]
    fn pending_stake_leaves_at_once_and_all_active_stake_cools() {
        let mut node = node(500 * IO, 0);
        node.own.pending = 10 * IO;
        let leaving = node.unstake(MINIMUM, 410 * IO, false, 0, COOLDOWN).unwrap();
        assert_eq!(leaving, Leaving { now: 10 * IO, cooling: 400 * IO });
        assert_eq!((node.own.active, node.own.pending, node.own.late), (100 * IO, 0, 400 * IO));
        assert!(node.withdraw(COOLDOWN - 1).is_err());
        assert_eq!(node.withdraw(COOLDOWN).unwrap(), 400 * IO);
    }

    #[test]
    fn a_lease_locks_the_minimum_and_no_more() {
        let mut node = node(500 * IO, 0);
        assert!(node.unstake(MINIMUM, 300 * IO + 1, true, 0, COOLDOWN).is_err());
        node.unstake(MINIMUM, 300 * IO, true, 0, COOLDOWN).unwrap();
        node.own.pending = IO;
        node.unstake(MINIMUM, IO, true, 0, COOLDOWN).unwrap();
        (node.own.active, node.own.pending) = (50 * IO, 250 * IO);
        assert!(node.unstake(MINIMUM, 250 * IO + 1, true, 0, COOLDOWN).is_err(), "pending covers nothing");
        node.unstake(MINIMUM, 250 * IO, true, 0, COOLDOWN).unwrap();
    }

    #[test]
    fn nothing_leaves_the_owners_side_below_the_open_proposals() {
        let mut node = node(300 * IO, 0);
        (node.own.pending, node.frozen) = (200 * IO, 301 * IO);
        assert!(node.unstake(MINIMUM, 200 * IO, false, 0, COOLDOWN).is_err());
        node.frozen = 300 * IO;
        node.unstake(MINIMUM, 200 * IO, false, 0, COOLDOWN).unwrap();
        node.own.due = 5;
        assert_eq!(node.claim(0).unwrap(), 5);
        node.frozen = 300 * IO + 1;
        node.own.due = 1;
        assert!(node.claim(0).is_err());
        assert!(node.check_co_exit().is_err());
    }

    #[test]
    fn a_leaf_is_credited_once_and_missed_hours_heal() {
        let mut node = node(600, 400);
        node.commission_bps = 1_000;
        assert_eq!(credit(&mut node, 100, 3_600, ANY, 0).unwrap(), (100, Split { owner: 64, co: 36 }));
        assert_eq!(credit(&mut node, 100, 7_200, ANY, 0).unwrap().0, 0);
        assert_eq!(node.credited_through, 7_200);
        assert_eq!(credit(&mut node, 350, 14_400, ANY, 0).unwrap().0, 250);
        assert_eq!(credit(&mut node, 300, 10_800, ANY, 0).unwrap().0, 0);
        assert_eq!((node.credited, node.credited_through), (350, 14_400));
        assert_eq!(node.own.due + node.co.owed, 350);
    }

    #[test]
    fn a_credit_across_a_change_of_commission_uses_the_lower_rate() {
        let mut node = node(500, 500);
        (node.commission_bps, node.next_commission_bps, node.commission_at) = (1_000, 2_000, 7_200);
        assert_eq!(credit(&mut node, 100, 3_600, ANY, 0).unwrap().1.co, 45);
        assert_eq!(credit(&mut node, 200, 10_800, ANY, 0).unwrap().1.co, 45);
        assert_eq!(credit(&mut node, 300, 14_400, ANY, 0).unwrap().1.co, 40);
    }

    #[test]
    fn what_exceeds_the_limit_waits_and_is_credited_by_the_same_leaf() {
        let mut node = node(500, 500);
        (node.commission_bps, node.next_commission_bps, node.commission_at) = (2_000, 1_000, 7_200);
        // The lower commission of the two holds for every part of the leaf, and nothing is skipped.
        assert_eq!(credit(&mut node, 300, 10_800, 100, 9).unwrap(), (100, Split { owner: 55, co: 45 }));
        assert_eq!((node.credited, node.credited_through, node.commission_bps), (100, 0, 2_000));
        assert!(credit(&mut node, 300, 10_800, 0, 9).is_err());
        assert_eq!(credit(&mut node, 300, 10_800, 100, 9).unwrap().1.co, 45);
        assert_eq!(credit(&mut node, 300, 10_800, 200, 9).unwrap(), (100, Split { owner: 55, co: 45 }));
        assert_eq!((node.credited, node.credited_through, node.commission_bps), (300, 10_800, 1_000));
        // A leaf without a new reward needs no room.
        assert_eq!(credit(&mut node, 300, 14_400, 0, 9).unwrap().0, 0);
        assert_eq!(node.credited_through, 14_400);
    }

    #[test]
    fn an_hours_reward_is_bounded_by_the_minimum_and_parts_of_a_leaf_count_together() {
        // 96 bps of 200 IO are 1.92 IO an hour.
        let hour = 192_000_000;
        let mut node = node(500, 0);
        assert!(credit(&mut node, hour + 1, 3_600, ANY, 0).is_err());
        assert!(credit(&mut node, 2 * hour + 1, 3_601, ANY, 0).is_err());
        assert_eq!(credit(&mut node, 2 * hour, 3_601, hour, 0).unwrap().0, hour);
        assert!(credit(&mut node, 2 * hour + 1, 3_601, ANY, 0).is_err(), "a part moves neither");
        assert_eq!(credit(&mut node, 2 * hour, 3_601, ANY, 0).unwrap().0, hour);
        assert!(credit(&mut node, 3 * hour + 1, 7_201, ANY, 0).is_err());
        credit(&mut node, 3 * hour, 7_201, ANY, 0).unwrap();
    }

    #[test]
    fn the_highest_minimum_counts_until_the_node_was_credited_past_it() {
        let hour = 192_000_000;
        let mut node = node(500, 0);
        node.attach(100).unwrap();
        assert_eq!((node.units, node.minimum, node.highest), (2, 2 * MINIMUM, 2 * MINIMUM));
        node.detach(5_000).unwrap();
        assert_eq!((node.minimum, node.highest, node.highest_at), (MINIMUM, 2 * MINIMUM, 5_000));
        credit(&mut node, 2 * hour, 3_600, ANY, 9_000).unwrap();
        credit(&mut node, 4 * hour, 7_200, ANY, 9_000).unwrap();
        assert_eq!(node.highest, MINIMUM);
        assert!(credit(&mut node, 5 * hour + 1, 10_800, ANY, 11_000).is_err());
    }

    #[test]
    fn without_any_stake_the_owner_is_due_what_was_earned() {
        let mut idle = node(0, 0);
        assert_eq!(credit(&mut idle, 10, 1, ANY, 0).unwrap().1, Split { owner: 10, co: 0 });
        let mut frozen = node(1, 0);
        frozen.credit_frozen_until = 10;
        assert!(credit(&mut frozen, 1, 1, ANY, 9).is_err());
        credit(&mut frozen, 1, 1, ANY, 10).unwrap();
    }

    #[test]
    fn what_leaves_stays_in_the_split_until_its_hours_are_credited() {
        let mut node = node(600, 400);
        node.unstake(0, 200, false, 5_000, COOLDOWN).unwrap();
        assert_eq!((node.own.active, node.own.late, node.own_snapshot.now), (400, 200, 400));
        assert_eq!(credit(&mut node, 1_000, 3_600, ANY, 5_000).unwrap().1.co, 400);
        assert!(credit(&mut node, 2_000, 7_200, ANY, 5_599).is_err(), "ten minutes apart");
        assert_eq!(credit(&mut node, 2_000, 7_200, ANY, 5_600).unwrap().1.co, 400);
        assert_eq!(node.own.late, 0, "credited past the time it was asked for");
        assert_eq!(credit(&mut node, 3_000, 10_800, ANY, 5_601).unwrap().1.co, 500);
    }

    #[test]
    fn late_weights_end_when_nothing_more_can_be_credited() {
        let leave = |node: &mut Node| node.unstake(0, 200, false, 50, COOLDOWN).unwrap();
        let mut retired = node(600, 0);
        leave(&mut retired);
        retired.retire(60).unwrap();
        retired.end_own_late(60 + LAST_CREDIT).unwrap();
        assert_eq!(retired.own.late, 200);
        retired.end_own_late(61 + LAST_CREDIT).unwrap();
        assert_eq!(retired.own.late, 0);
        let mut fraud = node(600, 0);
        leave(&mut fraud);
        fraud.end_for_fraud(70);
        fraud.end_own_late(70).unwrap();
        assert_eq!(fraud.own.late, 0);
        let mut banned = node(600, 0);
        leave(&mut banned);
        banned.ban(3_600);
        credit(&mut banned, 5, 3_000, ANY, 4_000).unwrap();
        banned.own.late += 1;
        banned.own.lost += 1;
        banned.own.lost_at = 9_000;
        credit(&mut banned, 6, 3_600, ANY, 5_000).unwrap();
        assert_eq!(banned.own.late, 0, "past its last hour");
        let mut within = node(600, 0);
        leave(&mut within);
        within.ban(7_199);
        within.own.cooling.slots[0].counts_to = 7_000;
        credit(&mut within, 6, 3_600, ANY, 9_000).unwrap();
        assert_eq!(within.own.late, 0, "the hour of its end is not earned");
    }

    #[test]
    fn a_banned_node_earns_nothing_after_the_hour_of_its_ban() {
        let mut node = node(500, 0);
        node.ban(7_199);
        assert!(credit(&mut node, 10, 7_200, ANY, 9_000).is_err());
        credit(&mut node, 5, 3_600, ANY, 9_000).unwrap();
        credit(&mut node, 5, 7_200, ANY, 9_000).unwrap();
        assert_eq!((node.credited, node.credited_through), (5, 7_200));
    }

    #[test]
    fn a_slash_takes_the_owners_side_first_and_ends_the_node_beyond_it() {
        let mut node = node(500, 300);
        (node.own.due, node.own.pending) = (10, 20);
        node.own.cooling.put(70, 5, 5).unwrap();
        node.own.late = 70;
        node.freeze(550, 0).unwrap();
        node.set_apart(550, 9).unwrap();
        assert_eq!((node.own.due, node.own.active, node.own.pending), (0, 0, 0));
        assert_eq!((node.own.cooling.total().unwrap(), node.co.tokens, node.frozen), (50, 300, 0));
        assert_eq!(
            (node.own.late, node.own.lost, node.own.lost_at),
            (570, 500, 9),
            "their hours stay shared"
        );
        assert!(node.is_live());
        assert!(node.freeze(351, 0).is_err());
        node.freeze(200, 0).unwrap();
        node.set_apart(200, 11).unwrap();
        assert_eq!((node.co.tokens, node.co.shares, node.state), (150, 300, NodeState::Terminal));
        assert_eq!((node.counted().unwrap(), node.set_apart, node.closed_at), (0, 750, 11));
        assert_eq!((node.own_snapshot.now, node.co_snapshot.now), (0, 0));
        // Half of the tokens are left for each share, and the last one out takes all.
        assert_eq!(node.co.redeem(101).unwrap(), 50);
        assert_eq!(node.co.redeem(199).unwrap(), 100);
        // Hours before are credited; later ones are not earned.
        credit(&mut node, 10, 11, ANY, 600).unwrap();
        assert!(credit(&mut node, 20, 12, ANY, 1_200).is_err());
        assert!(node.forfeit(Earned { lifetime: 20, through: 12, height: 2 }, ANY, 1_200).is_err());
    }

    #[test]
    fn what_was_set_apart_is_in_the_vault_until_it_is_burned() {
        let mut node = node(500, 0);
        node.freeze(100, 0).unwrap();
        node.set_apart(100, 0).unwrap();
        assert_eq!((node.vault_total().unwrap(), node.slashable().unwrap()), (500, 400));
        node.take_apart(60).unwrap();
        assert_eq!(node.vault_total().unwrap(), 440);
        assert!(node.take_apart(41).is_err());
    }

    #[test]
    fn a_lapse_spares_the_node_for_a_while() {
        let mut node = node(500, 0);
        node.spared_until = 100;
        assert!(node.freeze(1, 99).is_err());
        node.freeze(1, 100).unwrap();
    }

    #[test]
    fn fraud_stops_credit_and_the_time_is_remembered() {
        let mut node = node(500, 0);
        node.stop(10).unwrap();
        assert!(node.stop(11).is_err());
        assert!(credit(&mut node, 1, 1, ANY, 20).is_err());
        node.go_on(25);
        assert_eq!((node.stopped, node.stopped_since), (15, 0));
        credit(&mut node, 1, 1, ANY, 26).unwrap();
    }

    #[test]
    fn the_end_of_one_challenge_leaves_the_freeze_of_another() {
        let mut node = node(1, 0);
        let made = |until| CreditFreeze { until, quiet_until: until + 30, ..CreditFreeze::default() };
        let decided = |until| CreditFreeze { until: 0, lifted: true, ..made(until) };
        node.freeze_credit(&made(70)).unwrap();
        node.freeze_credit(&made(90)).unwrap();
        assert_eq!((node.credit_frozen_until, node.quiet_until), (70, 100), "who joins in adds no time");
        node.freeze_credit(&decided(90)).unwrap();
        assert_eq!((node.credit_frozen_until, node.challenges, node.quiet_until), (70, 1, 100));
        node.freeze_credit(&made(70)).unwrap();
        node.freeze_credit(&decided(70)).unwrap();
        assert_eq!((node.credit_frozen_until, node.quiet_until), (70, 0));
        node.freeze_credit(&decided(70)).unwrap();
        assert_eq!((node.credit_frozen_until, node.challenges), (0, 0));
        assert!(node.freeze_credit(&decided(70)).is_err());
    }

    #[test]
    fn challenges_that_nobody_decides_freeze_credit_for_one_freeze_together_and_then_not_for_a_while() {
        let mut node = node(1, 0);
        let make = |node: &mut Node, now, guardian| {
            node.last_time = now;
            let until = now + 7;
            node.freeze_credit(&CreditFreeze {
                until,
                guardian,
                quiet_until: until + 30,
                ..CreditFreeze::default()
            })
        };
        make(&mut node, 0, false).unwrap();
        make(&mut node, 6, false).unwrap();
        assert_eq!(node.credit_frozen_until, 7);
        assert!(make(&mut node, 7, false).is_err(), "whether or not somebody has lifted the first");
        make(&mut node, 8, true).unwrap();
        assert_eq!((node.credit_frozen_until, node.quiet_until), (15, 37));
        assert!(make(&mut node, 36, false).is_err());
        make(&mut node, 37, false).unwrap();
        assert_eq!((node.credit_frozen_until, node.quiet_until), (44, 74));
    }

    #[test]
    fn after_a_challenge_that_lapsed_only_the_guardian_makes_another_for_a_while() {
        let mut node = node(0, 0);
        let made = CreditFreeze { until: 7, quiet_until: 37, ..CreditFreeze::default() };
        node.freeze_credit(&made).unwrap();
        node.freeze_credit(&CreditFreeze { lifted: true, ..CreditFreeze::default() }).unwrap();
        node.last_time = 36;
        let refused = node.freeze_credit(&made).unwrap_err();
        assert!(matches!(refused, Error::AnchorError(error) if error.error_name == "ChallengedLately"));
        node.freeze_credit(&CreditFreeze { guardian: true, ..made }).unwrap();
        node.last_time = 37;
        node.freeze_credit(&made).unwrap();
    }

    #[test]
    fn a_node_that_ended_for_fraud_is_credited_nothing_and_its_leaf_is_forfeit() {
        let mut node = node(500, 300);
        node.end_for_fraud(0);
        let leaf = |through| Earned { lifetime: 100, through, height: 1 };
        assert!(credit(&mut node, 100, 1, ANY, 0).is_err());
        node.credit_frozen_until = 5;
        assert!(node.forfeit(leaf(1), ANY, 4).is_err());
        assert_eq!(node.forfeit(leaf(1), ANY, 5).unwrap(), 100);
        assert!(node.forfeit(leaf(2), ANY, 6).is_err());
        assert_eq!((node.counted().unwrap(), node.own_snapshot.now, node.co_snapshot.now), (0, 0, 0));
    }

    #[test]
    fn a_commission_rises_by_five_points_at_most_and_not_twice_at_once() {
        let mut node = node(1, 1);
        node.commission_bps = 1_000;
        assert!(node.set_commission(1_501, 0, 100).is_err());
        node.set_commission(1_500, 0, 100).unwrap();
        node.set_commission(200, 99, 199).unwrap();
        assert!(node.set_commission(300, 199, 299).is_err(), "the change of 199 is not applied yet");
        credit(&mut node, 0, 199, ANY, 199).unwrap();
        node.set_commission(300, 200, 300).unwrap();
        assert_eq!((node.commission_bps, node.next_commission_bps), (200, 300));
    }

    fn device(owner: Pubkey, class: u16) -> Device {
        let mut device: Device = bytemuck::Zeroable::zeroed();
        (device.owner, device.class) = (owner, class);
        device
    }

    fn args(commission_bps: u16) -> NodeArgs {
        NodeArgs { commission_bps, region: 1, memory_gib: 1, link_mbps: 1 }
    }

    #[test]
    fn reopening_neither_changes_co_stakers_commission_nor_activates_anything() {
        let mut node = node(500, 300);
        (node.commission_bps, node.commission_at, node.next_commission_bps) = (1_000, 70, 1_500);
        (node.credited, node.credited_through) = (9, 4);
        let mine = device(node.owner, 0);
        node.retire(5).unwrap();
        assert!(node.reopen(&mine, &class(10_000), args(10_000), 6).is_err());
        node.reopen(&mine, &class(10_000), args(1_000), 6).unwrap();
        assert_eq!((node.commission_bps, node.commission_at, node.next_commission_bps), (1_000, 70, 1_500));
        assert_eq!((node.credited, node.credited_through), (9, 4));
        (node.co.active, node.co.shares, node.co.tokens) = (0, 0, 0);
        node.retire(7).unwrap();
        node.reopen(&mine, &class(10_000), args(10_000), 8).unwrap();
        assert_eq!((node.commission_bps, node.commission_at), (10_000, 0));
    }

    #[test]
    fn a_reopened_or_larger_node_needs_a_verdict_of_an_hour_that_began_later() {
        let proven = || {
            let mut node = node(500, 0);
            node.last_proof.passed = 1;
            node.check_verdict(0).unwrap();
            node
        };
        let mut larger = proven();
        larger.attach(5_000).unwrap();
        let mut reopened = proven();
        reopened.retire(4_000).unwrap();
        reopened.reopen(&device(reopened.owner, 7), &class(10_000), args(0), 5_000).unwrap();
        for node in [larger, reopened] {
            assert_eq!(node.last_proof.passed, 0);
            assert!(node.check_verdict(8_599).is_err());
            node.check_verdict(8_600).unwrap();
        }
        let mut smaller = proven();
        smaller.units = 2;
        smaller.detach(5_000).unwrap();
        assert_eq!(smaller.last_proof.passed, 1);
    }

    #[test]
    fn a_disproof_takes_a_tenth_of_the_minimum_from_what_the_owner_has_free() {
        let disproof = Disproof { hour: 3, period_end: 10_800, evidence_hash: [7; 32] };
        let mut rich = node(500 * IO, 300 * IO);
        rich.own.due = 5 * IO;
        assert_eq!(rich.disprove(&disproof, 11_000).unwrap(), 20 * IO);
        assert_eq!((rich.own.due, rich.own.active, rich.set_apart, rich.frozen), (0, 485 * IO, 20 * IO, 0));
        assert_eq!((rich.own.lost, rich.own_snapshot.now, rich.co.tokens), (15 * IO, 485 * IO, 300 * IO));
        let proof = rich.last_proof;
        assert_eq!((proof.passed, proof.reason, proof.time), (0, ProofReason::Disproved, 10_800));
        assert!(rich.check_verdict(14_400).is_err(), "the hour had begun before");
        rich.check_verdict(14_600).unwrap();
        let mut poor = node(7 * IO, 300 * IO);
        assert_eq!(poor.disprove(&disproof, 11_000).unwrap(), 7 * IO, "co-stakers lose nothing");
        assert!(poor.is_live());
        let mut held = node(500 * IO, 0);
        held.freeze(495 * IO, 9_000).unwrap();
        assert_eq!(held.disprove(&disproof, 11_000).unwrap(), 5 * IO, "the rest is a proposal's");
        assert_eq!(held.disprove(&disproof, 11_000).unwrap(), 0);
        held.set_apart(495 * IO, 12_000).unwrap();
    }

    #[test]
    fn a_cheaper_class_does_not_make_a_disproof_cheaper_until_nothing_of_before_can_be_disproved() {
        let disproof = Disproof { hour: 3, period_end: 10_800, evidence_hash: [7; 32] };
        let mut node = node(500 * IO, 0);
        node.set_minimum(50 * IO, 9_000);
        node.set_minimum(20 * IO, 9_100);
        let until = 9_100 + HOUR + DISPROVE_TIME;
        let pays = |now| node.clone().disprove(&disproof, now).unwrap();
        assert_eq!((pays(9_100), pays(until), pays(until + 1)), (20 * IO, 20 * IO, 2 * IO));
        node.set_minimum(400 * IO, until);
        assert_eq!(node.clone().disprove(&disproof, until).unwrap(), 40 * IO);
        // What fell long ago is not remembered by a later fall.
        node.set_minimum(300 * IO, until + 1);
        assert_eq!(node.disprove(&disproof, until + 1).unwrap(), 40 * IO);
    }

    #[test]
    fn what_was_signed_in_hours_of_retirement_is_not_disproved_and_what_was_signed_around_them_is() {
        let disproved = |node: &Node, period_end| {
            let disproof = Disproof { hour: 0, period_end, evidence_hash: [7; 32] };
            node.clone().disprove(&disproof, 40_000).is_ok()
        };
        let mut node = node(500 * IO, 0);
        node.registered_at = 100;
        assert!(disproved(&node, 7_200), "it never was retired");
        node.retire(3_700).unwrap();
        assert_eq!([3_600, 7_200, 7_300, 7_301].map(|end| disproved(&node, end)), [true, true, true, false]);
        let mut ended = node;
        ended.end(9_000);
        assert!(!disproved(&ended, 10_800));
        node.reopen(&device(node.owner, 0), &class(10_000), args(0), 11_000).unwrap();
        assert_eq!([7_200, 10_800, 14_400].map(|end| disproved(&node, end)), [true, false, true]);
        node.end(15_000);
        assert!(disproved(&node, 18_000), "its end is no retirement");
        let mut at_once = ended;
        at_once.state = NodeState::Retired;
        at_once.reopen(&device(at_once.owner, 0), &class(10_000), args(0), 3_700).unwrap();
        assert!(disproved(&at_once, 10_800), "it was retired for no hour");
    }

    #[test]
    fn retirements_before_the_last_one_stay_known_unless_no_hour_falls_into_them() {
        const WEEKS: i64 = 10_000 * HOUR;
        let mut node = node(500 * IO, 0);
        let owner = device(node.owner, 0);
        node.registered_at = 100;
        for start in [10, 20, 30, 40] {
            node.retire(start * HOUR).unwrap();
            node.reopen(&owner, &class(10_000), args(0), start.saturating_add(3) * HOUR).unwrap();
            // For no whole hour: it takes nobody's place.
            node.retire(start.saturating_add(4) * HOUR).unwrap();
            node.reopen(&owner, &class(10_000), args(0), start.saturating_add(5) * HOUR).unwrap();
        }
        node.retire(WEEKS).unwrap();
        let retired = |hours: [i64; 4]| hours.map(|end| node.was_retired(end * HOUR));
        assert_eq!(retired([12, 22, 23, 24]), [false; 4], "older ones than two are forgotten");
        assert_eq!(retired([30, 31, 32, 33]), [false, false, true, true]);
        assert_eq!(retired([34, 36, 42, 43]), [false, false, true, true]);
        assert_eq!(retired([44, 46, 10_001, 10_002]), [false, false, false, true]);
    }

    #[test]
    fn what_failed_its_proofs_goes_down_to_a_lower_class_and_has_to_prove_itself_there() {
        let mut node = node(500 * IO, 0);
        (node.units, node.minimum) = (2, 2 * MINIMUM);
        let mut lower = class(10_000);
        lower.id = 9;
        node.last_proof.passed = 1;
        assert!(node.lower(&lower, 5_000).is_err(), "it passes as it is");
        node.last_proof.passed = 0;
        let mut away = node;
        away.retire(4_000).unwrap();
        assert!(away.lower(&lower, 5_000).is_err());
        node.lower(&lower, 5_000).unwrap();
        assert_eq!((node.class, node.minimum, node.changed_at), (9, 2 * MINIMUM, 5_000));
        assert!(node.check_verdict(8_599).is_err());
    }

    #[test]
    fn an_owner_gives_a_node_another_key_only_when_the_last_one_has_signed_nothing_lately() {
        let mut node = node(500, 0);
        let mut mine = device(node.owner, 0);
        mine.device_key = Pubkey::new_unique();
        node.retire(5_000).unwrap();
        let reopened = |now: i64, device: &Device| node.clone().reopen(device, &class(10_000), args(0), now);
        let until = 5_000 + HOUR + DISPROVE_TIME;
        assert!(reopened(until, &mine).is_err());
        reopened(until + 1, &mine).unwrap();
        reopened(5_001, &device(node.owner, 0)).unwrap();
    }

    #[test]
    fn another_owner_begins_with_an_empty_side_and_one_processor() {
        let mut node = node(500, 300);
        (node.units, node.network, node.minimum) = (2, Pubkey::new_unique(), 2 * MINIMUM);
        let theirs = device(Pubkey::new_unique(), 7);
        let first = node.owner;
        node.retire(5_000).unwrap();
        assert!(node.reopen(&theirs, &class(10_000), args(0), 6_000).is_err(), "500 are the first owner's");
        assert!(node.expel(6_000, COOLDOWN).is_err(), "hours of theirs are not credited");
        assert!(
            node.clone().expel(5_000 + LAST_CREDIT, COOLDOWN).is_err(),
            "a leaf is creditable in this second"
        );
        node.clone().expel(5_001 + LAST_CREDIT, COOLDOWN).unwrap();
        let mut stopped = node;
        stopped.stopped = 9;
        assert!(stopped.expel(5_009 + LAST_CREDIT, COOLDOWN).is_err());
        stopped.expel(5_010 + LAST_CREDIT, COOLDOWN).unwrap();
        credit(&mut node, 70, 7_200, ANY, 9_000).unwrap();
        node.frozen = 1;
        assert!(node.clone().expel(9_000, COOLDOWN).is_err(), "a proposal holds it back");
        node.frozen = 0;
        let now = 5_001 + HOUR + DISPROVE_TIME;
        assert!(
            node.clone().expel(now - 1, COOLDOWN).is_err(),
            "the last hour can be disproved in this second"
        );
        // 70 · 500 / 800 rounded up are the owner's.
        assert_eq!(node.expel(now, COOLDOWN).unwrap(), 544);
        assert_eq!((node.own.total().unwrap(), node.own_snapshot.now), (0, 0));
        assert_eq!(node.former, Former { owner: first, amount: 544, ready_at: now + COOLDOWN });
        assert_eq!(node.vault_total().unwrap(), 544 + 300 + 26);
        assert!(
            node.reopen(&theirs, &class(10_000), args(0), now).is_err(),
            "the other processor is the first owner's"
        );
        node.detach(now).unwrap();
        node.reopen(&theirs, &class(10_000), args(0), now).unwrap();
        assert_eq!((node.owner, node.class, node.minimum), (theirs.owner, 7, MINIMUM));
        assert_eq!((node.network, node.co.tokens), (Pubkey::default(), 300));
        assert!(node.withdraw_former(now + COOLDOWN - 1).is_err());
        assert_eq!(node.withdraw_former(now + COOLDOWN).unwrap(), 544);
        assert!(node.withdraw_former(now + COOLDOWN).is_err());
    }

    #[test]
    fn retired_stake_has_no_vote_until_the_node_is_back() {
        let mut node = node(500, 300);
        node.record(0);
        node.retire(5).unwrap();
        assert_eq!((node.counted().unwrap(), node.own_snapshot.now, node.co_snapshot.now), (0, 0, 0));
        node.unstake(MINIMUM, 100, false, 6, COOLDOWN).unwrap();
        assert_eq!(node.own_snapshot.now, 0);
        node.reopen(&device(node.owner, 0), &class(10_000), args(0), 7).unwrap();
        assert_eq!((node.counted().unwrap(), node.own_snapshot.now, node.co_snapshot.now), (700, 400, 300));
    }

    #[test]
    fn another_class_waits_until_the_other_processors_are_off() {
        let mut node = node(500, 0);
        node.units = 2;
        node.retire(5).unwrap();
        assert!(node.reopen(&device(node.owner, 7), &class(10_000), args(0), 6).is_err());
        node.reopen(&device(node.owner, 0), &class(10_000), args(0), 6).unwrap();
    }

    #[test]
    fn rewards_compound_up_to_the_nodes_maximum() {
        let mut node = node(900 * IO, 0);
        node.own.due = 150 * IO;
        assert_eq!(node.compound(&class(10_000), 5).unwrap(), 100 * IO);
        assert_eq!((node.own.pending, node.own.due), (100 * IO, 50 * IO));
        assert!(node.compound(&class(10_000), 5).is_err());
    }

    #[test]
    fn the_owners_stake_is_active_at_once_unless_co_stakers_have_something() {
        let mut node = node(1, 0);
        node.stake(&class(10_000), IO, 100).unwrap();
        assert!(node.stake(&class(10_000), IO, 100).is_err(), "what is ready must not start to wait again");
        assert_eq!(node.activate(100).unwrap(), IO);
        for side in 0..3 {
            let mut shared = node;
            match side {
                0 => shared.co.active = 1,
                1 => shared.co.late = 1,
                _ => shared.co.pending = 1,
            }
            shared.stake(&class(10_000), IO, 200).unwrap();
            assert!(shared.activate(200 + 400 * DAY).is_err(), "there is no other way than a credit");
            shared.credited_through = 200;
            assert_eq!(shared.activate(200).unwrap(), IO);
            assert_eq!(shared.own_snapshot.now, 2 * IO + 1);
        }
    }
}
