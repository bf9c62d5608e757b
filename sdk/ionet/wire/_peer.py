"""A peer of the network: asks others, and answers them, through gateways that it need not trust."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.formats.canonical import CanonicalError
from ionet.wire._link import GatewayFaulty, Link
from ionet.wire._message import GATEWAY, Kind, Message, MessageError
from ionet.wire._numbers import Numbers
from ionet.wire._seal import Sealed, seal

_log = logging.getLogger(__name__)
#: Requests of one asker that are answered at once, and those that wait.
_AT_ONCE: Final = 4
_WAITING: Final = 32
#: Requests and bytes of all askers that wait, by whether one of theirs was ever done: keys cost nothing.
_ROOM: Final = {True: (512, 64 << 20), False: (64, 16 << 20)}
#: Refusals that wait to be sent; more are not sent at all.
_REFUSALS: Final = 64
#: Askers whose numbers are remembered, of each kind.
_ASKERS: Final = 10_000
#: Peers that one gateway may announce, by what this peer is.
_ANNOUNCED: Final = {"agent": 1_024, "renter": 1_024, "seat": 32_768}
#: Messages a second that are taken from one gateway, and how many at once.
_RATE: Final = {"agent": (200.0, 2_000.0), "renter": (200.0, 2_000.0), "seat": (5_000.0, 100_000.0)}
#: Times that one request is sent, as gateways may say that they could not deliver it.
_TRIES: Final = 5
#: Seconds between two questions for a peer that is not announced.
_FIND: Final = 2.0
#: Seconds that an answer waits for a connection.
_MOMENT: Final = 3.0
#: The refusal of a request for an earlier boot, which was not read.
_OTHER_BOOT: Final = "other-boot"
#: The refusal of a request whose number is not above those that came; it names a context to go on in.
_OLD_NUMBER: Final = "old-number"
#: Seconds for which a way to a peer that did not answer comes last.
_DOUBT: Final = 60.0


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
class _Way:
    """What one gateway has last announced of a peer: which may be one of its lives that is over.

    Attributes:
        number: of its greeting.
        doubt: until when it comes after other ways.
    """

    role: Role
    boot: bytes
    node: bytes | None
    number: int
    doubt: float = 0.0


@dataclass(slots=True)
class _Present:
    """Another peer, by the links to gateways that have it; there is one at least."""

    links: dict[int, _Way] = field(default_factory=dict)

    @property
    def newest(self) -> _Way:
        return max(self.links.values(), key=lambda way: way.number)


@dataclass(slots=True, eq=False)
class _Pending:
    """A request of this peer's.

    Attributes:
        boot: the other peer's, as it was announced when the request was signed.
    """

    to: bytes
    link: int
    future: asyncio.Future[Message]
    boot: bytes = b""


class Peer:
    """One key at one or more gateways.

    Use it as an asynchronous context manager; inside, it is connected or trying to be.

    Args:
        key: signs.
        role: what it is.
        gateways: lists of URLs as `gateway_urls` makes them: one connection for each list, to a gateway of
            it. An agent has one list, of which it takes one by its key, and another while that does not
            answer; whoever asks agents has a list for each gateway, to reach all of them.
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
        self._links = [
            self._make_link(number, spread(self.address, urls), context)
            for number, urls in enumerate(gateways)
        ]
        self._present: dict[bytes, _Present] = {}
        self._announced_by: Counter[int] = Counter()
        self._pending: dict[bytes, _Pending] = {}
        #: Contexts that others named instead of their boot, with the boot that they had.
        self._contexts: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()
        #: By whether a request of theirs was ever done: strangers push out strangers.
        self._numbers: dict[bool, OrderedDict[bytes, Numbers]] = {True: OrderedDict(), False: OrderedDict()}
        #: The highest number of those who were forgotten.
        self._forgotten = -1
        self._work: dict[bool, list[int]] = {True: [0, 0], False: [0, 0]}
        self._refusals = 0
        self._busy: Counter[bytes] = Counter()
        self._gates: dict[bytes, asyncio.Semaphore] = {}
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        #: Called with a gateway's URL, a job and a name: a renter waits there for a stream to this agent.
        self.on_stream: Callable[[str, str, str], None] = lambda url, job, name: None

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

    @property
    def in_turn(self) -> bool:
        """Whether another process of its key is connected now, and this one will be in some seconds."""
        return any(link.in_turn for link in self._links)

    def present(self, role: Role) -> dict[bytes, bytes | None]:
        """The peers of a role that gateways have announced: key to node. Announced is not proved."""
        newest = {key: peer.newest for key, peer in self._present.items()}
        return {key: way.node for key, way in newest.items() if way.role is role}

    async def wait_for(self, key: bytes, seconds: float) -> bool:
        """Waits until a peer is there; returns whether it is."""

        def there() -> bool:
            return key in self._present

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
        for link in self._links:
            link.redial()

    def leave(self) -> None:
        """Goes to other gateways than the present ones, where there are any."""
        for link in self._links:
            link.leave()

    def _dial(self) -> None:
        for number, link in enumerate(self._links):
            self._spawn(link.run(), f"link {number}")

    async def find(self, key: bytes) -> None:
        """Asks the gateways for a peer; it is announced if it is there."""
        word = f'{{"find":"{_name(key)}"}}'
        await asyncio.gather(*(link.send(lambda: word) for link in self._links))

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

        It may be done twice: it is signed anew where a gateway says that it could not deliver it, or the
        other side that it was for an earlier boot or context, and only honest gateways have not lied.

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
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(min(0.1 * 2**attempt, max(0.0, deadline - time.monotonic())))
            if not await self._found(to, min(deadline, time.monotonic() + presence)):
                break
            for number in self._ways(to):
                pending = _Pending(to, number, asyncio.get_running_loop().create_future())
                try:
                    async with asyncio.timeout_at(_loop_time(deadline)):
                        answer = await self._once(pending, arguments, blob)
                    if answer is not None:
                        return answer
                    why = "the connection to the gateway broke"
                except _NotDelivered as bad:
                    why = str(bad)
                    self._lose(number, to)
                except _Restarted:
                    why = "it has been restarted"
                    self._lose(number, to)
                except _OldNumber:
                    why = "it takes this clock for one that was set back"
                except _Lost as bad:
                    raise Unreachable(f"{_name(to)} did not answer {method}: {bad}") from None
                except TimeoutError:
                    if (peer := self._present.get(to)) is not None and number in peer.links:
                        peer.links[number].doubt = time.monotonic() + _DOUBT
                    raise Unreachable(
                        f"{_name(to)} did not answer {method}: no answer came in time"
                    ) from None
        raise Unreachable(f"{_name(to)} did not answer {method}: {why}")

    async def _found(self, to: bytes, deadline: float) -> bool:
        """Waits until a peer is announced, and asks for it meanwhile."""
        while not self._ways(to):
            if (left := deadline - time.monotonic()) <= 0:
                return False
            await self.find(to)
            await self.wait_for(to, min(left, _FIND))
        return True

    def _ways(self, to: bytes) -> list[int]:
        """The links to a peer: those that have not failed lately first, and of them its newest greeting's."""
        peer, now = self._present.get(to), time.monotonic()
        ways = [] if peer is None else list(peer.links.items())
        return [link for link, way in sorted(ways, key=lambda it: (max(it[1].doubt, now), -it[1].number))]

    async def _once(self, pending: _Pending, arguments: Mapping[str, Any], blob: bytes) -> Message | None:
        """Sends a request over one link, and returns the answer; None: it could not be sent."""
        digest = b""

        def make() -> bytes:
            nonlocal digest
            peer = self._present.get(pending.to)
            if peer is None or (way := peer.links.get(pending.link)) is None:
                raise _NotDelivered("its connection ended")
            boot, named = self._contexts.get(pending.to, (b"", b""))
            pending.boot, context = way.boot, named if boot == way.boot else way.boot
            message = self._sign(Kind.REQUEST, pending.to, context, arguments, blob)
            digest = message.digest
            self._pending[digest] = pending
            return message.to_bytes()

        try:
            if not await self._links[pending.link].send(make):
                return None
            answer = await pending.future
        finally:
            self._pending.pop(digest, None)
        refused = answer.arguments.get("refused")
        if refused == _OTHER_BOOT:
            self._contexts.pop(pending.to, None)
            raise _Restarted
        if refused == _OLD_NUMBER:
            self._go_on(pending, answer.arguments.get("context"))
            raise _OldNumber
        return answer

    def _go_on(self, pending: _Pending, named: object) -> None:
        """Takes the context that another peer has named for what it is asked next; none: its boot."""
        self._contexts.pop(pending.to, None)
        if isinstance(named, str) and len(named) == 64:
            with contextlib.suppress(ValueError):
                self._contexts[pending.to] = pending.boot, bytes.fromhex(named)
            if len(self._contexts) > _ASKERS:
                self._contexts.popitem(last=False)

    def _sign(
        self, kind: Kind, to: bytes, context: bytes, arguments: Mapping[str, Any], blob: bytes = b""
    ) -> Message:
        # By the clock, so that a restart goes on above where it was; where it was set back, see `Numbers`.
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
                for key in [key for key, peer in self._present.items() if number in peer.links]:
                    self._gone(number, key)
            self._spawn(self._notify())

        rate, burst = _RATE[self._role]
        return Link(
            urls,
            self._greet,
            on_message,
            on_control,
            on_state,
            context,
            rate=rate,
            burst=burst,
            shared=self._role is Role.RENTER,
        )

    def _greet(self, challenge: bytes, gateway: str) -> bytes:
        # It names the gateway, or one could greet another with the greetings that it gets.
        arguments: dict[str, Any] = {
            "boot": self._boot.hex(),
            "gateway": gateway,
            "role": self._role.value,
        }
        if self.node is not None:
            arguments["node"] = _name(self.node)
        return self._sign(Kind.HELLO, GATEWAY, challenge, arguments).to_bytes()

    async def _received(self, number: int, data: bytes) -> None:
        try:
            message = Message.from_bytes(data)
        except MessageError as bad:
            # Gateways check what they pass on.
            raise GatewayFaulty(f"it passed on what is no message: {bad}") from None
        if message.kind is Kind.HELLO:
            await self._announced(number, message)
        elif message.to != self.address:
            raise GatewayFaulty("it passed on a message for somebody else")
        elif message.kind is Kind.ANSWER:
            pending = self._pending.get(message.context)
            if pending is not None and pending.to == message.sender and not pending.future.done():
                pending.future.set_result(message)
        else:
            self._requested(number, message, len(data))

    async def _announced(self, number: int, message: Message) -> None:
        try:
            role = Role(message.arguments["role"])
            boot = bytes.fromhex(message.arguments["boot"])
            node = message.arguments.get("node")
            named = _address(node) if node is not None else None
        except (KeyError, ValueError, TypeError):
            raise GatewayFaulty("it passed on a greeting that cannot be read") from None
        if len(boot) != 32 or message.sender == self.address:
            raise GatewayFaulty("it passed on a greeting that is none")
        async with self._changed:
            known = self._present.get(message.sender) or _Present()
            if number not in known.links:
                if self._announced_by[number] >= _ANNOUNCED[self._role]:
                    _log.warning("a gateway announces more peers than there can be")
                    return
                self._announced_by[number] += 1
            # Whoever keeps old greetings tells of old lives over this link alone.
            known.links[number] = _Way(role, boot, named, message.number)
            self._present[message.sender] = known
            self._changed.notify_all()

    async def _told(self, number: int, word: Mapping[str, Any]) -> None:
        for text in _texts(word.get("gone")):
            with contextlib.suppress(ValueError):
                self._gone(number, _address(text))
        match word.get("stream"):
            case [str(job), str(name)] if (url := self._links[number].url) is not None:
                self.on_stream(url, job, name)
        if isinstance(digest := word.get("undelivered"), str):
            with contextlib.suppress(ValueError):
                pending = self._pending.get(bytes.fromhex(digest))
                # Of what another gateway carries, this one knows nothing.
                if pending is not None and pending.link == number and not pending.future.done():
                    pending.future.set_exception(_NotDelivered(_printable(str(word.get("why")), 200)))

    def _lose(self, number: int, key: bytes) -> None:
        """A peer is not to be reached over a link."""
        peer = self._present.get(key)
        if peer is not None and peer.links.pop(number, None) is not None:
            self._announced_by[number] -= 1
            if not peer.links:
                del self._present[key]

    def _gone(self, number: int, key: bytes) -> None:
        """A gateway has lost a peer, or this peer has lost the gateway."""
        if (peer := self._present.get(key)) is None or number not in peer.links:
            return
        self._lose(number, key)
        if key not in self._present:
            for pending in self._pending.values():
                if pending.to == key and not pending.future.done():
                    pending.future.set_exception(_Lost("its connection ended before it answered"))

    def _requested(self, number: int, message: Message, size: int) -> None:
        sender = message.sender
        trusted = sender in self._numbers[True]
        known = self._numbers[trusted].get(sender)
        if message.context != self._boot and (known is None or not known.goes_on_in(message.context)):
            self._refuse(number, message, {"detail": "it is for an earlier boot", "refused": _OTHER_BOOT})
            return
        if not self._is_new(number, message, self._remembered(sender, trusted)):
            return
        waiting, octets = self._work[trusted]
        most, most_octets = _ROOM[trusted]
        if self._busy[sender] >= _WAITING or waiting >= most or octets + size > most_octets:
            busy = {"detail": "too many requests wait for an answer", "refused": "busy"}
            self._refuse(number, message, busy)
            return
        self._busy[sender] += 1
        self._work[trusted][0] += 1
        self._work[trusted][1] += size
        self._spawn(self._handle(number, message, trusted, size))

    def _is_new(self, number: int, message: Message, numbers: Numbers) -> bool:
        """Whether a request has not come before. Where that cannot be told, its sender hears how to go on."""
        over = not numbers.goes_on_in(message.context)
        if not over and numbers.take(message.number):
            return True
        _log.warning("a request of %s came again, or its clock was set back", _name(message.sender))
        if over or numbers.is_old(message.number):
            context = numbers.context if over else numbers.offer()
            detail = "its number is below those that came"
            refusal = {"context": context.hex(), "detail": detail, "refused": _OLD_NUMBER}
            self._refuse(number, message, refusal)
        return False

    def _remembered(self, sender: bytes, trusted: bool) -> Numbers:
        known = self._numbers[trusted]
        numbers = known.get(sender)
        if numbers is None:
            numbers = known[sender] = Numbers(self._boot, self._forgotten)
            self._forget(known)
        known.move_to_end(sender)
        return numbers

    def _forget(self, known: OrderedDict[bytes, Numbers]) -> None:
        """Forgets whom it has not heard for longest, but for a number below which nobody is believed."""
        while len(known) > _ASKERS:
            _, numbers = known.popitem(last=False)
            self._forgotten = max(self._forgotten, numbers.highest)

    def _refuse(self, number: int, message: Message, refusal: Mapping[str, Any]) -> None:
        if self._refusals < _REFUSALS:
            self._refusals += 1
            self._spawn(self._refused(number, message, refusal))

    async def _refused(self, number: int, message: Message, refusal: Mapping[str, Any]) -> None:
        try:
            await self._answer(number, message, refusal)
        finally:
            self._refusals -= 1

    async def _handle(self, number: int, message: Message, trusted: bool, size: int) -> None:
        sender = message.sender
        gate = self._gates.setdefault(sender, asyncio.Semaphore(_AT_ONCE))
        try:
            async with gate:
                arguments, blob = await self._handled(message)
            if "ok" in arguments and (numbers := self._numbers[False].pop(sender, None)) is not None:
                self._numbers[True][sender] = numbers
                self._forget(self._numbers[True])
            await self._answer(number, message, arguments, blob)
        finally:
            self._work[trusted][0] -= 1
            self._work[trusted][1] -= size
            self._busy[sender] -= 1
            if not self._busy[sender]:
                del self._busy[sender]
                self._gates.pop(sender, None)

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
        def make() -> bytes:
            try:
                answer = self._sign(Kind.ANSWER, message.sender, message.digest, arguments, blob)
            except (MessageError, CanonicalError) as bad:
                refusal = {"detail": str(bad)[:300], "refused": "too-large"}
                answer = self._sign(Kind.ANSWER, message.sender, message.digest, refusal)
            return answer.to_bytes()

        # The way that it came, or another one while that is down, or the next gateway in a moment.
        for _ in range(2):
            for link in (number, *(other for other in range(len(self._links)) if other != number)):
                if await self._links[link].send(make):
                    return
            await self.wait_connected(_MOMENT)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _spawn(self, work: Any, name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def spread(key: bytes, urls: Sequence[str]) -> list[str]:
    """Returns gateways in the order in which a peer tries them: each peer has an order of its own.

    It is that of sha256 over key and URL (rendezvous hashing): load spreads evenly, and when a gateway is
    added or goes, only those peers move that come to it or were there.
    """
    return sorted(urls, key=lambda url: sha256(key + url.encode()).digest())


def _loop_time(deadline: float) -> float:
    """A deadline of `time.monotonic` as the loop counts."""
    return asyncio.get_running_loop().time() + deadline - time.monotonic()


class _NotDelivered(Exception):
    """The gateway could not pass a request on."""


class _Restarted(Exception):
    """The request was for what the other side was before a restart, or before it forgot this sender."""


class _OldNumber(Exception):
    """The request's number was below others of this sender, as after its clock was set back."""


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
