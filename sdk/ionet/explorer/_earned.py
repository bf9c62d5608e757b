"""What a node earned hour by hour, or why nothing: by the evidence of reports, else by the events."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from ionet._generated.proofs.types import ReportState
from ionet._generated.staking.types import NodeState
from ionet.chain.errors import IonetError
from ionet.explorer import _models as m
from ionet.explorer._market import Absent
from ionet.explorer._past import Moment
from ionet.explorer._supply import as_of
from ionet.explorer._values import of_io, word
from ionet.formats.when import HOUR
from ionet.ledger.replay import records as r
from ionet.rewards import NodeLine, Why, find_node

#: Bytes of an evidence file up to which it is searched for a node, and lines that are kept.
_LARGEST: Final = 64 << 20
_KEPT: Final = 10_000
_UP_HOURS: Final = 5


class Evidence:
    """Evidence of reports in a folder of this machine: never fetched from where strangers say that it is.

    Args:
        folder: with a file for each, named by the hex SHA-256 of its content; None: there is none.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._kept: OrderedDict[tuple[bytes, Pubkey], NodeLine | None] = OrderedDict()

    def line(self, digest: bytes, node: Pubkey) -> NodeLine | None:
        """A node's line in the evidence with a hash; None: there is no such line, or evidence, here."""
        if self.folder is None or not any(digest):
            return None
        key = (digest, node)
        if key in self._kept:
            return self._kept[key]
        path = self.folder / digest.hex()
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST:
                return None
            line = find_node(path, bytes(node))
        except (IonetError, OSError):
            return None
        if line is not None and line.digest != digest:
            return None
        self._kept[key] = line
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return line


def hours(moment: Moment, evidence: Evidence, address: Pubkey, before: int | None, limit: int) -> m.NodeHours:
    """A node's hours with reports, the newest first.

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
    rows = [_hour(moment, evidence, address, node, *by_end[end]) for end in ends[:limit]]
    return m.NodeHours(
        as_of=as_of(moment), hours=rows, next=str(ends[limit - 1]) if len(ends) > limit else None
    )


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


def _hour(
    moment: Moment, evidence: Evidence, address: Pubkey, node: r.Node, key: Pubkey, report: r.Report
) -> m.NodeHour:
    line = evidence.line(report.evidence_hash, address)
    why = _by_evidence(line) if line is not None else list(_by_events(moment, node, report.period_end))
    reward, source = None, "events" if why else "nothing"
    zero: bool | None = True if why else None
    if line is not None:
        reward, zero, source = of_io(line.reward), not line.reward, "evidence"
    return m.NodeHour(
        end=report.period_end,
        report=str(key),
        report_state=word(ReportState(report.state)),
        reward=reward,
        zero=zero,
        why=why,
        source=source,
    )


def _by_evidence(line: NodeLine) -> list[str]:
    if line.reward:
        return []
    if line.row is None:
        return ["it no longer took part in this hour"]
    return Why(line.why).explain().split("; ")


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
