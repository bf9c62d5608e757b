"""Seats of attesters, and how far they agree."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, cast

from ionet.explorer import _models as m
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import NOBODY, events_at
from ionet.formats.when import DAY
from ionet.ledger import Database

_SPAN: Final = 7 * DAY
_LOOKED_AT: Final = 5_000


def seats(moment: Moment, database: Database) -> m.Seats:
    """The seats of the set that stands, with what they approved and attested in the last seven days."""
    it, since = moment.state.attesters, max(moment.time - _SPAN, 0)
    if it is None:
        return m.Seats(as_of=as_of(moment), set_version=0, threshold=0, total_weight=0, seats=[])
    reached = {
        key: report.approvals
        for key, report in moment.state.reports.items()
        if report.approved_at > since and report.set_version == it.set_version
    }
    approved = Counter(seat for bits in reached.values() for seat in range(it.seats) if bits >> seat & 1)
    last_approval: dict[int, int] = {}
    for time, event in _events(moment, database, "proofs.ReportApproved", since):
        last_approval.setdefault(event.seat, time)
    attested, broken, last = Counter[int](), Counter[int](), dict[int, int]()
    for time, event in _events(moment, database, "jobs.Attested", since):
        attested[event.seat] += 1
        broken[event.seat] += bool(event.reason)
        last.setdefault(event.seat, time)
    good, agreed = _seconds(moment)
    return m.Seats(
        as_of=as_of(moment),
        set_version=it.set_version,
        threshold=it.threshold,
        total_weight=it.total_weight,
        seats=[
            m.Seat(
                seat=seat,
                attester=str(key),
                weight=weight,
                approved=approved[seat],
                of=len(reached),
                last_approval=last_approval.get(seat, 0),
                attestations=attested[seat],
                with_breaks=broken[seat],
                last_attestation=last.get(seat, 0),
                good=good[seat],
                agreed=agreed[seat],
                events=events_at(
                    name=("proofs.ReportApproved", "jobs.Attested"), since=since, until=moment.time
                ),
            )
            for seat, (key, weight) in enumerate(zip(it.keys, it.weights, strict=True))
            if key != NOBODY
        ],
    )


def _events(moment: Moment, database: Database, name: str, since: int) -> list[tuple[int, Any]]:
    page = database.page(_LOOKED_AT, names=[name], since=since, slot=moment.slot, newest_first=True)
    return [(signed.entry.time, cast("Any", signed.entry.event)) for signed in page if signed.entry.event]


def _seconds(moment: Moment) -> tuple[Counter[int], Counter[int]]:
    """Good seconds that each seat counts in rentals that stand, and those that enough seats agree on."""
    good, agreed = Counter[int](), Counter[int]()
    for job in moment.state.jobs.values():
        counted = sorted((each for each, _, _ in job.seen.values()), reverse=True)
        enough = counted[job.attesters - 1] if 0 < job.attesters <= len(counted) else 0
        for seat, (each, _, _) in job.seen.items():
            good[seat] += each
            agreed[seat] += enough
    return good, agreed
