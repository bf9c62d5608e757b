"""A job's escrow: rules 10 to 14. Amounts are base units of the currency paid, times Unix seconds.

Sums go over segments: the first is booked, each extension is another one. Attested seconds fill them in
order, so G = Σ ⌊P · B / T⌋ over segments, while P, F and D are the sums of what was paid for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from math import ceil
from typing import Final

from tests.model.refusal import refuse

BPS: Final = 10_000
HOUR: Final = 3_600
DAY: Final = 86_400
START_WINDOW: Final = 1_200
#: An attester may say for so long that what is to be run is at hand.
MANIFEST_WINDOW: Final = 600
#: Words that a node is gone count together within so long.
LOST_WITHIN: Final = HOUR
SILENCE: Final = DAY
#: The booking and at most four extensions.
SEGMENTS: Final = 5
#: A job is disputed while it runs or for so long after its end, and the dispute lasts so long.
DISPUTE_WINDOW: Final = DAY
DISPUTE_TIME: Final = 14 * DAY
#: IO's base units of one; dollars and USDC are counted in millionths.
IO_UNITS: Final = 10**8
MICRO: Final = 10**6
PAR: Final = Fraction(99, 100)


# -- prices


@dataclass(frozen=True, slots=True)
class Price:
    """An oracle's word in dollars: price, confidence, moving average; and how old it is."""

    price: Fraction
    confidence: Fraction = Fraction(0)
    ema: Fraction | None = None
    age: int = 0

    def check(
        self,
        age: int = 60,
        confidence: Fraction = Fraction(1, 100),
        distance: Fraction = Fraction(5, 100),
    ) -> None:
        """Age ≤ 60 s, confidence ≤ 1 %, |price − ema| ≤ 5 % by default."""
        ema = self.price if self.ema is None else self.ema
        refuse(
            StalePrice=self.age > age,
            UnusablePrice=self.price <= 0,
            UncertainPrice=self.confidence > self.price * confidence,
            VolatilePrice=abs(self.price - ema) > ema * distance,
        )


def dollars(rate: int, units: int, seconds: int) -> int:
    """USD = ⌈rate · units · T / 3600⌉, in micro-dollars; `rate` is of a processor and hour (rule 10)."""
    return ceil(Fraction(rate * units * seconds, HOUR))


def in_io(usd: int, price: Price) -> int:
    """⌈USD / (price − confidence)⌉ in base units of IO."""
    price.check()
    return ceil(Fraction(usd, MICRO) / (price.price - price.confidence) * IO_UNITS)


def in_usdc(usd: int, price: Price) -> int:
    """At par, unless its feed is below 0.99."""
    price.check()
    refuse(BelowPar=price.price < PAR)
    return usd


# -- fees


@dataclass(frozen=True, slots=True)
class Terms:
    """Fees in basis points, as they were at the booking.

    Attributes:
        booking: b, of each side.
        renter: p, of the currency that the renter pays in.
        supplier: p', of the currency that the supplier takes.
    """

    booking: int = 25
    renter: int = 0
    supplier: int = 0


IN_IO: Final = Terms()
IN_USDC: Final = Terms(renter=200, supplier=200)
#: A job paid in USDC whose supplier takes IO: his part buys it in the auction (rule 11).
USDC_FOR_IO: Final = Terms(renter=200, supplier=0)


def bps(amount: int, rate: int) -> int:
    """A share, rounded up."""
    return ceil(Fraction(amount * rate, BPS))


@dataclass(frozen=True, slots=True)
class Segment:
    """Seconds booked, and their price P."""

    seconds: int
    price: int

    def fee(self, terms: Terms) -> int:
        """F = ⌈P (b + p) / 10⁴⌉."""
        return bps(self.price, terms.booking + terms.renter)


# -- how it ends, and who gets what


class Ending(Enum):
    """Why a job ended."""

    COMPLETED = "completed"
    SILENT = "its attesters were silent for a day"
    RENTER_STOPPED = "the renter stopped it"
    SUPPLIER_STOPPED = "the supplier stopped it"
    NO_START = "nobody started it in 20 minutes"
    SUPPLIER_CANCELLED = "the supplier cancelled it"
    RENTER_CANCELLED = "the renter ended it before its start"
    LOST = "its node was gone"
    CLUSTER_BROKEN = "another job of its cluster left before its start"
    UNDECIDED = "a dispute was not decided in 14 days"


_NEVER_RAN: Final = frozenset(
    {
        Ending.NO_START,
        Ending.SUPPLIER_CANCELLED,
        Ending.RENTER_CANCELLED,
        Ending.CLUSTER_BROKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Split:
    """The deposit, shared out: what each of the three is owed in all."""

    supplier: int
    fees: int
    refund: int

    @property
    def deposit(self) -> int:
        return self.supplier + self.fees + self.refund


def billable(ending: Ending, attested: int, elapsed: int) -> int:
    """B of rule 10, from the attested seconds A and the seconds e until the stop."""
    if ending in _NEVER_RAN or (ending is Ending.SUPPLIER_STOPPED and elapsed < HOUR):
        return 0
    if ending is Ending.RENTER_STOPPED:
        return attested + max(0, HOUR - elapsed)
    return attested


def gross(segments: list[Segment], seconds: int) -> int:
    """G = Σ ⌊P · B / T⌋; the seconds fill the segments in order."""
    total, left = 0, seconds
    for one in segments:
        filled = min(left, one.seconds)
        total += one.price * filled // one.seconds
        left -= filled
    assert left == 0, f"{left} seconds more than were booked"
    return total


def supplier_part(segments: list[Segment], terms: Terms, seconds: int) -> int:
    """S = G − ⌈G (b + p') / 10⁴⌉."""
    whole = gross(segments, seconds)
    return whole - bps(whole, terms.booking + terms.supplier)


def split(
    segments: list[Segment],
    terms: Terms,
    ending: Ending,
    attested: int,
    elapsed: int,
    held: int = 0,
    seen: bool = False,
) -> Split:
    """Who gets what of the deposit when a job has ended (rule 10).

    Args:
        segments: that were paid for.
        terms: of the booking.
        ending: how it ended.
        attested: A.
        elapsed: e.
        held: seconds that the node was held before a start that did not come.
        seen: whether an attester has said in time that what is to be run was at hand.
    """
    seconds = billable(ending, attested, elapsed)
    whole, part = gross(segments, seconds), supplier_part(segments, terms, seconds)
    price = sum(one.price for one in segments)
    fee = sum(one.fee(terms) for one in segments)
    if ending in (Ending.COMPLETED, Ending.RENTER_STOPPED):
        kept = fee
    elif ending in _NEVER_RAN:
        waited = ceil(Fraction(price * held, sum(one.seconds for one in segments)))
        if ending is Ending.RENTER_CANCELLED:
            kept = max(waited, bps(price, terms.booking))
        else:
            kept = 0 if seen or ending is Ending.SUPPLIER_CANCELLED else waited
    else:
        kept = ceil(Fraction(fee * whole, price)) if price else 0
    return Split(part, whole - part + kept, price + fee - whole - kept)


def decided(segments: list[Segment], terms: Terms, whole: int, collected: int) -> Split:
    """Who gets what when a resolver names the gross: fees follow from it, the renter's in proportion. Those
    that were collected stay, at the renter's expense."""
    price = sum(one.price for one in segments)
    fee = sum(one.fee(terms) for one in segments)
    part = whole - bps(whole, terms.booking + terms.supplier)
    fees = max(collected, whole - part + (ceil(Fraction(fee * whole, price)) if price else 0))
    return Split(part, fees, price + fee - part - fees)


# -- a job over time


@dataclass(slots=True)
class Seat:
    """What an attester's seat has seen of a job (rule 12)."""

    good: int = 0
    upto: int = 0
    key: object = None
    lost_at: int = -(10**12)


@dataclass(slots=True)
class Job:
    """A job from its booking to the last payment.

    Attributes:
        attesters: k; A is the k-th largest `good`.
        stopped: the time, and by whom.
    """

    segments: list[Segment]
    terms: Terms
    booked_at: int
    attesters: int = 1
    seats: dict[int, Seat] = field(default_factory=dict)
    started_at: int | None = None
    stopped: tuple[int, Ending] | None = None
    last_word: int = 0
    ending: Ending | None = None
    owed: Split | None = None
    ended_at: int = 0
    paid: dict[str, int] = field(default_factory=lambda: {"supplier": 0, "fees": 0, "refund": 0})
    #: Who has disputed it, until when nothing is paid, and whether somebody has decided.
    disputed: set[str] = field(default_factory=set)
    frozen_until: int = 0
    resolved: bool = False
    #: Whether an attester has said in time that what is to be run is at hand.
    manifest_seen: bool = False
    #: Seats whose good time a successor has lowered, and A at the last settlement.
    lowered: set[int] = field(default_factory=set)
    settled_good: int = 0

    @property
    def deposit(self) -> int:
        """D = Σ P + F."""
        return sum(one.price + one.fee(self.terms) for one in self.segments)

    @property
    def escrow(self) -> int:
        """What the vault holds."""
        return self.deposit - sum(self.paid.values())

    @property
    def seconds(self) -> int:
        return sum(one.seconds for one in self.segments)

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.owed is None

    @property
    def is_booked(self) -> bool:
        return self.started_at is None and self.owed is None

    def is_frozen(self, now: int) -> bool:
        """Whether a dispute holds back what is not paid."""
        return now < self.frozen_until

    @property
    def ends_at(self) -> int:
        """End of the work: of the booked time, or the stop."""
        assert self.started_at is not None
        return self.started_at + self.seconds if self.stopped is None else self.stopped[0]

    @property
    def elapsed(self) -> int:
        """e: seconds of work."""
        return 0 if self.started_at is None else self.ends_at - self.started_at

    @property
    def attested(self) -> int:
        """A: the k-th largest `good`."""
        return self._kth([one.good for one in self.seats.values()])

    @property
    def seen(self) -> int:
        """Up to where k seats have looked."""
        return self._kth([one.upto for one in self.seats.values()])

    def _kth(self, values: list[int]) -> int:
        return sorted(values, reverse=True)[self.attesters - 1] if len(values) >= self.attesters else 0

    @property
    def leased(self) -> bool:
        """The lease ends with the work, not with the settlement (rule 13)."""
        return self.owed is None and self.stopped is None

    def start(self, now: int) -> None:
        """Within 20 minutes of the booking."""
        refuse(
            NotBooked=not self.is_booked,
            StartWindowOver=now > self.booked_at + START_WINDOW,
        )
        self.started_at = self.last_word = now

    def extend(self, segment: Segment, now: int) -> None:
        """A further segment, at most four times, while the work goes on."""
        refuse(
            NotRunning=not self.is_running,
            Over=self.is_running and now >= self.ends_at,
            Disputed=self.is_frozen(now),
            TooManyExtensions=len(self.segments) >= SEGMENTS,
        )
        self.segments.append(segment)

    def attest(self, seat: int, good: int, upto: int, now: int, key: object = None) -> None:
        """Seconds looked at since the start, and how many were good; both cumulative, but that a successor
        on the seat lowers what was called good once, and not what was paid (rule 12)."""
        before = self.seats.get(seat, Seat())
        passed = min(now, self.ends_at) - (self.started_at or 0) if self.started_at is not None else 0
        who, falls = seat if key is None else key, good < before.good
        succeeds = before.key not in (None, who)
        refuse(
            NotRunning=not self.is_running,
            SeatMoved=self._speaks_elsewhere(seat, who),
            AttestationFalls=upto < before.upto or (falls and not succeeds),
            LoweredBefore=falls and succeeds and seat in self.lowered,
            LoweredBelowPaid=falls and succeeds and good < self.settled_good,
            AttestationAhead=upto > passed,
            AttestationOverlaps=good - before.good > upto - before.upto,
        )
        if falls:
            self.lowered.add(seat)
        self.seats[seat] = Seat(good, upto, who)
        self.last_word = now

    def _speaks_elsewhere(self, seat: int, key: object) -> bool:
        return any(one.key == key for number, one in self.seats.items() if number != seat)

    def lose(self, seat: int, now: int, key: object = None) -> bool:
        """A seat finds the node gone; whether the job ends, as k seats have within an hour (rule 10b)."""
        refuse(
            NotRunning=not self.is_running,
            Over=self.is_running and now >= self.ends_at,
            SeatMoved=self._speaks_elsewhere(seat, seat if key is None else key),
        )
        self.seats.setdefault(seat, Seat()).lost_at = now
        if sum(now - one.lost_at <= LOST_WITHIN for one in self.seats.values()) < self.attesters:
            return False
        self.stopped = now, Ending.LOST
        self._end(Ending.LOST, now)
        return True

    def confirm_manifest(self, now: int) -> None:
        """What is to be run is at hand, with ten minutes left to start it."""
        late = now > self.booked_at + MANIFEST_WINDOW
        refuse(NotBooked=not self.is_booked, ManifestLate=self.is_booked and late)
        self.manifest_seen = True

    def cancel(self, by_renter: bool, now: int) -> Split:
        """Before the start: at no cost for the supplier, for the renter at that of the time held."""
        refuse(NotBooked=not self.is_booked)
        return self._end(self._cancelled(now) if by_renter else Ending.SUPPLIER_CANCELLED, now)

    def _cancelled(self, at: int) -> Ending:
        """How it ends that its renter leaves then; after 20 minutes nobody has started it."""
        in_time = at <= self.booked_at + START_WINDOW
        return Ending.RENTER_CANCELLED if in_time else Ending.NO_START

    def stop(self, by_renter: bool, now: int) -> None:
        """Ends the work; the account waits for what attesters saw of it."""
        refuse(NotRunning=not self.is_running, Over=self.is_running and now >= self.ends_at)
        self.stopped = now, Ending.RENTER_STOPPED if by_renter else Ending.SUPPLIER_STOPPED

    def complete(self, now: int) -> Split:
        """Ends a job whose time is over, when it was looked at to its end."""
        refuse(
            NotRunning=not self.is_running,
            NotOver=self.is_running and now < self.ends_at,
            NotAttestedToItsEnd=self.is_running and self.seen < self.elapsed,
        )
        return self._end(Ending.COMPLETED if self.stopped is None else self.stopped[1], now)

    def expire(self, now: int, broken: tuple[bool, int] | None = None) -> Split:
        """Ends what nobody started in 20 minutes, or what attesters are silent about for a day, counted from
        the end of the work at the latest.

        Args:
            now: the time.
            broken: whether the renter left its cluster, and when, if anybody has before its start.
        """
        if self.is_booked:
            if broken is not None:
                return self._end(self._cancelled(broken[1]) if broken[0] else Ending.CLUSTER_BROKEN, now)
            refuse(StartWindowOpen=now <= self.booked_at + START_WINDOW)
            return self._end(Ending.NO_START, now)
        refuse(NotRunning=not self.is_running)
        refuse(NotSilent=now <= min(self.last_word, self.ends_at) + SILENCE)
        return self._end(Ending.SILENT if self.stopped is None else self.stopped[1], now)

    def _end(self, ending: Ending, now: int) -> Split:
        self.ending, self.ended_at = ending, now
        held = min(now, self.booked_at + START_WINDOW) - self.booked_at
        # What broke the cluster is another job's fault: its own manifest makes no job free.
        seen = self.manifest_seen and ending is not Ending.CLUSTER_BROKEN
        self.owed = split(self.segments, self.terms, ending, self.attested, self.elapsed, held, seen)
        assert self.owed.deposit == self.deposit
        return self.owed

    def settle(self, now: int) -> int:
        """Pays the supplier S − paid, from an hour after the start (rule 10)."""
        refuse(NotRunning=self.is_booked, Disputed=self.is_frozen(now))
        first_hour = self.owed is None and now < (self.started_at or 0) + HOUR
        refuse(FirstHour=first_hour)
        self.settled_good = self.attested
        return self._pay("supplier", self.due)

    @property
    def due(self) -> int:
        """S: the supplier's in all, as it stands."""
        if self.owed is not None:
            return self.owed.supplier
        ending = Ending.COMPLETED if self.stopped is None else self.stopped[1]
        return supplier_part(self.segments, self.terms, billable(ending, self.attested, self.elapsed))

    def collect_fees(self, now: int) -> int:
        """Pays the fee vault."""
        refuse(NotEnded=self.owed is None, Disputed=self.is_frozen(now))
        assert self.owed is not None
        return self._pay("fees", self.owed.fees)

    def refund(self, now: int) -> int:
        """Pays the renter what is left, in the currency that he paid."""
        refuse(NotEnded=self.owed is None, Disputed=self.is_frozen(now))
        assert self.owed is not None
        return self._pay("refund", self.owed.refund)

    # -- disputes (rule 13)

    def dispute(self, party: str, now: int) -> int:
        """Holds back what is not paid, for 14 days at most; how much that is."""
        ended = self.owed is not None
        refuse(
            NotRunning=self.started_at is None,
            AlreadyDecided=self.resolved,
            DisputeWindowOver=ended and now > self.ended_at + DISPUTE_WINDOW,
            Disputed=self.is_frozen(now),
            DisputedBefore=party in self.disputed,
            NothingToDispute=self.escrow == 0,
        )
        self.disputed.add(party)
        self.frozen_until = now + DISPUTE_TIME
        return self.escrow

    def resolve(self, whole: int, now: int) -> int:
        """Ends it by a decision that `whole` of the price is due, or replaces the split with which it has
        ended. What is more, or less, for the supplier than the attested split."""
        made = decided(self.segments, self.terms, whole, self.paid["fees"])
        refuse(
            NotDisputed=not self.is_frozen(now),
            SplitAbovePrice=whole > sum(one.price for one in self.segments),
            SplitBelowPaid=made.supplier < self.paid["supplier"] or made.refund < self.paid["refund"],
        )
        change = made.supplier - self.due
        if self.owed is None:
            self.ended_at = now
            if self.ends_at > now:
                self.stopped = now, Ending.COMPLETED
        self.owed, self.frozen_until, self.resolved = made, 0, True
        assert made.deposit == self.deposit
        return change

    def close(self) -> None:
        """Possible when everybody has what he is owed."""
        refuse(NotSettled=self.owed is None or self.escrow > 0)

    def _pay(self, party: str, due: int) -> int:
        amount = due - self.paid[party]
        assert amount >= 0, f"{party} was paid {-amount} too much"
        self.paid[party] = due
        return amount


def fee_shard(job: bytes) -> int:
    """Which of a currency's eight fee vaults: by the job's key (rule 14)."""
    return job[-1] % 8
