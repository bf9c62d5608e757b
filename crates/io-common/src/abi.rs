//! How the programs read each other's accounts: the leading fields of each account type that another
//! program needs. The owner's struct begins with the same fields; its layout tests compare them.

use crate::ids;
use crate::snapshot::Snapshot;
use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use core::cell::Ref;
use io_math::emission::Stand;
use io_math::ratio::mul_div_ceil;

/// The beginning of an account of another program.
pub trait View: Pod {
    /// The owning program.
    const PROGRAM: Pubkey;
    /// Anchor's discriminator of the account type.
    const DISCRIMINATOR: [u8; 8];
    /// The layout's version, the first byte after the discriminator.
    const VERSION: u8 = 1;
}

/// Reads an account as `V`; `None` for another owner, type, version or a length too small.
pub fn read<'a, V: View>(account: &'a AccountInfo) -> Option<Ref<'a, V>> {
    if *account.owner != V::PROGRAM {
        return None;
    }
    let data = account.try_borrow_data().ok()?;
    Ref::filter_map(data, |data| {
        let (discriminator, body) = data.split_first_chunk::<8>()?;
        if *discriminator != V::DISCRIMINATOR || *body.first()? != V::VERSION {
            return None;
        }
        bytemuck::try_from_bytes(body.get(..size_of::<V>())?).ok()
    })
    .ok()
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $program:expr, $discriminator:expr, { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy, Pod, Zeroable)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl View for $name {
            const PROGRAM: Pubkey = $program;
            const DISCRIMINATOR: [u8; 8] = $discriminator;
        }

        impl $name {
            /// Field names with their offsets behind the discriminator, and the view's size.
            pub const LAYOUT: (&'static [(&'static str, usize)], usize) =
                (&[$((stringify!($field), core::mem::offset_of!($name, $field)),)*], size_of::<$name>());
        }
    };
}

/// Where emission stood after a call of `emit`.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Minted on the schedule, what was withheld included, base units.
    pub emitted: u64,
    /// Part of it that was minted into the reserve, base units.
    pub withheld: u64,
}

/// How many calls of `emit` are remembered: a day of hourly ones.
pub const CRANKS: u8 = 24;
/// Places for them in an account.
pub const HISTORY: usize = CRANKS as usize;

view!(
    /// `mint::Config`: how much was emitted, and since when.
    MintConfig, ids::MINT_PROGRAM, discriminator("Config"), {
        version: u8,
        bump: u8,
        padding: [u8; 6],
        /// Unix time from which emission counts.
        start: i64,
        /// Minted on the schedule so far, what was withheld included.
        emitted: u64,
        /// Part of it that was minted into the reserve, base units.
        withheld: u64,
        /// After each of the latest cranks, the latest first; zeros stand for the start.
        history: [Checkpoint; HISTORY],
    }
);

impl MintConfig {
    /// What the emission vault received for the first `scheduled` of the schedule; `None` when so much is not
    /// emitted yet, or was so many cranks ago that it is not known any more.
    pub fn paid_until(&self, scheduled: u64) -> Option<u64> {
        let stand = |point: &Checkpoint| Stand { emitted: point.emitted, withheld: point.withheld };
        let found = self.history.iter().position(|point| point.emitted <= scheduled)?;
        let before = stand(self.history.get(found)?);
        let after = found.checked_sub(1).and_then(|next| self.history.get(next)).map_or(before, stand);
        before.paid_until(after, scheduled)
    }
}

view!(
    /// `proofs::AttesterSet`: who attests, with which weight.
    AttesterSet, ids::PROOFS_PROGRAM, discriminator("AttesterSet"), {
        version: u8,
        bump: u8,
        /// Seats in use; seat numbers stay with their attester while its key changes.
        seats: u8,
        padding: u8,
        /// Counts the changes of the set.
        set_version: u32,
        /// Weight that approves a report.
        threshold: u32,
        total_weight: u32,
        keys: [Pubkey; SEATS],
        weights: [u32; SEATS],
    }
);

/// Most seats of the attester set.
pub const MAX_SEATS: u8 = 16;
/// Places for seats in an account.
pub const SEATS: usize = MAX_SEATS as usize;

impl AttesterSet {
    /// Seats that are not vacant.
    pub fn taken(&self) -> usize {
        self.weights.iter().take(usize::from(self.seats)).filter(|weight| **weight > 0).count()
    }

    /// The weight of seats together, by the bits of their numbers.
    pub fn weight_of(&self, seats: u16) -> u32 {
        let mut left = seats;
        self.weights.iter().fold(0, |sum, weight| {
            let chosen = if left & 1 == 1 { *weight } else { 0 };
            left >>= 1;
            sum.saturating_add(chosen)
        })
    }

    /// Seat and weight of a key.
    pub fn seat_of(&self, key: &Pubkey) -> Option<(u8, u32)> {
        let seats = usize::from(self.seats);
        let seat = self.keys.get(..seats)?.iter().position(|other| other == key)?;
        let weight = *self.weights.get(seat)?;
        (weight > 0).then_some((u8::try_from(seat).ok()?, weight))
    }
}

view!(
    /// `proofs::Report`: cumulative rewards of all nodes until the end of a period.
    Report, ids::PROOFS_PROGRAM, discriminator("Report"), {
        version: u8,
        bump: u8,
        state: ReportState,
        /// 1 for a correction, which may lower leaves.
        correction: u8,
        padding: [u8; 4],
        /// Hours from the start of emission to `period_end`.
        seq: u64,
        /// Merkle root of the reward leaves.
        root: [u8; 32],
        /// Sum of the leaves' lifetime rewards, or of what a node was credited where that is more.
        total: u64,
        period_end: i64,
        /// When it became final, unix time.
        finalized_at: i64,
        /// Its predecessor's height plus one.
        height: u64,
        /// From when its leaves are creditable; set when it becomes final.
        creditable_from: i64,
        /// The last second in which they are.
        creditable_until: i64,
    }
);

view!(
    /// `proofs::Config`: which reports pay, and how much.
    ProofsConfig, ids::PROOFS_PROGRAM, discriminator("Config"), {
        version: u8,
        bump: u8,
        padding: [u8; 2],
        /// How long rewards are held back behind their hour, seconds.
        hold: u32,
        last_time: i64,
        /// Height of the latest report that reached the threshold and stands; 0 while none did.
        head: u64,
        /// Height of the latest final report; 0 while there is none.
        final_height: u64,
        /// No report below this height is creditable: that of the latest correction which reached its threshold
        /// and stands; 0 while none did.
        min_height: u64,
        /// End of the period of the report at the head, unix time; 0 while there is none. The verdicts in it
        /// are of this time.
        head_period_end: i64,
    }
);

impl Report {
    /// Whether its leaves can be credited at `now`.
    pub fn is_creditable(&self, config: &ProofsConfig, now: i64) -> bool {
        let in_time = self.creditable_from <= now && now <= self.creditable_until;
        self.state == ReportState::Final && self.height >= config.min_height && in_time
    }
}

/// What credits in all may come to: the highest total that was credited from since the latest correction.
///
/// With one report's total alone, a node that is credited late, after others were credited from later
/// reports, would always be refused.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CreditBound {
    /// The configuration's `min_height` when `total` was begun.
    pub min_height: u64,
    /// The highest total since.
    pub total: u64,
}

impl CreditBound {
    /// Takes in a report that is credited from, and returns the most that credits may sum up to.
    pub fn raise(&mut self, config: &ProofsConfig, report: &Report) -> u64 {
        if config.min_height > self.min_height {
            *self = Self { min_height: config.min_height, total: 0 };
        }
        self.total = self.total.max(report.total);
        self.total
    }
}

crate::open_enum!(
    /// Where a report stands.
    pub enum ReportState {
        /// Gathers approvals.
        Pending = 0,
        /// Approved; its challenge window runs.
        Approved = 1,
        /// Its leaves can be credited.
        Final = 2,
        /// Will never pay.
        Void = 3,
    }
);

/// Longest time that rewards are held back behind their hour, seconds.
pub const MAX_HOLD: u32 = 30 * 86_400;
/// How long a final report stays creditable, in seconds.
pub const CREDITABLE: i64 = 30 * io_math::DAY;

/// What a challenge does to a node's credit.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreditFreeze {
    /// No credit before this time, unix time; 0 for no change.
    pub until: i64,
    /// True when a challenge is over, false when one is made; freezes of other challenges stay.
    pub lifted: bool,
    /// Whether the guardian makes it, who does not have to wait for `quiet_until`.
    pub guardian: bool,
    /// When a challenge is made: no other challenge before this time, unless this one is decided. When it is
    /// decided: the same time again, which no longer counts. When it lapsed: 0.
    pub quiet_until: i64,
    /// No credit from reports with a lower `seq` than this; 0 for no change.
    pub min_report_seq: u64,
}

/// How long what a device signed in an hour can be disproved after its end, seconds: the default hold of rewards.
pub const DISPROVE_TIME: i64 = 7 * io_math::DAY;

/// What was shown to be wrong of a node.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disproof {
    /// Hours from the start of emission to the end of the hour.
    pub hour: u64,
    /// End of the hour, unix time.
    pub period_end: i64,
    /// SHA-256 of the message that the device signed.
    pub evidence_hash: [u8; 32],
}

crate::open_enum!(
    /// Why a compute proof failed.
    pub enum ProofReason {
        /// It passed.
        Passed = 0,
        /// The answer could not be read.
        Malformed = 1,
        /// The answer was to a smaller problem.
        Smaller = 2,
        /// The answer was to another challenge.
        WrongSeed = 3,
        /// The answer had been used before.
        Replayed = 4,
        /// The answer does not belong to the commitment.
        WrongRoot = 5,
        /// Other rows were opened than those drawn.
        WrongRows = 6,
        /// A row does not belong to the commitment.
        BadMerklePath = 7,
        /// A row of the product is wrong.
        WrongRow = 8,
        /// It was too slow for its hardware class.
        Slow = 9,
        /// There was no answer in time.
        Unanswered = 10,
        /// What the device had signed was shown to be wrong on the chain.
        Disproved = 11,
        /// Chains of reads did not begin where they had to.
        WrongStart = 12,
        /// Other chains were opened than those drawn.
        WrongChains = 13,
        /// A read of a chain does not follow from those before.
        WrongRead = 14,
        /// A chain does not end where the commitment says.
        WrongEnd = 15,
    }
);

crate::open_enum!(
    /// The part of the genesis supply that IO comes from.
    pub enum Allocation {
        /// Community, 100,000,000 IO.
        Community = 0,
        /// Research and development, 128,000,000 IO.
        Research = 1,
        /// Seed investors, 100,000,000 IO.
        Seed = 2,
        /// Series A investors, 81,600,000 IO.
        SeriesA = 3,
        /// Core contributors, 90,400,000 IO.
        Core = 4,
        /// None of them.
        None = 5,
    }
);

/// The verdict of a node's latest compute proof.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LastProof {
    /// End of the hour that it holds for, unix time; 0 while none was shown.
    pub time: i64,
    /// SHA-256 of what it was judged from; zeros where the hour has none of its own.
    pub evidence_hash: [u8; 32],
    /// Measured speed against the class's reference, bps.
    pub score_bps: u32,
    /// Why it failed, or that it passed.
    pub reason: ProofReason,
    /// 1 when it passed.
    pub passed: u8,
    pub padding: [u8; 2],
}

view!(
    /// `staking::Node`: who owns it and whether it may be leased.
    Node, ids::STAKING_PROGRAM, discriminator("Node"), {
        version: u8,
        bump: u8,
        state: NodeState,
        /// Processors.
        units: u8,
        class: u16,
        pool: Pool,
        /// 1 when its first device is banned.
        banned: u8,
        owner: Pubkey,
        /// The offer account, which carries the lease.
        offer: Pubkey,
        /// The key that signs for the device.
        device_key: Pubkey,
        /// Rewards credited in the node's whole life.
        credited: u64,
        /// Its latest compute proof.
        last_proof: LastProof,
        /// The owner's minimum for its processors.
        minimum: u64,
        /// The owner's active stake: what has to cover the minimum.
        owner_active: u64,
    }
);

impl Node {
    /// Whether it may be listed and leased as far as stake and devices go: live, of no banned device, and the
    /// owner's own active stake covers the minimum.
    pub fn is_hireable(&self) -> bool {
        self.state == NodeState::Live && self.banned == 0 && self.owner_active >= self.minimum
    }
}

view!(
    /// `staking::Class`: the stake that a node's owner needs.
    Class, ids::STAKING_PROGRAM, discriminator("Class"), {
        version: u8,
        bump: u8,
        pool: Pool,
        enabled: u8,
        id: u16,
        maximum: u8,
        padding: u8,
        multiplier_bps: u32,
        padding_2: u32,
        /// Minimum stake per processor before the multiplier, base units.
        base_minimum: u64,
    }
);

impl Class {
    /// The owner's minimum for `units` processors: base · max(1, multiplier) each, rounded up.
    pub fn minimum_stake(&self, units: u8) -> Option<u64> {
        let weight = u64::from(self.multiplier_bps).max(io_math::BPS);
        mul_div_ceil(self.base_minimum, weight, io_math::BPS)?.checked_mul(units.into())
    }
}

crate::open_enum!(
    /// Whether a node takes part.
    pub enum NodeState {
        /// Takes part.
        Live = 0,
        /// Left by its owner; may come back.
        Retired = 1,
        /// Has ended, for fraud or because co-stakers bore a loss; it no longer earns, stakes or works.
        Terminal = 2,
    }
);

crate::open_enum!(
    /// The kind of hardware, which decides what share of emission a class draws on.
    pub enum Pool {
        /// GPUs and Apple M-series.
        Gpu = 0,
        /// CPUs.
        Cpu = 1,
    }
);

view!(
    /// `staking::Node`: the stake that votes, and whose it is.
    NodeStake, ids::STAKING_PROGRAM, discriminator("Node"), {
        version: u8,
        bump: u8,
        state: NodeState,
        padding: [u8; 5],
        owner: Pubkey,
        before_registered_at: [u8; 424],
        /// When its present owner registered or reopened it.
        registered_at: i64,
        before_snapshots: [u8; 144],
        /// Active stake of the owner's side, none while the node is not live.
        own_snapshot: Snapshot,
        /// Active stake of all positions, none while the node is not live.
        co_snapshot: Snapshot,
    }
);

view!(
    /// `staking::Position`: a co-staker's stake that votes.
    Position, ids::STAKING_PROGRAM, discriminator("Position"), {
        version: u8,
        bump: u8,
        padding: [u8; 6],
        node: Pubkey,
        holder: Pubkey,
        before_snapshot: [u8; 208],
        snapshot: Snapshot,
    }
);

view!(
    /// `staking::StakeShard`: a sixteenth of the nodes' active stake.
    StakeShard, ids::STAKING_PROGRAM, discriminator("StakeShard"), {
        version: u8,
        bump: u8,
        index: u8,
        padding: [u8; 5],
        active: Snapshot,
    }
);

/// Places for withdrawals of a position.
const COOLING: usize = 4;

/// A withdrawal that cools.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct CoolingSlot {
    /// Shares; 0 in a free slot.
    pub amount: u64,
    pub rest: [u8; 24],
}

view!(
    /// `staking::Position`: what its holder has there.
    PositionWorth, ids::STAKING_PROGRAM, discriminator("Position"), {
        version: u8,
        bump: u8,
        padding: [u8; 6],
        node: Pubkey,
        holder: Pubkey,
        /// Shares that earn.
        active: u64,
        pending: u64,
        pending_at: i64,
        /// Shares that still earn for hours in which they were active.
        late: u64,
        cooling: [CoolingSlot; COOLING],
        /// The node's accumulator at the latest settlement: u128, little endian.
        entry: [u8; 16],
        fraction: u64,
        /// Rewards settled and not yet claimed.
        due: u64,
    }
);

view!(
    /// `staking::Node`: what co-stakers' shares are worth, and what they have earned.
    NodeShares, ids::STAKING_PROGRAM, discriminator("Node"), {
        version: u8,
        bump: u8,
        before_co: [u8; 534],
        /// Tokens behind all shares.
        tokens: u64,
        shares: u64,
        before_acc: [u8; 32],
        /// Reward per share since the beginning, base units: u128, Q64.64, little endian.
        acc: [u8; 16],
    }
);

impl PositionWorth {
    /// Tokens that its shares stand for, with all rewards, base units: what its holder could take out in the end.
    /// Without its node a share counts as a token, and rewards that are not settled do not count.
    pub fn worth(&self, node: Option<&NodeShares>) -> Option<u64> {
        let staked = self.active.checked_add(self.pending)?;
        let shares = self.cooling.iter().try_fold(staked, |sum, slot| sum.checked_add(slot.amount))?;
        let Some(node) = node else {
            return shares.checked_add(self.due);
        };
        let (acc, entry) = (u128::from_le_bytes(node.acc), u128::from_le_bytes(self.entry));
        let earning = self.active.checked_add(self.late)?;
        let (earned, _) = io_math::reward::accrue(earning, acc, entry, self.fraction)?;
        let tokens = io_math::shares::redeem(shares, node.tokens, node.shares)?;
        tokens.checked_add(self.due)?.checked_add(earned)
    }
}

view!(
    /// `distributor::Grant`: whose it is, and what is left of it.
    Grant, ids::DISTRIBUTOR_PROGRAM, discriminator("Grant"), {
        version: u8,
        bump: u8,
        revocable: u8,
        allocation: Allocation,
        cliff: u32,
        period: u32,
        tranches: u32,
        id: u64,
        beneficiary: Pubkey,
        /// Becomes the beneficiary when it accepts.
        pending_beneficiary: Pubkey,
        granted_to: Pubkey,
        vault: Pubkey,
        total: u64,
        upfront: u64,
        start: i64,
        released: u64,
        /// Taken back by a revocation.
        returned: u64,
    }
);

impl Grant {
    /// What of it `holder` has: nothing as soon as somebody else is named, who can accept at any time.
    pub fn worth(&self, holder: &Pubkey) -> Option<u64> {
        let named = self.pending_beneficiary != Pubkey::default() && self.pending_beneficiary != *holder;
        if self.beneficiary != *holder || named {
            return None;
        }
        self.total.checked_sub(self.released)?.checked_sub(self.returned)
    }
}

/// Number of shards in which active stake is summed.
pub const STAKE_SHARDS: u8 = 16;

view!(
    /// `jobs::Offer`: the lease on a node.
    Offer, ids::JOBS_PROGRAM, discriminator("Offer"), {
        version: u8,
        bump: u8,
        /// 1 while bookings are taken.
        open: u8,
        /// What the supplier is paid in.
        payout: PayoutKind,
        padding: [u8; 4],
        node: Pubkey,
        /// The job that holds the lease, or zeros.
        lease_job: Pubkey,
        /// End of the lease, unix time.
        lease_until: i64,
    }
);

impl Offer {
    /// Whether a lease stands at `now`.
    pub fn leased(&self, now: i64) -> bool {
        self.lease_job != Pubkey::default() && now < self.lease_until
    }
}

view!(
    /// `jobs::Job`: whose rental it is, and in what its supplier is paid.
    Job, ids::JOBS_PROGRAM, discriminator("Job"), {
        version: u8,
        bump: u8,
        state: JobState,
        /// Why it ended.
        reason: CloseReason,
        /// Attesters that must have seen a second good for it to count.
        attesters: u8,
        payout: PayoutKind,
        /// Nodes of the cluster that the job is part of; 1 for a job that stands alone.
        cluster_size: u8,
        /// Segments of booked time in use.
        segment_count: u8,
        booking_bps: u16,
        renter_payment_bps: u16,
        supplier_payment_bps: u16,
        /// Who has disputed it.
        disputes: u8,
        padding: u8,
        offer: Pubkey,
        node: Pubkey,
        renter: Pubkey,
        /// The node's owner at booking.
        supplier: Pubkey,
        /// What it is paid in.
        mint: Pubkey,
        /// The buyback's account `["payout", job]` where it pays the supplier in IO for another mint, or
        /// zeros.
        payout_vault: Pubkey,
        /// Paid to the supplier, or into their payout account, so far.
        paid_supplier: u64,
    }
);

crate::open_enum!(
    /// Where a job stands.
    pub enum JobState {
        /// Paid for, and waiting for its start.
        Booked = 0,
        /// The work goes on, or has ended and is not attested to its end.
        Running = 1,
        /// Over: what each party is owed is fixed and can be paid.
        Ended = 2,
    }
);

crate::open_enum!(
    /// Why a job ended. A job that was stopped has its reason while it is still running.
    pub enum CloseReason {
        /// It has not ended.
        None = 0,
        /// Its time was over and attested to its end.
        Completed = 1,
        /// Its attesters fell silent for a day.
        TimedOut = 2,
        /// The renter stopped it.
        RenterStopped = 3,
        /// The supplier stopped it.
        SupplierStopped = 4,
        /// Nobody started it within 20 minutes.
        NoShow = 5,
        /// The supplier cancelled it.
        SupplierCancelled = 6,
        /// The renter cancelled it before its start.
        RenterCancelled = 7,
        /// Its node was gone.
        Lost = 8,
        /// A dispute was decided.
        Resolved = 9,
        /// Another job of its cluster ended before the start.
        ClusterBroken = 10,
    }
);

crate::open_enum!(
    /// What a supplier is paid in.
    pub enum PayoutKind {
        /// IO, whatever the renter pays in.
        Io = 0,
        /// What the renter pays in.
        AsPaid = 1,
    }
);

crate::open_enum!(
    /// How a currency is priced.
    pub enum Pricing {
        /// By its price feed.
        Feed = 0,
        /// One dollar each, unless its price feed says less than 0.99.
        Par = 1,
    }
);

view!(
    /// `jobs::Currency`: how a mint is priced, what using it costs, and where its fees go.
    Currency, ids::JOBS_PROGRAM, discriminator("Currency"), {
        version: u8,
        bump: u8,
        pricing: Pricing,
        enabled: u8,
        decimals: u8,
        padding: u8,
        /// Payment fee of the side that uses it, bps.
        payment_bps: u16,
        mint: Pubkey,
        feed_id: [u8; 32],
        price_account: Pubkey,
        /// The buyback's fee vaults for this mint, by shard.
        vaults: [Pubkey; FEE_SHARDS],
    }
);

/// Fee vaults of a currency; a job pays into the one of its key's last three bits.
pub const FEE_SHARDS: usize = 8;

impl Currency {
    /// Whether one token counts as one dollar.
    pub fn at_par(&self) -> bool {
        self.pricing == Pricing::Par
    }

    /// The fee vault of a job.
    pub fn vault_of(&self, job: &Pubkey) -> Option<Pubkey> {
        let [.., last] = job.to_bytes();
        self.vaults.get(usize::from(last).checked_rem(FEE_SHARDS)?).copied()
    }
}

view!(
    /// `buyback::Config`: what was burned.
    BuybackConfig, ids::BUYBACK_PROGRAM, discriminator("Config"), {
        version: u8,
        bump: u8,
        padding: [u8; 6],
        /// IO burned in all, base units.
        burned: u64,
    }
);

/// `sha256("account:<name>")[..8]`.
const fn discriminator(name: &str) -> [u8; 8] {
    let hash = const_crypto::sha2::Sha256::new().update(b"account:").update(name.as_bytes()).finalize();
    match hash.first_chunk::<8>() {
        Some(first) => *first,
        None => [0; 8],
    }
}

/// Asserts that `$account` begins with the fields of `$view`.
#[macro_export]
macro_rules! assert_layout {
    ($account:ty, $view:ty, [$($field:ident),* $(,)?]) => {{
        let (fields, size) = <$view>::LAYOUT;
        let own = [$((stringify!($field), core::mem::offset_of!($account, $field)),)*];
        assert_eq!(own.as_slice(), fields);
        assert!(size <= size_of::<$account>());
        assert_eq!(
            <$account as anchor_lang::Discriminator>::DISCRIMINATOR,
            <$view as $crate::abi::View>::DISCRIMINATOR
        );
        assert_eq!(<$account as anchor_lang::Owner>::owner(), <$view as $crate::abi::View>::PROGRAM);
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emission(cranks: &[(u64, u64)]) -> MintConfig {
        let mut config = MintConfig::zeroed();
        for (slot, (emitted, withheld)) in config.history.iter_mut().zip(cranks.iter().rev()) {
            *slot = Checkpoint { emitted: *emitted, withheld: *withheld };
        }
        config
    }

    #[test]
    fn what_was_paid_for_a_time_is_known_from_the_cranks_around_it() {
        let config = emission(&[(100, 0), (200, 50), (400, 150)]);
        for (scheduled, paid) in
            [(0, 0), (60, 60), (100, 100), (150, 125), (200, 150), (300, 200), (400, 250)]
        {
            assert_eq!(config.paid_until(scheduled), Some(paid), "{scheduled}");
        }
        assert_eq!(config.paid_until(401), None, "not emitted yet");
        assert_eq!(emission(&[]).paid_until(0), Some(0));
        assert_eq!(emission(&[]).paid_until(1), None);
    }

    #[test]
    fn a_position_is_worth_its_shares_and_all_rewards() {
        let mut position = PositionWorth { active: 60, pending: 20, due: 7, ..PositionWorth::zeroed() };
        position.cooling[3].amount = 20;
        assert_eq!(position.worth(None), Some(107));
        let mut node = NodeShares { tokens: 200, shares: 200, ..NodeShares::zeroed() };
        assert_eq!(position.worth(Some(&node)), Some(107));
        // Half a unit for each share that earns, and a loss of half of the tokens.
        node.acc = (1u128 << 63).to_le_bytes();
        node.tokens = 100;
        assert_eq!(position.worth(Some(&node)), Some(50 + 7 + 30));
        position.entry = node.acc;
        assert_eq!(position.worth(Some(&node)), Some(50 + 7));
        node.shares = 99;
        assert_eq!(position.worth(Some(&node)), None);
    }

    #[test]
    fn credits_may_sum_up_to_the_highest_total_since_the_latest_correction() {
        let report = |total| Report { total, ..Report::zeroed() };
        let config = |min_height| ProofsConfig { min_height, ..ProofsConfig::zeroed() };
        let mut bound = CreditBound::default();
        assert_eq!(bound.raise(&config(0), &report(200)), 200);
        assert_eq!(bound.raise(&config(0), &report(100)), 200, "a node that is credited late");
        assert_eq!(bound.raise(&config(7), &report(90)), 90, "a correction lowers it");
        assert_eq!(bound.raise(&config(7), &report(80)), 90);
    }

    #[test]
    fn a_report_is_creditable_in_its_time_and_not_below_a_correction() {
        let report = Report {
            state: ReportState::Final,
            height: 5,
            creditable_from: 100,
            creditable_until: 200,
            ..Report::zeroed()
        };
        let config = ProofsConfig { min_height: 5, ..ProofsConfig::zeroed() };
        for (now, creditable) in [(99, false), (100, true), (200, true), (201, false)] {
            assert_eq!(report.is_creditable(&config, now), creditable, "{now}");
        }
        assert!(!report.is_creditable(&ProofsConfig { min_height: 6, ..config }, 150));
        assert!(!Report { state: ReportState::Approved, ..report }.is_creditable(&config, 150));
    }

    #[test]
    fn what_is_more_than_the_remembered_cranks_ago_is_not_known() {
        let cranks: Vec<(u64, u64)> = (1..=HISTORY as u64).map(|i| (i * 10, i)).collect();
        let config = emission(&cranks);
        assert_eq!(config.paid_until(10), Some(9));
        assert_eq!(config.paid_until(9), None);
        // With one place free it still knows the start.
        assert_eq!(emission(&cranks[..HISTORY - 1]).paid_until(5), Some(4));
    }
}
