"""Metrics for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ionet.chain.errors import ConfigError

if TYPE_CHECKING:
    from ionet.intelligence.answering import Answering, Open


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

    def over(self, request: Open) -> None:
        """Counts a request that is over."""
        model = request.ask.model.id
        self.requests[model] += 1
        self.prompt[model] += request.usage.prompt
        self.completion[model] += request.usage.completion
        self.dollars[model] += 0 if request.charge is None else request.charge.dollars


class _Service(Collector):
    def __init__(self, counters: Counters, answering: Answering) -> None:
        self._counters = counters
        self._answering = answering

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


def serve_metrics(
    stack: AsyncExitStack, where: tuple[str, int], counters: Counters, answering: Answering
) -> None:
    """Serves metrics as long as the stack is open.

    Raises:
        ConfigError: the port is taken.
    """
    host, port = where
    registry = CollectorRegistry()
    registry.register(_Service(counters, answering))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as bad:
        raise ConfigError(
            f"metrics cannot be served on {host}:{port}: {bad.strerror}; choose another place for them"
        ) from None
    stack.callback(thread.join, 2.0)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
