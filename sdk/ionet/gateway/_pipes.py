"""Pipes between two nodes, in which they measure what lies between them, and what both have signed of it.

A pipe is a connection of each node to the gateway, which passes bytes on from one to the other, so many and
for so long, and does not look at them. docs/network.md describes the requests.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from solders.pubkey import Pubkey
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet.gateway._doors import Arrival
from ionet.gateway._files import _refused
from ionet.gateway._hub import Registry, RegistryUnavailable
from ionet.overlay import Measurement, MeasurementError
from ionet.store.keeper import Refusal
from ionet.store.signing import BadSignature, Nonces, NoncesBusy, NonceSpent, verify
from ionet.wire._bucket import Bucket
from ionet.wire._link import PIPE

_log = logging.getLogger(__name__)
#: Seconds for the other node to come, and for all of it; bytes in each direction.
_COMING: Final = 15.0
_WHOLE: Final = 45.0
_BYTES: Final = 12 << 20
#: Connections at once; those of one key in a second, and seconds of that at once.
_AT_ONCE: Final = 32
_PER_KEY: Final = (1 / 30, 300.0)
_KEYS: Final = 20_000
#: Seconds after a pipe in which its two nodes may say what came of it.
_SAYING: Final = 120.0
_BODY: Final = 64 << 10
#: Devices in one question.
_ASKED: Final = 256
_PATIENCE: Final = 10.0


class Measured:
    """What pairs of nodes have signed, the newest of each. Bounded: the oldest are forgotten.

    Args:
        path: the database.
        most: statements in all.
        per_device: and of one device.
    """

    def __init__(self, path: Path, most: int = 200_000, per_device: int = 64) -> None:
        self._most, self._per_device = most, per_device
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS measured (number INTEGER PRIMARY KEY AUTOINCREMENT,"
                " first BLOB, second BLOB, at INTEGER, statement TEXT, UNIQUE (first, second))"
            )
            self._base.execute("CREATE INDEX IF NOT EXISTS by_second ON measured (second)")
        except sqlite3.Error:
            self._base.close()
            raise

    def keep(self, said: Measurement) -> None:
        """Keeps a statement, which was verified, unless a newer one of the pair is there."""
        pair = (said.first, said.second)
        known = self._base.execute("SELECT at FROM measured WHERE first=? AND second=?", pair).fetchone()
        if known is not None and known[0] >= said.at:
            return
        self._base.execute(
            "INSERT OR REPLACE INTO measured (first, second, at, statement) VALUES (?, ?, ?, ?)",
            (*pair, said.at, json.dumps(said.to_dict())),
        )
        for device in pair:
            self._base.execute(
                "DELETE FROM measured WHERE number IN (SELECT number FROM measured"
                " WHERE first=?1 OR second=?1 ORDER BY number DESC LIMIT -1 OFFSET ?2)",
                (device, self._per_device),
            )
        if self.count > self._most:
            self._base.execute(
                "DELETE FROM measured WHERE number = (SELECT number FROM measured ORDER BY number LIMIT 1)"
            )

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._base.execute("SELECT count(*) FROM measured").fetchone()[0])

    def among(self, devices: Iterable[bytes]) -> list[dict[str, Any]]:
        """The statements of pairs of which both are named."""
        named = set(devices)
        rows: list[dict[str, Any]] = []
        for device in named:
            asked = "SELECT second, statement FROM measured WHERE first=?"
            rows += [
                json.loads(text) for second, text in self._base.execute(asked, (device,)) if second in named
            ]
        return rows

    def close(self) -> None:
        """Closes the database."""
        self._base.close()


@dataclass(slots=True, eq=False)
class End:
    """A connection that was admitted.

    Attributes:
        key: who has it.
        other: whose connection it is to be joined with.
        socket: the connection.
        partner: the other's, once it is there.
        passed: bytes that it has sent.
        lease: of a stream: the job.
    """

    key: bytes
    other: bytes
    socket: PipeSocket
    partner: End | None = None
    passed: int = 0
    lease: bytes = b""
    #: Whether it came second.
    answers: bool = field(init=False)

    def __post_init__(self) -> None:
        self.answers = self.partner is not None


class Broker(Protocol):
    """Joins connections.

    Attributes:
        coming: seconds for the other to come.
        whole: seconds for all of it; None: as long as both like.
        octets: bytes in each direction; None: any number.
    """

    coming: float
    whole: float | None
    octets: int | None

    async def admit(self, path: str, authorization: str, certificate: str, socket: PipeSocket) -> End:
        """Takes a connection.

        Args:
            path: what is asked for.
            authorization: the header.
            certificate: the header of this name, if there was one.
            socket: the connection.

        Raises:
            Refusal: it is not taken, and why.
        """
        ...

    def gone(self, end: End) -> None:
        """A connection has ended: so does the other's."""
        ...

    def took(self, end: End, count: int) -> float:
        """Seconds for which no more is read of a connection that has sent so many bytes."""
        ...


def key_of(path: str, authorization: str, urls: Sequence[str], nonces: Nonces, source: str) -> bytes:
    """Who asks for a path.

    Args:
        path: as it was asked for.
        authorization: the header.
        urls: by which clients know the gateway.
        nonces: of this kind of connection.
        source: where nonces come from.

    Raises:
        Refusal: nobody has signed for it.
    """
    try:
        return bytes(verify(authorization, "GET", [url + path for url in urls], 0, nonces))
    except NonceSpent as bad:
        raise Refusal(401, "nonce", f"{bad}; ask GET {source} for a new one") from None
    except BadSignature as bad:
        raise Refusal(401, "signature", str(bad)) from None
    except NoncesBusy:
        raise Refusal(503, "busy", "too many requests were signed lately; try again soon") from None


class Pipes:
    """All pipes of a gateway, and what was measured in them.

    Args:
        registry: asks the chain.
        urls: by which clients know the gateway.
        measured: keeps what both nodes have signed.
    """

    coming = _COMING
    whole: float | None = _WHOLE
    octets: int | None = _BYTES

    def __init__(self, registry: Registry, urls: Sequence[str], measured: Measured) -> None:
        self._registry, self._urls, self._measured = registry, tuple(urls), measured
        self._nonces = Nonces()
        self._waiting: dict[tuple[bytes, bytes], End] = {}
        self._ends: set[End] = set()
        self._admitting = 0
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()
        #: Pairs that had a pipe, and when.
        self._lately: OrderedDict[tuple[bytes, bytes], float] = OrderedDict()

    def routes(self) -> list[Route]:
        """The routes at `/links`; pipes themselves are no requests."""
        return [
            Route("/links", self._info, methods=["GET"]),
            Route("/links", self._keep, methods=["PUT"]),
            Route("/links/find", self._find, methods=["POST"]),
        ]

    @property
    def count(self) -> int:
        """How many connections there are."""
        return len(self._ends)

    # -- pipes

    async def admit(self, path: str, authorization: str, certificate: str, socket: PipeSocket) -> End:
        """Takes a connection that asks for a pipe.

        Raises:
            Refusal: it is not taken, and why.
        """
        words = path.removeprefix(PIPE).split("/")
        try:
            other, node = (bytes(Pubkey.from_string(word)) for word in words)
        except ValueError:
            raise Refusal(404, "path", f"a pipe's path is {PIPE}DEVICE/NODE") from None
        if len(self._ends) + self._admitting >= _AT_ONCE:
            raise Refusal(503, "full", "as many pipes as this gateway takes; try again later")
        key = key_of(path, authorization, self._urls, self._nonces, "/links")
        if key == other or not self._bucket(key).take():
            raise Refusal(429, "rate", "a device measures with others, and not so often")
        self._admitting += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                if await self._registry.device(node) != key:
                    raise Refusal(403, "node", f"{Pubkey(key)} is not the device of the node {Pubkey(node)}")
        except (RegistryUnavailable, TimeoutError):
            raise Refusal(503, "chain", "the node cannot be looked up now; try again soon") from None
        finally:
            self._admitting -= 1
        end = End(key, other, socket)
        self._ends.add(end)
        if (before := self._waiting.pop((key, other), None)) is not None:
            before.socket.end()
        if (there := self._waiting.pop((other, key), None)) is None:
            self._waiting[key, other] = end
        else:
            end.partner, there.partner = there, end
            self._note(end)
        return end

    def took(self, end: End, count: int) -> float:
        """See `Broker.took`: they are few bytes."""
        return 0.0

    def gone(self, end: End) -> None:
        """A connection has ended: so does the other's."""
        self._ends.discard(end)
        if self._waiting.get((end.key, end.other)) is end:
            del self._waiting[end.key, end.other]
        if end.partner is not None:
            self._note(end)
            partner, end.partner = end.partner, None
            partner.socket.end()

    def _note(self, end: End) -> None:
        pair = (min(end.key, end.other), max(end.key, end.other))
        self._lately[pair] = time.monotonic()
        self._lately.move_to_end(pair)
        if len(self._lately) > _KEYS:
            self._lately.popitem(last=False)

    def _bucket(self, key: bytes) -> Bucket:
        if (bucket := self._buckets.get(key)) is None:
            bucket = self._buckets[key] = Bucket(*_PER_KEY)
            if len(self._buckets) > _KEYS:
                self._buckets.popitem(last=False)
        return bucket

    # -- requests

    async def _info(self, request: Request) -> Response:
        return JSONResponse({"nonce": self._nonces.give()}, headers={"cache-control": "no-store"})

    async def _keep(self, request: Request) -> Response:
        """Keeps what two nodes have signed that had a pipe here just now: their signatures are enough."""
        try:
            said = Measurement.from_dict(await _object(request))
            said.verify()
        except MeasurementError as bad:
            return _refused(Refusal(400, "statement", str(bad)))
        except Refusal as bad:
            return _refused(bad)
        if time.monotonic() - self._lately.get((said.first, said.second), float("-inf")) > _SAYING:
            return _refused(Refusal(403, "pipe", "these two had no pipe here in the last two minutes"))
        self._measured.keep(said)
        return Response(status_code=204)

    async def _find(self, request: Request) -> Response:
        """Returns what is known of any two of the devices that are named; who reads it verifies it."""
        try:
            names = (await _object(request)).get("devices")
            if not isinstance(names, list) or len(names) > _ASKED:
                raise Refusal(400, "devices", f"the body names at most {_ASKED} devices")
            try:
                devices = [bytes(Pubkey.from_string(name)) for name in names]
            except (ValueError, TypeError):
                raise Refusal(400, "devices", "devices are named by their keys in base58") from None
        except Refusal as bad:
            return _refused(bad)
        told = {"measured": self._measured.among(devices)}
        return JSONResponse(told, headers={"cache-control": "no-store"})


class PipeSocket(asyncio.Protocol):
    """One side's connection: bytes that go to the other's.

    Args:
        broker: joins them.
        arrival: the connection as the doors know it.
        path: as it was asked for.
        authorization: the header.
        certificate: the header of this name.
    """

    def __init__(
        self, broker: Broker, arrival: Arrival, path: str, authorization: str, certificate: str
    ) -> None:
        self._broker, self._arrival = broker, arrival
        self._path, self._authorization, self._certificate = path, authorization, certificate
        self._transport: asyncio.Transport | None = None
        self._end: End | None = None
        self._task: asyncio.Task[None] | None = None
        self._over: asyncio.TimerHandle | None = None
        #: Why nothing is read of it now.
        self._stills: set[str] = set()
        self._paused: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is this protocol's from now on."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._arrival.settled("files")
        self._over = asyncio.get_running_loop().call_later(self._broker.coming, self.end)
        self._task = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        assert self._transport is not None
        try:
            end = await self._broker.admit(self._path, self._authorization, self._certificate, self)
        except Refusal as bad:
            body = json.dumps({"error": {"code": bad.code, "message": str(bad)}}).encode()
            head = f"HTTP/1.1 {bad.status} Refused\r\ncontent-type: application/json\r\n"
            self._transport.write(
                f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
            )
            self.end()
            return
        except Exception as bad:
            _log.error("a pipe", exc_info=bad)
            self.end()
            return
        self._end = end
        if self._transport.is_closing():
            self._broker.gone(end)
        elif end.partner is not None:
            for each in (end, end.partner):
                each.socket.open()

    def open(self) -> None:
        """The other is there."""
        if self._over is not None:
            self._over.cancel()
        if self._broker.whole is not None:
            self._over = asyncio.get_running_loop().call_later(self._broker.whole, self.end)
        if self._transport is not None:
            head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ionet-pipe\r\n\r\n"
            self._transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        """Bytes have come: they are the other's."""
        end = self._end
        if end is None or end.partner is None:
            # Before the other was there nothing could be meant for it.
            self.end()
            return
        end.passed += len(data)
        if self._broker.octets is not None and end.passed > self._broker.octets:
            self.end()
            return
        end.partner.socket.write(data)
        if (wait := self._broker.took(end, len(data))) > 0:
            self.hold("rate", still=True)
            self._paused = asyncio.get_running_loop().call_later(wait, self._go_on)

    def _go_on(self) -> None:
        self._paused = None
        self.hold("rate", still=False)

    def write(self, data: bytes) -> None:
        """Bytes from the other."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        """This side does not read as fast as the other sends."""
        self._arrival.unread = time.monotonic()
        self._hold(still=True)

    def resume_writing(self) -> None:
        """It has read."""
        self._arrival.unread = None
        self._hold(still=False)

    def _hold(self, *, still: bool) -> None:
        if self._end is not None and self._end.partner is not None:
            self._end.partner.socket.hold("reader", still=still)

    def hold(self, why: str, *, still: bool) -> None:
        """Reads no more of it for a reason, or does so again when there is no other."""
        before = bool(self._stills)
        (self._stills.add if still else self._stills.discard)(why)
        if self._transport is None or self._transport.is_closing() or bool(self._stills) == before:
            return
        (self._transport.pause_reading if self._stills else self._transport.resume_reading)()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._arrival.gone()
        for timer in (self._over, self._paused):
            if timer is not None:
                timer.cancel()
        if self._end is not None:
            self._broker.gone(self._end)

    def shutdown(self) -> None:
        """The server ends."""
        self.end()

    def cut(self) -> None:
        """Ends it now; what was not read yet is lost."""
        if self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        """Closes it, once what was written is read; the doors throw away what is not."""
        if self._transport is not None:
            self._transport.close()
            self._arrival.closing()


async def _object(request: Request) -> dict[str, Any]:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > _BODY:
                raise Refusal(413, "size", f"a request has at most {_BODY} bytes")
    except ClientDisconnect:
        raise Refusal(400, "body", "the body has not come whole") from None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refusal(400, "body", "the body is a JSON object")
    return value
