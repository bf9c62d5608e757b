"""Passes messages between peers. Knows who is connected, and nothing of what they say.

Everything that a peer can make grow is bounded (`Bounds`), and a peer beyond a bound is disconnected, or its
message is not passed on. A sender's bound is never a receiver's trouble: what is too much for a receiver's
queue goes back to its sender.

No peer has a task of its own: its socket calls `Hub.received` and `Hub.writable`, and `Hub.sweep` once a
second looks who is late.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.gateway._bounds import Bounds, Counters
from ionet.wire import Kind, Message, MessageError, Role
from ionet.wire._bucket import Bucket
from ionet.wire._message import GATEWAY, MAX_MESSAGE, digest_of, envelope

_log = logging.getLogger(__name__)
#: Bytes of a greeting.
MAX_HELLO: Final = 1_024
#: Codes of WebSocket (RFC 6455): a rule was broken; the gateway restarts; it has no room now.
_RULE: Final = 1008
_RESTART: Final = 1012
_LATER: Final = 1013
#: Peers that are looked up on the chain again at once, and seconds between two rounds.
_REVIEWED: Final = 100
_REVIEW: Final = 300.0
#: Keys whose greetings are counted.
_KEYS: Final = 50_000


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
    """A connection, already accepted.

    Attributes:
        address: the network that it comes from.
        partial_since: when the message began that has come in part; None if none has.
    """

    address: str
    partial_since: float | None

    def send(self, data: bytes | str) -> bool:
        """Sends; False: the peer has to read first, `Hub.writable` will say when it has."""
        ...

    def limit(self, octets: int) -> None:
        """Refuses larger messages from now on."""
        ...

    def ping(self) -> None:
        """Asks whether the peer is there."""
        ...

    def joined(self) -> None:
        """The peer was admitted."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Closes; what the peer does not read within seconds is thrown away."""
        ...


@dataclass(slots=True, eq=False)
class Connection:
    """What the hub knows of one connection."""

    socket: Socket
    challenge: bytes
    messages: Bucket
    octets: Bucket
    since: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    pinged: bool = False
    role: Role = Role.AGENT
    key: bytes = b""
    node: bytes | None = None
    hello: bytes = b""
    number: int = -1
    admission: asyncio.Task[None] | None = None
    #: Messages of seats and words of the gateway go first.
    first: deque[tuple[bytes, bytes | str]] = field(default_factory=deque)
    rest: deque[tuple[bytes, bytes | str]] = field(default_factory=deque)
    waiting: int = 0
    told: int = 0
    shares: dict[bytes, int] = field(default_factory=dict)
    blocked: float | None = None
    ended: bool = False

    @property
    def joined(self) -> bool:
        """Whether it has been admitted."""
        return bool(self.key)


class _Dropped(Exception):
    """The connection is to end; the text says why."""


class _NotAdmitted(Exception):
    def __init__(self, reason: str, retry: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class Hub:
    """The connections of one gateway.

    Args:
        registry: asks the chain.
        bounds: what one gateway takes.
        names: what greetings call this gateway, as `gateway_name` makes it.
    """

    def __init__(self, registry: Registry, bounds: Bounds | None = None, *, names: Collection[str]) -> None:
        self._names = names
        self._registry = registry
        self.bounds = bounds or Bounds()
        self._by_key: dict[bytes, Connection] = {}
        self._greeting: set[Connection] = set()
        self._by_role: dict[Role, dict[bytes, Connection]] = {role: {} for role in Role}
        self._joins: OrderedDict[tuple[bytes, bool], Bucket] = OrderedDict()
        self._waiting = 0
        self._closing = False
        #: Bytes of messages that have come in part; sockets count them.
        self.partial = 0
        self.counters = Counters()

    def connected(self, role: Role) -> int:
        """How many peers of a role are connected."""
        return len(self._by_role[role])

    @property
    def closing(self) -> bool:
        """Whether it takes nobody any more."""
        return self._closing

    @property
    def waiting(self) -> int:
        """Bytes that wait for peers to read them."""
        return self._waiting

    async def close(self, seconds: float = 0.0) -> None:
        """Ends every connection; the peers dial another gateway, or this one when it is back.

        Args:
            seconds: over which it is spread, so that the other gateways do not get them all at once.
        """
        self._closing = True
        for waiting in list(self._greeting):
            self._refuse(waiting, "restart", 0)
        # Seats last: they are told who is gone.
        peers = sorted(self._by_key.values(), key=lambda peer: peer.role is Role.SEAT)
        start, loop = time.monotonic(), asyncio.get_running_loop()
        for number, peer in enumerate(peers):
            due = start + seconds * number / len(peers)
            if (left := due - loop.time()) > 0.02:
                await asyncio.sleep(left)
            self._end(peer, "restart")

    def tell(self, agent: bytes, word: Mapping[str, Any]) -> bool:
        """Tells an agent something; returns whether it is there."""
        peer = self._by_role[Role.AGENT].get(agent)
        if peer is None:
            return False
        self._tell(peer, word)
        return True

    # -- called by sockets

    def opened(self, socket: Socket) -> Connection:
        """A WebSocket was accepted: the peer is challenged."""
        peer = Connection(socket, secrets.token_bytes(32), *self._buckets(Role.AGENT))
        self._greeting.add(peer)
        socket.limit(MAX_HELLO)
        if self._closing:
            self._refuse(peer, "restart", 0)
        else:
            self._tell(peer, {"challenge": peer.challenge.hex(), "protocol": 1})
        return peer

    def received(self, peer: Connection, data: bytes | str) -> None:
        """A whole message came."""
        if peer.ended:
            return
        peer.heard, peer.pinged = time.monotonic(), False
        try:
            if peer.joined:
                self._take(peer, data)
            else:
                self._greeted(peer, data)
        except _Dropped as bad:
            self._end(peer, str(bad))
        except _NotAdmitted as bad:
            self._refuse(peer, bad.reason, bad.retry)
        except Exception as bad:
            _log.error("what %s sent", peer.socket.address, exc_info=bad)
            self._end(peer, "failed")

    def frame(self, peer: Connection) -> None:
        """A ping, a pong or a part of a message came: it counts as a message."""
        peer.heard, peer.pinged = time.monotonic(), False
        if not peer.ended and not peer.messages.take():
            self._end(peer, "flood")

    def blocked(self, peer: Connection) -> None:
        """The peer has to read before more can be sent."""
        if peer.blocked is None:
            peer.blocked = time.monotonic()

    def writable(self, peer: Connection) -> None:
        """The peer has read."""
        peer.blocked = None
        while (peer.first or peer.rest) and not peer.ended and not self._is_blocked(peer):
            sender, data = (peer.first or peer.rest).popleft()
            self._unqueued(peer, sender, len(data))
            if not peer.socket.send(data):
                self.blocked(peer)

    @staticmethod
    def _is_blocked(peer: Connection) -> bool:
        return peer.blocked is not None

    def broken(self, peer: Connection, reason: str) -> None:
        """What came is not of this protocol; the socket closes by itself."""
        self._end(peer, reason)

    def lost(self, peer: Connection) -> None:
        """The connection is gone."""
        self._end(peer, None)

    # -- time

    def sweep(self) -> None:
        """Ends what is late. To be called about once a second."""
        now, bounds = time.monotonic(), self.bounds
        for peer in list(self._greeting):
            if now - peer.since > bounds.seconds_to_greet:
                self._refuse(peer, "silent", 0)
        for peer in list(self._by_key.values()):
            try:
                self._swept(peer, now)
            except Exception:
                _log.exception("a peer cannot be looked at; the others are")
        for key in list(self._joins):
            if not self._joins[key].full:
                break
            del self._joins[key]

    def _swept(self, peer: Connection, now: float) -> None:
        bounds = self.bounds
        blocked, partial = peer.blocked or now, peer.socket.partial_since or now
        if now - blocked > bounds.seconds_to_send or now - partial > bounds.seconds_to_receive:
            self._end(peer, "slow")
        elif self._is_candidate(peer) and now - peer.since > bounds.seconds_as_candidate:
            self._end(peer, "candidate")
        elif peer.pinged and now - peer.heard > 2 * bounds.seconds_silent:
            self._end(peer, "silent")
        elif not peer.pinged and now - peer.heard > bounds.seconds_silent:
            peer.pinged = True
            peer.socket.ping()

    async def review(self) -> None:
        """Ends the connections of peers that the chain does not know as such any more."""
        peers = list(self._by_key.values())
        for start in range(0, len(peers), _REVIEWED):
            await asyncio.gather(*(self._reviewed(peer) for peer in peers[start : start + _REVIEWED]))

    async def keep(self) -> None:
        """Sweeps and reviews until it is cancelled."""
        reviewed = time.monotonic()
        review: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(min(1.0, self.bounds.seconds_to_greet / 4))
                try:
                    self.sweep()
                except Exception:
                    _log.exception("a sweep failed; the next follows")
                if time.monotonic() - reviewed > _REVIEW and (review is None or review.done()):
                    reviewed = time.monotonic()
                    review = asyncio.create_task(self.review())
        finally:
            if review is not None:
                review.cancel()

    async def _reviewed(self, peer: Connection) -> None:
        try:
            await self._known(peer.role, peer.key, peer.node)
        except _NotAdmitted as bad:
            if bad.reason != "chain-unavailable":
                self._end(peer, bad.reason)
        except Exception:
            _log.exception("a peer cannot be looked up; the others are")

    # -- greeting

    def _greeted(self, peer: Connection, data: bytes | str) -> None:
        if peer.admission is not None or isinstance(data, str) or len(data) > MAX_HELLO:
            raise _NotAdmitted("bad-greeting")
        try:
            hello = Message.from_bytes(data)
            role = Role(hello.arguments["role"])
            boot = bytes.fromhex(hello.arguments["boot"])
            gateway = str(hello.arguments["gateway"])
            text = hello.arguments.get("node")
            node = bytes(Pubkey.from_string(text)) if text is not None else None
        except (MessageError, KeyError, ValueError, TypeError):
            raise _NotAdmitted("bad-greeting") from None
        if hello.kind is not Kind.HELLO or hello.context != peer.challenge or hello.to != GATEWAY:
            raise _NotAdmitted("bad-greeting")
        if gateway not in self._names:
            # Another gateway may have asked for it, to connect here in this peer's name.
            raise _NotAdmitted("other-gateway", 60)
        if len(boot) != 32 or (node is not None and role is not Role.AGENT) or hello.blob:
            raise _NotAdmitted("bad-greeting")
        whose = (hello.sender, role is Role.RENTER)
        joins = self._joins.get(whose)
        if joins is None:
            most = self.bounds.joins_per_renter if role is Role.RENTER else self.bounds.joins_per_key
            joins = self._joins[whose] = Bucket(most / 60, 60)
            if len(self._joins) > _KEYS:
                self._joins.popitem(last=False)
        if not joins.take():
            raise _NotAdmitted("too-often", 30)
        peer.admission = asyncio.create_task(self._admit(peer, hello, role, node, data))

    async def _admit(
        self, peer: Connection, hello: Message, role: Role, node: bytes | None, data: bytes
    ) -> None:
        try:
            await self._known(role, hello.sender, node)
            if peer.ended:
                return
            others = len(self._by_key) - len(self._by_role[Role.SEAT])
            if role is not Role.SEAT and others >= self.bounds.peers:
                raise _NotAdmitted("full", 30)
            if role is Role.AGENT and node is None:
                self._make_room(peer)
            earlier = self._by_key.get(hello.sender)
            if earlier is not None:
                if earlier.number >= hello.number:
                    raise _NotAdmitted("older")
                self._end(earlier, "replaced")
            self._join(peer, hello, role, node, data)
        except _NotAdmitted as bad:
            self._refuse(peer, bad.reason, bad.retry)
        except Exception as bad:
            _log.error("a greeting of %s", Pubkey(hello.sender), exc_info=bad)
            self._refuse(peer, "failed", 30)

    async def _known(self, role: Role, key: bytes, node: bytes | None) -> None:
        """Raises `_NotAdmitted` for a key that is not what it says."""
        try:
            if role is Role.SEAT and not await self._registry.is_seat(key):
                raise _NotAdmitted("no-seat", 60)
            if role is Role.RENTER and not await self._registry.is_renter(key):
                raise _NotAdmitted("no-lease", 5)
            if role is Role.AGENT and node is not None:
                device = await self._registry.device(node)
                if device is None:
                    raise _NotAdmitted("no-such-node", 60)
                if device != key:
                    raise _NotAdmitted("not-the-nodes-device", 60)
        except RegistryUnavailable:
            raise _NotAdmitted("chain-unavailable", 10) from None

    def _is_candidate(self, peer: Connection) -> bool:
        return peer.role is Role.AGENT and peer.node is None

    def _make_room(self, newcomer: Connection) -> None:
        """Where all places of candidates are taken, one of the address with the most makes room."""
        candidates = [peer for peer in self._by_role[Role.AGENT].values() if self._is_candidate(peer)]
        if len(candidates) < self.bounds.candidates:
            return
        by_address = Counter(peer.socket.address for peer in candidates)
        address, most = by_address.most_common(1)[0]
        if by_address[newcomer.socket.address] + 1 >= most:
            raise _NotAdmitted("too-many-candidates", 60)
        # The dictionary keeps the order in which they came.
        self._end(next(peer for peer in candidates if peer.socket.address == address), "candidate")

    def _join(self, peer: Connection, hello: Message, role: Role, node: bytes | None, data: bytes) -> None:
        self._greeting.discard(peer)
        peer.key, peer.role, peer.node = hello.sender, role, node
        peer.hello, peer.number, peer.admission = data, hello.number, None
        peer.messages, peer.octets = self._buckets(role)
        peer.since = time.monotonic()
        peer.socket.limit(MAX_MESSAGE)
        peer.socket.joined()
        self._by_key[peer.key] = peer
        self._by_role[role][peer.key] = peer
        _log.debug("%s %s has come", role, Pubkey(peer.key))
        self._tell(peer, {"welcome": 1})
        for other in self._viewers(role):
            self._announce(peer, other.hello)
            self._announce(other, peer.hello)

    def _viewers(self, role: Role) -> list[Connection]:
        """Those who are told, without asking, that a peer of this role comes and goes."""
        seen_by = {Role.AGENT: Role.SEAT, Role.SEAT: Role.AGENT}.get(role)
        return list(self._by_role[seen_by].values()) if seen_by is not None else []

    def _buckets(self, role: Role) -> tuple[Bucket, Bucket]:
        rate, octets, seconds = self.bounds.rates[role]
        return Bucket(rate, seconds), Bucket(octets, seconds)

    def _refuse(self, peer: Connection, reason: str, retry: int) -> None:
        if not peer.ended:
            self.counters.refused[reason] += 1
            _log.debug("a connection from %s was refused: %s", peer.socket.address, reason)
            self._tell(peer, {"refused": _REFUSALS[reason], "retry": retry})
            self._finish(peer, _CODES.get(reason, _RULE), reason)

    # -- messages

    def _take(self, peer: Connection, data: bytes | str) -> None:
        if not peer.messages.take() or not peer.octets.take(len(data)):
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
            why = "absent"
        elif self._queue(other, data, peer):
            self.counters.messages += 1
            self.counters.octets += len(data)
            return
        else:
            why = "behind"
        self.counters.undelivered[why] += 1
        if head.kind is Kind.REQUEST:
            self._tell(peer, {"undelivered": digest_of(data).hex(), "why": _UNDELIVERED[why]})

    def _asked(self, peer: Connection, text: str) -> None:
        try:
            word = json.loads(text) if len(text) < MAX_HELLO else None
            key = bytes(Pubkey.from_string(word["find"])) if isinstance(word, dict) else None
        except (ValueError, KeyError, TypeError, RecursionError):
            key = None
        if key is None:
            raise _Dropped("bad-message")
        other = self._by_key.get(key)
        if other is not None and _may(peer.role, other.role):
            self._announce(peer, other.hello)
        else:
            self._tell(peer, {"gone": [str(Pubkey(key))]})

    # -- what waits to be sent

    def _queue(self, peer: Connection, data: bytes, sender: Connection) -> bool:
        """Sends, or lets it wait; False: the receiver has not read what it got before."""
        size, bounds = len(data), self.bounds
        if peer.blocked is not None or peer.first or peer.rest:
            most = bounds.waiting_bytes_seat if peer.role is Role.SEAT else bounds.waiting_bytes
            if (
                peer.waiting + size > most
                or peer.shares.get(sender.key, 0) + size > most // 4
                or self._waiting + size > bounds.waiting_bytes_total
            ):
                return False
            queue = peer.first if sender.role is Role.SEAT else peer.rest
            queue.append((sender.key, data))
            peer.waiting += size
            self._waiting += size
            peer.shares[sender.key] = peer.shares.get(sender.key, 0) + size
        elif not peer.socket.send(data):
            self.blocked(peer)
        return True

    def _announce(self, peer: Connection, data: bytes | str) -> None:
        """Tells a peer what it is told of others, or what it made the gateway say."""
        if peer.ended:
            return
        if peer.blocked is not None or peer.first or peer.rest:
            peer.first.append((b"", data))
            peer.told += len(data)
            # A seat that has just come is told of everybody at once.
            if peer.told > (1 << 20) + 1_024 * len(self._by_key):
                self._end(peer, "slow")
        elif not peer.socket.send(data):
            self.blocked(peer)

    def _tell(self, peer: Connection, word: Mapping[str, Any]) -> None:
        self._announce(peer, _word(word))

    def _unqueued(self, peer: Connection, sender: bytes, size: int) -> None:
        if not sender:
            peer.told -= size
            return
        peer.waiting -= size
        self._waiting -= size
        left = peer.shares[sender] - size
        if left:
            peer.shares[sender] = left
        else:
            del peer.shares[sender]

    # -- the end

    def _end(self, peer: Connection, reason: str | None) -> None:
        """Ends a connection, with a reason if it is the gateway that ends it."""
        if peer.ended:
            return
        if reason is not None:
            self.counters.dropped[reason] += 1
            who = f"{peer.role} {Pubkey(peer.key)}" if peer.joined else "a connection"
            _log.debug("%s from %s is dropped: %s", who, peer.socket.address, reason)
        self._finish(peer, _CODES.get(reason or "", _RULE), reason or "")

    def _finish(self, peer: Connection, code: int, reason: str) -> None:
        peer.ended = True
        peer.socket.close(code, reason)
        self._greeting.discard(peer)
        self._waiting -= peer.waiting
        peer.first.clear()
        peer.rest.clear()
        peer.shares.clear()
        peer.waiting = peer.told = 0
        if peer.admission is not None and peer.admission is not asyncio.current_task():
            peer.admission.cancel()
        if self._by_key.get(peer.key) is peer:
            del self._by_key[peer.key]
            del self._by_role[peer.role][peer.key]
            gone = _word({"gone": [str(Pubkey(peer.key))]})
            for other in self._viewers(peer.role):
                self._announce(other, gone)


_REFUSALS: Final = {
    "bad-greeting": "the greeting is not one of this protocol, or not signed for this connection",
    "chain-unavailable": "the gateway cannot ask the chain at present; try again",
    "failed": "the gateway failed; try another one",
    "full": "the gateway is full; try another one",
    "no-lease": "this key rents nothing now; book first, then connect",
    "no-seat": "this key holds no seat in the attester set",
    "no-such-node": "the chain has no such node; register it, then connect",
    "not-the-nodes-device": "the node belongs to another device's key",
    "other-gateway": "the greeting is for another gateway; connect by the URL that this one is known by",
    "older": "a newer connection of this key is there",
    "restart": "the gateway is being restarted; try another one",
    "silent": "no greeting came in time",
    "too-many-candidates": "too many devices wait to be registered; try again",
    "too-often": "this key connects too often; is it used by two processes?",
}
_UNDELIVERED: Final = {
    "absent": "not connected to this gateway",
    "behind": "it has not read what it got before",
}
_CODES: Final = {
    "restart": _RESTART,
    **dict.fromkeys(("chain-unavailable", "failed", "full", "too-many-candidates", "too-often"), _LATER),
}


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


def _word(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
