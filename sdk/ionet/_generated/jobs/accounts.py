"""Accounts of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Account, bind_account

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Cluster(Account):
    """Jobs of one renter that start only when all are booked: `["cluster", renter, id]`. It counts those
    that wait; a job that runs or has ended no longer needs it. While it runs it can grow by further jobs.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        size: Number of jobs that it was opened for, which start only when all of them are booked.
        joined: How many of those were booked.
        waiting: Jobs that are neither started nor ended, of whatever place.
        broken: Why the first job that left before its start did so; none while none has.
        lost: Jobs whose node was lost, and that nobody has replaced.
        places: Places that were added while it ran, and that nobody has booked yet.
        renter: The renter, who books its jobs and paid the rent.
        delegate: May book those that it was opened for or that replace lost ones, and extend any, and
                pays itself for that; zeros where the renter has named nobody.
        id: Chosen by the renter; part of the address.
        manifest_hash: `sha256` of the manifest that all its jobs run.
        opened_at: When it was opened, unix time.
        broken_at: When the first job left before its start, unix time; 0 while none has.
        runs_until: The latest end of the booked time of its jobs, unix time; 0 before the first start.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    size: int
    joined: int
    waiting: int
    broken: types.CloseReason
    lost: int
    places: int
    renter: Pubkey
    delegate: Pubkey
    id: bytes
    manifest_hash: bytes
    opened_at: int
    broken_at: int
    runs_until: int
    seq: int


bind_account(
    Cluster,
    PROGRAM_ID,
    bytes.fromhex("ece176e4ad6a123c"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("size", c.u8),
        ("joined", c.u8),
        ("waiting", c.u8),
        ("broken", types.close_reason_codec),
        ("lost", c.u8),
        ("places", c.u8),
        ("renter", c.pubkey),
        ("delegate", c.pubkey),
        ("id", c.raw_bytes(32)),
        ("manifest_hash", c.raw_bytes(32)),
        ("opened_at", c.i64),
        ("broken_at", c.i64),
        ("runs_until", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Config(Account):
    """The one configuration account of the program: `["config"]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        attesters: Attesters of a job.
        attesters_large: Attesters of a large job.
        booking_bps: Booking fee of each side, bps.
        dispute_bond_bps: Bond of a dispute, bps of what it freezes.
        last_time: Latest time that an instruction has seen, unix time.
        roles: Authority, pauser, and what is paused.
        resolver: Decides disputes.
        large_daily_usd: Micro-dollars a day from which a job is large.
        price_limits: Limits that a price has to keep.
        verdict_age: Largest age of the compute proof that a node is booked on, where it is not the
                head's, seconds.
        seq: Number of the latest event of this account.
    """

    version: int
    bump: int
    attesters: int
    attesters_large: int
    booking_bps: int
    dispute_bond_bps: int
    last_time: int
    roles: types.Roles
    resolver: Pubkey
    large_daily_usd: int
    price_limits: types.PriceLimits
    verdict_age: int
    seq: int


bind_account(
    Config,
    PROGRAM_ID,
    bytes.fromhex("9b0caae01efacc82"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("attesters", c.u8),
        ("attesters_large", c.u8),
        ("booking_bps", c.u16),
        ("dispute_bond_bps", c.u16),
        ("last_time", c.i64),
        ("roles", types.Roles.CODEC),
        ("resolver", c.pubkey),
        ("large_daily_usd", c.u64),
        ("price_limits", types.PriceLimits.CODEC),
        ("verdict_age", c.u32),
        ("", c.pad(4)),
        ("seq", c.u64),
        ("", c.pad(256)),
    ),
)


@dataclass(frozen=True, slots=True)
class Currency(Account):
    """A mint that jobs may be paid in: `["currency", mint]`.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        pricing: How it is priced.
        enabled: 1 while new jobs may be paid in it.
        decimals: Decimals of the mint.
        payment_bps: Payment fee of the side that uses it, bps.
        mint: The mint.
        feed_id: Pyth's id of the feed that quotes it in USD.
        price_account: The one account that the feed is read from.
        vaults: The buyback's fee vaults for this mint.
    """

    version: int
    bump: int
    pricing: types.Pricing
    enabled: int
    decimals: int
    payment_bps: int
    mint: Pubkey
    feed_id: bytes
    price_account: Pubkey
    vaults: tuple[Pubkey, ...]


bind_account(
    Currency,
    PROGRAM_ID,
    bytes.fromhex("bf3e74dba343e5c8"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("pricing", types.pricing_codec),
        ("enabled", c.u8),
        ("decimals", c.u8),
        ("", c.pad(1)),
        ("payment_bps", c.u16),
        ("mint", c.pubkey),
        ("feed_id", c.raw_bytes(32)),
        ("price_account", c.pubkey),
        ("vaults", c.array(c.pubkey, 8)),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Dispute(Account):
    """A party's dispute of how a job's price is split, with a bond: `["dispute", job, party]`. It signs
    for
    its bond, so that it outlives the job.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        by_renter: 1 when the renter disputes, 0 when the supplier does.
        outcome: How it ended.
        job: The disputed job.
        party: The party that disputes, who paid the bond and the rent.
        bond_vault: Token account that holds the bond.
        fee_vault: Where a lost bond goes: the job's fee vault.
        bond: The bond, base units of the job's mint.
        frozen: What was frozen, base units.
        evidence_hash: SHA-256 of the party's evidence.
        made_at: When it was made, unix time.
        until: When it is over if nobody has decided it, unix time.
        seq: Number of the latest event.
    """

    version: int
    bump: int
    by_renter: int
    outcome: types.DisputeOutcome
    job: Pubkey
    party: Pubkey
    bond_vault: Pubkey
    fee_vault: Pubkey
    bond: int
    frozen: int
    evidence_hash: bytes
    made_at: int
    until: int
    seq: int


bind_account(
    Dispute,
    PROGRAM_ID,
    bytes.fromhex("2431f1432824f14a"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("by_renter", c.u8),
        ("outcome", types.dispute_outcome_codec),
        ("", c.pad(4)),
        ("job", c.pubkey),
        ("party", c.pubkey),
        ("bond_vault", c.pubkey),
        ("fee_vault", c.pubkey),
        ("bond", c.u64),
        ("frozen", c.u64),
        ("evidence_hash", c.raw_bytes(32)),
        ("made_at", c.i64),
        ("until", c.i64),
        ("seq", c.u64),
        ("", c.pad(64)),
    ),
)


@dataclass(frozen=True, slots=True)
class Job(Account):
    """A rental with its escrow: `["job", offer, nonce]`. deposit = paid to the supplier + fees + refund +
    what the escrow holds, at all times.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        state: Where it stands.
        reason: Why it ended, or was stopped.
        attesters: Attesters that must have seen a second good for it to count.
        payout: What the supplier is paid in, as the offer said at booking.
        cluster_size: Jobs that its cluster was opened for; 1 for a job that stands alone.
        segment_count: Segments in use.
        booking_bps: Booking fee of each side, bps; fixed at booking, as are the other two.
        renter_payment_bps: Payment fee of the renter, bps.
        supplier_payment_bps: Payment fee of the supplier, bps.
        disputes: Who has disputed it: bit 0 the renter, bit 1 the supplier. Each may once.
        offer: The node's offer.
        node: The node.
        renter: Who booked it.
        supplier: The node's owner at booking.
        mint: What the renter pays in.
        payout_vault: The buyback's account `["payout", job]`, which gets the supplier's part where the
                supplier is paid in IO and the renter pays in another mint; else zeros.
        paid_supplier: Paid to the supplier, or into their payout account, so far, base units.
        escrow: Token account that holds the deposit.
        fee_vault: The buyback's vault that the fees go to.
        rent_payer: Who gets the rent back.
        cluster: The cluster's account, or zeros.
        manifest_hash: `sha256` of the manifest that says what is to be run.
        result_hash: Hash of the result as attested; unlocks nothing.
        proof_digest: Digest of the latest Proof of Compute.
        nonce: Part of the address.
        rate: Micro-dollars per unit and hour.
        units: Processors of the node at booking.
        manifest_seen: 1 when an attester has confirmed in time that it had the manifest.
        replaces: How it came into a cluster that ran: 1 in place of a lost job, 2 in a place that was
                added; else 0.
        lowered: Seats whose good time a successor has lowered, a bit each.
        price: Sum of the segments' prices, base units.
        fee: Sum of the renter's fees, base units.
        seconds: Sum of the segments' seconds.
        booked_at: When it was booked, unix time.
        started_at: When the booked time began, unix time; 0 before.
        ends_at: When the booked time is over, unix time; 0 before the start.
        ended_at: When it ended, unix time; 0 before.
        last_attested_at: When an attester last looked at it, unix time.
        last_time: Latest time that an instruction has seen, unix time.
        frozen_until: Nothing is paid before this time, while a dispute is open; 0 where none is.
        owed_supplier: Owed to the supplier in all, once the job has ended, base units.
        owed_fees: Owed to the fee vault in all, once the job has ended, base units.
        owed_refund: Owed to `refund_to` in all, once the job has ended, base units.
        paid_fees: Fees paid so far, base units.
        paid_refund: Refunded so far, base units.
        refund_to: The wallet that gets the refund; fixed at booking.
        verdict_at: When the node passed the compute proof that it was booked on, unix time.
        settled_good: Good seconds that the supplier was paid for at the last payment: no seat is lowered
                below them.
        seq: Number of the latest event.
        segments: The booking and the extensions, in order; the first `segment_count` are in use.
        seen: What each attester seat has seen, by number of the seat.
    """

    version: int
    bump: int
    state: types.JobState
    reason: types.CloseReason
    attesters: int
    payout: types.PayoutKind
    cluster_size: int
    segment_count: int
    booking_bps: int
    renter_payment_bps: int
    supplier_payment_bps: int
    disputes: int
    offer: Pubkey
    node: Pubkey
    renter: Pubkey
    supplier: Pubkey
    mint: Pubkey
    payout_vault: Pubkey
    paid_supplier: int
    escrow: Pubkey
    fee_vault: Pubkey
    rent_payer: Pubkey
    cluster: Pubkey
    manifest_hash: bytes
    result_hash: bytes
    proof_digest: bytes
    nonce: int
    rate: int
    units: int
    manifest_seen: int
    replaces: int
    lowered: int
    price: int
    fee: int
    seconds: int
    booked_at: int
    started_at: int
    ends_at: int
    ended_at: int
    last_attested_at: int
    last_time: int
    frozen_until: int
    owed_supplier: int
    owed_fees: int
    owed_refund: int
    paid_fees: int
    paid_refund: int
    refund_to: Pubkey
    verdict_at: int
    settled_good: int
    seq: int
    segments: tuple[types.Segment, ...]
    seen: tuple[types.Seen, ...]


bind_account(
    Job,
    PROGRAM_ID,
    bytes.fromhex("4b7c50cba1b4ca50"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("state", types.job_state_codec),
        ("reason", types.close_reason_codec),
        ("attesters", c.u8),
        ("payout", types.payout_kind_codec),
        ("cluster_size", c.u8),
        ("segment_count", c.u8),
        ("booking_bps", c.u16),
        ("renter_payment_bps", c.u16),
        ("supplier_payment_bps", c.u16),
        ("disputes", c.u8),
        ("", c.pad(1)),
        ("offer", c.pubkey),
        ("node", c.pubkey),
        ("renter", c.pubkey),
        ("supplier", c.pubkey),
        ("mint", c.pubkey),
        ("payout_vault", c.pubkey),
        ("paid_supplier", c.u64),
        ("escrow", c.pubkey),
        ("fee_vault", c.pubkey),
        ("rent_payer", c.pubkey),
        ("cluster", c.pubkey),
        ("manifest_hash", c.raw_bytes(32)),
        ("result_hash", c.raw_bytes(32)),
        ("proof_digest", c.raw_bytes(32)),
        ("nonce", c.u64),
        ("rate", c.u64),
        ("units", c.u32),
        ("manifest_seen", c.u8),
        ("replaces", c.u8),
        ("lowered", c.u16),
        ("price", c.u64),
        ("fee", c.u64),
        ("seconds", c.u64),
        ("booked_at", c.i64),
        ("started_at", c.i64),
        ("ends_at", c.i64),
        ("ended_at", c.i64),
        ("last_attested_at", c.i64),
        ("last_time", c.i64),
        ("frozen_until", c.i64),
        ("owed_supplier", c.u64),
        ("owed_fees", c.u64),
        ("owed_refund", c.u64),
        ("paid_fees", c.u64),
        ("paid_refund", c.u64),
        ("refund_to", c.pubkey),
        ("verdict_at", c.i64),
        ("settled_good", c.u64),
        ("seq", c.u64),
        ("segments", c.array(types.Segment.CODEC, 5)),
        ("seen", c.array(types.Seen.CODEC, 16)),
        ("", c.pad(72)),
    ),
)


@dataclass(frozen=True, slots=True)
class Offer(Account):
    """A node's terms and its lease: `["offer", node]`. Created once and never closed, so that the lease
    has
    one place.

    Attributes:
        version: Version of this layout.
        bump: Bump of the account's address.
        open: 1 while bookings are taken.
        payout: What the supplier is paid in.
        node: The node.
        lease_job: The job that holds the lease, or zeros.
        lease_until: End of the lease, unix time.
        nonce: Nonce of the latest booking; only grows, so that no two jobs have the same address.
        rate: Micro-dollars per unit and hour.
        min_seconds: Shortest rental, seconds.
        max_seconds: Longest rental, seconds, extensions included.
        currencies: Mints that jobs may be paid in; unused places are zeros.
        seq: Number of the latest event.
        last_time: Latest time that an instruction has seen, unix time.
        owner: The node's owner who made this offer; it does not bind a later owner.
    """

    version: int
    bump: int
    open: int
    payout: types.PayoutKind
    node: Pubkey
    lease_job: Pubkey
    lease_until: int
    nonce: int
    rate: int
    min_seconds: int
    max_seconds: int
    currencies: tuple[Pubkey, ...]
    seq: int
    last_time: int
    owner: Pubkey


bind_account(
    Offer,
    PROGRAM_ID,
    bytes.fromhex("d7583c47aaa249e5"),
    (
        ("version", c.u8),
        ("bump", c.u8),
        ("open", c.u8),
        ("payout", types.payout_kind_codec),
        ("", c.pad(4)),
        ("node", c.pubkey),
        ("lease_job", c.pubkey),
        ("lease_until", c.i64),
        ("nonce", c.u64),
        ("rate", c.u64),
        ("min_seconds", c.u32),
        ("max_seconds", c.u32),
        ("currencies", c.array(c.pubkey, 4)),
        ("seq", c.u64),
        ("last_time", c.i64),
        ("owner", c.pubkey),
        ("", c.pad(32)),
    ),
)


__all__ = ["Cluster", "Config", "Currency", "Dispute", "Job", "Offer"]
