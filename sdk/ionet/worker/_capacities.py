"""Says what a node gives, at its gateways, and asks these what others give."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.rpc.tls import tls
from ionet.executor import NodeSpec
from ionet.executor._capacity import RENEWED, Capacity, CapacityError

_log = logging.getLogger(__name__)
_PATIENCE: Final = 20.0
#: Nodes in one question, and bytes of an answer.
_ASKED: Final = 256
_ANSWER: Final = 8 << 20


class Announcer:
    """Keeps a node's statement at its gateways new and true.

    Args:
        key: the node's device's.
        spec: what the node gives.
        gateways: URLs, ``https://…``.
        now: the chain's time as far as it is known, Unix seconds; 0 where it is not.
        read: asks the chain for it. May raise `IonetError`.
        images: reads how a manifest names each image that is here, by name.
        own_images: bytes that a renter's own image may take.
    """

    def __init__(
        self,
        key: Keypair,
        spec: NodeSpec,
        gateways: Sequence[str],
        now: Callable[[], int],
        read: Callable[[], Awaitable[int]],
        images: Callable[[], Mapping[str, str]],
        own_images: int,
    ) -> None:
        self._key, self._spec, self._gateways = key, spec, tuple(gateways)
        self._now, self._read = now, read
        self._images, self._own = images, own_images
        self._said: dict[str, Capacity] = {}

    async def look(self) -> None:
        """Tells each gateway that does not know what the node gives now, or not for much longer."""
        if not (now := self._now()):
            return
        images = await asyncio.to_thread(self._images)
        wanted = self._of(now, images)
        due = [
            url
            for url in self._gateways
            if (said := self._said.get(url)) is None or not said.same_as(wanted) or now >= said.at + RENEWED
        ]
        if not due:
            return
        # Where the chain's time runs faster, what is known of it is too old to sign.
        wanted = self._of(await self._read(), images).signed(self._key)
        async with httpx.AsyncClient(verify=tls(), timeout=_PATIENCE, follow_redirects=False) as client:
            for url in due:
                try:
                    answer = await client.put(f"{url}/capacities", json=wanted.to_dict())
                except httpx.HTTPError as bad:
                    _log.info("%s does not take what the node gives: %r", url, bad)
                    continue
                if answer.status_code == 204:
                    self._said[url] = wanted
                else:
                    _log.info("%s does not take what the node gives: %s", url, answer.text[:300])

    def _of(self, at: int, images: Mapping[str, str]) -> Capacity:
        return Capacity.of(self._spec, bytes(self._key.pubkey()), images, self._own, at)


async def capacities_at(url: str, nodes: Sequence[bytes], *, every: bool = False) -> list[Capacity]:
    """What a gateway knows that nodes give, the newest first; signed by the devices that the statements name.

    Whether a device is the node's says the chain: see `of_devices`.

    Args:
        url: the gateway's, ``https://…``.
        nodes: their addresses, 32 bytes each.
        every: not only the newest.

    Raises:
        httpx.HTTPError: it does not answer.
        ValueError: its answer cannot be read.
    """
    known: list[Capacity] = []
    async with httpx.AsyncClient(verify=tls(), timeout=_PATIENCE, follow_redirects=False) as client:
        for start in range(0, len(nodes), _ASKED):
            body = {"nodes": [str(Pubkey(node)) for node in nodes[start : start + _ASKED]], "all": every}
            async with client.stream("POST", f"{url}/capacities/find", json=body) as answer:
                answer.raise_for_status()
                data = bytearray()
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > _ANSWER:
                        raise ValueError("the gateway's answer is too long")
            known += _read(bytes(data))
    return sorted(known, key=lambda said: said.at, reverse=True)


def of_devices(told: Iterable[Capacity], devices: Mapping[bytes, bytes]) -> dict[bytes, list[Capacity]]:
    """Returns by node what its own device has signed, in the same order.

    Args:
        told: what a gateway has told.
        devices: of each node, 32 bytes, the key of its device, as the chain has it.
    """
    known: dict[bytes, list[Capacity]] = {}
    for said in told:
        if devices.get(said.node) == said.device:
            known.setdefault(said.node, []).append(said)
    return known


def _read(data: bytes) -> list[Capacity]:
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("the gateway's answer is nested too deep") from None
    told = value.get("capacities") if isinstance(value, dict) else None
    if not isinstance(told, list):
        raise ValueError("the gateway answers without what nodes give")
    known = []
    for item in told:
        try:
            said = Capacity.from_dict(item)
            said.verify()
        except (CapacityError, TypeError):
            continue
        known.append(said)
    return known
