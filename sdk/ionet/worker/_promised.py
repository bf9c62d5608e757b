"""Whether gateways tell renters what a node gives, and whether its settings still give that: the doctor's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import httpx

from ionet import Client, HttpTransport
from ionet.chain.errors import RpcError, TransportError
from ionet.chain.rpc.urls import public_url
from ionet.chain.signers import cluster_url
from ionet.executor._base import MBIT
from ionet.executor._capacity import APART, Capacity, in_force, words
from ionet.formats.sizes import size_text
from ionet.formats.when import when
from ionet.sandbox import Images
from ionet.wire._link import gateway_urls
from ionet.worker._capacities import capacities_at, of_devices
from ionet.worker._config import Engine, NodeConfig, WorkerConfig
from ionet.worker._daemon import node_spec
from ionet.worker._findings import Finding, Rule
from ionet.worker._keys import DeviceKey, KeyFileError

_RULE: Final = "Renters see at the gateways what the node gives; a booking is held to what it had promised."
#: What more of is better for a renter, by its name in `Capacity`.
_NUMBERS: Final[dict[str, Callable[[int], str]]] = {
    "cpus": "{:,} cores".format,
    "gpus": "{:,} GPUs".format,
    "memory": lambda count: f"{size_text(count)} of memory",
    "disk": lambda count: f"{size_text(count)} of disk",
    "processes": "{:,} processes".format,
    "internet": lambda rate: f"{rate // MBIT:,} Mbit/s of internet",
    "own_images": lambda count: f"{size_text(count)} for own images",
}


def promise_findings(config: WorkerConfig, now: int | None = None) -> Iterator[Finding]:
    """Compares what each gateway tells renters of a node with the settings.

    Args:
        config: the worker's settings.
        now: the chain's time, Unix seconds; read from it by default.
    """
    now = _time(config) if now is None else now
    if now is None:
        return  # the chain's own findings say why
    for node in config.served:
        try:
            device = bytes(DeviceKey.load(node.key).pubkey)
        except KeyFileError:
            continue  # said above
        for url in config.gateways:
            yield from _at(url, config, node, device, now)


def _time(config: WorkerConfig) -> int | None:
    for url in config.rpc:
        try:
            with Client(HttpTransport(cluster_url(url), retries=1)) as client:
                return client.time()
        except (RpcError, TransportError):
            continue
    return None


def _at(url: str, config: WorkerConfig, node: NodeConfig, device: bytes, now: int) -> Iterator[Finding]:
    rule, address = Rule("promise", _RULE, node.uuid), bytes(node.address)
    _, http = gateway_urls(url, insecure=True)
    try:
        told = asyncio.run(capacities_at(http, [address], every=True))
    except (httpx.HTTPError, ValueError):
        return  # the gateway's own finding says whether it answers
    said = in_force(of_devices(told, {address: device}).get(address, ()), now)
    if not said:
        yield rule.warn(
            f"{public_url(url)} knows nothing of it, so that it is booked only where no other will do",
            "leave the worker running: ionet worker run",
        )
        return
    gives = _gives(config, node, device, now)
    for item in said:
        if lacking := _less(item, gives):
            yield rule.warn(
                f"it has promised {', '.join(lacking)} at {public_url(url)}",
                f"jobs booked on that before {_held_until(item, said)} and refused cost you their pay:"
                " put the settings back, or let `ionet worker run` say what is given now",
            )
            return
    yield rule.ok(f"{words(said[-1])}, at {public_url(url)}")


def _gives(config: WorkerConfig, node: NodeConfig, device: bytes, now: int) -> Capacity:
    """What the worker would sign now."""
    boxed = config.engine is not Engine.PODMAN
    images = Images(config.images).catalogue() if boxed else []
    named = {image.name: image.reference for image in images}
    own = config.limits.images if boxed else 0
    return Capacity.of(node_spec(config, node), device, named, own, now)


def _less(said: Capacity, gives: Capacity) -> list[str]:
    """Returns in words what a statement promises and the settings do not give."""
    lacking = [
        f"{text(getattr(said, name))} (now {text(getattr(gives, name))})"
        for name, text in _NUMBERS.items()
        if getattr(said, name) > getattr(gives, name)
    ]
    there = {reference for _, reference in gives.images}
    return [*lacking, *(f"the image {name}" for name, reference in said.images if reference not in there)]


def _held_until(said: Capacity, known: Sequence[Capacity]) -> str:
    """Until when a booking may rest on a statement: a newer one ends it, a little after."""
    newer = [item.at for item in known if item.at > said.at]
    return when(min(newer) + APART if newer else said.until)
