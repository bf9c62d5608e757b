"""What a node earned hour by hour, or why nothing: by the evidence of reports, else by the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import events
from ionet._generated.proofs.types import ReportState
from ionet._generated.staking.types import NodeState
from ionet.explorer import _models as m
from ionet.explorer._leaves import Tables, earned
from ionet.explorer._market import Absent
from ionet.explorer._past import Moment
from ionet.explorer._values import BadQuestion, of_io, word
from ionet.formats.when import HOUR
from ionet.ledger import Database, Signed
from ionet.ledger.errors import TooRare
from ionet.ledger.replay import records as r
from ionet.ledger.rowfiles import Patience

_UP_HOURS: Final = 5
_CREDIT: Final = ("staking.Credited", "staking.Forfeited")
#: Blocks of old hours that are read for nothing at most: a node has proofs in the most of them.
_IDLE: Final = 20_000
#: Credits that are read at a time, and how often for an hour: anybody may have a leaf credited in parts, and
#: other readers wait meanwhile.
_CREDITS: Final = 200
_PAGES: Final = 25


@dataclass(frozen=True, slots=True)
class Known:
    """What the events say of a node's hour.

    Attributes:
        key: the report's address.
        report: the one that counts.
        why: why the node certainly earned nothing; empty: events do not say.
    """

    key: Pubkey
    report: r.Report
    why: list[str]


def known(moment: Moment, address: Pubkey, before: int | None, limit: int) -> list[Known]:
    """What the events say of a node's hours with reports, the newest first: one more than the limit.

    Raises:
        Absent: there is no such node.
    """
    state = moment.state
    if (node := state.nodes.get(address)) is None:
        raise Absent(f"no event up to slot {moment.slot} is about a node {address}")
    by_end: dict[int, tuple[Pubkey, r.Report]] = {}
    for key, report in state.reports.items():
        there = by_end.get(report.period_end)
        if there is None or _rank(report) > _rank(there[1]):
            by_end[report.period_end] = (key, report)
    ends = sorted((end for end in by_end if before is None or end < before), reverse=True)
    return [
        Known(key, replace(report), list(_by_events(moment, node, report.period_end)))
        for key, report in (by_end[end] for end in ends[: limit + 1])
    ]


def hours(now: m.AsOf, tables: Tables, address: Pubkey, its: Sequence[Known], limit: int) -> m.NodeHours:
    """A node's hours with reports, by evidence where it is here.

    Args:
        now: as of when.
        tables: the evidence.
        address: the node.
        its: see `known`.
        limit: rows of the answer.
    """
    shown = its[:limit]
    leaves = tables.of_node(address, [each.report for each in shown])
    return m.NodeHours(
        as_of=now,
        hours=[_hour(each, *leaf) for each, leaf in zip(shown, leaves, strict=True)],
        next=str(shown[-1].report.period_end) if len(its) > limit else None,
    )


def credits_of(database: Database, node: Pubkey, end: int, *, slot: int, most: int) -> list[Signed]:
    """The events by which a node's hour was credited, or burned; see `crediting`.

    Args:
        database: to read from.
        node: the node.
        end: of the hour, Unix seconds.
        slot: events count up to this one.
        most: how many at most, the last ones.

    Raises:
        BadQuestion: too many credits came before the hour was reached.
    """

    def after() -> Iterator[Signed]:
        beyond, patience = None, Patience(_IDLE)
        for _ in range(_PAGES):
            # An hour is credited after it is over.
            page = database.page(
                _CREDITS,
                about=node,
                names=_CREDIT,
                since=end,
                slot=slot,
                beyond=beyond,
                patience=patience,
            )
            yield from page
            if len(page) < _CREDITS:
                return
            beyond = page[-1].entry.place
        raise BadQuestion(
            f"{_PAGES * _CREDITS:,} credits of this node after the hour do not reach it; ask for its events"
            " without `hour`, with `since` and `until`"
        )

    try:
        return crediting(after(), end)[-most:]
    except TooRare:
        raise BadQuestion(
            "too much of old hours has no credit of this account; ask for its events without `hour`, with"
            " `since` and `until`"
        ) from None


def crediting(after: Iterable[Signed], end: int) -> list[Signed]:
    """Of a node's credits after an hour the one that has reached it, and parts of a leaf that went before.

    A credit may be of several hours; then it is each one's.

    Args:
        after: the credits, in their order.
        end: of the hour, Unix seconds.
    """
    parts: list[Signed] = []
    for signed in after:
        event = signed.entry.event
        if not isinstance(event, events.staking.Credited | events.staking.Forfeited):
            continue  # of a later version
        if event.credited_through >= end:
            return [*parts, signed]
        # A part of a leaf waits for the rest of it; else it was an earlier hour's.
        parts = [*parts, signed] if event.partial else []
    return parts


def by_rank(moment: Moment, end: int) -> tuple[Pubkey, r.Report] | None:
    """The report of an hour that counts: the furthest, and of these the last; None: there is none."""
    reports = [(key, report) for key, report in moment.state.reports.items() if report.period_end == end]
    if not reports:
        return None
    key, report = max(reports, key=lambda item: _rank(item[1]))
    return key, replace(report)


def _rank(report: r.Report) -> tuple[int, int]:
    order = (ReportState.VOID, ReportState.PENDING, ReportState.APPROVED, ReportState.FINAL)
    return order.index(ReportState(report.state)), report.created_at


def _hour(its: Known, checking: bool, leaf: dict[str, Any] | None) -> m.NodeHour:
    reward, why = (None, its.why) if leaf is None else earned(leaf)
    source = "events" if its.why else "checking" if checking else "nothing"
    return m.NodeHour(
        end=its.report.period_end,
        report=str(its.key),
        report_state=word(ReportState(its.report.state)),
        reward=None if reward is None else of_io(reward),
        zero=(True if why else None) if reward is None else not reward,
        why=why,
        source=source if leaf is None else "evidence",
    )


def _by_events(moment: Moment, node: r.Node, end: int) -> Iterator[str]:
    """Why a node certainly earned nothing in the hour until `end`; uptime and proofs are in the evidence."""
    proofs = moment.state.proofs
    up_hours = _UP_HOURS if proofs is None or proofs.up_hours is None else proofs.up_hours
    if node.registered_at >= end:
        yield "it was not registered yet"
    elif end - node.registered_at < up_hours * HOUR:
        yield f"it had been registered for less than the {up_hours} hours in a row that are needed"
    if node.state == NodeState.RETIRED and node.retired_at <= end:
        yield "it was retired"
    if node.state == NodeState.TERMINAL and node.closed_at and node.closed_at <= end - HOUR:
        yield "it was closed by a slash, and earns no more"
    if node.last_proof__time == 0:
        yield "it has never shown a passed compute proof on chain"
