"""Types of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.codec import Codec, Int
from ionet.chain.schema import Named, Record, bind_record


@dataclass(frozen=True, slots=True)
class AttestArgs(Record):
    """What an attester says.

    Attributes:
        good: Good seconds since the start, in all.
        upto: Seconds since the start that were looked at, in all.
        reason: Why time since the last attestation was not good, bits `BREAK_*`; 0 when all of it was.
        proof_digest: Digest of the latest Proof of Compute; zeros when there is none yet.
        timelock: Digest of the device's signed samples that show it used by nobody else: without it no
                time is good.
        result_hash: Hash of the job's result; zeros while there is none. It is recorded and unlocks
                nothing.
    """

    good: int
    upto: int
    reason: int
    proof_digest: bytes
    timelock: bytes
    result_hash: bytes


bind_record(
    AttestArgs,
    (
        ("good", c.u32),
        ("upto", c.u32),
        ("reason", c.u16),
        ("proof_digest", c.raw_bytes(32)),
        ("timelock", c.raw_bytes(32)),
        ("result_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class BookArgs(Record):
    """What a renter books.

    Attributes:
        nonce: Part of the job's address: 1 to 256 above the offer's latest nonce.
        seconds: Seconds to book.
        max_deposit: The most that may be taken, fees included, base units.
        manifest_hash: `sha256` of the manifest that says what is to be run.
    """

    nonce: int
    seconds: int
    max_deposit: int
    manifest_hash: bytes


bind_record(
    BookArgs,
    (("nonce", c.u64), ("seconds", c.u64), ("max_deposit", c.u64), ("manifest_hash", c.raw_bytes(32))),
)


class CloseReason(Named):
    """Why a job ended. A job that was stopped has its reason while it is still running."""

    NONE = 0, "It has not ended."
    COMPLETED = 1, "Its time was over and attested to its end."
    TIMED_OUT = 2, "Its attesters fell silent for a day."
    RENTER_STOPPED = 3, "The renter stopped it."
    SUPPLIER_STOPPED = 4, "The supplier stopped it."
    NO_SHOW = 5, "Nobody started it within 20 minutes."
    SUPPLIER_CANCELLED = 6, "The supplier cancelled it."
    RENTER_CANCELLED = 7, "The renter cancelled it before its start."
    LOST = 8, "Its node was gone."
    RESOLVED = 9, "A dispute was decided."
    CLUSTER_BROKEN = 10, "Another job of its cluster ended before the start."


close_reason_codec: Codec[CloseReason] = c.unit_enum(CloseReason)


class Pricing(Named):
    """How a currency is priced."""

    FEED = 0, "By its price feed."
    PAR = 1, "One dollar each, unless its price feed says less than 0.99."


pricing_codec: Codec[Pricing] = c.unit_enum(Pricing)


@dataclass(frozen=True, slots=True)
class CurrencyArgs(Record):
    """A currency, as an instruction takes it.

    Attributes:
        pricing: How it is priced.
        enabled: Whether new jobs may be paid in it.
        payment_bps: Payment fee of the side that uses it, bps.
        feed_id: Pyth's id of the feed that quotes it in USD.
        price_account: The one account that the feed is read from.
    """

    pricing: Pricing
    enabled: bool
    payment_bps: int
    feed_id: bytes
    price_account: Pubkey


bind_record(
    CurrencyArgs,
    (
        ("pricing", pricing_codec),
        ("enabled", c.boolean),
        ("payment_bps", c.u16),
        ("feed_id", c.raw_bytes(32)),
        ("price_account", c.pubkey),
    ),
)


class DisputeOutcome(Named):
    """How a dispute ended."""

    NONE = 0, "Not decided; if it never is, the attested split stands and the bond comes back."
    UPHELD = 1, "Decided in favour of the party that disputed: the bond comes back."
    REJECTED = 2, "Decided against that party: the bond is lost."


dispute_outcome_codec: Codec[DisputeOutcome] = c.unit_enum(DisputeOutcome)


class JobState(Named):
    """Where a job stands."""

    BOOKED = 0, "Paid for, and waiting for its start."
    RUNNING = 1, "The work goes on, or has ended and is not attested to its end."
    ENDED = 2, "Over: what each party is owed is fixed and can be paid."


job_state_codec: Codec[JobState] = c.unit_enum(JobState)


class PayoutKind(Named):
    """What a supplier is paid in."""

    IO = 0, "IO, whatever the renter pays in."
    AS_PAID = 1, "What the renter pays in."


payout_kind_codec: Codec[PayoutKind] = c.unit_enum(PayoutKind)


@dataclass(frozen=True, slots=True)
class OfferArgs(Record):
    """A supplier's terms.

    Attributes:
        rate: Micro-dollars per unit and hour.
        min_seconds: Shortest rental, seconds.
        max_seconds: Longest rental, seconds, extensions included.
        open: Whether bookings are taken.
        payout: What the supplier is paid in.
        currencies: Mints that jobs may be paid in; unused places are zeros.
    """

    rate: int
    min_seconds: int
    max_seconds: int
    open: bool
    payout: PayoutKind
    currencies: tuple[Pubkey, ...]


bind_record(
    OfferArgs,
    (
        ("rate", c.u64),
        ("min_seconds", c.u32),
        ("max_seconds", c.u32),
        ("open", c.boolean),
        ("payout", payout_kind_codec),
        ("currencies", c.array(c.pubkey, 4)),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsArgs(Record):
    """Parameters, as an instruction takes them.

    Attributes:
        pauser: May pause entries.
        resolver: Decides disputes.
        booking_bps: Booking fee of each side, bps.
        dispute_bond_bps: Bond of a dispute, bps of what it freezes.
        max_confidence_bps: Widest confidence interval of a price, bps of it.
        max_ema_distance_bps: Largest distance of a price from its moving average, bps of it.
        max_price_age: Oldest price, seconds.
        verdict_age: Largest age of the compute proof that a node is booked on, where it is not the
                head's, seconds.
        attesters: Attesters of a job.
        attesters_large: Attesters of a job that costs at least `large_daily_usd` a day.
        large_daily_usd: Micro-dollars a day from which a job is large.
    """

    pauser: Pubkey
    resolver: Pubkey
    booking_bps: int
    dispute_bond_bps: int
    max_confidence_bps: int
    max_ema_distance_bps: int
    max_price_age: int
    verdict_age: int
    attesters: int
    attesters_large: int
    large_daily_usd: int


bind_record(
    ParamsArgs,
    (
        ("pauser", c.pubkey),
        ("resolver", c.pubkey),
        ("booking_bps", c.u16),
        ("dispute_bond_bps", c.u16),
        ("max_confidence_bps", c.u16),
        ("max_ema_distance_bps", c.u16),
        ("max_price_age", c.u32),
        ("verdict_age", c.u32),
        ("attesters", c.u8),
        ("attesters_large", c.u8),
        ("large_daily_usd", c.u64),
    ),
)


class Party(Named):
    """Who is paid out of a job's escrow."""

    SUPPLIER = 0, "The supplier."
    FEE_VAULT = 1, "The buyback's fee vault."
    RENTER = 2, "The renter, or the wallet that gets the refund in their place."


party_codec: Codec[Party] = c.unit_enum(Party)


@dataclass(frozen=True, slots=True)
class PriceLimits(Record):
    """Limits that a price has to keep.

    Attributes:
        max_age: Oldest acceptable price, in seconds.
        max_confidence_bps: Largest confidence interval, in bps of the price.
        max_ema_distance_bps: Largest distance from the moving average, in bps of it; 0 for no limit.
    """

    max_age: int
    max_confidence_bps: int
    max_ema_distance_bps: int


bind_record(PriceLimits, (("max_age", c.u32), ("max_confidence_bps", c.u16), ("max_ema_distance_bps", c.u16)))


@dataclass(frozen=True, slots=True)
class Roles(Record):
    """Authority, its successor until the successor accepts, and the pauser.

    Attributes:
        authority: May change parameters and lift pauses.
        pending_authority: Becomes the authority when it accepts; all zeros while nobody is proposed.
        pauser: May pause, and nothing else.
        paused: Paused entries, a bit each; each program says which bit stands for what.
    """

    authority: Pubkey
    pending_authority: Pubkey
    pauser: Pubkey
    paused: int


bind_record(
    Roles, (("authority", c.pubkey), ("pending_authority", c.pubkey), ("pauser", c.pubkey), ("paused", c.u64))
)


@dataclass(frozen=True, slots=True)
class Seen(Record):
    """What one attester seat has seen of the job, in seconds since its start.

    Attributes:
        good: Seconds in which the node was up and used by nobody else.
        upto: Seconds that were looked at.
        lost_at: When it stated that the node is gone, unix time; 0 where it has not, or has attested
                since.
        key: The key that attested last.
    """

    good: int
    upto: int
    lost_at: int
    key: Pubkey


bind_record(Seen, (("good", c.u32), ("upto", c.u32), ("lost_at", c.i64), ("key", c.pubkey)))


@dataclass(frozen=True, slots=True)
class Segment(Record):
    """A segment of booked time: the booking, or an extension.

    Attributes:
        seconds: Its length in seconds.
        price: Its price, base units of the job's mint.
    """

    seconds: int
    price: int


bind_record(Segment, (("seconds", c.u64), ("price", c.u64)))


class Params(TypedDict, total=False):
    """Parameters to change; those that are left out stay as they are."""

    pauser: Pubkey
    resolver: Pubkey
    booking_bps: Int
    dispute_bond_bps: Int
    max_confidence_bps: Int
    max_ema_distance_bps: Int
    max_price_age: Int
    verdict_age: Int
    attesters: Int
    attesters_large: Int
    large_daily_usd: Int


__all__ = [
    "AttestArgs",
    "BookArgs",
    "CloseReason",
    "CurrencyArgs",
    "DisputeOutcome",
    "JobState",
    "OfferArgs",
    "Params",
    "ParamsArgs",
    "Party",
    "PayoutKind",
    "PriceLimits",
    "Pricing",
    "Roles",
    "Seen",
    "Segment",
]
