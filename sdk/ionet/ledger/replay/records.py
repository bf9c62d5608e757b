"""What events say of the programs' accounts.

A record's fields are named after those of its account, with `__` for a step into a part: `own__active` is
`own.active`. None stands for what no event has said yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final

from solders.pubkey import Pubkey

from ionet import constants

NOBODY: Final = Pubkey.default()
WEEK: Final = 7 * 24 * 3600
#: How long what was signed at a moment can be disproved: its hour's end is an hour away at most.
_DISPROVE: Final = 3600 + WEEK
_HOUR: Final = 3600
_PASTS: Final = 3
#: Places in the accounts of jobs.
_SEGMENTS: Final = constants.jobs.MAX_SEGMENTS
_SEATS: Final = 16


@dataclass(slots=True)
class Record:
    """What events say of an account.

    Attributes:
        KIND: the account's type, `program.Type`.
        HIDDEN: fields that it has for itself: the account has no such.
    """

    KIND: ClassVar[str]
    HIDDEN: ClassVar[frozenset[str]] = frozenset()

    def stated(self) -> Iterator[tuple[str, Any]]:
        """The account's fields, by their paths, as events state them."""
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and each.name not in self.HIDDEN:
                yield each.name.replace("__", "."), value


@dataclass(slots=True)
class Slot:
    """Stake on its way out; see rule 2 of staking."""

    amount: int = 0
    weight: int = 0
    ready_at: int = 0
    counts_to: int = 0

    @property
    def is_free(self) -> bool:
        """Whether it is used up."""
        return not self.amount and not self.weight


@dataclass(slots=True)
class Slots:
    """The four slots of a side."""

    slots: list[Slot] = field(default_factory=lambda: [Slot() for _ in range(4)])

    def put(self, amount: int, now: int, ready_at: int) -> None:
        """Stake begins to leave."""
        if not amount:
            return
        if not any(slot.is_free for slot in self.slots):
            self._merge()
        free = next((slot for slot in self.slots if slot.is_free), None)
        if free is not None:
            free.amount = free.weight = amount
            free.ready_at, free.counts_to = ready_at, now

    def _merge(self) -> None:
        late = [slot for slot in self.slots if not slot.amount]
        for other in late[1:]:
            late[0].weight += other.weight
            late[0].counts_to = min(late[0].counts_to, other.counts_to)
            other.amount = other.weight = other.ready_at = other.counts_to = 0

    def take_ready(self, now: int) -> int:
        """What has cooled leaves."""
        ready = [slot for slot in self.slots if slot.ready_at <= now]
        amount = sum(slot.amount for slot in ready)
        for slot in ready:
            slot.amount = 0
        return amount

    def end_weights(self, through: int) -> int:
        """Weights whose hours are credited end."""
        over = [slot for slot in self.slots if slot.counts_to <= through]
        weight = sum(slot.weight for slot in over)
        for slot in over:
            slot.weight = 0
        return weight

    def lose(self, amount: int) -> None:
        """A slash takes amounts, in their order."""
        for slot in self.slots:
            taken = min(slot.amount, amount)
            slot.amount -= taken
            amount -= taken


@dataclass(slots=True)
class Snapshot:
    """An amount at the starts of weeks; rule 16."""

    week: int = 0
    now: int = 0
    past: tuple[int, ...] = (0, 0, 0)

    def set(self, time: int, amount: int) -> None:
        """The amount from now on."""
        week = time // WEEK
        passed = min(week - self.week, _PASTS)
        if passed > 0:
            self.past = ((self.now,) * passed + self.past)[:_PASTS]
            self.week = week
        self.now = amount


@dataclass(slots=True)
class Outflow:
    """What has left today and in the seven days before; today first."""

    day: int = 0
    out: list[int] = field(default_factory=lambda: [0] * 8)

    def take(self, now: int, amount: int) -> None:
        """Something leaves."""
        passed = min(max(now // 86_400 - self.day, 0), len(self.out))
        if passed:
            self.out = [0] * passed + self.out[: len(self.out) - passed]
            self.day = now // 86_400
        self.out[0] += amount


@dataclass(slots=True)
class Owned(Record):
    """A program's configuration: who may change it, and what is paused."""

    seq: int = 0
    roles__authority: Pubkey | None = None
    roles__pending_authority: Pubkey | None = NOBODY
    roles__pauser: Pubkey | None = None
    roles__paused: int | None = 0


_EMPTY_SLOTS: Final = Slots()
_EMPTY_SNAPSHOT: Final = Snapshot()


# --- mint, distributor, buyback -----------------------------------------------------------------


@dataclass(slots=True)
class MintConfig(Owned):
    """Of IO."""

    KIND: ClassVar[str] = "mint.Config"
    start: int = 0
    genesis: int = 0
    allocated: int = 0
    emitted: int = 0
    withheld: int = 0
    reserve_burned: int = 0
    last_time: int = 0
    policy__kind: int = 0
    policy__floor_bps: int = 0
    policy__per_burned_bps: int = 0
    policy__emitted_before: int = 0
    policy__burned_before: int = 0
    policy__paid: int = 0
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"paid"})
    #: Into the emission vault.
    paid: int = 0
    #: Emitted and withheld after each of the latest emissions, the latest first.
    history: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)] * constants.mint.CRANKS)

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        for path, value in Owned.stated(self):
            if path == "history":
                for number, (emitted, withheld) in enumerate(value):
                    yield f"history.{number}.emitted", emitted
                    yield f"history.{number}.withheld", withheld
            else:
                yield path, value


@dataclass(slots=True)
class DistributorConfig(Owned):
    """Of grants and airdrops."""

    KIND: ClassVar[str] = "distributor.Config"
    treasury: Pubkey = NOBODY
    last_time: int = 0
    granted: int = 0
    airdropped: int = 0
    grants: int | None = None
    airdrops: int | None = None


@dataclass(slots=True)
class Grant(Record):
    """A grant."""

    KIND: ClassVar[str] = "distributor.Grant"
    id: int = 0
    allocation: int = 0
    revocable: int = 0
    beneficiary: Pubkey = NOBODY
    pending_beneficiary: Pubkey = NOBODY
    granted_to: Pubkey = NOBODY
    total: int = 0
    upfront: int = 0
    start: int = 0
    cliff: int = 0
    period: int = 0
    tranches: int = 0
    released: int = 0
    returned: int = 0
    revoked_at: int = 0
    last_time: int = 0
    seq: int = 0


@dataclass(slots=True)
class Airdrop(Record):
    """An airdrop."""

    KIND: ClassVar[str] = "distributor.Airdrop"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"bits"})
    id: int = 0
    allocation: int = 0
    root: bytes = b""
    leaves: int = 0
    total: int = 0
    deadline: int = 0
    claimed: int = 0
    claims: int = 0
    returned: int = 0
    reclaimed: int = 0
    last_time: int = 0
    seq: int = 0
    #: Of the accounts that mark claims, by number.
    bits: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class BuybackConfig(Owned):
    """Of fee vaults and auctions."""

    KIND: ClassVar[str] = "buyback.Config"
    burned: int = 0
    receipts: int = 0
    last_time: int = 0
    feed_id: bytes | None = None
    price_account: Pubkey | None = None
    start_bps: int | None = None
    end_bps: int | None = None
    period: int | None = None
    daily_share_bps: int | None = None
    min_lot: int | None = None
    price_limits__max_confidence_bps: int | None = None
    price_limits__max_ema_distance_bps: int | None = None
    price_limits__max_age: int | None = None


@dataclass(slots=True)
class Auction(Record):
    """The auction of a fee vault."""

    KIND: ClassVar[str] = "buyback.Auction"
    mint: Pubkey = NOBODY
    shard: int = 0
    vault: Pubkey = NOBODY
    lot__started_at: int = 0
    lot__size: int = 0
    lot__left: int = 0
    lot__minimum: int = 0
    lot__decimals: int = 0
    day: int = 0
    opening: int = 0
    sold_today: int = 0
    sold: int = 0
    bought: int = 0
    sales: int = 0
    last_time: int = 0
    seq: int = 0


@dataclass(slots=True)
class Payout(Record):
    """What is sold for a job's supplier; by job."""

    KIND: ClassVar[str] = "buyback.Payout"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"held"})
    job: Pubkey = NOBODY
    supplier: Pubkey = NOBODY
    mint: Pubkey = NOBODY
    vault: Pubkey = NOBODY
    lot__started_at: int = 0
    lot__size: int = 0
    lot__left: int = 0
    lot__minimum: int = 0
    lot__decimals: int = 0
    sold: int = 0
    credited: int = 0
    withdrawn: int = 0
    sales: int = 0
    last_time: int = 0
    seq: int = 0
    #: In its vault.
    held: int = 0


# --- proofs -------------------------------------------------------------------------------------


@dataclass(slots=True)
class ProofsConfig(Owned):
    """Of attesters and reports."""

    KIND: ClassVar[str] = "proofs.Config"
    guardian: Pubkey | None = None
    resolver: Pubkey | None = None
    challenge_window: int | None = None
    challenge_freeze: int | None = None
    challenge_bond: int | None = None
    gpu_bps: int | None = None
    in_use_bps: int | None = None
    fee_bound_bps: int | None = None
    up_hours: int | None = None
    hold: int | None = None
    head: int = 0
    final_height: int = 0
    head_period_end: int = 0
    final_report: Pubkey = NOBODY
    min_height: int = 0
    correction_at: int = 0
    previous_min_height: int = 0
    previous_correction_at: int = 0
    highest_total: int = 0
    highest_paid: int = 0
    next_void: int = 0
    voids: list[int] = field(default_factory=lambda: [0] * constants.proofs.MAX_VOIDS)
    last_time: int = 0

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        for path, value in Owned.stated(self):
            yield path, tuple(value) if path == "voids" else value


@dataclass(slots=True)
class AttesterSet(Record):
    """Seats of attesters."""

    KIND: ClassVar[str] = "proofs.AttesterSet"
    set_version: int = 0
    threshold: int = 0
    total_weight: int = 0
    seats: int = 0
    keys: tuple[Pubkey, ...] = ()
    weights: tuple[int, ...] = ()
    changed_at: int = 0
    #: Keys that have left a seat, and from when they may take one again.
    departed: tuple[tuple[Pubkey, int], ...] = ()

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        for path, value in Record.stated(self):
            if path == "departed":
                free = [(NOBODY, 0)] * (constants.proofs.MAX_DEPARTED - len(value))
                for number, (key, until) in enumerate([*value, *free]):
                    yield f"departed.{number}.key", key
                    yield f"departed.{number}.until", until
            else:
                yield path, value


@dataclass(slots=True)
class Report(Record):
    """An hour's report."""

    KIND: ClassVar[str] = "proofs.Report"
    state: int = 0
    seq: int = 0
    correction: int = 0
    root: bytes = b""
    total: int = 0
    period_end: int = 0
    leaves: int = 0
    height: int = 0
    predecessor: Pubkey = NOBODY
    predecessor_end: int = 0
    paid: int = 0
    payer: Pubkey = NOBODY
    endorsed: int = 0
    created_at: int = 0
    set_version: int = 0
    approvals: int = 0
    weight: int = 0
    approved_at: int = 0
    finalized_at: int = 0
    creditable_from: int = 0
    creditable_until: int = 0
    evidence_hash: bytes = b""
    evidence_uri: bytes = b""


@dataclass(slots=True)
class Challenge(Record):
    """A challenge of a node's leaf."""

    KIND: ClassVar[str] = "proofs.Challenge"
    report: Pubkey = NOBODY
    node: Pubkey = NOBODY
    challenger: Pubkey = NOBODY
    bond: int = 0
    made_at: int = 0
    until: int = 0
    evidence_hash: bytes = b""


@dataclass(slots=True)
class Hour(Record):
    """An hour's compute proofs."""

    KIND: ClassVar[str] = "proofs.Hour"
    seq: int = 0
    period_end: int = 0
    ticked_at: int = 0
    seed_slot: int = 0
    seed: bytes = b""
    payer: Pubkey = NOBODY
    committed: int = 0
    set_version: int = 0
    draw_from: int = 0
    drawn_slot: int = 0
    randomness: bytes = bytes(32)
    roots: list[bytes] = field(default_factory=lambda: [bytes(32)] * _SEATS)
    counts: list[int] = field(default_factory=lambda: [0] * _SEATS)

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        for path, value in Record.stated(self):
            if isinstance(value, list):
                yield from ((f"{path}.{seat}", part) for seat, part in enumerate(value))
            else:
                yield path, value


# --- staking ------------------------------------------------------------------------------------


@dataclass(slots=True)
class StakingConfig(Owned):
    """Of devices, nodes and slashes."""

    KIND: ClassVar[str] = "staking.Config"
    slasher: Pubkey | None = None
    resolver: Pubkey | None = None
    cooldown: int = 0
    appeal: int = 0
    decided_limit_bps: int = 0
    reward_bound_bps: int = 0
    last_time: int = 0
    stopped_nodes: int = 0
    stopped_stake: int = 0
    slashed: Outflow = field(default_factory=Outflow)
    decided: Outflow = field(default_factory=Outflow)


@dataclass(slots=True)
class EmissionLedger(Record):
    """What was credited to all nodes."""

    KIND: ClassVar[str] = "staking.EmissionLedger"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"forfeited", "slashed"})
    credited: int = 0
    last_time: int = 0
    outflow: Outflow = field(default_factory=Outflow)
    bound__min_height: int = 0
    bound__total: int = 0
    #: Burned out of the emission vault, and out of nodes' vaults.
    forfeited: int = 0
    slashed: int = 0


@dataclass(slots=True)
class HardwareClass(Record):
    """A hardware class; by number."""

    KIND: ClassVar[str] = "staking.Class"
    id: int = 0
    pool: int = 0
    enabled: int = 0
    maximum: int = 0
    multiplier_bps: int = 0
    base_minimum: int = 0
    reference__products__0__m: int = 0
    reference__products__0__k: int = 0
    reference__products__0__nanoseconds: int = 0
    reference__products__1__m: int = 0
    reference__products__1__k: int = 0
    reference__products__1__nanoseconds: int = 0
    reference__memory__blocks: int = 0
    reference__memory__rounds: int = 0
    reference__memory__chains: int = 0
    reference__memory__reads: int = 0
    reference__memory__nanoseconds: int = 0

    @property
    def is_timed(self) -> bool:
        """Whether the chain says what its devices are judged by."""
        products = self.reference__products__0__nanoseconds or self.reference__products__1__nanoseconds
        return bool(products or self.reference__memory__nanoseconds)

    def set_reference(self, reference: Any) -> None:
        """Takes what its devices are judged by."""
        for number, product in enumerate(reference.products):
            for name in ("m", "k", "nanoseconds"):
                setattr(self, f"reference__products__{number}__{name}", getattr(product, name))
        for name in ("blocks", "rounds", "chains", "reads", "nanoseconds"):
            setattr(self, f"reference__memory__{name}", getattr(reference.memory, name))

    def minimum(self, units: int) -> int:
        """The stake that a node's owner needs, base units of IO."""
        return -(-self.base_minimum * max(self.multiplier_bps, 10_000) // 10_000) * units


@dataclass(slots=True)
class Device(Record):
    """A processor."""

    KIND: ClassVar[str] = "staking.Device"
    fingerprint: bytes = b""
    device_key: Pubkey = NOBODY
    owner: Pubkey = NOBODY
    class_: int = 0
    seat: int = 0
    banned: int = 0
    registered_at: int = 0
    seq: int = 0
    identity: bytes = bytes(32)
    identity_at: int = 0


@dataclass(slots=True)
class Approval(Record):
    """Which seats have approved one thing."""

    KIND: ClassVar[str] = "staking.Approval"
    seats: int = 0
    set_version: int = 0
    opened_at: int = 0
    reached_at: int = 0

    def approve(self, seat: int, set_version: int, since: int, now: int) -> None:
        """Adds a seat's approval; those of another set, of before `since`, or too old, count no more."""
        late = now > max(self.opened_at, self.reached_at) + constants.staking.APPROVAL_TIME
        if not self.seats or late or self.set_version != set_version or self.opened_at < since:
            self.clear()
            self.set_version, self.opened_at = set_version, now
        self.seats |= 1 << seat

    def clear(self) -> None:
        """What was approved was done."""
        self.seats = self.opened_at = self.reached_at = 0


@dataclass(slots=True)
class Network(Record):
    """A network of one owner's nodes."""

    KIND: ClassVar[str] = "staking.Network"
    authority: Pubkey = NOBODY
    name: bytes = b""
    registered_at: int = 0


@dataclass(slots=True)
class Node(Record):
    """A node, both sides of its stake."""

    KIND: ClassVar[str] = "staking.Node"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"own__total", "detached"})
    state: int = 0
    units: int = 1
    class_: int = 0
    pool: int | None = None
    owner: Pubkey = NOBODY
    network: Pubkey = NOBODY
    credited: int = 0
    credited_through: int = 0
    credited_height: int = 0
    partial: int = 0
    credit_frozen_until: int = 0
    min_report_seq: int = 0
    quiet_until: int = 0
    frozen: int = 0
    commission_at: int = 0
    commission_bps: int = 0
    next_commission_bps: int = 0
    region: int = 0
    memory_gib: int = 0
    link_mbps: int = 0
    registered_at: int = 0
    retired_at: int = 0
    last_credit_at: int = 0
    last_time: int = 0
    seq: int = 0
    own__active: int = 0
    own__pending: int = 0
    own__pending_at: int | None = 0
    own__due: int = 0
    own__late: int = 0
    own__lost: int = 0
    own__lost_at: int = 0
    #: Only where some stake of the owner's has begun to leave.
    own__cooling: Slots | None = None
    own__total: int = 0
    own_snapshot: Snapshot | None = None
    co__tokens: int = 0
    co__shares: int = 0
    co__active: int = 0
    co__pending: int = 0
    co__late: int = 0
    co__owed: int = 0
    co__acc: bytes = bytes(16)
    co__rem: bytes = bytes(16)
    co_snapshot: Snapshot | None = None
    former__owner: Pubkey | None = NOBODY
    former__amount: int = 0
    former__ready_at: int = 0
    set_apart: int = 0
    fraud: int = 0
    last_proof__time: int | None = 0
    last_proof__score_bps: int | None = 0
    last_proof__reason: int | None = 0
    last_proof__passed: int | None = 0
    banned: int = 0
    challenges: int = 0
    closed_at: int = 0
    changed_at: int = 0
    stopped_since: int = 0
    stopped: int = 0
    spared_until: int = 0
    minimum: int | None = 0
    highest: int | None = 0
    highest_at: int | None = 0
    fined: int = 0
    fined_until: int = 0
    past_retired__0__from_: int = 0
    past_retired__0__until: int = 0
    past_retired__1__from_: int = 0
    past_retired__1__until: int = 0
    #: The processor that was detached last.
    detached: Pubkey | None = None

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        yield from Record.stated(self)
        for path, none, empty in (
            ("own.cooling", self.own__cooling is None, _EMPTY_SLOTS),
            ("own_snapshot", self.own_snapshot is None, _EMPTY_SNAPSHOT),
            ("co_snapshot", self.co_snapshot is None, _EMPTY_SNAPSHOT),
        ):
            if none:
                yield path, empty

    def retire(self, now: int) -> None:
        """It is retired; a time of retirement before, into which hours may have fallen, stays known."""
        if self.retired_at and self.registered_at - self.retired_at > _HOUR:
            self.past_retired__1__from_ = self.past_retired__0__from_
            self.past_retired__1__until = self.past_retired__0__until
            self.past_retired__0__from_, self.past_retired__0__until = self.retired_at, self.registered_at
        self.retired_at = now

    def set_minimum(self, minimum: int) -> None:
        """The owner's minimum from now on; the highest since the last credit bounds the next one."""
        if self.minimum is None or self.highest is None:
            return
        if self.minimum >= self.highest and minimum < self.minimum:
            self.highest, self.highest_at = self.minimum, self.last_time
        self.highest = max(self.highest, minimum)
        if minimum < self.minimum:
            before = self.fined if self.last_time <= self.fined_until else 0
            self.fined, self.fined_until = max(before, self.minimum), self.last_time + _DISPROVE
        self.minimum = minimum

    @property
    def vault(self) -> int:
        """What its vault holds, base units of IO."""
        own = self.own__active + self.own__pending + self.own__total + self.own__due
        return own + self.co__tokens + self.co__owed + self.former__amount + self.set_apart

    @property
    def counted(self) -> int:
        """Active stake that votes, base units of IO."""
        return 0 if self.state else self.own__active + self.co__active


@dataclass(slots=True)
class Position(Record):
    """A co-staker's stake on a node; by node and holder."""

    KIND: ClassVar[str] = "staking.Position"
    node: Pubkey = NOBODY
    holder: Pubkey = NOBODY
    active: int = 0
    pending: int = 0
    pending_at: int = 0
    late: int = 0
    cooling: Slots = field(default_factory=Slots)
    entry: bytes = bytes(16)
    fraction: int = 0
    due: int = 0
    seq: int = 0
    #: Nothing sets it.
    last_time: int = 0
    snapshot: Snapshot = field(default_factory=Snapshot)


@dataclass(slots=True)
class StakeShard(Record):
    """Active stake of the nodes of a shard; by number."""

    KIND: ClassVar[str] = "staking.StakeShard"
    index: int = 0
    active: Snapshot = field(default_factory=Snapshot)


@dataclass(slots=True)
class Slash(Record):
    """A proposal to slash a node."""

    KIND: ClassVar[str] = "staking.Slash"
    node: Pubkey = NOBODY
    owner: Pubkey = NOBODY
    state: int = 0
    fraud: int = 0
    amount: int = 0
    apart: int = 0
    burned: int = 0
    evidence_hash: bytes = b""
    proposed_at: int = 0
    appealed_at: int = 0
    decided_at: int = 0
    appeal_until: int = 0
    stops: int = 0
    stopped_stake: int = 0


# --- jobs ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class JobsConfig(Owned):
    """Of rentals."""

    KIND: ClassVar[str] = "jobs.Config"
    resolver: Pubkey | None = None
    booking_bps: int | None = None
    dispute_bond_bps: int | None = None
    attesters: int | None = None
    attesters_large: int | None = None
    large_daily_usd: int | None = None
    verdict_age: int | None = None
    price_limits__max_confidence_bps: int | None = None
    price_limits__max_ema_distance_bps: int | None = None
    price_limits__max_age: int | None = None
    last_time: int = 0


@dataclass(slots=True)
class Currency(Record):
    """A currency that jobs are paid in; by mint."""

    KIND: ClassVar[str] = "jobs.Currency"
    mint: Pubkey = NOBODY
    pricing: int = 0
    enabled: int = 0
    payment_bps: int = 0
    decimals: int = 0
    feed_id: bytes = b""
    price_account: Pubkey = NOBODY


@dataclass(slots=True)
class Offer(Record):
    """A node's offer, and the lease on it."""

    KIND: ClassVar[str] = "jobs.Offer"
    node: Pubkey = NOBODY
    rate: int = 0
    min_seconds: int = 0
    max_seconds: int = 0
    open: int = 0
    payout: int = 0
    #: Mints; places that are not used are zeros.
    currencies: tuple[Pubkey, ...] = ()
    owner: Pubkey = NOBODY
    lease_job: Pubkey = NOBODY
    lease_until: int = 0
    nonce: int | None = 0
    last_time: int = 0
    seq: int = 0


@dataclass(slots=True)
class Job(Record):
    """A rental and its escrow."""

    KIND: ClassVar[str] = "jobs.Job"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"usd"})
    state: int = 0
    reason: int = 0
    attesters: int = 0
    payout: int = 0
    cluster_size: int = 0
    segment_count: int = 1
    disputes: int = 0
    offer: Pubkey = NOBODY
    node: Pubkey = NOBODY
    renter: Pubkey = NOBODY
    supplier: Pubkey = NOBODY
    rent_payer: Pubkey = NOBODY
    refund_to: Pubkey = NOBODY
    mint: Pubkey = NOBODY
    cluster: Pubkey = NOBODY
    manifest_hash: bytes = b""
    result_hash: bytes = bytes(32)
    proof_digest: bytes = bytes(32)
    price: int = 0
    fee: int = 0
    seconds: int = 0
    booking_bps: int | None = None
    renter_payment_bps: int | None = None
    supplier_payment_bps: int | None = None
    verdict_at: int | None = None
    nonce: int | None = None
    lowered: int = 0
    units: int | None = None
    rate: int | None = None
    manifest_seen: int = 0
    replaces: int = 0
    booked_at: int = 0
    started_at: int = 0
    ends_at: int = 0
    ended_at: int = 0
    last_attested_at: int = 0
    last_time: int = 0
    frozen_until: int = 0
    owed_supplier: int = 0
    owed_fees: int = 0
    owed_refund: int = 0
    paid_supplier: int = 0
    paid_fees: int = 0
    paid_refund: int = 0
    settled_good: int = 0
    segments: dict[int, tuple[int, int]] = field(default_factory=dict)
    #: Good and looked-at seconds of each seat that has spoken, and when it found the node lost.
    seen: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    seq: int = 0
    usd: int = 0

    @property
    def held(self) -> int:
        """What its escrow holds, base units of its currency."""
        return self.price + self.fee - self.paid_supplier - self.paid_fees - self.paid_refund

    def stated(self) -> Iterator[tuple[str, Any]]:
        """See `Record.stated`."""
        for path, value in Record.stated(self):
            if path == "segments":
                for number in range(_SEGMENTS):
                    seconds, price = value.get(number, (0, 0))
                    yield f"segments.{number}.seconds", seconds
                    yield f"segments.{number}.price", price
            elif path == "seen":
                for number in range(_SEATS):
                    good, upto, lost_at = value.get(number, (0, 0, 0))
                    yield f"seen.{number}.good", good
                    yield f"seen.{number}.upto", upto
                    yield f"seen.{number}.lost_at", lost_at
            else:
                yield path, value


@dataclass(slots=True)
class Cluster(Record):
    """Jobs that start together."""

    KIND: ClassVar[str] = "jobs.Cluster"
    renter: Pubkey = NOBODY
    delegate: Pubkey = NOBODY
    id: bytes = b""
    size: int = 0
    opened_at: int = 0
    joined: int = 0
    waiting: int = 0
    lost: int = 0
    places: int = 0
    broken: int = 0
    broken_at: int = 0
    runs_until: int = 0
    seq: int = 0


@dataclass(slots=True)
class Dispute(Record):
    """A dispute of a job."""

    KIND: ClassVar[str] = "jobs.Dispute"
    job: Pubkey = NOBODY
    party: Pubkey = NOBODY
    bond: int = 0
    frozen: int = 0
    made_at: int = 0
    until: int = 0
    outcome: int = 0
    by_renter: int = 0
    seq: int = 0
    evidence_hash: bytes = b""


# --- governance ---------------------------------------------------------------------------------


@dataclass(slots=True)
class GovernanceConfig(Record):
    """Of proposals and the treasury."""

    KIND: ClassVar[str] = "governance.Config"
    seq: int = 0
    guardian: Pubkey = NOBODY
    guardian_until: int = 0
    min_stake: int | None = None
    bond: int | None = None
    voting: int | None = None
    extension: int | None = None
    hold_up: int | None = None
    quorum_bps: int | None = None
    threshold_bps: int | None = None
    outflow_bps: int | None = None
    last_time: int = 0


@dataclass(slots=True)
class Proposal(Record):
    """A proposal."""

    KIND: ClassVar[str] = "governance.Proposal"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"bond_held", "hashes"})
    proposer: Pubkey = NOBODY
    nonce: int = 0
    title: bytes = b""
    uri: bytes = b""
    text_hash: bytes = b""
    state: int = 0
    bond: int = 0
    transactions: int = 0
    executed: int = 0
    guardian_calls: int = 0
    created_at: int = 0
    content_hash: bytes = b""
    progress: bytes = b""
    week: int = 0
    eligible: int = 0
    extension: int = 0
    hold_up: int = 0
    quorum_bps: int = 0
    threshold_bps: int = 0
    extended: int = 0
    regular_end: int = 0
    last_time: int = 0
    voting_from: int = 0
    voting_ends: int = 0
    in_favour: int = 0
    against: int = 0
    abstain: int = 0
    eta: int = 0
    expires: int = 0
    seq: int = 0
    #: Of the bond, whether its vault still holds it.
    bond_held: int = 0
    #: Of the description, and after each transaction.
    hashes: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class StoredTransaction(Record):
    """A transaction of a proposal; by proposal and number."""

    KIND: ClassVar[str] = "governance.StoredTransaction"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"before", "after"})
    proposal: Pubkey = NOBODY
    index: int = 0
    #: Hashes of the proposal's content without it, and with it.
    before: bytes = b""
    after: bytes = b""


@dataclass(slots=True)
class NodeVote(Record):
    """A node's part in a vote, once somebody has voted in it; by proposal and node."""

    KIND: ClassVar[str] = "governance.NodeVote"
    proposal: Pubkey = NOBODY
    node: Pubkey = NOBODY
    owner_choice: int = 3
    own: int = 0
    co: int = 0
    overridden: int = 0


@dataclass(slots=True)
class VoteRecord(Record):
    """A co-staker's vote; by proposal and position."""

    KIND: ClassVar[str] = "governance.VoteRecord"
    proposal: Pubkey = NOBODY
    position: Pubkey = NOBODY
    holder: Pubkey = NOBODY
    choice: int = 0
    weight: int = 0


@dataclass(slots=True)
class AssetOutflow(Record):
    """What has left the treasury of an asset."""

    KIND: ClassVar[str] = "governance.AssetOutflow"
    asset: Pubkey = NOBODY
    total: int = 0
    seq: int = 0
    recent: Outflow = field(default_factory=Outflow)
