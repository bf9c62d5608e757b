"""Events of the jobs program.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain import codec as c
from ionet.chain.schema import Event, bind_event

from . import PROGRAM_ID, types


@dataclass(frozen=True, slots=True)
class Attested(Event):
    """An attester has looked at a job's time.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        seat: Seat of the attester.
        good: Good seconds since the start, in all.
        upto: Seconds since the start that were looked at, in all.
        reason: Why time since the last attestation was not good, bits `BREAK_*`; 0 when all of it was.
        attested: Good seconds that enough attesters agree on.
        proof_digest: Digest of the latest Proof of Compute; zeros when there is none yet.
        timelock: Digest of the samples of the time-lock.
        result_hash: Hash of the job's result; zeros while there is none.
    """

    seq: int
    job: Pubkey
    seat: int
    good: int
    upto: int
    reason: int
    attested: int
    proof_digest: bytes
    timelock: bytes
    result_hash: bytes


bind_event(
    Attested,
    PROGRAM_ID,
    bytes.fromhex("b86671c7dcc56032"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("seat", c.u8),
        ("good", c.u32),
        ("upto", c.u32),
        ("reason", c.u16),
        ("attested", c.u64),
        ("proof_digest", c.raw_bytes(32)),
        ("timelock", c.raw_bytes(32)),
        ("result_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class AuthorityAccepted(Event):
    """The proposed successor has become the authority.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The new authority.
    """

    seq: int
    authority: Pubkey


bind_event(
    AuthorityAccepted,
    PROGRAM_ID,
    bytes.fromhex("a6c0dbbc29d1c31a"),
    (("seq", c.u64), ("authority", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class AuthorityProposed(Event):
    """The authority has proposed a successor, or withdrawn the proposal.

    Attributes:
        seq: Number of the event, counted by the configuration.
        authority: The present authority.
        successor: Becomes the authority when it accepts; the default key stands for nobody.
    """

    seq: int
    authority: Pubkey
    successor: Pubkey


bind_event(
    AuthorityProposed,
    PROGRAM_ID,
    bytes.fromhex("f4755e7035972359"),
    (("seq", c.u64), ("authority", c.pubkey), ("successor", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class Booked(Event):
    """A node was booked, and the deposit went into the job's escrow.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        offer: The offer.
        node: The node.
        renter: The renter.
        payer: Who paid the deposit and the rent.
        refund_to: The wallet that gets the refund.
        source: The token account that the deposit came from.
        supplier: The job's supplier.
        mint: What the renter pays in.
        usd: Price in micro-dollars.
        price: Price in base units of the mint.
        fee: The renter's fees, base units.
        seconds: Seconds that were booked.
        attesters: Attesters that must have seen a second good for it to count.
        payout: What the supplier is paid in.
        cluster_size: Jobs that the cluster was opened for; 1 for a job that stands alone.
        cluster: The cluster's account, or zeros.
        replaces: What it was booked for in its cluster: 0 with the others, 1 in place of a lost job, 2 in
                a place that was added while it ran.
        manifest_hash: `sha256` of the manifest that says what is to be run.
        currency_price: The oracle's price of the currency: `currency_price · 10^currency_exponent` USD a
                token.
        currency_exponent: Exponent of `currency_price`.
    """

    seq: int
    job: Pubkey
    offer: Pubkey
    node: Pubkey
    renter: Pubkey
    payer: Pubkey
    refund_to: Pubkey
    source: Pubkey
    supplier: Pubkey
    mint: Pubkey
    usd: int
    price: int
    fee: int
    seconds: int
    attesters: int
    payout: types.PayoutKind
    cluster_size: int
    cluster: Pubkey
    replaces: int
    manifest_hash: bytes
    currency_price: int
    currency_exponent: int


bind_event(
    Booked,
    PROGRAM_ID,
    bytes.fromhex("cb9147dae37c959e"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("offer", c.pubkey),
        ("node", c.pubkey),
        ("renter", c.pubkey),
        ("payer", c.pubkey),
        ("refund_to", c.pubkey),
        ("source", c.pubkey),
        ("supplier", c.pubkey),
        ("mint", c.pubkey),
        ("usd", c.u64),
        ("price", c.u64),
        ("fee", c.u64),
        ("seconds", c.u64),
        ("attesters", c.u8),
        ("payout", types.payout_kind_codec),
        ("cluster_size", c.u8),
        ("cluster", c.pubkey),
        ("replaces", c.u8),
        ("manifest_hash", c.raw_bytes(32)),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
    ),
)


@dataclass(frozen=True, slots=True)
class ClusterClosed(Event):
    """A cluster was closed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        cluster: The cluster.
    """

    seq: int
    cluster: Pubkey


bind_event(
    ClusterClosed, PROGRAM_ID, bytes.fromhex("5efa895c3d2e6daa"), (("seq", c.u64), ("cluster", c.pubkey))
)


@dataclass(frozen=True, slots=True)
class ClusterGrown(Event):
    """Places were added to a cluster that runs.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        cluster: The cluster.
        booker: Who added them: the renter, or the delegate.
        places: How many.
    """

    seq: int
    cluster: Pubkey
    booker: Pubkey
    places: int


bind_event(
    ClusterGrown,
    PROGRAM_ID,
    bytes.fromhex("f410a537fea00021"),
    (("seq", c.u64), ("cluster", c.pubkey), ("booker", c.pubkey), ("places", c.u8)),
)


@dataclass(frozen=True, slots=True)
class ClusterOpened(Event):
    """A cluster was opened.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        cluster: The cluster.
        renter: The renter.
        id: Chosen by the renter; part of the address.
        size: Number of jobs that are to start together.
    """

    seq: int
    cluster: Pubkey
    renter: Pubkey
    id: bytes
    size: int


bind_event(
    ClusterOpened,
    PROGRAM_ID,
    bytes.fromhex("1c43eae1cf8f2e8b"),
    (("seq", c.u64), ("cluster", c.pubkey), ("renter", c.pubkey), ("id", c.raw_bytes(32)), ("size", c.u8)),
)


@dataclass(frozen=True, slots=True)
class CurrencySet(Event):
    """A currency was added or changed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        mint: The mint.
        decimals: Decimals of the mint.
        currency: All that was set.
    """

    seq: int
    mint: Pubkey
    decimals: int
    currency: types.CurrencyArgs


bind_event(
    CurrencySet,
    PROGRAM_ID,
    bytes.fromhex("69ad16a10bdfbaea"),
    (("seq", c.u64), ("mint", c.pubkey), ("decimals", c.u8), ("currency", types.CurrencyArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class DelegateSet(Event):
    """A cluster's renter has named who may book and extend its jobs too.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        cluster: The cluster.
        delegate: The delegate, or zeros for nobody.
    """

    seq: int
    cluster: Pubkey
    delegate: Pubkey


bind_event(
    DelegateSet,
    PROGRAM_ID,
    bytes.fromhex("677eef83c91fd4fd"),
    (("seq", c.u64), ("cluster", c.pubkey), ("delegate", c.pubkey)),
)


@dataclass(frozen=True, slots=True)
class DisputeClosed(Event):
    """A bond went back to the party or to the fee vault, and the dispute's accounts were closed.

    Attributes:
        seq: Number of the event, counted by the dispute.
        job: The job.
        dispute: The dispute.
        outcome: How it ended.
        destination: The token account that was paid.
        amount: The bond, base units.
    """

    seq: int
    job: Pubkey
    dispute: Pubkey
    outcome: types.DisputeOutcome
    destination: Pubkey
    amount: int


bind_event(
    DisputeClosed,
    PROGRAM_ID,
    bytes.fromhex("ab2e9d234ee00dad"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("dispute", c.pubkey),
        ("outcome", types.dispute_outcome_codec),
        ("destination", c.pubkey),
        ("amount", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class DisputeMade(Event):
    """A party disputes the split: what is not paid yet is held back.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        dispute: The dispute.
        party: The party that disputes.
        frozen: What is held back, base units.
        bond: The party's bond, base units.
        until: When it is over if nobody decides it, unix time.
        evidence_hash: SHA-256 of the evidence.
    """

    seq: int
    job: Pubkey
    dispute: Pubkey
    party: Pubkey
    frozen: int
    bond: int
    until: int
    evidence_hash: bytes


bind_event(
    DisputeMade,
    PROGRAM_ID,
    bytes.fromhex("d73be741b7c59c0a"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("dispute", c.pubkey),
        ("party", c.pubkey),
        ("frozen", c.u64),
        ("bond", c.u64),
        ("until", c.i64),
        ("evidence_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class DisputeResolved(Event):
    """The resolver has decided; `Ended` follows.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        dispute: The dispute.
        gross: Part of the price that is due, base units.
        outcome: For or against the party that disputed.
    """

    seq: int
    job: Pubkey
    dispute: Pubkey
    gross: int
    outcome: types.DisputeOutcome


bind_event(
    DisputeResolved,
    PROGRAM_ID,
    bytes.fromhex("7940f9998b80ecbb"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("dispute", c.pubkey),
        ("gross", c.u64),
        ("outcome", types.dispute_outcome_codec),
    ),
)


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """The job is over, and what everyone is owed is fixed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        reason: Why it ended.
        attested: Good seconds that enough attesters agree on.
        owed_supplier: Owed to the supplier in all, base units.
        owed_fees: Owed to the fee vault in all, base units.
        owed_refund: Owed as a refund in all, base units.
        result_hash: Hash of the job's result; zeros while there is none.
    """

    seq: int
    job: Pubkey
    reason: types.CloseReason
    attested: int
    owed_supplier: int
    owed_fees: int
    owed_refund: int
    result_hash: bytes


bind_event(
    Ended,
    PROGRAM_ID,
    bytes.fromhex("467b96d69c092dc5"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("reason", types.close_reason_codec),
        ("attested", c.u64),
        ("owed_supplier", c.u64),
        ("owed_fees", c.u64),
        ("owed_refund", c.u64),
        ("result_hash", c.raw_bytes(32)),
    ),
)


@dataclass(frozen=True, slots=True)
class Extended(Event):
    """A running job was extended, and the price of the new time went into its escrow.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        payer: Who paid for it.
        source: The token account that the deposit came from.
        usd: Price in micro-dollars.
        price: Price of the new segment, base units.
        fee: The renter's fees for the new segment, base units.
        seconds: Seconds that were added.
        ends_at: When the booked time is over, unix time.
        held: What the escrow holds according to the job's account, base units.
        currency_price: The oracle's price of the currency: `currency_price · 10^currency_exponent` USD a
                token.
        currency_exponent: Exponent of `currency_price`.
    """

    seq: int
    job: Pubkey
    payer: Pubkey
    source: Pubkey
    usd: int
    price: int
    fee: int
    seconds: int
    ends_at: int
    held: int
    currency_price: int
    currency_exponent: int


bind_event(
    Extended,
    PROGRAM_ID,
    bytes.fromhex("054c5b2cbbd672a5"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("payer", c.pubkey),
        ("source", c.pubkey),
        ("usd", c.u64),
        ("price", c.u64),
        ("fee", c.u64),
        ("seconds", c.u64),
        ("ends_at", c.i64),
        ("held", c.u64),
        ("currency_price", c.i64),
        ("currency_exponent", c.i32),
    ),
)


@dataclass(frozen=True, slots=True)
class Initialized(Event):
    """The configuration was created.

    Attributes:
        authority: The first authority.
        params: The first parameters.
    """

    authority: Pubkey
    params: types.ParamsArgs


bind_event(
    Initialized,
    PROGRAM_ID,
    bytes.fromhex("d0d573627352c9d1"),
    (("authority", c.pubkey), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class JobClosed(Event):
    """A job and its escrow were closed; what others had sent to the escrow went to the fee vault.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        surplus: What others had sent to the escrow, base units.
    """

    seq: int
    job: Pubkey
    surplus: int


bind_event(
    JobClosed,
    PROGRAM_ID,
    bytes.fromhex("7b3ff399aed40237"),
    (("seq", c.u64), ("job", c.pubkey), ("surplus", c.u64)),
)


@dataclass(frozen=True, slots=True)
class ManifestConfirmed(Event):
    """An attester has confirmed that it has a job's manifest: only the supplier can now keep the job from
    starting.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        seat: Seat of the attester.
    """

    seq: int
    job: Pubkey
    seat: int


bind_event(
    ManifestConfirmed,
    PROGRAM_ID,
    bytes.fromhex("8f69ad2e894a87d1"),
    (("seq", c.u64), ("job", c.pubkey), ("seat", c.u8)),
)


@dataclass(frozen=True, slots=True)
class NodeLost(Event):
    """An attester has found a job's node gone; the job ends when enough attesters do within an hour.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        seat: Seat of the attester.
    """

    seq: int
    job: Pubkey
    seat: int


bind_event(
    NodeLost,
    PROGRAM_ID,
    bytes.fromhex("9ea17f4ac45bff87"),
    (("seq", c.u64), ("job", c.pubkey), ("seat", c.u8)),
)


@dataclass(frozen=True, slots=True)
class OfferSet(Event):
    """An offer was created or changed.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        offer: The offer.
        node: The node.
        rate: Micro-dollars per unit and hour.
        min_seconds: Shortest rental, seconds.
        max_seconds: Longest rental, seconds.
        open: Whether bookings are taken.
        payout: What the supplier is paid in.
        currencies: Mints that jobs may be paid in; unused places are zeros.
        owner: The node's owner who made this offer.
    """

    seq: int
    offer: Pubkey
    node: Pubkey
    rate: int
    min_seconds: int
    max_seconds: int
    open: bool
    payout: types.PayoutKind
    currencies: tuple[Pubkey, ...]
    owner: Pubkey


bind_event(
    OfferSet,
    PROGRAM_ID,
    bytes.fromhex("b233d5236d3823f2"),
    (
        ("seq", c.u64),
        ("offer", c.pubkey),
        ("node", c.pubkey),
        ("rate", c.u64),
        ("min_seconds", c.u32),
        ("max_seconds", c.u32),
        ("open", c.boolean),
        ("payout", types.payout_kind_codec),
        ("currencies", c.array(c.pubkey, 4)),
        ("owner", c.pubkey),
    ),
)


@dataclass(frozen=True, slots=True)
class Paid(Event):
    """A party was paid what it is owed out of the escrow; nothing where it has had all of it.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        party: Who was paid.
        destination: The token account that was paid.
        amount: Tokens, base units.
        paid: Paid to this party so far, base units.
        held: What the escrow holds according to the job's account, base units.
        settled_good: Good seconds that the supplier was paid for at their last payment: no seat is
                lowered below them.
    """

    seq: int
    job: Pubkey
    party: types.Party
    destination: Pubkey
    amount: int
    paid: int
    held: int
    settled_good: int


bind_event(
    Paid,
    PROGRAM_ID,
    bytes.fromhex("f0c111eeeed281eb"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("party", types.party_codec),
        ("destination", c.pubkey),
        ("amount", c.u64),
        ("paid", c.u64),
        ("held", c.u64),
        ("settled_good", c.u64),
    ),
)


@dataclass(frozen=True, slots=True)
class ParamsSet(Event):
    """The parameters were set.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        params: All of them.
    """

    seq: int
    params: types.ParamsArgs


bind_event(
    ParamsSet,
    PROGRAM_ID,
    bytes.fromhex("396f21fc784c62f5"),
    (("seq", c.u64), ("params", types.ParamsArgs.CODEC)),
)


@dataclass(frozen=True, slots=True)
class PausedSet(Event):
    """The paused entries were set.

    Attributes:
        seq: Number of the event, counted by the configuration.
        by: The authority, or the pauser.
        paused: Bits of the entries that are paused now, `PAUSE_*`.
    """

    seq: int
    by: Pubkey
    paused: int


bind_event(
    PausedSet,
    PROGRAM_ID,
    bytes.fromhex("ab7d7f9ce9514442"),
    (("seq", c.u64), ("by", c.pubkey), ("paused", c.u64)),
)


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The booked time of a job began.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        by: The supplier, the device's key, or an attester.
        started_at: When it happened, unix time.
        ends_at: When the booked time is over, unix time.
    """

    seq: int
    job: Pubkey
    by: Pubkey
    started_at: int
    ends_at: int


bind_event(
    Started,
    PROGRAM_ID,
    bytes.fromhex("38dd82b70ba7a1fe"),
    (("seq", c.u64), ("job", c.pubkey), ("by", c.pubkey), ("started_at", c.i64), ("ends_at", c.i64)),
)


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """A running job was stopped before its time.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        by: The renter, who gets the refund, or the supplier.
        reason: Whether the renter or the supplier stopped it.
        ends_at: When the booked time is over, unix time.
    """

    seq: int
    job: Pubkey
    by: Pubkey
    reason: types.CloseReason
    ends_at: int


bind_event(
    Stopped,
    PROGRAM_ID,
    bytes.fromhex("401b21a42351e76d"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("by", c.pubkey),
        ("reason", types.close_reason_codec),
        ("ends_at", c.i64),
    ),
)


@dataclass(frozen=True, slots=True)
class TimeLost(Event):
    """An attester found time that does not count.

    Attributes:
        seq: Number of the event, counted by the account that it is about.
        job: The job.
        seat: Seat of the attester.
        from_: Seconds from the start at which the time begins; 0 where a successor on the seat takes back
                what was called good before.
        upto: Seconds from the start at which the time ends.
        lost: How many seconds are lost.
        reason: Why the time does not count, bits `BREAK_*`.
    """

    seq: int
    job: Pubkey
    seat: int
    from_: int
    upto: int
    lost: int
    reason: int


bind_event(
    TimeLost,
    PROGRAM_ID,
    bytes.fromhex("b7c3683e0db4dbe0"),
    (
        ("seq", c.u64),
        ("job", c.pubkey),
        ("seat", c.u8),
        ("from_", c.u32),
        ("upto", c.u32),
        ("lost", c.u32),
        ("reason", c.u16),
    ),
)


#: Each event by its discriminator.
EVENTS: Mapping[bytes, type[Event]] = {
    Attested.DISCRIMINATOR: Attested,
    AuthorityAccepted.DISCRIMINATOR: AuthorityAccepted,
    AuthorityProposed.DISCRIMINATOR: AuthorityProposed,
    Booked.DISCRIMINATOR: Booked,
    ClusterClosed.DISCRIMINATOR: ClusterClosed,
    ClusterGrown.DISCRIMINATOR: ClusterGrown,
    ClusterOpened.DISCRIMINATOR: ClusterOpened,
    CurrencySet.DISCRIMINATOR: CurrencySet,
    DelegateSet.DISCRIMINATOR: DelegateSet,
    DisputeClosed.DISCRIMINATOR: DisputeClosed,
    DisputeMade.DISCRIMINATOR: DisputeMade,
    DisputeResolved.DISCRIMINATOR: DisputeResolved,
    Ended.DISCRIMINATOR: Ended,
    Extended.DISCRIMINATOR: Extended,
    Initialized.DISCRIMINATOR: Initialized,
    JobClosed.DISCRIMINATOR: JobClosed,
    ManifestConfirmed.DISCRIMINATOR: ManifestConfirmed,
    NodeLost.DISCRIMINATOR: NodeLost,
    OfferSet.DISCRIMINATOR: OfferSet,
    Paid.DISCRIMINATOR: Paid,
    ParamsSet.DISCRIMINATOR: ParamsSet,
    PausedSet.DISCRIMINATOR: PausedSet,
    Started.DISCRIMINATOR: Started,
    Stopped.DISCRIMINATOR: Stopped,
    TimeLost.DISCRIMINATOR: TimeLost,
}


__all__ = [
    "Attested",
    "AuthorityAccepted",
    "AuthorityProposed",
    "Booked",
    "ClusterClosed",
    "ClusterGrown",
    "ClusterOpened",
    "CurrencySet",
    "DelegateSet",
    "DisputeClosed",
    "DisputeMade",
    "DisputeResolved",
    "Ended",
    "Extended",
    "Initialized",
    "JobClosed",
    "ManifestConfirmed",
    "NodeLost",
    "OfferSet",
    "Paid",
    "ParamsSet",
    "PausedSet",
    "Started",
    "Stopped",
    "TimeLost",
]
