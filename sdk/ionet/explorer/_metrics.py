"""An explorer's metrics for Prometheus, on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ionet.explorer._watching import Watching
from ionet.ledger import Database
from ionet.service.guard import Counters

_STATES: Final = ("holds", "differs", "unknown")


class _Collected(Collector):
    def __init__(self, database: Database, watching: Watching, counters: Counters) -> None:
        self._database = database
        self._watching = watching
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """The numbers as they are now."""
        marks, reconciled = self._database.marks(), self._watching.reconciled
        answers = CounterMetricFamily("ionet_explorer_answers", "Answers, by status.", labels=["status"])
        for status, number in list(self._counters.answers.items()):
            answers.add_metric([str(status)], number)
        refused = CounterMetricFamily(
            "ionet_explorer_refused", "Requests that were refused, by reason.", labels=["reason"]
        )
        for reason, number in list(self._counters.refused.items()):
            refused.add_metric([reason], number)
        spent = CounterMetricFamily("ionet_explorer_answer_seconds", "Seconds until answers were whole.")
        spent.add_metric([], self._counters.seconds)
        state = GaugeMetricFamily(
            "ionet_explorer_reconciled", "Whether accounts hold what events say.", labels=["state"]
        )
        for name in _STATES:
            state.add_metric([name], int(reconciled.state == name))
        yield from (answers, refused, spent, state)
        for name, text, value in (
            ("scanned_slot", "The ledger is whole up to this slot.", marks.scanned),
            ("final_slot", "… and cannot change any more up to this one.", marks.final),
            ("ledger_time", "Of its last transaction, Unix seconds.", marks.time),
            ("reconciled_slot", "Up to which accounts were compared.", reconciled.slot or 0),
            ("moves_on", "Whether the ledger moves on.", int(not self._watching.trouble)),
        ):
            yield GaugeMetricFamily(f"ionet_explorer_{name}", text, value=value)


def registry(database: Database, watching: Watching, counters: Counters) -> CollectorRegistry:
    """What Prometheus reads.

    Args:
        database: the ledger.
        watching: whether it moves on.
        counters: of the guard.
    """
    made = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=made)
    made.register(_Collected(database, watching, counters))
    return made
