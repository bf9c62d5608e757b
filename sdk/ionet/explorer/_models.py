"""What the explorer's API answers with. Times are Unix seconds; amounts are exact, as text."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Money(Model):
    """An exact amount."""

    amount: str
    """Whole tokens, such as `12.5`."""
    unit: str
    """Name of the token."""
    base: str
    """The same in base units, the integer that programs store."""


class AsOf(Model):
    """Up to where events were looked at."""

    slot: int
    """Everything up to this slot."""
    time: int
    """As of this time."""
    past: bool
    """Whether a past time was asked for."""


class Answer(Model):
    """What every answer says."""

    as_of: AsOf


class Difference(Model):
    """What is not as the events say."""

    name: str
    expected: str
    found: str


class Reconciled(Model):
    """Whether accounts of the chain hold what the events say, by `ionet verify`."""

    state: str
    """`holds`, `differs`, `unknown`: it was not or could not be compared."""
    slot: int | None
    """Up to this slot."""
    checked_at: int | None
    """When, by this machine's clock."""
    checks: int
    """Sums that were compared."""
    differences: list[Difference]
    """At most 50."""
    more: int
    """How many differences are not listed."""
    why: str
    """Why it is unknown, or empty."""


class Status(Answer):
    """How far the explorer is."""

    version: str
    genesis: str
    """Hash of the chain's first block."""
    final: int
    """Up to this slot nothing can change any more."""
    transactions: int
    """In the ledger, whatever time is asked for; so are the next."""
    events: int
    reconciled: Reconciled


class Burned(Model):
    """What was burned, by cause."""

    fees: Money
    auctions: Money
    reserve: Money
    slashes: Money
    bonds: Money
    total: Money


class Supply(Answer):
    """How much IO there is, and where it comes from: supply = genesis + emitted − burned."""

    supply: Money
    genesis: Money
    emitted: Money
    """By the schedule so far: paid and withheld."""
    paid: Money
    """Into the vault that rewards are credited from."""
    withheld: Money
    """Into the reserve, by a policy."""
    scheduled: Money
    """What the schedule has come to at this time; what is above `emitted` waits to be minted by anyone."""
    burned: Burned
    active_stake: Money
    """Of all nodes, both sides."""


class SupplyDay(Model):
    """A day, in UTC. Sums are those at its end; of the last day, at the time of the answer."""

    date: str
    scheduled: Money
    emitted: Money
    withheld: Money
    burned: Money
    supply: Money
    emitted_in_it: Money
    burned_in_it: Money
    events: str
    """The events that these are sums of."""


class SupplyDays(Answer):
    """The supply by day, the newest first."""

    days: list[SupplyDay]
    next: str | None
    """Cursor of the next page."""


class HardwareClass(Model):
    """A class of hardware. The four numbers answer different questions, and none follows from another."""

    id: int
    name: str
    pool: str
    enabled: bool
    registered: int
    """Processors whose registration stands."""
    live: int
    """Processors of nodes that take part."""
    proven: int
    """Processors of live nodes with a passed compute proof shown on chain, of the hour before."""
    hired: int
    """Processors of nodes with a lease that stands."""
    stake: Money
    """Active, on nodes of the class that are live, both sides."""
    minimum: Money
    """That an owner needs for one processor."""


class HardwareClasses(Answer):
    """Devices by class."""

    classes: list[HardwareClass]
    total: HardwareClass
    """Of all classes; it has the number −1."""


class NodeRow(Model):
    """A node in a list."""

    node: str
    owner: str
    class_id: int
    class_name: str
    units: int
    """Processors."""
    state: str
    proven: bool
    """Whether a compute proof of the hour before was passed."""
    hired: bool
    stake: Money
    """Active, both sides."""


class NodeRows(Answer):
    """Nodes, by address."""

    nodes: list[NodeRow]
    next: str | None


class Proof(Model):
    """The last compute proof that was shown on chain."""

    time: int
    score_bps: int
    reason: str
    passed: bool


class Offer(Model):
    """What a node is rented for."""

    offer: str
    open: bool
    rate: Money
    """For an hour of one processor."""
    min_seconds: int
    max_seconds: int
    job: str | None
    """That leases it now."""
    lease_until: int


class CoStaker(Model):
    """A co-staker of a node."""

    holder: str
    active: Money
    pending: Money


class Credit(Model):
    """A reward that was credited."""

    time: int
    signature: str
    through: int
    """Hours up to this time are credited."""
    amount: Money
    owner_part: Money
    co_part: Money


class Node(Answer):
    """A node."""

    node: str
    owner: str
    network: str | None
    class_id: int
    class_name: str
    pool: str
    units: int
    state: str
    banned: bool
    hired: bool
    proven: bool
    registered_at: int
    commission_bps: int
    next_commission_bps: int | None
    commission_at: int
    own_active: Money
    own_pending: Money
    own_leaving: Money
    co_active: Money
    co_pending: Money
    co_tokens: Money
    minimum: Money
    """That its owner has to keep active."""
    vault: Money
    """What its vault holds, both sides and rewards together."""
    frozen: Money
    """That proposals to slash hold back."""
    credited: Money
    """In its whole life."""
    credited_through: int
    proof: Proof | None
    offer: Offer | None
    devices: list[str]
    leases_done: int
    """That ran to their end, or until the renter stopped them."""
    leases_broken: int
    """That the node or its supplier broke off."""
    co_stakers: list[CoStaker]
    """The largest, at most 20."""
    credits: list[Credit]
    """The last, at most 48."""
    events: str


class Sum(Model):
    """How often something happened, and what it moved."""

    name: str
    count: int
    amount: Money
    events: str


class Report(Model):
    """A report of an hour."""

    report: str
    state: str
    total: Money
    """Of its leaves: rewards of all nodes in their whole lives."""
    leaves: int
    height: int
    correction: bool
    approvals: int
    weight: int
    threshold: int | None
    created_at: int
    approved_at: int
    finalized_at: int
    evidence_hash: str
    evidence: str
    """Where the evidence is said to lie; others wrote this."""


class Challenge(Model):
    """A challenge of a node's reward that is not decided."""

    challenge: str
    node: str
    challenger: str
    bond: Money
    made_at: int
    until: int


class HourRow(Model):
    """An hour in a list."""

    end: int
    reports: int
    state: str
    """Of the report that came furthest."""
    leaves: int


class HourRows(Answer):
    """Hours with reports, the newest first."""

    hours: list[HourRow]
    next: str | None


class Hour(Answer):
    """An hour: its reports, and what happened in it."""

    begin: int
    end: int
    reports: list[Report]
    challenges: list[Challenge]
    sums: list[Sum]


class Step(Model):
    """A transaction of a job."""

    time: int
    slot: int
    signature: str
    events: list[str]


class Check(Model):
    """A sum that has to hold."""

    name: str
    expected: Money
    actual: Money
    holds: bool


class Break(Model):
    """Time that an attester did not count."""

    seat: int
    seconds: int
    reasons: list[str]
    signature: str


class Job(Answer):
    """A rental, from its events."""

    job: str
    node: str
    class_id: int | None
    class_name: str | None
    renter: str
    payer: str
    refund_to: str
    supplier: str
    cluster: str | None
    state: str
    reason: str
    closed: bool
    booked_at: int
    started_at: int
    ends_at: int
    ended_at: int
    closed_at: int
    seconds: int
    good: int
    not_good: int
    manifest_hash: str
    result_hash: str | None
    usd: Money
    price: Money
    fee: Money
    deposit: Money
    due: Money | None
    renter_fees: Money | None
    supplier_fees: Money | None
    paid_supplier: Money
    paid_fees: Money
    paid_refund: Money
    held: Money
    breaks: list[Break]
    steps: list[Step]
    checks: list[Check]
    adds_up: bool
    """Whether every sum holds and no event is missing."""
    missing: list[int]
    events: str


class JobRow(Model):
    """A job in a list."""

    job: str
    node: str
    state: str
    reason: str
    seconds: int
    price: Money
    booked_at: int


class JobRows(Answer):
    """Jobs that an address has to do with, in the order of their bookings."""

    jobs: list[JobRow]
    next: str | None


class Event(Model):
    """An event of the programs."""

    place: str
    """Where it stands: slot, transaction, instruction, inner instruction, part."""
    time: int
    slot: int
    signature: str
    name: str
    """`program.Type`; empty for a type that this version does not know."""
    fields: dict[str, Any]
    """As the program wrote them; whole numbers are text, since they may have 64 bits and more."""


class Events(Answer):
    """Events, in the chain's order or the newest first."""

    events: list[Event]
    next: str | None


class Transaction(Answer):
    """A transaction of the programs."""

    signature: str
    slot: int
    time: int
    events: list[Event]


class Hit(Model):
    """What a search came upon."""

    kind: str
    name: str
    key: str
    href: str
    """Page of it."""


class Hits(Answer):
    """What a search came upon."""

    query: str
    hits: list[Hit]


class Problem(Model):
    """Why there is no answer."""

    message: str = Field(description="One sentence.")


class Error(Model):
    """An answer that is none."""

    error: Problem


class Health(Model):
    """Whether the explorer works."""

    ok: bool
    version: str
    slot: int
    time: int
    seconds: int
    """Since it began."""
    why: str
