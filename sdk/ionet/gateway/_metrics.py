"""A gateway's metrics for Prometheus, on a port of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ionet import __version__
from ionet.gateway._doors import Doors
from ionet.gateway._hub import Hub
from ionet.wire import Role


class _Collected(Collector):
    def __init__(self, hub: Hub, doors: Doors) -> None:
        self._hub, self._doors = hub, doors

    def collect(self) -> Iterable[Metric]:
        hub, doors, counters = self._hub, self._doors, self._hub.counters
        yield GaugeMetricFamily("ionet_gateway_up", "1, or 0 while it is ending.", 0 if hub.closing else 1)
        yield _labelled(
            GaugeMetricFamily, "peers", "Connected peers.", "role", {r.value: hub.connected(r) for r in Role}
        )
        stages = {stage: doors.count(stage) for stage in ("arriving", "files", "peer")}
        yield _labelled(
            GaugeMetricFamily, "connections", "Connections by what they are for.", "stage", stages
        )
        yield GaugeMetricFamily(
            "ionet_gateway_waiting_bytes", "Bytes that wait for peers to read them.", hub.waiting
        )
        yield GaugeMetricFamily(
            "ionet_gateway_partial_bytes", "Bytes of messages that have come in part.", hub.partial
        )
        yield CounterMetricFamily("ionet_gateway_messages", "Messages passed on.", counters.messages)
        yield CounterMetricFamily("ionet_gateway_message_bytes", "Bytes passed on.", counters.octets)
        for name, text, counted in (
            ("undelivered", "Messages that were not passed on.", counters.undelivered),
            ("refused", "Connections and greetings that were refused.", counters.refused),
            ("dropped", "Peers' connections that the gateway ended.", counters.dropped),
        ):
            yield _labelled(CounterMetricFamily, name, text, "reason", dict(counted))


def _labelled(kind: Callable[..., Any], name: str, text: str, label: str, values: dict[str, int]) -> Any:
    family = kind(f"ionet_gateway_{name}", text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def registry(hub: Hub, doors: Doors) -> CollectorRegistry:
    """Returns what there is to read, with the process's memory, files and processor time."""
    made = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=made)
    made.register(_Collected(hub, doors))
    info = GaugeMetricFamily("ionet_gateway_info", "1, with the version.", labels=["version"])
    info.add_metric([__version__], 1)
    made.register(_Fixed(info))
    return made


class _Fixed(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        yield self._metric
