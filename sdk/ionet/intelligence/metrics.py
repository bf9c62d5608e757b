"""Metrics for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from ionet.intelligence.answering import Answering
    from ionet.intelligence.fleet import Fleet
    from ionet.intelligence.opened import Embedding, Open


class Counters:
    """What has happened.

    Attributes:
        requests: that are over, by model.
        prompt, completion: tokens, by model.
        dollars: millionths of a dollar that they have cost, by model.
    """

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.prompt: Counter[str] = Counter()
        self.completion: Counter[str] = Counter()
        self.dollars: Counter[str] = Counter()

    def over(self, request: Open | Embedding) -> None:
        """Counts a request that is over."""
        model = request.ask.model.id
        self.requests[model] += 1
        self.prompt[model] += request.usage.prompt
        self.completion[model] += request.usage.completion
        self.dollars[model] += 0 if request.charge is None else request.charge.dollars


class _Service(Collector):
    def __init__(self, counters: Counters, answering: Answering, fleet: Fleet | None) -> None:
        self._counters = counters
        self._answering = answering
        self._fleet = fleet

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """See `Collector`."""
        counters = self._counters
        for name, text, counts in (
            ("requests", "Requests that are over", counters.requests),
            ("prompt_tokens", "Tokens that were read", counters.prompt),
            ("completion_tokens", "Tokens that were written", counters.completion),
            ("charged_microdollars", "What they have cost", counters.dollars),
        ):
            family = CounterMetricFamily(f"ionet_intelligence_{name}", text, labels=["model"])
            for model, count in counts.items():
                family.add_metric([model], count)
            yield family
        waiting = GaugeMetricFamily(
            "ionet_intelligence_waiting", "Requests that wait for their turn", labels=["model"]
        )
        for model, count in self._answering.waiting.items():
            waiting.add_metric([model], count)
        yield waiting
        engines = GaugeMetricFamily(
            "ionet_intelligence_engines", "Engines on leased nodes", labels=["model", "state"]
        )
        for model, sizes in ({} if self._fleet is None else self._fleet.sizes).items():
            for state, count in sizes.items():
                engines.add_metric([model, state], count)
        yield engines


def registry(counters: Counters, answering: Answering, fleet: Fleet | None = None) -> CollectorRegistry:
    """All metrics of a service.

    Args:
        counters: what has happened.
        answering: knows who waits.
        fleet: knows engines on leased nodes; None: there are none.
    """
    made = CollectorRegistry()
    made.register(_Service(counters, answering, fleet))
    return made
