"""Seats of attesters, and how far they agree."""

from __future__ import annotations

from collections import Counter

from ionet.explorer import _models as m
from ionet.explorer._kept import Done, begin
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import NOBODY, events_at


def seats(moment: Moment) -> m.Seats:
    """The seats of the set that stands, and what they did in the last seven days, from a whole hour on."""
    it, since = moment.state.attesters, begin(moment.time)
    if it is None:
        return m.Seats(as_of=as_of(moment), set_version=0, threshold=0, total_weight=0, seats=[])
    reached = {
        key: report.approvals
        for key, report in moment.state.reports.items()
        if report.approved_at >= since and report.set_version == it.set_version
    }
    approved = Counter(seat for bits in reached.values() for seat in range(it.seats) if bits >> seat & 1)
    work, nothing = moment.work.until(moment.time), Done()
    good, agreed = moment.agreement.good, moment.agreement.agreed
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
                last_approval=(done := work.get(seat, nothing)).last_approval,
                attestations=done.attestations,
                with_breaks=done.with_breaks,
                last_attestation=done.last_attestation,
                good=good[seat],
                agreed=agreed[seat],
                events=events_at(
                    name=("proofs.ReportApproved", "jobs.Attested"),
                    seat=seat,
                    since=since,
                    until=moment.time,
                ),
            )
            for seat, (key, weight) in enumerate(zip(it.keys, it.weights, strict=True))
            if key != NOBODY
        ],
    )
