"""A peer of the network: asks others, and answers them, through gateways that it need not trust."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.formats.canonical import CanonicalError
from ionet.wire._link import Link
from ionet.wire._message import GATEWAY, Kind, Message, MessageError
from ionet.wire._seal import Sealed, seal

_log = logging.getLogger(__name__)
#: Requests of one asker that are answered at once, and those that wait.
_AT_ONCE: Final = 4
_WAITING: Final = 32
#: Askers whose numbers are remembered.
_ASKERS: Final = 10_000


class Role(StrEnum):
    """What a peer is to the network."""

    AGENT = "agent"
    SEAT = "seat"
    RENTER = "renter"


class Unreachable(IonetError):
    """No answer came: the other side is not there, or what it did is not known."""


class Refused(IonetError):
    """The other side has read the request and does not do it.

    Attributes:
        kind: a short name for programs.
        detail: for people.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        # The other side's text goes to logs and terminals.
        kind, detail = _printable(kind, 64), _printable(detail, 2_000)
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks.

    Attributes:
        sender: who asks, 32 bytes; they signed it.
        method: what for.
        arguments: canonical JSON.
        blob: bytes besides.
    """

    sender: bytes
    method: str
    arguments: Mapping[str, Any]
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        arguments: canonical JSON.
        blob: bytes besides.
    """

    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    blob: bytes = b""


#: Answers a request, or raises `Refused`. Any other `IonetError` is told as a refusal with its text.
Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(slots=True)
class _Present:
    """Another peer that a gateway has announced."""

    role: Role
    boot: bytes
    node: bytes | None
    links: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Pending:
    to: bytes
    future: asyncio.Future[Message]


class Peer:
    """One key at one or more gateways.

    Use it as an asynchronous context manager; inside, it is connected or trying to be.

    Args:
        key: signs.
        role: what it is.
        gateways: lists of URLs as `gateway_urls` makes them: one connection for each list, to the first of
            its gateways that answers.
        node: an agent's node, 32 bytes; None for others, and for devices that are not registered yet.
        handler: answers requests; None refuses them all.
        now: the chain's time as this side knows it; 0 where it does not.
        context: for TLS.
    """

    def __init__(
        self,
        key: Keypair,
        role: Role,
        gateways: Sequence[Sequence[str]],
        *,
        node: bytes | None = None,
        handler: Handler | None = None,
        now: Callable[[], int] = lambda: 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._key = key
        self.address = bytes(key.pubkey())
        self._role = role
        self.node = node
        self._handler = handler
        self._now = now
        self._boot = secrets.token_bytes(32)
        self._number = 0
        self._links = [self._make_link(number, urls, context) for number, urls in enumerate(gateways)]
        self._present: dict[bytes, _Present] = {}
        self._pending: dict[bytes, _Pending] = {}
        self._numbers: dict[bytes, int] = {}
        self._busy: Counter[bytes] = Counter()
        self._gates: dict[bytes, asyncio.Semaphore] = {}
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Peer:
        self._dial()
        return self

    async def __aexit__(self, *error: object) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- who is there

    @property
    def connected(self) -> bool:
        """Whether any gateway has welcomed this peer."""
        return any(link.connected for link in self._links)

    @property
    def links(self) -> tuple[Link, ...]:
        """Its connections."""
        return tuple(self._links)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why a gateway is not connected, one sentence each."""
        return tuple(link.problem for link in self._links if link.problem is not None)

    def present(self, role: Role) -> dict[bytes, bytes | None]:
        """The peers of a role that gateways have announced: key to node. Announced is not proved."""
        return {key: peer.node for key, peer in self._present.items() if peer.role is role and peer.links}

    async def wait_for(self, key: bytes, seconds: float) -> bool:
        """Waits until a peer is there; returns whether it is."""

        def there() -> bool:
            return bool((peer := self._present.get(key)) and peer.links)

        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(there)
        except TimeoutError:
            return there()
        return True

    async def wait_connected(self, seconds: float) -> bool:
        """Waits until a gateway has welcomed this peer; returns whether one has."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.connected)
        except TimeoutError:
            return self.connected
        return True

    async def reconnect(self, node: bytes | None) -> None:
        """Greets the gateways again, now as the agent of this node."""
        self.node = node
        for task in list(self._tasks):
            if task.get_name().startswith("link "):
                task.cancel()
        self._dial()

    def _dial(self) -> None:
        for number, link in enumerate(self._links):
            self._spawn(link.run(), f"link {number}")

    async def find(self, key: bytes) -> None:
        """Asks the gateways for a peer; it is announced if it is there."""
        for link in self._links:
            await link.send(f'{{"find":"{_name(key)}"}}')

    # -- asking

    async def ask(
        self,
        to: bytes,
        method: str,
        arguments: Mapping[str, Any] = MappingProxyType({}),
        blob: bytes = b"",
        *,
        seconds: float = 30.0,
        presence: float = 3.0,
        sealed: bool = False,
    ) -> Answer:
        """Sends a request and returns its answer.

        Args:
            to: the other peer's key, 32 bytes.
            method: what for.
            arguments: canonical JSON.
            blob: bytes besides.
            seconds: for the other side to be there and answer.
            presence: of them, for the other side to be there.
            sealed: whether gateways must not be able to read the answer's blob.

        Raises:
            Unreachable: no answer came.
            Refused: the other side does not do it.
            SealError: the answer's blob was not sealed for this request.
        """
        box = Sealed() if sealed else None
        given: dict[str, Any] = {"arguments": dict(arguments), "method": method}
        if box is not None:
            given["seal"] = box.public.hex()
        deadline = time.monotonic() + seconds
        answer = await self._exchange(to, method, given, blob, deadline, presence)
        if "refused" in answer.arguments:
            raise Refused(str(answer.arguments["refused"]), str(answer.arguments.get("detail", "")))
        ok = answer.arguments.get("ok")
        if not isinstance(ok, Mapping):
            raise Refused("bad-answer", f"{_name(to)} answered neither yes nor no to {method}")
        return Answer(ok, box.open(answer.blob) if box is not None and answer.blob else answer.blob)

    async def _exchange(
        self,
        to: bytes,
        method: str,
        arguments: Mapping[str, Any],
        blob: bytes,
        deadline: float,
        presence: float,
    ) -> Message:
        why = "it is not connected"
        while (left := deadline - time.monotonic()) > 0:
            peer = self._present.get(to)
            if peer is None or not peer.links:
                if not await self.wait_for(to, min(left, presence)):
                    break
                continue
            message = self._sign(Kind.REQUEST, to, peer.boot, arguments, blob)
            pending = _Pending(to, asyncio.get_running_loop().create_future())
            self._pending[message.digest] = pending
            try:
                data = message.to_bytes()
                for number in sorted(peer.links):
                    if await self._links[number].send(data):
                        break
                else:
                    why = "the connection to the gateway broke"
                    await asyncio.sleep(0.1)
                    continue
                return await asyncio.wait_for(pending.future, max(0.0, deadline - time.monotonic()))
            except _NotDelivered as bad:
                why = str(bad)
                await asyncio.sleep(0.1)
            except _Lost as bad:
                why = str(bad)
                break
            except TimeoutError:
                why = "no answer came in time"
                break
            finally:
                self._pending.pop(message.digest, None)
        raise Unreachable(f"{_name(to)} did not answer {method}: {why}")

    def _sign(
        self, kind: Kind, to: bytes, context: bytes, arguments: Mapping[str, Any], blob: bytes = b""
    ) -> Message:
        # By the clock, so that a restart goes on above where it was.
        self._number = max(self._number + 1, time.time_ns() // 1_000)
        return Message.sign(
            self._key,
            kind,
            to=to,
            context=context,
            number=self._number,
            at=self._now(),
            arguments=arguments,
            blob=blob,
        )

    # -- what comes in

    def _make_link(self, number: int, urls: Sequence[str], context: ssl.SSLContext | None) -> Link:
        async def on_message(data: bytes) -> None:
            await self._received(number, data)

        async def on_control(word: dict[str, Any]) -> None:
            await self._told(number, word)

        def on_state(up: bool) -> None:
            if not up:
                for key in list(self._present):
                    self._gone(number, key)
            self._spawn(self._notify())

        return Link(urls, self._greet, on_message, on_control, on_state, context)

    def _greet(self, challenge: bytes) -> bytes:
        arguments: dict[str, Any] = {"boot": self._boot.hex(), "role": self._role.value}
        if self.node is not None:
            arguments["node"] = _name(self.node)
        return self._sign(Kind.HELLO, GATEWAY, challenge, arguments).to_bytes()

    async def _received(self, number: int, data: bytes) -> None:
        try:
            message = Message.from_bytes(data)
        except MessageError as bad:
            _log.warning("a gateway passed on what is no message: %s", bad)
            return
        if message.kind is Kind.HELLO:
            await self._announced(number, message)
        elif message.to != self.address:
            _log.warning("a gateway passed on a message for somebody else")
        elif message.kind is Kind.ANSWER:
            pending = self._pending.get(message.context)
            if pending is not None and pending.to == message.sender and not pending.future.done():
                pending.future.set_result(message)
        else:
            self._requested(number, message)

    async def _announced(self, number: int, message: Message) -> None:
        try:
            role = Role(message.arguments["role"])
            boot = bytes.fromhex(message.arguments["boot"])
            node = message.arguments.get("node")
            named = _address(node) if node is not None else None
        except (KeyError, ValueError, TypeError):
            _log.warning("a greeting that cannot be read was passed on")
            return
        async with self._changed:
            known = self._present.get(message.sender)
            if known is None or known.boot != boot:
                known = self._present[message.sender] = _Present(role, boot, named)
            known.node = named
            known.links.add(number)
            self._changed.notify_all()

    async def _told(self, number: int, word: Mapping[str, Any]) -> None:
        for text in _texts(word.get("gone")):
            with contextlib.suppress(ValueError):
                self._gone(number, _address(text))
        if isinstance(digest := word.get("undelivered"), str):
            with contextlib.suppress(ValueError):
                pending = self._pending.get(bytes.fromhex(digest))
                if pending is not None and not pending.future.done():
                    peer = self._present.get(pending.to)
                    if peer is not None:
                        peer.links.discard(number)
                    pending.future.set_exception(_NotDelivered(_printable(str(word.get("why")), 200)))

    def _gone(self, number: int, key: bytes) -> None:
        """A gateway has lost a peer, or this peer has lost the gateway."""
        peer = self._present.get(key)
        if peer is None or number not in peer.links:
            return
        peer.links.discard(number)
        if not peer.links:
            for pending in self._pending.values():
                if pending.to == key and not pending.future.done():
                    pending.future.set_exception(_Lost("its connection ended before it answered"))

    def _requested(self, number: int, message: Message) -> None:
        if message.context != self._boot or message.number <= self._numbers.get(message.sender, -1):
            _log.warning("a request of %s came again, or for an earlier boot", _name(message.sender))
            return
        if len(self._numbers) >= _ASKERS and message.sender not in self._numbers:
            # Keys cost nothing; those of the oldest, which no gateway announces any more, are forgotten.
            self._numbers.pop(next(iter(self._numbers)))
        self._numbers[message.sender] = message.number
        if self._busy[message.sender] >= _WAITING:
            refusal = {"detail": "too many requests wait for an answer", "refused": "busy"}
            self._spawn(self._answer(number, message, refusal))
            return
        self._busy[message.sender] += 1
        self._spawn(self._handle(number, message))

    async def _handle(self, number: int, message: Message) -> None:
        sender = message.sender
        gate = self._gates.setdefault(sender, asyncio.Semaphore(_AT_ONCE))
        try:
            async with gate:
                arguments, blob = await self._handled(message)
            await self._answer(number, message, arguments, blob)
        finally:
            self._busy[sender] -= 1
            if not self._busy[sender]:
                del self._busy[sender], self._gates[sender]

    async def _handled(self, message: Message) -> tuple[Mapping[str, Any], bytes]:
        try:
            method, given = message.arguments.get("method"), message.arguments.get("arguments")
            if not isinstance(method, str) or not isinstance(given, Mapping):
                raise Refused("bad-request", "a request names a method and has arguments")
            if self._handler is None:
                raise Refused("no-such-method", "this peer answers nothing")
            answer = await self._handler(Request(message.sender, method, given, message.blob))
            blob = answer.blob
            if isinstance(asker := message.arguments.get("seal"), str):
                blob = seal(bytes.fromhex(asker), blob)
            return {"ok": dict(answer.arguments)}, blob
        except Refused as bad:
            return {"detail": bad.detail, "refused": bad.kind}, b""
        except IonetError as bad:
            return {"detail": _printable(str(bad), 2_000), "refused": type(bad).__name__}, b""
        except (KeyError, TypeError, ValueError) as bad:
            _log.warning("a request of %s", _name(message.sender), exc_info=bad)
            return {"detail": f"the request's arguments: {bad!r}"[:300], "refused": "bad-request"}, b""
        except Exception as bad:
            _log.error("a request of %s failed", _name(message.sender), exc_info=bad)
            return {"detail": f"{type(bad).__name__}", "refused": "failed"}, b""

    async def _answer(
        self, number: int, message: Message, arguments: Mapping[str, Any], blob: bytes = b""
    ) -> None:
        try:
            answer = self._sign(Kind.ANSWER, message.sender, message.digest, arguments, blob)
        except (MessageError, CanonicalError) as bad:
            refusal = {"detail": str(bad)[:300], "refused": "too-large"}
            answer = self._sign(Kind.ANSWER, message.sender, message.digest, refusal)
        await self._links[number].send(answer.to_bytes())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _spawn(self, work: Any, name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _NotDelivered(Exception):
    """The gateway could not pass a request on."""


class _Lost(Exception):
    """Whether a request was answered is not known."""


def _address(text: str) -> bytes:
    return bytes(Pubkey.from_string(text))


def _texts(value: object) -> Iterable[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _name(key: bytes) -> str:
    return str(Pubkey(key))


def _printable(text: str, most: int) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text[:most])
