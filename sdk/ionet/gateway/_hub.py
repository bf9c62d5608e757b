"""Passes messages between peers. Knows who is connected, and nothing of what they say.

Everything that a peer can make grow is bounded: messages and bytes a second, what waits to be sent to it,
connections that have not greeted yet, connections of one address. A peer beyond a bound is disconnected.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.wire import Kind, Message, MessageError, Role
from ionet.wire._message import GATEWAY, digest_of, envelope

_log = logging.getLogger(__name__)


class RegistryUnavailable(IonetError):
    """The chain cannot be asked at present."""


class Registry(Protocol):
    """What the gateway asks the chain. All methods may raise `RegistryUnavailable`."""

    async def device(self, node: bytes) -> bytes | None:
        """Returns the key of a node's device; None if there is no such node."""
        ...

    async def is_seat(self, key: bytes) -> bool:
        """Returns whether a key holds a seat in the attester set."""
        ...

    async def is_renter(self, key: bytes) -> bool:
        """Returns whether a key rents anything now, or is a session key of somebody who does."""
        ...


class Socket(Protocol):
    """A connection, already accepted."""

    async def receive(self) -> bytes | str | None:
        """Returns what the peer sent; None when it is gone."""
        ...

    async def send(self, data: bytes | str) -> None:
        """Sends; waits while the peer does not read."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Closes."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one gateway takes.

    Attributes:
        peers: connections in all.
        greeting: connections that have not greeted yet.
        per_address: connections from one network address.
        candidates: devices that are not registered yet.
        seconds_to_greet: after which a connection that has not greeted ends.
        seconds_to_send: after which a peer that does not read is given up.
        rates: by role: messages and bytes a second, and how many seconds of that may come at once.
        waiting_bytes: what may wait for one peer.
        waiting_messages: how many messages.
    """

    peers: int = 20_000
    greeting: int = 512
    per_address: int = 1_024
    candidates: int = 256
    seconds_to_greet: float = 10.0
    seconds_to_send: float = 20.0
    rates: Mapping[Role, tuple[float, float, float]] = field(
        default_factory=lambda: {
            Role.AGENT: (20.0, 1 << 20, 8.0),
            Role.RENTER: (20.0, 1 << 20, 8.0),
            Role.SEAT: (5_000.0, 32 << 20, 4.0),
        }
    )
    waiting_bytes: int = 8 << 20
    waiting_messages: int = 512


@dataclass(slots=True)
class Counters:
    """What has happened, for metrics.

    Attributes:
        messages: passed on.
        octets: bytes passed on.
        undelivered: messages whose receiver was not there.
        refused: greetings that were refused, by reason.
        dropped: connections that were ended, by reason.
    """

    messages: int = 0
    octets: int = 0
    undelivered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


class _Bucket:
    """Lets through so many units a second, and some at once."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, seconds: float) -> None:
        self._rate, self._most = rate, rate * seconds
        self._left, self._at = self._most, time.monotonic()

    def take(self, units: float) -> bool:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        if units > self._left:
            return False
        self._left -= units
        return True


class _Dropped(Exception):
    """The connection is to end; the text says why."""


@dataclass(slots=True, eq=False)
class _Connection:
    socket: Socket
    key: bytes
    role: Role
    node: bytes | None
    hello: bytes
    number: int
    messages: _Bucket
    octets: _Bucket
    waiting: deque[bytes | str] = field(default_factory=deque)
    waiting_bytes: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)
    end: str | None = None


class Hub:
    """The connections of one gateway.

    Args:
        registry: asks the chain.
        bounds: what one gateway takes.
    """

    def __init__(self, registry: Registry, bounds: Bounds | None = None) -> None:
        self._registry = registry
        self._bounds = bounds or Bounds()
        self._by_key: dict[bytes, _Connection] = {}
        self._greeting = 0
        self._addresses: Counter[str] = Counter()
        self._closing = False
        self._left = asyncio.Event()
        self.counters = Counters()

    def connected(self, role: Role) -> int:
        """How many peers of a role are connected."""
        return sum(1 for peer in self._by_key.values() if peer.role is role)

    async def close(self) -> None:
        """Ends every connection; the peers dial another gateway, or this one when it is back."""
        self._closing = True
        for peer in list(self._by_key.values()):
            self._drop(peer, "restart")
        while self._by_key:
            await self._left.wait()

    async def serve(self, socket: Socket, address: str) -> None:
        """Serves one connection to its end.

        Args:
            socket: the connection.
            address: the peer's network address, for its bound.
        """
        bounds = self._bounds
        full = (
            "restart"
            if self._closing
            else "full"
            if len(self._by_key) >= bounds.peers or self._greeting >= bounds.greeting
            else "address"
            if self._addresses[address] >= bounds.per_address
            else None
        )
        if full is not None:
            await self._refuse(socket, full, 30)
            return
        self._addresses[address] += 1
        try:
            peer = await self._greet(socket)
            if peer is not None:
                await self._run(peer)
        finally:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    # -- greeting

    async def _greet(self, socket: Socket) -> _Connection | None:
        self._greeting += 1
        try:
            async with asyncio.timeout(self._bounds.seconds_to_greet):
                challenge = secrets.token_bytes(32)
                await socket.send(_word({"challenge": challenge.hex(), "protocol": 1}))
                data = await socket.receive()
                if data is None:
                    return None
                hello = self._read_hello(data, challenge)
                role, node = await self._admit(hello)
        except TimeoutError:
            await self._refuse(socket, "silent", 0)
            return None
        except _NotAdmitted as bad:
            await self._refuse(socket, bad.reason, bad.retry)
            return None
        finally:
            self._greeting -= 1
        rate, octets, seconds = self._bounds.rates[role]
        return _Connection(
            socket,
            hello.sender,
            role,
            node,
            hello.to_bytes(),
            hello.number,
            _Bucket(rate, seconds),
            _Bucket(octets, seconds),
        )

    @staticmethod
    def _read_hello(data: bytes | str, challenge: bytes) -> Message:
        if isinstance(data, str):
            raise _NotAdmitted("bad-greeting")
        try:
            hello = Message.from_bytes(data)
        except MessageError:
            raise _NotAdmitted("bad-greeting") from None
        if hello.kind is not Kind.HELLO or hello.context != challenge or hello.to != GATEWAY:
            raise _NotAdmitted("bad-greeting")
        if len(data) > 1_024:
            raise _NotAdmitted("bad-greeting")
        return hello

    async def _admit(self, hello: Message) -> tuple[Role, bytes | None]:
        try:
            role = Role(hello.arguments["role"])
            boot = bytes.fromhex(hello.arguments["boot"])
            text = hello.arguments.get("node")
            node = bytes(Pubkey.from_string(text)) if text is not None else None
        except (KeyError, ValueError, TypeError):
            raise _NotAdmitted("bad-greeting") from None
        if len(boot) != 32:
            raise _NotAdmitted("bad-greeting")
        try:
            if role is Role.SEAT and not await self._registry.is_seat(hello.sender):
                raise _NotAdmitted("no-seat", 60)
            if role is Role.RENTER and not await self._registry.is_renter(hello.sender):
                raise _NotAdmitted("no-lease", 5)
            if role is Role.AGENT and node is not None:
                device = await self._registry.device(node)
                if device is None:
                    raise _NotAdmitted("no-such-node", 60)
                if device != hello.sender:
                    raise _NotAdmitted("not-the-nodes-device", 60)
        except RegistryUnavailable:
            raise _NotAdmitted("chain-unavailable", 10) from None
        if role is Role.AGENT and node is None:
            agents = (peer for peer in self._by_key.values() if peer.role is Role.AGENT)
            waiting = sum(1 for peer in agents if peer.node is None)
            if waiting >= self._bounds.candidates:
                raise _NotAdmitted("too-many-candidates", 60)
        return role, node

    async def _refuse(self, socket: Socket, reason: str, retry: int) -> None:
        self.counters.refused[reason] += 1
        with contextlib.suppress(Exception):
            async with asyncio.timeout(5.0):
                await socket.send(_word({"refused": _REFUSALS[reason], "retry": retry}))
                await socket.close(1008, reason)

    # -- a peer

    async def _run(self, peer: _Connection) -> None:
        earlier = self._by_key.get(peer.key)
        if earlier is not None:
            if earlier.number >= peer.number:
                await self._refuse(peer.socket, "older", 0)
                return
            self._drop(earlier, "replaced")
        self._by_key[peer.key] = peer
        self._queue(peer, _word({"welcome": 1}))
        for other in self._by_key.values():
            if other is not peer and _told(peer.role, other.role):
                self._queue(peer, other.hello)
        for other in self._by_key.values():
            if other is not peer and _told(other.role, peer.role):
                self._queue(other, peer.hello)
        writer = asyncio.create_task(self._write(peer))
        reader = asyncio.create_task(self._read(peer))
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
            if self._by_key.get(peer.key) is peer:
                del self._by_key[peer.key]
                self._left.set()
                self._left = asyncio.Event()
                gone = _word({"gone": [str(Pubkey(peer.key))]})
                for other in self._by_key.values():
                    if _told(other.role, peer.role):
                        self._queue(other, gone)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(5.0):
                    await peer.socket.close(1008 if peer.end else 1000, peer.end or "")

    async def _read(self, peer: _Connection) -> None:
        try:
            while (data := await peer.socket.receive()) is not None:
                self._take(peer, data)
        except _Dropped as bad:
            self._drop(peer, str(bad))

    def _take(self, peer: _Connection, data: bytes | str) -> None:
        if not peer.messages.take(1) or not peer.octets.take(len(data)):
            raise _Dropped("flood")
        if isinstance(data, str):
            self._asked(peer, data)
            return
        try:
            head = envelope(data)
        except MessageError:
            raise _Dropped("bad-message") from None
        if head.sender != peer.key:
            raise _Dropped("other-sender")
        if head.number <= peer.number:
            raise _Dropped("replay")
        peer.number = head.number
        if head.kind is Kind.HELLO:
            raise _Dropped("bad-message")
        other = self._by_key.get(head.to)
        if other is None or not _may(peer.role, other.role):
            self.counters.undelivered += 1
            if head.kind is Kind.REQUEST:
                word = {"undelivered": digest_of(data).hex(), "why": "not connected to this gateway"}
                self._queue(peer, _word(word))
            return
        self.counters.messages += 1
        self.counters.octets += len(data)
        self._queue(other, data)

    def _asked(self, peer: _Connection, text: str) -> None:
        try:
            word = json.loads(text) if len(text) < 1_024 else None
            key = bytes(Pubkey.from_string(word["find"])) if isinstance(word, dict) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            key = None
        if key is None:
            raise _Dropped("bad-message")
        other = self._by_key.get(key)
        if other is not None and _may(peer.role, other.role):
            self._queue(peer, other.hello)
        else:
            self._queue(peer, _word({"gone": [str(Pubkey(key))]}))

    def _queue(self, peer: _Connection, data: bytes | str) -> None:
        if peer.end is not None:
            return
        # A seat that has just come is told of everybody at once: that does not count as waiting for it.
        bound = self._bounds
        if peer.waiting_bytes + len(data) > bound.waiting_bytes + len(self._by_key) * 1_024 or len(
            peer.waiting
        ) >= bound.waiting_messages + len(self._by_key):
            self._drop(peer, "slow")
            return
        peer.waiting.append(data)
        peer.waiting_bytes += len(data)
        peer.more.set()

    async def _write(self, peer: _Connection) -> None:
        while peer.end is None:
            while peer.waiting:
                data = peer.waiting.popleft()
                peer.waiting_bytes -= len(data)
                try:
                    async with asyncio.timeout(self._bounds.seconds_to_send):
                        await peer.socket.send(data)
                except TimeoutError:
                    self._drop(peer, "slow")
                    return
            peer.more.clear()
            await peer.more.wait()

    def _drop(self, peer: _Connection, reason: str) -> None:
        if peer.end is None:
            peer.end = reason
            self.counters.dropped[reason] += 1
            peer.waiting.clear()
            peer.more.set()


class _NotAdmitted(Exception):
    def __init__(self, reason: str, retry: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


_REFUSALS: Final = {
    "address": "too many connections from this network address",
    "bad-greeting": "the greeting is not one of this protocol, or not signed for this connection",
    "chain-unavailable": "the gateway cannot ask the chain at present; try again",
    "full": "the gateway is full; try another one",
    "no-lease": "this key rents nothing now; book first, then connect",
    "no-seat": "this key holds no seat in the attester set",
    "no-such-node": "the chain has no such node; register it, then connect",
    "not-the-nodes-device": "the node belongs to another device's key",
    "older": "a newer connection of this key is there",
    "restart": "the gateway is being restarted; try another one",
    "silent": "no greeting came in time",
    "too-many-candidates": "too many devices wait to be registered; try again",
}


def _told(viewer: Role, other: Role) -> bool:
    """Whether a peer is told who of another role is there, without asking."""
    return {viewer, other} == {Role.SEAT, Role.AGENT}


def _may(role: Role, other: Role) -> bool:
    """Whether peers of two roles may talk: agents not with agents, renters not with renters."""
    return frozenset((role, other)) in _TALKS


_TALKS: Final = frozenset(
    map(
        frozenset,
        (
            (Role.SEAT, Role.AGENT),
            (Role.SEAT, Role.RENTER),
            (Role.SEAT,),
            (Role.RENTER, Role.AGENT),
        ),
    )
)


def _word(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
