use crate::state::{
    CloseReason, Currency, CurrencyArgs, DisputeOutcome, ParamsArgs, Party, PayoutKind, CURRENCIES,
};
use anchor_lang::prelude::*;
use io_common::pyth::Price;

/// The configuration was created.
#[event]
pub struct Initialized {
    /// The first authority.
    pub authority: Pubkey,
    /// The first parameters.
    pub params: ParamsArgs,
}

/// A currency was added or changed.
#[event]
pub struct CurrencySet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The mint.
    pub mint: Pubkey,
    /// Decimals of the mint.
    pub decimals: u8,
    /// All that was set.
    pub currency: CurrencyArgs,
}

/// An offer was created or changed.
#[event]
pub struct OfferSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The offer.
    pub offer: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// Micro-dollars per unit and hour.
    pub rate: u64,
    /// Shortest rental, seconds.
    pub min_seconds: u32,
    /// Longest rental, seconds.
    pub max_seconds: u32,
    /// Whether bookings are taken.
    pub open: bool,
    /// What the supplier is paid in.
    pub payout: PayoutKind,
    /// Mints that jobs may be paid in; unused places are zeros.
    pub currencies: [Pubkey; CURRENCIES],
    /// The node's owner who made this offer.
    pub owner: Pubkey,
}

/// A node was booked, and the deposit went into the job's escrow.
#[event]
pub struct Booked {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The offer.
    pub offer: Pubkey,
    /// The node.
    pub node: Pubkey,
    /// The renter.
    pub renter: Pubkey,
    /// Who paid the deposit and the rent.
    pub payer: Pubkey,
    /// The wallet that gets the refund.
    pub refund_to: Pubkey,
    /// The token account that the deposit came from.
    pub source: Pubkey,
    /// The job's supplier.
    pub supplier: Pubkey,
    /// What the renter pays in.
    pub mint: Pubkey,
    /// Price in micro-dollars.
    pub usd: u64,
    /// Price in base units of the mint.
    pub price: u64,
    /// The renter's fees, base units.
    pub fee: u64,
    /// Seconds that were booked.
    pub seconds: u64,
    /// Attesters that must have seen a second good for it to count.
    pub attesters: u8,
    /// What the supplier is paid in.
    pub payout: PayoutKind,
    /// Jobs that the cluster was opened for; 1 for a job that stands alone.
    pub cluster_size: u8,
    /// The cluster's account, or zeros.
    pub cluster: Pubkey,
    /// What it was booked for in its cluster: 0 with the others, 1 in place of a lost job, 2 in a place that was
    /// added while it ran.
    pub replaces: u8,
    /// `sha256` of the manifest that says what is to be run.
    pub manifest_hash: [u8; 32],
    /// The oracle's price of the currency: `currency_price · 10^currency_exponent` USD a token.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
}

/// A cluster was opened.
#[event]
pub struct ClusterOpened {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The cluster.
    pub cluster: Pubkey,
    /// The renter.
    pub renter: Pubkey,
    /// Chosen by the renter; part of the address.
    pub id: [u8; 32],
    /// Number of jobs that are to start together.
    pub size: u8,
}

/// A cluster's renter has named who may book and extend its jobs too.
#[event]
pub struct DelegateSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The cluster.
    pub cluster: Pubkey,
    /// The delegate, or zeros for nobody.
    pub delegate: Pubkey,
}

/// Places were added to a cluster that runs.
#[event]
pub struct ClusterGrown {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The cluster.
    pub cluster: Pubkey,
    /// Who added them: the renter, or the delegate.
    pub booker: Pubkey,
    /// How many.
    pub places: u8,
}

/// An attester has confirmed that it has a job's manifest: only the supplier can now keep the job from
/// starting.
#[event]
pub struct ManifestConfirmed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Seat of the attester.
    pub seat: u8,
}

/// An attester has found a job's node gone; the job ends when enough attesters do within an hour.
#[event]
pub struct NodeLost {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Seat of the attester.
    pub seat: u8,
}

/// A cluster was closed.
#[event]
pub struct ClusterClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The cluster.
    pub cluster: Pubkey,
}

/// A running job was extended, and the price of the new time went into its escrow.
#[event]
pub struct Extended {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Who paid for it.
    pub payer: Pubkey,
    /// The token account that the deposit came from.
    pub source: Pubkey,
    /// Price in micro-dollars.
    pub usd: u64,
    /// Price of the new segment, base units.
    pub price: u64,
    /// The renter's fees for the new segment, base units.
    pub fee: u64,
    /// Seconds that were added.
    pub seconds: u64,
    /// When the booked time is over, unix time.
    pub ends_at: i64,
    /// What the escrow holds according to the job's account, base units.
    pub held: u64,
    /// The oracle's price of the currency: `currency_price · 10^currency_exponent` USD a token.
    pub currency_price: i64,
    /// Exponent of `currency_price`.
    pub currency_exponent: i32,
}

/// The booked time of a job began.
#[event]
pub struct Started {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The supplier, the device's key, or an attester.
    pub by: Pubkey,
    /// When it happened, unix time.
    pub started_at: i64,
    /// When the booked time is over, unix time.
    pub ends_at: i64,
}

/// An attester has looked at a job's time.
#[event]
pub struct Attested {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Seat of the attester.
    pub seat: u8,
    /// Good seconds since the start, in all.
    pub good: u32,
    /// Seconds since the start that were looked at, in all.
    pub upto: u32,
    /// Why time since the last attestation was not good, bits `BREAK_*`; 0 when all of it was.
    pub reason: u16,
    /// Good seconds that enough attesters agree on.
    pub attested: u64,
    /// Digest of the latest Proof of Compute; zeros when there is none yet.
    pub proof_digest: [u8; 32],
    /// Digest of the samples of the time-lock.
    pub timelock: [u8; 32],
    /// Hash of the job's result; zeros while there is none.
    pub result_hash: [u8; 32],
}

/// An attester found time that does not count.
#[event]
pub struct TimeLost {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Seat of the attester.
    pub seat: u8,
    /// Seconds from the start at which the time begins; 0 where a successor on the seat takes back what was
    /// called good before.
    pub from: u32,
    /// Seconds from the start at which the time ends.
    pub upto: u32,
    /// How many seconds are lost.
    pub lost: u32,
    /// Why the time does not count, bits `BREAK_*`.
    pub reason: u16,
}

/// A running job was stopped before its time.
#[event]
pub struct Stopped {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The renter, who gets the refund, or the supplier.
    pub by: Pubkey,
    /// Whether the renter or the supplier stopped it.
    pub reason: CloseReason,
    /// When the booked time is over, unix time.
    pub ends_at: i64,
}

/// The job is over, and what everyone is owed is fixed.
#[event]
pub struct Ended {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Why it ended.
    pub reason: CloseReason,
    /// Good seconds that enough attesters agree on.
    pub attested: u64,
    /// Owed to the supplier in all, base units.
    pub owed_supplier: u64,
    /// Owed to the fee vault in all, base units.
    pub owed_fees: u64,
    /// Owed as a refund in all, base units.
    pub owed_refund: u64,
    /// Hash of the job's result; zeros while there is none.
    pub result_hash: [u8; 32],
}

/// A party was paid what it is owed out of the escrow; nothing where it has had all of it.
#[event]
pub struct Paid {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// Who was paid.
    pub party: Party,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// Tokens, base units.
    pub amount: u64,
    /// Paid to this party so far, base units.
    pub paid: u64,
    /// What the escrow holds according to the job's account, base units.
    pub held: u64,
    /// Good seconds that the supplier was paid for at their last payment: no seat is lowered below them.
    pub settled_good: u64,
}

/// A party disputes the split: what is not paid yet is held back.
#[event]
pub struct DisputeMade {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The dispute.
    pub dispute: Pubkey,
    /// The party that disputes.
    pub party: Pubkey,
    /// What is held back, base units.
    pub frozen: u64,
    /// The party's bond, base units.
    pub bond: u64,
    /// When it is over if nobody decides it, unix time.
    pub until: i64,
    /// SHA-256 of the evidence.
    pub evidence_hash: [u8; 32],
}

/// The resolver has decided; `Ended` follows.
#[event]
pub struct DisputeResolved {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The dispute.
    pub dispute: Pubkey,
    /// Part of the price that is due, base units.
    pub gross: u64,
    /// For or against the party that disputed.
    pub outcome: DisputeOutcome,
}

/// A bond went back to the party or to the fee vault, and the dispute's accounts were closed.
#[event]
pub struct DisputeClosed {
    /// Number of the event, counted by the dispute.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// The dispute.
    pub dispute: Pubkey,
    /// How it ended.
    pub outcome: DisputeOutcome,
    /// The token account that was paid.
    pub destination: Pubkey,
    /// The bond, base units.
    pub amount: u64,
}

/// A job and its escrow were closed; what others had sent to the escrow went to the fee vault.
#[event]
pub struct JobClosed {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// The job.
    pub job: Pubkey,
    /// What others had sent to the escrow, base units.
    pub surplus: u64,
}

/// The parameters were set.
#[event]
pub struct ParamsSet {
    /// Number of the event, counted by the account that it is about.
    pub seq: u64,
    /// All of them.
    pub params: ParamsArgs,
}

io_common::administration_events!();

impl CurrencySet {
    pub fn new(seq: u64, currency: &Currency, args: CurrencyArgs) -> Self {
        Self { seq, mint: currency.mint, decimals: currency.decimals, currency: args }
    }
}

impl OfferSet {
    pub fn new(key: Pubkey, offer: &mut crate::state::Offer) -> Self {
        Self {
            seq: offer.next_seq(),
            offer: key,
            node: offer.node,
            rate: offer.rate,
            min_seconds: offer.min_seconds,
            max_seconds: offer.max_seconds,
            open: offer.open == 1,
            payout: offer.payout,
            currencies: offer.currencies,
            owner: offer.owner,
        }
    }
}

impl Booked {
    pub fn of(key: Pubkey, job: &crate::state::Job, usd: u64, oracle: Price, source: Pubkey) -> Self {
        Self {
            seq: job.seq,
            job: key,
            offer: job.offer,
            node: job.node,
            renter: job.renter,
            payer: job.rent_payer,
            refund_to: job.refund_to,
            source,
            supplier: job.supplier,
            mint: job.mint,
            usd,
            price: job.price,
            fee: job.fee,
            seconds: job.seconds,
            attesters: job.attesters,
            payout: job.payout,
            cluster_size: job.cluster_size,
            cluster: job.cluster,
            replaces: job.replaces,
            manifest_hash: job.manifest_hash,
            currency_price: oracle.price,
            currency_exponent: oracle.exponent,
        }
    }
}

impl Ended {
    pub fn of(key: Pubkey, job: &mut crate::state::Job) -> Self {
        Self {
            seq: job.next_seq(),
            job: key,
            reason: job.reason,
            attested: job.attested(),
            owed_supplier: job.owed_supplier,
            owed_fees: job.owed_fees,
            owed_refund: job.owed_refund,
            result_hash: job.result_hash,
        }
    }
}
