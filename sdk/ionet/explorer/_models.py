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
    reserve: Money
    """What was withheld and not burned."""
    vested: Money
    """What has vested of all grants, released or not."""
    locked: Money
    """What has not vested of all grants, and was not taken back."""
    treasury: Money | None
    """What the distributor's treasury holds, by the chain's node; none of a past time."""
    circulating: Money | None
    """Supply less what is locked, in the reserve, or in the treasury."""
    why: str
    """Why it is not known what the treasury holds, or empty."""


class SupplyLine(Model):
    """An amount of a supply, as a row of a table."""

    name: str
    amount: Money


class SupplyLines(Model):
    """The amounts of a supply, as a table."""

    amounts: list[SupplyLine]


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
    own_active: Money
    own_pending: Money
    co_active: Money
    co_pending: Money
    commission_bps: int
    region: int
    """The country that its owner states, ISO 3166-1 numeric; 0: none."""
    network: str | None
    """The network's account, where it belongs to one."""
    network_name: str | None


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


class Hardware(Model):
    """What attesters' threshold says that a device is."""

    device: str
    digest: str
    """Of the certificate that its maker gave its hardware, hex; nothing here has checked it."""
    at: int
    """When it was set, Unix seconds."""
    doubles: list[str]
    """Other devices with the same digest: at most one of them is what it says."""


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
    country: str
    """ISO 3166-1 numeric code, as its owner states it; empty: none."""
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
    untimed: str | None
    """Why nobody judges how long its proofs take; none where its class has been measured."""
    offer: Offer | None
    devices: list[str]
    hardware: list[Hardware]
    """What its devices are by their makers' certificates, where attesters have said so."""
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
    seats: list[int]
    """That approve it."""
    weight: int
    threshold: int | None
    created_at: int
    approved_at: int
    finalized_at: int
    evidence_hash: str
    evidence: str
    """Where the evidence is said to lie; others wrote this."""


class Challenge(Model):
    """A challenge of a node's reward."""

    challenge: str
    report: str
    node: str
    challenger: str
    bond: Money
    made_at: int
    until: int
    outcome: str
    """open, upheld, rejected, or lifted."""
    events: str


class HourRow(Model):
    """An hour in a list."""

    end: int
    reports: int
    state: str
    """Of the report that came furthest."""
    leaves: int
    events: str


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


class Moved(Model):
    """What happened to a job and its escrow, an event each."""

    time: int
    signature: str
    event: str
    text: str
    """What it says, in words."""
    amount: Money | None
    """Into the escrow; less than 0: out of it. None: nothing moved."""
    held: Money
    """In the escrow afterwards."""


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
    timeline: list[Moved]
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
    data: str | None = None
    """The program's own bytes, hex; only where they are asked for."""
    index: int | None = None
    """Its place among the events of its transaction; only with `data`."""


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


class Group(Model):
    """Nodes of a network, or in a country; the numbers answer the same questions as those of a class."""

    key: str
    """Address of the network, or ISO 3166-1 numeric code of the country; empty: they state none."""
    name: str
    nodes: int
    """Registered, and not retired."""
    live: int
    """Processors of nodes that take part."""
    proven: int
    """Processors of live nodes with a passed compute proof shown on chain, of the hour before."""
    hired: int
    """Processors of nodes with a lease that stands."""
    stake: Money
    """Active, on live nodes, both sides."""


class Groups(Answer):
    """Nodes by network, or by country as their owners state it."""

    groups: list[Group]


class NodeHour(Model):
    """What a node earned in an hour, or why nothing."""

    end: int
    report: str
    """Address of the hour's report."""
    report_state: str
    reward: Money | None
    """By the evidence; None: it is not known here."""
    zero: bool | None
    """Whether it earned nothing; None: neither events nor evidence say."""
    why: list[str]
    source: str
    """What says so: `evidence`, which leads to the report's root, `events`, or `nothing`; `checking`: the
    evidence is being checked, ask again in some seconds."""


class NodeHours(Answer):
    """A node's hours with reports, the newest first."""

    hours: list[NodeHour]
    next: str | None


class Leaf(Model):
    """A node's leaf in the report of an hour, by its evidence."""

    node: str
    reward: Money
    """Of the hour."""
    lifetime: Money
    """All that it has earned up to the hour's end: what its leaf states."""
    why: list[str]
    """Why it earned nothing."""
    pool: str
    """`gpu` or `cpu`; empty: it no longer took part."""
    units: int
    up_hours: int
    """In a row, at the hour's end."""
    stake: Money
    """The owner's, active."""
    required_stake: Money
    proof: str
    """`passed`, `failed` or `missing`."""
    score_bps: int
    """Of the last compute proof, against its class."""
    in_use: bool
    fees: Money
    """Of its lease in the hour."""
    measures: int
    """How many attesters have measured it in the hour."""


class Leaves(Answer):
    """The leaves of an hour's report."""

    end: int
    report: str | None
    """None: no report of this hour is on chain."""
    root: str | None
    """Of the report on chain, hex."""
    count: int
    """Leaves of the report."""
    checked: bool
    """Whether evidence of the report's hash is here, and its leaves lead to the root."""
    why: str
    """If not, why."""
    leaves: list[Leaf]
    """In the report's order; none if they are not checked."""
    next: str | None


class Lot(Model):
    """What an auction sells now."""

    started_at: int
    ends_at: int
    """From then on its price moves no further."""
    lapses_at: int
    """The last second in which it can be bought."""
    size: Money
    left: Money
    minimum: Money


class FeeVault(Model):
    """A vault of fees, and the auction that sells what is in it for IO."""

    vault: str
    auction: str | None
    shard: int
    held: Money
    """What came in less what went out, by the events; a gift to the vault has none."""
    sold: Money
    """In its whole life."""
    bought: Money
    """Burned for it."""
    sales: int
    lot: Lot | None
    events: str | None


class Price(Model):
    """What the oracle says an IO is worth."""

    usd_per_io: str
    """Dollars, exact."""
    time: int
    """Of the price, Unix seconds."""
    fault: str
    """Why the program sells at no such price now; empty: it does."""
    reason: str
    """The name of the program's error then, such as `StalePrice`; or empty."""
    age: int
    """Seconds, when it was read."""
    max_age: int
    """Seconds that a price may be old for the program to sell at it."""


class Auctions(Answer):
    """Auctions of fees: the protocol pays `usd_per_io · (1 + bps / 10,000)` for an IO."""

    start_bps: int | None
    """Where a lot begins: less than 0 is below the oracle's price."""
    end_bps: int | None
    """Where it is after `period`; in between it moves evenly."""
    period: int | None
    price: Price | None
    price_why: str
    """Why there is no price; empty: there is."""
    vaults: list[FeeVault]


class Role(Model):
    """An account of an instruction."""

    name: str
    address: str
    signer: bool
    writable: bool


class Call(Model):
    """A transaction that a proposal stores, decoded."""

    index: int
    text: str
    arguments: dict[str, Any]
    was: dict[str, Any]
    """Of parameters that it changes: as they are, by the events."""
    accounts: list[Role]
    verified: bool
    """Whether its bytes have the hash that the events state."""


class Vote(Model):
    """A vote: the last one of its voter."""

    voter: str
    """The position, or the node whose owner votes."""
    by: str
    choice: str
    weight: Money
    time: int
    signature: str


class ProposalRow(Model):
    """A proposal in a list."""

    proposal: str
    title: str
    proposer: str
    standing: str
    created_at: int
    voting_ends: int
    in_favour: Money
    against: Money
    abstain: Money
    eligible: Money
    """Stake that may vote."""


class ProposalRows(Answer):
    """Proposals, the newest first."""

    proposals: list[ProposalRow]
    next: str | None


class Proposal(Answer):
    """A proposal, its votes, and what it changes."""

    proposal: str
    title: str
    uri: str
    """Where its text is said to lie; others wrote this."""
    text_hash: str
    proposer: str
    standing: str
    created_at: int
    voting_from: int
    voting_ends: int
    extended: int
    eta: int
    expires: int
    bond: Money
    in_favour: Money
    against: Money
    abstain: Money
    eligible: Money
    quorum: Money
    """That has to vote."""
    threshold_bps: int
    """Of votes for and against, that have to be in favour."""
    transactions: int
    executed: int
    calls: list[Call]
    calls_why: str
    """Why its transactions are not shown; empty: they are."""
    votes: list[Vote]
    """The heaviest, at most 200."""
    events: str


class Seat(Model):
    """An attester's seat, and whether it agrees with the others."""

    seat: int
    attester: str
    weight: int
    approved: int
    """Of the reports that reached their threshold in the last seven days, from a whole hour on."""
    of: int
    """How many such reports there are."""
    last_approval: int
    attestations: int
    """Of rentals, in the same time."""
    with_breaks: int
    """Of these, how many name time that was not good."""
    last_attestation: int
    good: int
    """Good seconds that it counts in rentals that stand."""
    agreed: int
    """Good seconds of the same rentals that enough seats agree on."""
    events: str


class Seats(Answer):
    """Seats of attesters."""

    set_version: int
    threshold: int
    total_weight: int
    seats: list[Seat]


class Stated(Model):
    """A field of an account."""

    name: str
    value: str


class Account(Answer):
    """An account as the events say that it is."""

    account: str
    kind: str
    """`program.Type`."""
    fields: list[Stated]
    events: str


class Record(Model):
    """An account in the bytes of its program."""

    account: str
    program: str
    """The program's address."""
    data: str
    """Hex; zero is what no event says: bumps, versions, reserved bytes."""


class Records(Answer):
    """Accounts in the bytes of their programs, as the events say what they hold."""

    records: list[Record]
    next: str | None


class Instruction(Model):
    """An instruction, decoded by the IDL of its program."""

    program: str
    program_id: str
    name: str
    """Empty: it is not known."""
    summary: str
    arguments: dict[str, Any]
    accounts: list[Role]


class Instructions(Answer):
    """The instructions of a transaction, as the chain's node has them."""

    signature: str
    fee_payer: str
    instructions: list[Instruction]


class Commission(Model):
    """A commission, and from when it holds."""

    bps: int
    start: int


class StakeRow(Model):
    """A node that co-stakers can stake on."""

    node: str
    class_name: str
    owner: str
    room: Money
    """That co-stakers may still stake."""
    own_active: Money
    co_active: Money
    co_reward: Money
    """Of co-stakers, credited in the 30 days before."""
    yearly_bps: int | None
    """That reward as a yearly rate of what co-stakers have active now; None: they have nothing."""
    commission_bps: int
    commissions: list[Commission]
    """As announced, the newest first; at most 10."""
    slashed: Money
    """Ever burned or set apart by slashes."""
    slashes: int
    proven: bool


class StakeRows(Answer):
    """Nodes with room for co-stakers, in the order that was asked for."""

    nodes: list[StakeRow]
    next: str | None


class Leaving(Model):
    """Stake on its way out."""

    amount: Money
    ready_at: int


class WalletStake(Model):
    """A wallet's stake on a node."""

    node: str
    owner: bool
    """Whether it is the owner's side of the node; otherwise it is co-stake."""
    active: Money
    pending: Money
    activates_from: int
    """The earliest time at which pending stake can become active; 0: nothing is pending."""
    cooling: list[Leaving]
    ready: Money
    """That can be withdrawn now."""
    claimable: Money
    blocked: str | None
    """Why nothing can be withdrawn now."""
    worth: Money
    shares: str
    """Active and pending shares, all of which `unstake` can take; a whole number of base units, as text.
    An owner's are base units of IO."""


class OwnedNode(Model):
    """The owner's side of a node, by the ledger."""

    node: str
    state: str
    active: Money
    pending: Money
    cooling: Money
    claimable: Money
    minimum: Money
    """Active stake that the owner needs for rewards and bookings."""


class Wallet(Model):
    """What a wallet holds now."""

    address: str
    sol: Money
    io: Money
    """In its own token account."""
    stakes: list[WalletStake]
    nodes: list[OwnedNode]
    """That it owns, the first 50; its stake on them is the owner's side, which `ionet stake` moves."""


class Unsigned(Model):
    """A transaction that lacks its signature."""

    transaction: str
    """Base64."""
    since: int
    """A slot at which its blockhash was known."""


class Handed(Model):
    """That the chain's node has a transaction, which may land."""

    signature: str


class Sent(Model):
    """What became of a transaction."""

    signature: str
    state: str
    """`waiting`, `landed`, `failed`; `expired`: it did not land and no longer can."""
    why: str
    """Of a failure."""


class Mark(Model):
    """That the ledger has moved on, or accounts were compared anew; sent as an event of `/api/v1/live`."""

    slot: int
    time: int
    reconciled: str
    reconciled_slot: int | None


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


class Coming(Model):
    """An answer that is still being computed: ask again."""

    message: str = Field(description="One sentence.")
    done: int = Field(description="Events that were replayed for it.")
    of: int = Field(description="… of about as many; 0: not known yet.")


class Health(Model):
    """Whether the explorer works."""

    ok: bool
    version: str
    slot: int
    time: int
    seconds: int
    """Since it began."""
    why: str


class Percentiles(Model):
    """Milliseconds that so many of 100 took at most."""

    p50: int
    p90: int
    p99: int


class ServedDay(Model):
    """What was served of a model in a day."""

    day: int
    """Its beginning, UTC."""
    answers: int
    prompt: int
    """Tokens that were read."""
    completion: int
    """Tokens that were written."""


class UnjudgedNode(Model):
    """A node, and answers of it that were to be judged, and could not be."""

    node: str
    answers: int


class ServedModel(Model):
    """A model that is served."""

    model: str
    prompt_price: str | None
    """Dollars for a million tokens that are read, in the last hour with an answer."""
    completion_price: str | None
    """… that are written; null also for a model that writes nothing, as one of embeddings."""
    first: Percentiles | None
    """Until the first token, in the last hour with an answer."""
    days: list[ServedDay]
    """The latest first."""
    judged: int
    """Answers that audits have judged."""
    passed: int
    """Of these, those with nothing to say against them."""
    unjudged: list[UnjudgedNode]
    """Nodes of whose answers some could not be judged, those with the most first."""


class ServedModelDay(Model):
    """What was served of a model in a day, as a row of a table."""

    model: str
    day: int
    answers: int
    prompt: int
    completion: int


class ServedModelDays(Model):
    """What was served by day and model, as a table."""

    days: list[ServedModelDay]


class ServedModels(Answer):
    """Models that a service of inference serves, by the hours that it has signed."""

    service: str | None
    signer: str | None
    """The service's key, with which all these hours are signed."""
    hours: int
    """Hours that were read and checked."""
    latest: int | None
    """End of the latest of them."""
    why: str
    """Why the service's hours could not be read or checked the last time; empty: they were."""
    models: list[ServedModel]
