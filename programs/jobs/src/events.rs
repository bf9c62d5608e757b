use crate::state::{CloseReason, DisputeOutcome, Party, PayoutKind, Pricing};
use anchor_lang::prelude::*;

#[event]
pub struct Initialized {
    pub authority: Pubkey,
}

#[event]
pub struct CurrencySet {
    pub seq: u64,
    pub mint: Pubkey,
    pub pricing: Pricing,
    pub enabled: bool,
    pub payment_bps: u16,
}

#[event]
pub struct OfferSet {
    pub seq: u64,
    pub offer: Pubkey,
    pub node: Pubkey,
    pub rate: u64,
    pub min_seconds: u32,
    pub max_seconds: u32,
    pub open: bool,
    pub payout: PayoutKind,
}

/// A deposit went into its escrow.
#[event]
pub struct Booked {
    pub seq: u64,
    pub job: Pubkey,
    pub offer: Pubkey,
    pub node: Pubkey,
    pub renter: Pubkey,
    pub supplier: Pubkey,
    pub mint: Pubkey,
    pub usd: u64,
    pub price: u64,
    pub fee: u64,
    pub seconds: u64,
    pub attesters: u8,
    pub payout: PayoutKind,
    /// Jobs of the cluster; 1 for a job that stands alone.
    pub cluster_size: u8,
    /// The cluster's account, or zeros.
    pub cluster: Pubkey,
    pub manifest_hash: [u8; 32],
}

/// A cluster can be booked.
#[event]
pub struct ClusterOpened {
    pub seq: u64,
    pub cluster: Pubkey,
    pub renter: Pubkey,
    pub id: [u8; 32],
    pub size: u8,
}

#[event]
pub struct ClusterClosed {
    pub seq: u64,
    pub cluster: Pubkey,
}

/// A running job got more time, and its escrow the price of it.
#[event]
pub struct Extended {
    pub seq: u64,
    pub job: Pubkey,
    pub usd: u64,
    /// Of the new segment.
    pub price: u64,
    pub fee: u64,
    pub seconds: u64,
    pub ends_at: i64,
    /// What the escrow holds by the job's account.
    pub held: u64,
}

#[event]
pub struct Started {
    pub seq: u64,
    pub job: Pubkey,
    pub by: Pubkey,
    pub started_at: i64,
    pub ends_at: i64,
}

#[event]
pub struct Attested {
    pub seq: u64,
    pub job: Pubkey,
    pub seat: u8,
    pub good: u32,
    pub upto: u32,
    pub reason: u16,
    /// Good seconds that enough attesters agree on.
    pub attested: u64,
    pub proof_digest: [u8; 32],
    /// Digest of the samples of the time-lock.
    pub timelock: [u8; 32],
    pub result_hash: [u8; 32],
}

/// Time that an attester found not to count.
#[event]
pub struct TimeLost {
    pub seq: u64,
    pub job: Pubkey,
    pub seat: u8,
    /// Seconds since the start between which it lies.
    pub from: u32,
    pub upto: u32,
    /// How many of them are lost.
    pub lost: u32,
    /// Bits of the worker's break reasons.
    pub reason: u16,
}

/// The work was stopped before its time.
#[event]
pub struct Stopped {
    pub seq: u64,
    pub job: Pubkey,
    pub by: Pubkey,
    pub reason: CloseReason,
    pub ends_at: i64,
}

/// The job is over, and what everyone is owed is fixed.
#[event]
pub struct Ended {
    pub seq: u64,
    pub job: Pubkey,
    pub reason: CloseReason,
    pub attested: u64,
    pub owed_supplier: u64,
    pub owed_fees: u64,
    pub owed_refund: u64,
    pub result_hash: [u8; 32],
}

/// A party was paid out of the escrow.
#[event]
pub struct Paid {
    pub seq: u64,
    pub job: Pubkey,
    /// Who was paid.
    pub party: Party,
    pub destination: Pubkey,
    pub amount: u64,
    /// Paid to this party so far.
    pub paid: u64,
    /// What the escrow holds by the job's account.
    pub held: u64,
}

/// A party disputes the split: what is not paid yet is held back.
#[event]
pub struct DisputeMade {
    pub seq: u64,
    pub job: Pubkey,
    pub dispute: Pubkey,
    pub party: Pubkey,
    /// What is held back, base units.
    pub frozen: u64,
    pub bond: u64,
    pub until: i64,
    pub evidence_hash: [u8; 32],
}

/// The resolver has decided; `Ended` follows.
#[event]
pub struct DisputeResolved {
    pub seq: u64,
    pub job: Pubkey,
    pub dispute: Pubkey,
    /// Part of the price that is due.
    pub gross: u64,
    pub outcome: DisputeOutcome,
}

/// A bond went back, or to the fee vault; the dispute's accounts are closed.
#[event]
pub struct DisputeClosed {
    /// Of the dispute's account.
    pub seq: u64,
    pub job: Pubkey,
    pub dispute: Pubkey,
    pub outcome: DisputeOutcome,
    pub destination: Pubkey,
    pub amount: u64,
}

/// Both accounts are closed; what others had sent to the escrow went to the fee vault.
#[event]
pub struct JobClosed {
    pub seq: u64,
    pub job: Pubkey,
    pub surplus: u64,
}

#[event]
pub struct ParamsSet {
    pub seq: u64,
    pub booking_bps: u16,
    pub dispute_bond_bps: u16,
    pub attesters: u8,
    pub attesters_large: u8,
}

io_common::administration_events!();

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
        }
    }
}

impl Booked {
    pub fn of(key: Pubkey, job: &crate::state::Job, usd: u64) -> Self {
        Self {
            seq: job.seq,
            job: key,
            offer: job.offer,
            node: job.node,
            renter: job.renter,
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
            manifest_hash: job.manifest_hash,
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
