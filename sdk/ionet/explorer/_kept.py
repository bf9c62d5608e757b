"""What is kept of events beside the state: jobs that are closed, and what seats did in the last week."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final, NamedTuple

from solders.pubkey import Pubkey

from ionet import events
from ionet.formats.when import DAY, HOUR
from ionet.ledger.replay import records as r

#: Seconds for which what seats did is kept, and the whole hour that the last of them lies in.
SPAN: Final = 7 * DAY
#: Node, number of the currency, price, seconds, time of the booking, reason: there may be millions.
_CLOSED: Final = Struct("<32sHQQqB")


class Closed(NamedTuple):
    """A job that was closed; price in base units of its currency, times in seconds."""

    node: Pubkey
    mint: Pubkey
    price: int
    seconds: int
    booked_at: int
    reason: int


@dataclass(slots=True)
class ClosedJobs:
    """Jobs that were closed, which the state has no more."""

    _packed: dict[Pubkey, bytes] = field(default_factory=dict)
    _mints: list[Pubkey] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._packed)

    def close(self, address: Pubkey, job: r.Job) -> None:
        """Keeps a job as it is before it is closed."""
        if job.mint not in self._mints:
            self._mints.append(job.mint)
        number = self._mints.index(job.mint)
        self._packed[address] = _CLOSED.pack(
            bytes(job.node), number, job.price, job.seconds, job.booked_at, job.reason
        )

    def get(self, address: Pubkey) -> Closed | None:
        """A closed job; None: there is none of this address."""
        if (packed := self._packed.get(address)) is None:
            return None
        node, number, price, seconds, booked_at, reason = _CLOSED.unpack(packed)
        return Closed(Pubkey.from_bytes(node), self._mints[number], price, seconds, booked_at, reason)


@dataclass(slots=True)
class Done:
    """What a seat did.

    Attributes:
        attestations: of rentals.
        with_breaks: of these, those that name time that was not good.
        last_approval, last_attestation: Unix seconds; 0: none.
    """

    attestations: int = 0
    with_breaks: int = 0
    last_approval: int = 0
    last_attestation: int = 0


@dataclass(slots=True)
class SeatsWork:
    """What seats did in the last week, hour by hour."""

    _hours: dict[int, dict[int, Done]] = field(default_factory=dict)

    def note(self, time: int, event: Any) -> None:
        """Notes an event of a time, Unix seconds; none before was later."""
        approved = isinstance(event, events.proofs.ReportApproved)
        if not approved and not isinstance(event, events.jobs.Attested):
            return
        hour = time // HOUR * HOUR
        if hour not in self._hours:
            self._hours = {begun: its for begun, its in self._hours.items() if begun >= begin(time)}
            self._hours[hour] = {}
        done = self._hours[hour].setdefault(event.seat, Done())
        if approved:
            done.last_approval = time
        else:
            done.attestations += 1
            done.with_breaks += bool(event.reason)
            done.last_attestation = time

    def until(self, time: int) -> dict[int, Done]:
        """What each seat did from `begin(time)` on."""
        sums: dict[int, Done] = {}
        for hour, seats in self._hours.items():
            if hour < begin(time):
                continue
            for seat, its in seats.items():
                done = sums.setdefault(seat, Done())
                done.attestations += its.attestations
                done.with_breaks += its.with_breaks
                done.last_approval = its.last_approval or done.last_approval
                done.last_attestation = its.last_attestation or done.last_attestation
        return sums


@dataclass(slots=True)
class Agreement:
    """How far seats agree on the rentals that stand, counted anew for each rental that changes.

    Attributes:
        good: seconds that each seat counts as good.
        agreed: … and those that enough seats agree on.
    """

    good: Counter[int] = field(default_factory=Counter)
    agreed: Counter[int] = field(default_factory=Counter)
    #: By rental, what was counted: each seat's good seconds, and those that enough agree on.
    _counted: dict[Pubkey, tuple[tuple[tuple[int, int], ...], int]] = field(default_factory=dict)

    def count(self, address: Pubkey, job: r.Job | None) -> None:
        """Counts a rental as it is now; None: it does not stand any more."""
        said, enough = self._counted.pop(address, ((), 0))
        for seat, good in said:
            self.good[seat] -= good
            self.agreed[seat] -= enough
        if job is None or not job.seen:
            return
        said = tuple((seat, good) for seat, (good, _, _) in job.seen.items())
        ordered = sorted((good for _, good in said), reverse=True)
        enough = ordered[job.attesters - 1] if 0 < job.attesters <= len(ordered) else 0
        for seat, good in said:
            self.good[seat] += good
            self.agreed[seat] += enough
        self._counted[address] = said, enough


def begin(time: int) -> int:
    """The whole hour from which on the week until a time is counted, Unix seconds."""
    return max(time - SPAN, 0) // HOUR * HOUR
