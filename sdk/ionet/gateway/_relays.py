"""Relays of leases' overlays: one process a lease, started for the lease's head and ended with the lease.

The head's device key signs each request as for files (`ionet.store.signing`); docs/network.md describes them.
A relay has no interface, and no certificate that a member's firewall admits: it finds addresses and passes on
ciphertext.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from solders.pubkey import Pubkey
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ionet.chain.errors import ConfigError
from ionet.chain.files import state_folder
from ionet.gateway._files import _refused
from ionet.overlay import LeaseFacts, OverlayError, Place, Process, reap, relay
from ionet.sandbox import machine_time
from ionet.store.keeper import Refusal
from ionet.store.signing import BadSignature, Nonces, NoncesBusy, NonceSpent, verify

_log = logging.getLogger(__name__)
_HEX: Final = re.compile(r"[0-9a-f]{64}")
#: Bytes of a request's body: two certificates.
_BODY: Final = 16 << 10
_PATIENCE: Final = 10.0
#: Seconds between two looks at the chain, for which the relay of a lease that has ended may go on; and in
#: which a relay that was asked for has to begin.
_LOOK: Final = 30.0
_BEGIN: Final = 60.0
#: Seconds for which a relay's certificate is good at most: it ends with that, whatever else is known.
_CERTIFIED: Final = 40 * 86_400
#: Requests that are answered at once.
_AT_ONCE: Final = 8
_RECORDS: Final = "leases.json"
_TABLE: Final = "ionet_relays"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where relays are reached: as many at once as there are ports.

    Attributes:
        host: the IPv4 address by which members reach this machine.
        ports: of UDP.
    """

    host: str
    ports: range

    @classmethod
    def parse(cls, text: str) -> Ports:
        """Reads ``ADDRESS:FIRST-LAST``.

        Raises:
            ConfigError: it is not that.
        """
        match = re.fullmatch(r"([0-9.]{7,15}):([0-9]{1,5})-([0-9]{1,5})", text)
        try:
            if match is None:
                raise ValueError
            first, last = int(match[2]), int(match[3])
            Place(match[1], first), Place(match[1], last)
            if not 1024 <= first <= last:
                raise ValueError
        except ValueError:
            raise ConfigError(
                f"it is an IPv4 address with ports from 1024 on, as in 198.51.100.1:4300-4363, not {text!r}"
            ) from None
        return cls(match[1], range(first, last + 1))


def firewall(ports: range, each: int, together: int) -> str:
    """Returns rules for nft that bound the bytes of relays, to be loaded by root. Pure.

    A gateway has no right to do that itself, and should have none. What comes in beyond a bound is dropped,
    and a relay sends nothing but what has come in.

    Args:
        ports: of UDP, one for each relay.
        each: bytes a second that come to one relay; those of one second may come at once.
        together: to all relays.
    """
    lines = [
        f"table inet {_TABLE} {{}}",
        f"delete table inet {_TABLE}",
        f"table inet {_TABLE} {{",
        "  chain in {",
        "    type filter hook input priority filter; policy accept;",
        f"    udp dport != {ports[0]}-{ports[-1]} accept",
        *(f"    udp dport {port} limit rate over {each} bytes/second drop" for port in ports),
        f"    meta l4proto udp limit rate over {together} bytes/second drop",
        "  }",
        "}",
    ]
    return "\n".join([*lines, ""])


class Leases(Protocol):
    """The chain, as far as relays need it. May raise whatever a chain that cannot be reached raises."""

    async def facts(self, job: bytes) -> LeaseFacts | None:
        """Returns the lease of a job, or None."""
        ...

    async def now(self) -> int:
        """Returns the chain's time, Unix seconds."""
        ...


@dataclass(frozen=True, slots=True)
class _Relay:
    """One relay.

    Attributes:
        job: the head's, by which its lease is looked up, hex.
        port: of UDP.
        since: when it was asked for, by `machine_time`.
    """

    job: str
    port: int
    since: float


class Relays:
    """All relays of a gateway.

    Args:
        ports: where they are.
        leases: the chain.
        urls: by which clients know the gateway.
        state: a directory that only this user reads.
    """

    def __init__(self, ports: Ports, leases: Leases, urls: Sequence[str], state: Path) -> None:
        self._ports, self._leases, self._urls, self._state = ports, leases, tuple(urls), state
        self._nonces = Nonces()
        self._relays: dict[str, _Relay] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        """Finds the relays of an earlier run again, and ends what is nobody's."""
        state_folder(self._state)
        try:
            records = json.loads((self._state / _RECORDS).read_text())
            self._relays = {name: _Relay(**values) for name, values in records.items()}
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, AttributeError) as bad:
            _log.warning("the record of relays cannot be read, and they end: %s", bad)
        await asyncio.to_thread(reap, self._state, tuple(self._relays))
        for name, known in list(self._relays.items()):
            self._relays[name] = replace(known, since=machine_time())
            await asyncio.to_thread(self._resume, Process(name, self._state))

    @staticmethod
    def _resume(process: Process) -> None:
        if not process.running():
            # Its end may be by the clock of another boot, or of another machine: the next look tells it.
            process.extend(machine_time() + _CERTIFIED)
            process.resume()

    def routes(self) -> list[Route]:
        """The routes below `/relays`."""
        return [
            Route("/relays", self._answering(self._info), methods=["GET"]),
            Route("/relays/{job}", self._answering(self._ask), methods=["POST"]),
            Route("/relays/{job}", self._answering(self._end), methods=["DELETE"]),
            Route("/relays/{job}/{digest}", self._answering(self._start), methods=["PUT"]),
        ]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._relays)

    # -- time

    async def keep(self) -> None:
        """Ends relays with their leases, until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            await self.look()

    async def look(self) -> None:
        """Asks the chain about each lease once, and ends what is over."""
        for name, known in list(self._relays.items()):
            try:
                await self._look(name, known)
            except Exception as bad:
                # It ends with its certificate at the latest, and the others are looked at.
                _log.warning("a relay cannot be looked after: %r", bad)

    async def _look(self, name: str, known: _Relay) -> None:
        async with asyncio.timeout(_PATIENCE):
            facts, now = await self._leases.facts(bytes.fromhex(known.job)), await self._leases.now()
        process = Process(name, self._state)
        stands = facts is not None and facts.head is not None and facts.ends_at > now
        begun = process.running() or 0 <= machine_time() - known.since < _BEGIN
        async with self._changing:
            if self._relays.get(name) != known:
                return
            if stands and begun:
                assert facts is not None
                await asyncio.to_thread(process.extend, machine_time() + facts.ends_at - now)
            else:
                await self._remove(name)

    # -- requests

    def _answering(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                async with self._turns:
                    return await answer(request)
            except Refusal as bad:
                return _refused(bad)
            except OverlayError as bad:
                return _refused(Refusal(400, "relay", str(bad)))
            except ClientDisconnect:
                return Response(status_code=400)

        return answered

    async def _info(self, request: Request) -> Response:
        facts = {"host": self._ports.host, "nonce": self._nonces.give(), "room": self._room()}
        return JSONResponse(facts, headers={"cache-control": "no-store"})

    def _room(self) -> int:
        return len(self._ports.ports) - len(self._relays)

    async def _ask(self, request: Request) -> Response:
        """Makes the relay's key, which the head's agent then certifies."""
        job = _job(request)
        facts, _ = await self._from_head(request, job, 0)
        name = _name(facts.lease)
        async with self._changing:
            known = self._relays.get(name)
            if known is None:
                taken = {other.port for other in self._relays.values()}
                port = next((port for port in self._ports.ports if port not in taken), None)
                if port is None:
                    raise Refusal(503, "full", "this gateway has as many relays as it takes; ask another")
                known = _Relay(job.hex(), port, machine_time())
            else:
                # Another node of the lease may be its head by now.
                known = replace(known, job=job.hex())
            public = await asyncio.to_thread(Process(name, self._state).public)
            self._relays[name] = known
            self._record()
        place = Place(self._ports.host, known.port)
        return JSONResponse(
            {"place": str(place), "public": public.hex()}, headers={"cache-control": "no-store"}
        )

    async def _start(self, request: Request) -> Response:
        """Starts the relay under the certificates in the body, or goes on with it under them."""
        job, digest = _job(request), request.path_params["digest"]
        if not _HEX.fullmatch(digest):
            raise Refusal(404, "digest", "the path ends with the sha256 of the body")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _BODY:
                raise Refusal(413, "size", f"a request has at most {_BODY} bytes")
        # The signature is over the path, and so over this.
        if sha256(body).hexdigest() != digest:
            raise Refusal(400, "digest", "the body is not what the path names")
        facts, now = await self._from_head(request, job, len(body))
        authority, certificate = _certificates(bytes(body))
        name = _name(facts.lease)
        async with self._changing:
            known = self._relays.get(name)
            if known is None:
                raise Refusal(409, "order", "ask for the relay by POST first")
            ends = machine_time() + facts.ends_at - now
            process = Process(name, self._state)
            settings = relay(known.port)
            await asyncio.to_thread(process.start, settings, authority, certificate, ends)
        return Response(status_code=204)

    async def _end(self, request: Request) -> Response:
        facts, _ = await self._from_head(request, _job(request), 0)
        async with self._changing:
            if _name(facts.lease) in self._relays:
                await self._remove(_name(facts.lease))
        return Response(status_code=204)

    async def _from_head(self, request: Request, job: bytes, size: int) -> tuple[LeaseFacts, int]:
        """What the chain says of the lease, and its time, if the lease's head has signed the request."""
        key = self._signed(request, size)
        try:
            async with asyncio.timeout(_PATIENCE):
                facts, now = await self._leases.facts(job), await self._leases.now()
        except Exception as bad:
            _log.warning("a lease cannot be read: %r", bad)
            message = "the lease cannot be read from the chain now; try again soon"
            raise Refusal(503, "chain", message) from bad
        if facts is None or facts.head is None or facts.ends_at <= now:
            raise Refusal(403, "lease", "the chain shows no lease of this job that stands")
        if facts.head.job != job or facts.head.device != bytes(key):
            raise Refusal(403, "head", f"{key} is not the device of the lease's head")
        return facts, now

    def _signed(self, request: Request, size: int) -> Pubkey:
        path = request.url.path
        header = request.headers.get("authorization", "")
        try:
            return verify(header, request.method, [url + path for url in self._urls], size, self._nonces)
        except NonceSpent as bad:
            raise Refusal(401, "nonce", f"{bad}; ask GET /relays for a new one") from None
        except BadSignature as bad:
            raise Refusal(401, "signature", str(bad)) from None
        except NoncesBusy:
            raise Refusal(503, "busy", "too many requests were signed lately; try again soon") from None

    # -- what is kept

    async def _remove(self, name: str) -> None:
        await asyncio.to_thread(Process(name, self._state).end)
        del self._relays[name]
        self._record()

    def _record(self) -> None:
        temporary = self._state / f"{_RECORDS}.new"
        records = {
            name: {"job": known.job, "port": known.port, "since": known.since}
            for name, known in self._relays.items()
        }
        temporary.write_text(json.dumps(records))
        temporary.replace(self._state / _RECORDS)


def _name(lease: bytes) -> str:
    return sha256(lease).hexdigest()[:32]


def _job(request: Request) -> bytes:
    try:
        return bytes(Pubkey.from_string(request.path_params["job"]))
    except ValueError:
        raise Refusal(404, "job", "the path names a job by its address") from None


def _certificates(body: bytes) -> tuple[str, str]:
    try:
        values = json.loads(body)
        authority, certificate = values["authority"], values["certificate"]
    except (ValueError, KeyError, TypeError, RecursionError):
        authority = certificate = None
    if not isinstance(authority, str) or not isinstance(certificate, str):
        raise Refusal(400, "body", "the body is JSON with the texts `authority` and `certificate`")
    return authority, certificate
