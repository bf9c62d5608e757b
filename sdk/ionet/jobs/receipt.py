"""What became of a job and of its money: a receipt, from the events of the job alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet._generated.jobs.types import CloseReason, DisputeOutcome, JobState, Party, PayoutKind
from ionet.chain.amounts import IO, USD, Amount
from ionet.jobs import escrow
from ionet.jobs.breaks import break_reasons
from ionet.jobs.status import TimeLost, or_none

if TYPE_CHECKING:
    from ionet.chain.following import WatchedEvent
    from ionet.chain.schema import Event

#: In these ways of ending the renter's fee is kept in the part in which the price is due.
_IN_PART: Final = frozenset(
    {CloseReason.TIMED_OUT, CloseReason.LOST, CloseReason.SUPPLIER_STOPPED, CloseReason.RESOLVED}
)
#: In these the whole of it is kept.
_WHOLE: Final = frozenset({CloseReason.COMPLETED, CloseReason.RENTER_STOPPED})
#: In these a node did its part.
DONE: Final = frozenset({CloseReason.COMPLETED, CloseReason.RENTER_STOPPED})
#: In these its supplier or the node itself broke off.
BROKEN: Final = frozenset({CloseReason.LOST, CloseReason.SUPPLIER_STOPPED, CloseReason.SUPPLIER_CANCELLED})


@dataclass(frozen=True, slots=True)
class Leases:
    """How the leases of a node ended; those that ended before their start or by a decision are in neither.

    Attributes:
        done: to their end, or until the renter stopped them.
        broken: the node was lost, or its supplier stopped or cancelled them.
    """

    done: int
    broken: int


class JobHistory(Protocol):
    """Who knows the past of jobs: a ledger."""

    def of_job(self, job: Pubkey) -> Iterable[WatchedEvent]:
        """The events of a job, in the chain's order."""

    def booked_by(self, party: Pubkey, *, as_renter: bool, as_supplier: bool) -> Iterable[Pubkey]:
        """The jobs that a party has booked or supplied, in the chain's order."""

    def leases(self, nodes: Iterable[Pubkey]) -> Mapping[Pubkey, Leases]:
        """How the leases of nodes ended."""


def agreed_of(job: Pubkey, past: Iterable[Event]) -> bytes | None:
    """The hash of the result on which as many seats agree as a job needs; None: of none, or of several.

    Args:
        job: its address.
        past: events, in the chain's order.
    """
    said: dict[int, bytes] = {}
    needed: int | None = None
    for event in past:
        if isinstance(event, events.jobs.Booked) and event.job == job:
            needed = event.attesters
        elif isinstance(event, events.jobs.Attested) and event.job == job and any(event.result_hash):
            # The latest word of each seat counts.
            said[event.seat] = bytes(event.result_hash)
    agreed = [digest for digest, seats in Counter(said.values()).items() if needed and seats >= needed]
    return agreed[0] if len(agreed) == 1 else None


def leases_of(node: Pubkey, past: Iterable[WatchedEvent]) -> Leases:
    """How a node's leases ended, by the first ending of each.

    Args:
        node: its address.
        past: events of its offer, in the chain's order.
    """
    ended: dict[Pubkey, CloseReason | None] = {}
    for told in past:
        event = told.event
        if isinstance(event, events.jobs.Booked) and event.node == node:
            ended[event.job] = None
        elif isinstance(event, events.jobs.Ended) and event.job in ended:
            ended[event.job] = ended[event.job] or event.reason
    reasons = list(ended.values())
    return Leases(sum(reason in DONE for reason in reasons), sum(reason in BROKEN for reason in reasons))


@dataclass(frozen=True, slots=True)
class ReceiptExtension:
    """More time that was booked.

    Attributes:
        time: Unix seconds.
        seconds: added.
        usd: its price in dollars.
        price: its price.
        fee: the renter's fee for it.
        payer: who paid.
        signature: of the transaction.
    """

    time: int
    seconds: int
    usd: USD
    price: Amount
    fee: Amount
    payer: Pubkey
    signature: str


@dataclass(frozen=True, slots=True)
class ReceiptDispute:
    """A dispute over a job's split.

    Attributes:
        address: of its account.
        party: who disputed.
        made_at: Unix seconds.
        frozen: what was held back.
        bond: the party's bond; no part of the deposit.
        outcome: how it was decided; NONE: it was not.
        bond_paid_to: the token account that the bond went to, or None while it is held.
        evidence_hash: of the evidence, 32 bytes.
    """

    address: Pubkey
    party: Pubkey
    made_at: int
    frozen: Amount
    bond: Amount
    outcome: DisputeOutcome
    bond_paid_to: Pubkey | None
    evidence_hash: bytes


@dataclass(frozen=True, slots=True)
class ReceiptTransaction:
    """A transaction with events of a job.

    Attributes:
        time: Unix seconds; 0: the node does not say.
        slot: its slot.
        signature: base58.
        events: types of the job's events in it, in order.
    """

    time: int
    slot: int
    signature: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptPayout:
    """What became of a supplier's payment that is sold for IO.

    Attributes:
        sold: in the job's currency.
        credited: IO that it was sold for.
        withdrawn: taken unsold, fees included.
    """

    sold: Amount
    credited: IO
    withdrawn: Amount


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """A sum that has to hold.

    Attributes:
        name: what is compared.
        expected: what it has to be.
        actual: what it is.
    """

    name: str
    expected: Amount
    actual: Amount

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.actual


@dataclass(frozen=True, slots=True)
class Receipt:
    """A job, from its events. Amounts are in its currency; times are Unix seconds, 0 if there is none.

    Attributes:
        job: its address.
        node, class_id: what was leased; the class is None if the node is gone.
        renter, payer, refund_to, supplier: its parties; the supplier owns the node.
        cluster: the cluster it belonged to, or None.
        mint, currency: what the renter paid in: its mint, and its name.
        pays_io: whether the supplier is paid in IO.
        state, closed: how far it is, and whether its accounts are closed.
        reason: why it ended, or was stopped.
        booked_at, started_at, ends_at, ended_at, closed_at: by the slots' times; the start and the end of the
            booked time by the program's.
        seconds: booked, including extensions.
        good: seconds that count, as enough attesters agree.
        not_good: other seconds from the start to the end; of a running job, of those looked at.
        breaks: time that an attester did not count, and why.
        manifest_hash: of what was to run, 32 bytes.
        result_hash: of what came out, or None.
        usd: the price in dollars.
        price, fee, deposit: what was booked, the renter's fee for it, and both together.
        due: the part of the price that is owed; None until it has ended, as the next five.
        renter_fees: the part of the deposit that is kept as the renter's fees.
        supplier_fees: the part of what is due that is kept as the supplier's fees.
        owed_supplier, owed_fees, owed_refund: the final split.
        paid_supplier, paid_fees, paid_refund: what was paid so far; the supplier, or their payout account.
        held: what the escrow holds.
        surplus: what others had sent to the escrow; it went to the fee vault.
        extensions, disputes, transactions: in the chain's order.
        payout: if the supplier is paid in IO for another currency, or None.
        missing: numbers of the job's events that are not there: a log was cut, or history is.
        checks: the sums that have to hold.
    """

    job: Pubkey
    node: Pubkey
    class_id: int | None
    renter: Pubkey
    payer: Pubkey
    refund_to: Pubkey
    supplier: Pubkey
    cluster: Pubkey | None
    mint: Pubkey
    currency: str
    pays_io: bool
    state: JobState
    closed: bool
    reason: CloseReason
    booked_at: int
    started_at: int
    ends_at: int
    ended_at: int
    closed_at: int
    seconds: int
    good: int
    not_good: int
    breaks: tuple[TimeLost, ...]
    manifest_hash: bytes
    result_hash: bytes | None
    usd: USD
    price: Amount
    fee: Amount
    deposit: Amount
    due: Amount | None
    renter_fees: Amount | None
    supplier_fees: Amount | None
    owed_supplier: Amount | None
    owed_fees: Amount | None
    owed_refund: Amount | None
    paid_supplier: Amount
    paid_fees: Amount
    paid_refund: Amount
    held: Amount
    surplus: Amount
    extensions: tuple[ReceiptExtension, ...]
    disputes: tuple[ReceiptDispute, ...]
    transactions: tuple[ReceiptTransaction, ...]
    payout: ReceiptPayout | None
    missing: tuple[int, ...]
    checks: tuple[ReceiptCheck, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every sum holds, and no event is missing."""
        return not self.missing and all(check.holds for check in self.checks)


def is_of(job: Pubkey, event: object) -> bool:
    """Whether an event names a job."""
    return getattr(event, "job", None) == job


def booking_of(past: Iterable[WatchedEvent]) -> events.jobs.Booked | None:
    """The booking among a job's events."""
    return next((told.event for told in past if isinstance(told.event, events.jobs.Booked)), None)


def takes_part(booked: events.jobs.Booked, party: Pubkey, *, as_renter: bool, as_supplier: bool) -> bool:
    """Whether a party rents by a booking, or supplies."""
    renting = party in (booked.renter, booked.payer, booked.refund_to)
    return (as_renter and renting) or (as_supplier and party == booked.supplier)


def receipt_of(
    job: Pubkey, past: Iterable[WatchedEvent], unit: type[Amount], class_id: int | None = None
) -> Receipt:
    """A job's receipt, so far.

    Args:
        job: its address.
        past: its events, in the chain's order; those of other accounts are left out.
        unit: amounts of its currency.
        class_id: of its node.

    Raises:
        LookupError: its booking is not among them.
    """
    told = [each for each in past if is_of(job, each.event)]
    booked = booking_of(told)
    if booked is None:
        raise LookupError(f"there is no booking of job {job} in the history")
    book = _Book(booked, unit)
    for each in told:
        book.take(each)
    return book.receipt(class_id)


@dataclass(slots=True)
class _Book:
    """What a job's events have said so far; amounts are base units."""

    booked: events.jobs.Booked
    unit: type[Amount]
    booked_at: int = 0
    started_at: int = 0
    ends_at: int = 0
    ended_at: int = 0
    closed_at: int = 0
    closed: bool = False
    running: bool = False
    usd: int = 0
    price: int = 0
    fee: int = 0
    seconds: int = 0
    reason: CloseReason = CloseReason.NONE
    ended: events.jobs.Ended | None = None
    good: int = 0
    result_hash: bytes = bytes(32)
    #: By seat: seconds looked at.
    upto: dict[int, int] = field(default_factory=dict)
    #: What the payments come to, and what the program says that they come to.
    sums: dict[Party, int] = field(default_factory=dict)
    paid: dict[Party, int] = field(default_factory=dict)
    held: int = 0
    surplus: int = 0
    sold: int = 0
    credited: int = 0
    withdrawn: int = 0
    numbers: set[int] = field(default_factory=set)
    lost: list[tuple[events.jobs.TimeLost, str]] = field(default_factory=list)
    extensions: list[ReceiptExtension] = field(default_factory=list)
    made: dict[Pubkey, tuple[events.jobs.DisputeMade, int]] = field(default_factory=dict)
    outcomes: dict[Pubkey, DisputeOutcome] = field(default_factory=dict)
    returned: dict[Pubkey, Pubkey] = field(default_factory=dict)
    sent: dict[str, tuple[int, int, list[str]]] = field(default_factory=dict)

    def take(self, told: WatchedEvent) -> None:
        """Notes an event."""
        event, time = told.event, told.time or 0
        self.sent.setdefault(told.signature, (time, told.slot, []))[2].append(type(event).__name__)
        j = events.jobs
        if event.PROGRAM_ID == j.Booked.PROGRAM_ID and not isinstance(event, j.DisputeClosed):
            self.numbers.add(event.seq)  # type: ignore[attr-defined]
        match event:
            case j.Booked():
                self.booked_at = time
                self.usd, self.price, self.fee = event.usd, event.price, event.fee
                self.seconds, self.held = event.seconds, event.price + event.fee
            case j.Started():
                self.running, self.started_at, self.ends_at = True, event.started_at, event.ends_at
            case j.Extended():
                self._extend(event, told)
            case j.Attested():
                self.good, self.upto[event.seat] = event.attested, event.upto
                if any(event.result_hash):
                    self.result_hash = event.result_hash
            case j.TimeLost():
                self.lost.append((event, told.signature))
            case j.Stopped():
                self.reason, self.ends_at = event.reason, event.ends_at
            case j.Ended():
                self._end(event, time)
            case j.Paid():
                self.sums[event.party] = self.sums.get(event.party, 0) + event.amount
                self.paid[event.party], self.held = event.paid, event.held
            case j.JobClosed():
                self.closed, self.closed_at, self.surplus = True, time, event.surplus
            case j.DisputeMade():
                self.made[event.dispute] = event, time
            case j.DisputeResolved():
                self.outcomes[event.dispute] = event.outcome
            case j.DisputeClosed():
                self.outcomes[event.dispute], self.returned[event.dispute] = event.outcome, event.destination
            case events.buyback.IoCredited():
                self.sold, self.credited = event.sold_total, event.credited_total
            case events.buyback.PayoutWithdrawn():
                self.withdrawn = event.withdrawn_total

    def _extend(self, event: events.jobs.Extended, told: WatchedEvent) -> None:
        self.usd += event.usd
        self.price += event.price
        self.fee += event.fee
        self.seconds += event.seconds
        self.ends_at, self.held = event.ends_at, event.held
        self.extensions.append(
            ReceiptExtension(
                told.time or 0,
                event.seconds,
                USD.from_base(event.usd),
                self.unit.from_base(event.price),
                self.unit.from_base(event.fee),
                event.payer,
                told.signature,
            )
        )

    def _end(self, event: events.jobs.Ended, time: int) -> None:
        # A decision ends a job that has ended once more.
        if self.ended is None:
            self.ended_at = time
            if self.running and event.reason in (CloseReason.LOST, CloseReason.RESOLVED):
                self.ends_at = min(self.ends_at, time)
        self.ended, self.reason, self.good = event, event.reason, event.attested
        if any(event.result_hash):
            self.result_hash = event.result_hash

    # -- the receipt

    def receipt(self, class_id: int | None) -> Receipt:
        """What it comes to."""
        amount, booked, ended = self.unit.from_base, self.booked, self.ended
        due = kept = None
        if ended is not None:
            due, kept = self._due(ended)
        owed = (None,) * 3 if ended is None else (ended.owed_supplier, ended.owed_fees, ended.owed_refund)

        def known(base: int | None) -> Amount | None:
            return None if base is None else amount(base)

        paid = {party: amount(self.sums.get(party, 0)) for party in Party}
        exchanged = booked.payout == PayoutKind.IO and booked.mint != pda.mint.MINT
        return Receipt(
            job=booked.job,
            node=booked.node,
            class_id=class_id,
            renter=booked.renter,
            payer=booked.payer,
            refund_to=booked.refund_to,
            supplier=booked.supplier,
            cluster=or_none(booked.cluster),
            mint=booked.mint,
            currency=self.unit.SYMBOL,
            pays_io=booked.payout == PayoutKind.IO or booked.mint == pda.mint.MINT,
            state=self._state(),
            closed=self.closed,
            reason=self.reason,
            booked_at=self.booked_at,
            started_at=self.started_at,
            ends_at=self.ends_at,
            ended_at=self.ended_at,
            closed_at=self.closed_at,
            seconds=self.seconds,
            good=self.good,
            not_good=self._not_good(),
            breaks=tuple(self._breaks()),
            manifest_hash=booked.manifest_hash,
            result_hash=self.result_hash if any(self.result_hash) else None,
            usd=USD.from_base(self.usd),
            price=amount(self.price),
            fee=amount(self.fee),
            deposit=amount(self.price + self.fee),
            due=known(due),
            renter_fees=known(kept),
            supplier_fees=None if ended is None or due is None else amount(due - ended.owed_supplier),
            owed_supplier=known(owed[0]),
            owed_fees=known(owed[1]),
            owed_refund=known(owed[2]),
            paid_supplier=paid[Party.SUPPLIER],
            paid_fees=paid[Party.FEE_VAULT],
            paid_refund=paid[Party.RENTER],
            held=amount(self.held),
            surplus=amount(self.surplus),
            extensions=tuple(self.extensions),
            disputes=tuple(self._disputes()),
            transactions=tuple(
                ReceiptTransaction(time, slot, signature, tuple(names))
                for signature, (time, slot, names) in self.sent.items()
            ),
            payout=self._payout() if exchanged else None,
            missing=self._missing(),
            checks=tuple(self._checks()),
        )

    def _state(self) -> JobState:
        if self.ended is not None:
            return JobState.ENDED
        return JobState.RUNNING if self.running else JobState.BOOKED

    def _due(self, ended: events.jobs.Ended) -> tuple[int, int]:
        """The part of the price that is due, and the renter's fees that are kept: `escrow::divide`.

        What is owed to supplier and vault together is both; how it falls apart is a rule of the ending.
        """
        both = ended.owed_supplier + ended.owed_fees
        if self.reason in _WHOLE:
            return both - self.fee, self.fee
        if self.reason not in _IN_PART or not self.price:
            return 0, both
        # due + ⌈fee · due / price⌉ grows with what is due: the greatest that is not above both.
        low, high = 0, self.price
        while low < high:
            middle = (low + high + 1) // 2
            if middle + -(-self.fee * middle // self.price) <= both:
                low = middle
            else:
                high = middle - 1
        return low, both - low

    def _not_good(self) -> int:
        if not self.started_at:
            return 0
        passed = self.ends_at - self.started_at
        if self.ended is None:
            passed = min(passed, escrow.agreed(self.upto.values(), self.booked.attesters))
        return max(0, passed - self.good)

    def _breaks(self) -> Iterable[TimeLost]:
        for event, signature in self.lost:
            yield TimeLost(
                start=self.started_at + event.from_,
                end=self.started_at + event.upto,
                seconds=event.lost,
                seat=event.seat,
                reasons=break_reasons(event.reason),
                signature=signature,
            )

    def _disputes(self) -> Iterable[ReceiptDispute]:
        for address, (made, time) in self.made.items():
            yield ReceiptDispute(
                address=address,
                party=made.party,
                made_at=time,
                frozen=self.unit.from_base(made.frozen),
                bond=self.unit.from_base(made.bond),
                outcome=self.outcomes.get(address, DisputeOutcome.NONE),
                bond_paid_to=self.returned.get(address),
                evidence_hash=made.evidence_hash,
            )

    def _payout(self) -> ReceiptPayout:
        amount = self.unit.from_base
        return ReceiptPayout(amount(self.sold), IO.from_base(self.credited), amount(self.withdrawn))

    def _missing(self) -> tuple[int, ...]:
        return tuple(n for n in range(1, max(self.numbers) + 1) if n not in self.numbers)

    def _checks(self) -> Iterable[ReceiptCheck]:
        amount, deposit = self.unit.from_base, self.price + self.fee
        paid = sum(self.sums.values())

        def check(name: str, expected: int, actual: int) -> ReceiptCheck:
            return ReceiptCheck(name, amount(expected), amount(actual))

        if self.closed:
            yield check("deposit = paid to the supplier + fees + refund", deposit, paid)
        else:
            yield check("deposit = paid so far + what the escrow holds", deposit, paid + self.held)
        if self.ended is not None:
            owed = self.ended.owed_supplier + self.ended.owed_fees + self.ended.owed_refund
            yield check("deposit = owed to the supplier + fees + refund", deposit, owed)
        named: Sequence[tuple[Party, str]] = (
            (Party.SUPPLIER, "supplier"),
            (Party.FEE_VAULT, "fees"),
            (Party.RENTER, "refund"),
        )
        for party, name in named:
            stated: Any = self.paid.get(party, 0)
            paid_out = self.sums.get(party, 0)
            yield check(f"the payments of {name} come to what the program says", stated, paid_out)
            if self.closed and self.ended is not None:
                yield check(f"{name} paid as owed", getattr(self.ended, f"owed_{name}"), paid_out)
