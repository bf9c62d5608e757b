"""An orchestrator's metrics for Prometheus, on a port of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from ionet.orchestrator._idle import IdleChallenges
    from ionet.orchestrator._memory import MemoryHours
    from ionet.orchestrator._number import NumberChallenges
    from ionet.orchestrator._reconciler import Counts
    from ionet.orchestrator._rpc import Nodes
    from ionet.orchestrator._status import OrchestratorStatus

_PREFIX = "ionet_orchestrator_"


class _Collected(Collector):
    def __init__(
        self,
        status: Callable[[], OrchestratorStatus],
        counts: Counts,
        nodes: Nodes,
        idle: Callable[[], IdleChallenges | None],
        number: Callable[[], NumberChallenges | None],
        memory: Callable[[], MemoryHours | None],
        reports: Callable[[], Mapping[str, int]],
    ) -> None:
        self._status, self._counts, self._nodes, self._idle = status, counts, nodes, idle
        self._number, self._memory = number, memory
        self._reports = reports

    def collect(self) -> Iterable[Metric]:
        status, counts = self._status(), self._counts
        for name, text, value in (
            ("seated", "1 while the key holds a seat.", int(status.seat is not None)),
            ("seats", "Seats with a key.", status.seats),
            ("agents", "Nodes whose agents are connected.", status.agents),
            ("gateways_connected", "Gateways connected.", sum(one.connected for one in status.gateways)),
            ("uploads_waiting", "Files that wait for their upload.", status.uploads),
            ("problems", "What the operator should know.", len(status.problems)),
        ):
            yield GaugeMetricFamily(_PREFIX + name, text, value)
        for name, text, known in (
            ("payer_lamports", "What the payer holds.", status.lamports),
            ("chain_time_seconds", "The chain's time.", status.chain_time),
            ("behind_seconds", "By which the chain's time is behind this machine's.", status.behind),
            ("pass_seconds", "How long the last pass over all jobs took.", status.pass_seconds),
            ("passed_at_seconds", "When the last pass was over, by this machine's clock.", status.passed_at),
            ("report_hour", "The latest hour that this seat reported or approved.", status.report),
        ):
            if known is not None:
                yield GaugeMetricFamily(_PREFIX + name, text, known)
        yield _labelled(GaugeMetricFamily, "jobs", "Open jobs.", ("phase",), status.jobs)
        yield _labelled(
            GaugeMetricFamily, "waits", "Leases by what they wait for.", ("reason",), status.waits
        )
        yield _labelled(
            CounterMetricFamily, "steps", "Steps taken for leases.", ("kind", "outcome"), counts.steps
        )
        seconds = {"good": counts.good, "lost": counts.lost}
        yield _labelled(
            CounterMetricFamily, "attested_seconds", "Seconds of leases attested.", ("as",), seconds
        )
        yield _labelled(
            CounterMetricFamily, "rpc_requests", "Requests to the chain.", ("method",), self._nodes.requests
        )
        yield _labelled(
            CounterMetricFamily, "rpc_errors", "Requests that failed.", ("node",), self._nodes.errors
        )
        yield _labelled(
            CounterMetricFamily, "report_steps", "Steps taken for hours' reports.", ("step",), self._reports()
        )
        if (idle := self._idle()) is not None:
            ended = {"passed": idle.passed, "failed": idle.failed, "silent": idle.silent}
            yield _labelled(
                CounterMetricFamily, "idle_challenges", "Challenges to idle nodes.", ("outcome",), ended
            )
        for name, text, asking in (
            ("number_challenges", "Nodes asked for all processors at once.", self._number()),
            ("memory_questions", "Nodes asked for their memory.", self._memory()),
        ):
            if asking is not None:
                judged = {"passed": asking.passed, "failed": asking.failed}
                yield _labelled(CounterMetricFamily, name, text, ("outcome",), judged)


def _labelled(
    kind: Callable[..., Any], name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, int]
) -> Any:
    family = kind(_PREFIX + name, text, labels=list(labels))
    for value, count in values.items():
        family.add_metric(list(value) if isinstance(value, tuple) else [value], count)
    return family


def registry(
    status: Callable[[], OrchestratorStatus],
    counts: Counts,
    nodes: Nodes,
    idle: Callable[[], IdleChallenges | None],
    number: Callable[[], NumberChallenges | None],
    memory: Callable[[], MemoryHours | None],
    reports: Callable[[], Mapping[str, int]],
) -> CollectorRegistry:
    """Returns what there is to read, with the process's memory, files and processor time.

    Args:
        status: makes the present status.
        counts: steps and seconds since the process began.
        nodes: the transport to the chain.
        idle: the challenges to idle nodes; None while there are none.
        number: those to all processors at once; None while there are none.
        memory: the questions for memory; None where nobody is asked.
        reports: how many steps were taken for hours' reports, by their names.
    """
    made = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=made)
    made.register(_Collected(status, counts, nodes, idle, number, memory, reports))
    return made
