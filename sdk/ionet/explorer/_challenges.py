"""Challenges of an hour's reports: those that stand, and those that were decided or lifted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from solders.pubkey import Pubkey

from ionet import events
from ionet.explorer import _events
from ionet.explorer import _models as m
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import events_at, of_io
from ionet.ledger import Database
from ionet.ledger.replay import records as r

_NAMES: Final = ("proofs.ChallengeMade", "proofs.ChallengeDecided", "proofs.ChallengeLifted")
_SHOWN: Final = 200


def of(moment: Moment, database: Database, reports: Mapping[Pubkey, r.Report]) -> list[m.Challenge]:
    """The challenges of some reports, in the order in which they were made.

    Those that are over are looked for among the first ones since the reports, as many as a page of events
    looks through; those that stand are all there.

    Args:
        moment: as of when.
        database: has their events.
        reports: of one hour.
    """
    made: dict[Pubkey, m.Challenge] = {}
    if reports:
        asked = _events.Wanted(
            _SHOWN,
            None,
            _NAMES,
            min(report.created_at for report in reports.values()),
            None,
            None,
            None,
            newest_first=False,
            said=_events.Said(naming=tuple(reports)),
        )
        page, _ = _events.page(database, as_of(moment), moment.state, asked)
        for signed in page:
            match signed.entry.event:
                case events.proofs.ChallengeMade() as event:
                    its = r.Challenge(
                        event.report, event.node, event.challenger, event.bond, signed.entry.time, event.until
                    )
                    made[event.challenge] = _row(event.challenge, its, "open")
                case events.proofs.ChallengeDecided() as event if event.challenge in made:
                    outcome = "upheld" if event.upheld else "rejected"
                    made[event.challenge] = made[event.challenge].model_copy(update={"outcome": outcome})
                case events.proofs.ChallengeLifted() as event if event.challenge in made:
                    made[event.challenge] = made[event.challenge].model_copy(update={"outcome": "lifted"})
    for key, its in moment.state.challenges.items():
        if its.report in reports:
            made[key] = _row(key, its, "open")
    return list(made.values())


def _row(key: Pubkey, its: r.Challenge, outcome: str) -> m.Challenge:
    return m.Challenge(
        challenge=str(key),
        report=str(its.report),
        node=str(its.node),
        challenger=str(its.challenger),
        bond=of_io(its.bond),
        made_at=its.made_at,
        until=its.until,
        outcome=outcome,
        events=events_at(about=its.node, name=_NAMES, naming=key),
    )
