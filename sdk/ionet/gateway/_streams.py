"""Streams between a renter and a node that they rent: bytes that the gateway passes on and cannot read.

A renter asks for one with the key that rents; the node's agent is told, and dials. What passes is SSH, from
end to end. A stream ends with its lease on the chain. docs/network.md describes the requests.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from solders.pubkey import Pubkey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet.gateway._hub import Hub, RegistryUnavailable
from ionet.gateway._pipes import End, PipeSocket, key_of
from ionet.store.keeper import Refusal
from ionet.store.signing import Nonces
from ionet.wire._bucket import Bucket
from ionet.wire.ssh import STREAM, certifier

_log = logging.getLogger(__name__)
#: Seconds for which what the chain says of a job is good, between looks at the leases of open streams, and
#: for which those stay while it cannot be asked.
_FRESH: Final = 3.0
_LOOK: Final = 5.0
_STALE: Final = 60.0
_PATIENCE: Final = 10.0
#: Questions to the chain at once: about jobs that anybody names, and as many about those with open streams.
_QUESTIONS: Final = 16
#: Streams at once: of all leases, of one, and those of one that wait for its node.
_MOST: Final = 512
_PER_LEASE: Final = 32
_WAITING: Final = 8
#: Streams a second that one key may ask for, and the seconds of that at once; keys that are counted.
_PER_KEY: Final = (4.0, 8.0)
_KEYS: Final = 20_000
#: Bytes a second of one lease in both directions, and the seconds of that at once.
_FLOW: Final = (25_000_000.0, 1.0)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A lease that runs.

    Attributes:
        renter: the key that rents, 32 bytes.
        device: the node's key, 32 bytes.
    """

    renter: bytes
    device: bytes


class Tenancies(Protocol):
    """What the gateway asks the chain."""

    async def tenancy(self, job: bytes) -> Tenancy | None:
        """Returns the lease of a job that runs now; None if none does.

        Raises:
            RegistryUnavailable: the chain cannot be asked.
        """
        ...


@dataclass(slots=True)
class _Known:
    """What the chain said last of a job."""

    tenancy: Tenancy | None
    at: float


class Streams:
    """All streams of a gateway.

    Args:
        tenancies: asks the chain.
        urls: by which clients know the gateway.
        hub: tells agents that somebody waits for them.
    """

    coming = 15.0
    whole: float | None = None
    octets: int | None = None

    def __init__(self, tenancies: Tenancies, urls: Sequence[str], hub: Hub) -> None:
        self._tenancies, self._urls, self._hub = tenancies, tuple(urls), hub
        self._nonces = Nonces()
        self._waiting: dict[str, End] = {}
        self._ends: set[End] = set()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()
        self._flows: dict[bytes, Bucket] = {}
        self._asking, self._looking = (asyncio.Semaphore(_QUESTIONS) for _ in range(2))

    def routes(self) -> list[Route]:
        """The routes at `/streams`; streams themselves are no requests."""
        return [Route("/streams", self._info, methods=["GET"])]

    @property
    def count(self) -> int:
        """How many connections there are."""
        return len(self._ends)

    async def _info(self, request: Request) -> Response:
        return JSONResponse({"nonce": self._nonces.give()}, headers={"cache-control": "no-store"})

    # -- who may have one

    async def admit(self, path: str, authorization: str, certificate: str, socket: PipeSocket) -> End:
        """Takes a connection of a renter, or of the agent that was told of it.

        Raises:
            Refusal: it is not taken, and why.
        """
        job, *more = path.removeprefix(STREAM).split("/")
        try:
            lease = bytes(Pubkey.from_string(job))
        except ValueError:
            lease = b""
        if not lease or len(more) > 1:
            raise Refusal(404, "path", f"a stream's path is {STREAM}JOB")
        if len(self._ends) >= 2 * _MOST:
            raise Refusal(503, "full", "as many streams as this gateway takes; try again later")
        key = key_of(path, authorization, self._urls, self._nonces, "/streams")
        if not self._bucket(key).take():
            raise Refusal(429, "rate", "too many streams at once; try again in some seconds")
        if more:
            return self._answered(lease, more[0], key, socket)
        try:
            renter = certifier(certificate, key, job)
        except ValueError as bad:
            raise Refusal(
                401, "certificate", f"the renter's certificate for this key is missing or wrong: {bad}"
            ) from None
        return await self._asked(lease, renter, socket)

    async def _asked(self, lease: bytes, key: bytes, socket: PipeSocket) -> End:
        """Somebody who was certified by a key wants a stream to the node of a job."""
        tenancy = await self._tenancy(lease, self._asking)
        if tenancy is None:
            raise Refusal(403, "lease", f"the chain shows no lease of the job {Pubkey(lease)} that runs")
        if tenancy.renter != key:
            raise Refusal(403, "renter", f"the job {Pubkey(lease)} is not {Pubkey(key)}'s")
        waiting = Counter(end.lease for end in self._waiting.values())[lease]
        if waiting >= _WAITING or self._streams_of(lease) >= _PER_LEASE:
            raise Refusal(429, "lease", f"a lease has {_PER_LEASE} streams at most; close some")
        name = secrets.token_hex(16)
        end = End(key, tenancy.device, socket, lease=lease)
        if not self._hub.tell(tenancy.device, {"stream": [str(Pubkey(lease)), name]}):
            raise Refusal(404, "node", "the node is not connected to this gateway")
        self._ends.add(end)
        self._waiting[name] = end
        return end

    def _answered(self, lease: bytes, name: str, key: bytes, socket: PipeSocket) -> End:
        """An agent comes for a stream that it was told of."""
        there = self._waiting.get(name)
        if there is None or (there.lease, there.other) != (lease, key):
            raise Refusal(404, "stream", "nobody waits for this stream")
        del self._waiting[name]
        end = End(key, there.key, socket, lease=lease, partner=there)
        there.partner = end
        self._ends.add(end)
        return end

    def _streams_of(self, lease: bytes) -> int:
        # Of a stream the renter's end is counted.
        return sum(end.lease == lease for end in self._ends if not end.answers)

    def gone(self, end: End) -> None:
        """A connection has ended: so does the other's, once it has read what came before."""
        self._ends.discard(end)
        for name in [name for name, waiting in self._waiting.items() if waiting is end]:
            del self._waiting[name]
        if end.partner is not None:
            partner, end.partner = end.partner, None
            partner.partner = None
            partner.socket.end()

    def took(self, end: End, count: int) -> float:
        """Seconds for which no more is read of a connection that has sent so many bytes."""
        if (flow := self._flows.get(end.lease)) is None:
            flow = self._flows[end.lease] = Bucket(*_FLOW)
        return flow.owe(count)

    def _bucket(self, key: bytes) -> Bucket:
        if (bucket := self._buckets.get(key)) is None:
            bucket = self._buckets[key] = Bucket(*_PER_KEY)
            if len(self._buckets) > _KEYS:
                self._buckets.popitem(last=False)
        return bucket

    # -- what the chain says

    async def _tenancy(self, lease: bytes, turns: asyncio.Semaphore, fresh: float = _FRESH) -> Tenancy | None:
        known = self._known.get(lease)
        if known is not None and time.monotonic() - known.at < fresh:
            return known.tenancy
        try:
            async with asyncio.timeout(_PATIENCE), turns:
                tenancy = await self._tenancies.tenancy(lease)
        except (RegistryUnavailable, TimeoutError):
            raise Refusal(503, "chain", "the job cannot be looked up now; try again soon") from None
        self._known[lease] = _Known(tenancy, time.monotonic())
        self._known.move_to_end(lease)
        if len(self._known) > _KEYS:
            self._known.popitem(last=False)
        return tenancy

    async def look(self) -> None:
        """Ends the streams whose lease the chain does not show any more."""
        # Not with their last stream: a new one would begin with all that may come at once.
        for lease in [lease for lease, flow in self._flows.items() if flow.full]:
            del self._flows[lease]
        await asyncio.gather(*(self._look(lease) for lease in {end.lease for end in self._ends}))

    async def _look(self, lease: bytes) -> None:
        try:
            tenancy = await self._tenancy(lease, self._looking, 0.0)
        except Refusal:
            known = self._known.get(lease)
            tenancy = known.tenancy if known and time.monotonic() - known.at < _STALE else None
        for end in [end for end in self._ends if end.lease == lease]:
            keys = None if tenancy is None else {tenancy.renter, tenancy.device}
            if keys != {end.key, end.other}:
                end.socket.cut()

    async def keep(self) -> None:
        """Looks every few seconds, until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.look()
            except Exception:
                _log.exception("a look at the leases of streams failed; the next follows")
