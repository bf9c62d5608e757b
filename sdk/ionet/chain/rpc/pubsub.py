"""Subscriptions to the local network: methods, notifications and errors of a node's websocket."""

# ruff: noqa: N802

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from solders.account import Account
from solders.pubkey import Pubkey

from ionet.chain.errors import RpcError
from ionet.chain.ids import CLOCK, SLOT_HASHES
from ionet.chain.rpc import methods
from ionet.chain.rpc.embedded import EmbeddedChain
from ionet.chain.rpc.parameters import PARSE_ERROR, checked, invalid, parsed, refusing, request_id
from ionet.chain.rpc.types import Json, TransactionRecord

#: Messages and bytes that may wait for a reader; with more of them it is too slow, and its session ends.
QUEUE_LIMIT: Final = 10_000
BYTES_LIMIT: Final = 64 << 20
#: Subscriptions of one connection.
SUBSCRIPTIONS_LIMIT: Final = 1_000
_VOTE: Final = "Vote111111111111111111111111111111111111111"
_TOO_LARGE: Final = "error: data too large for bs58 encoding"
_GONE: Final = Account(0, b"", Pubkey.default(), False, 0)

Config = Mapping[str, Any]
#: A kind of subscription, and what it is about: an address, a signature, or nothing.
_Topic = tuple[str, str]


@dataclass(slots=True)
class _Subscription:
    number: int
    topic: _Topic
    session: Session
    config: Config = field(default_factory=dict)
    tests: Sequence[Callable[[bytes], bool]] = ()

    def notify(self, result: Json) -> None:
        """Writes a notification."""
        params = {"result": result, "subscription": self.number}
        self.session.put({"jsonrpc": "2.0", "method": f"{self.topic[0]}Notification", "params": params})

    def shown(self, account: Account) -> Json:
        """An account as the subscriber wants it."""
        try:
            return methods._account(account, self.config)
        except RpcError:
            plain = methods._account(Account(account.lamports, b"", account.owner, account.executable, 0), {})
            text = [_TOO_LARGE, "base58"] if self.config.get("encoding") == "base58" else _TOO_LARGE
            return {**plain, "data": text, "space": len(account.data)}


class Session:
    """One reader of a network's notifications, with what waits for it.

    Attributes:
        closed: it reads no more, or was too slow.
    """

    def __init__(self, hub: Hub, wake: Callable[[], None]) -> None:
        self.closed = False
        self._hub = hub
        self._wake = wake
        self._waiting: deque[str] = deque()
        # Each has one writer: whoever holds the network's lock, and the reader.
        self._bytes_in = self._bytes_out = 0
        self.subscriptions: dict[int, _Subscription] = {}

    def put(self, message: Json) -> None:
        """Adds a message for the reader, or ends the session if too many wait already."""
        if self.closed:
            return
        text = json.dumps(message)
        self._waiting.append(text)
        self._bytes_in += len(text)
        if len(self._waiting) > QUEUE_LIMIT or self._bytes_in - self._bytes_out > BYTES_LIMIT:
            self.close()
        else:
            self._wake()

    def take(self) -> str | None:
        """The next message, or None."""
        try:
            text = self._waiting.popleft()
        except IndexError:
            return None
        self._bytes_out += len(text)
        return text

    def handle(self, text: str | bytes) -> None:
        """Takes a request, or a batch of them; the response is put with the other messages."""
        try:
            request, error = parsed(text), None
        except ValueError:
            request, error = None, dict(PARSE_ERROR)
        with self._hub.network._lock:
            if error is not None:
                self.put(error)
                return
            if isinstance(request, list) and request:
                responses: list[Json] = []
                after = [self._respond(single, responses.append) for single in request]
                self.put(responses)
            else:
                after = [self._respond(request, self.put)]
            for follow_up in after:
                follow_up()

    def _respond(self, request: Json, put: Callable[[Json], None]) -> Callable[[], None]:
        """Responds; returns what comes after the response."""
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            put({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid request"}})
            return _nothing
        response: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id(request)}
        after = _nothing
        try:
            response["result"], after = self._called(request["method"], request.get("params"))
        except RpcError as bad:
            response["error"] = {"code": bad.code, "message": bad.message}
        put(response)
        return after

    def _called(self, method: str, params: Any) -> tuple[Json, Callable[[], None]]:
        function = _METHODS.get(method)
        if function is None:
            raise RpcError(methods.METHOD_NOT_FOUND, "Method not found", method=method)
        values = checked(function, () if params is None else params)
        with refusing():
            return function(self, *values)

    def add(
        self, kind: str, about: str = "", config: Config | None = None, tests: Sequence[Any] = ()
    ) -> _Subscription:
        """Begins a subscription."""
        if len(self.subscriptions) >= SUBSCRIPTIONS_LIMIT:
            raise RpcError(-32603, "Internal error: too many subscriptions")
        subscription = _Subscription(next(self._hub.numbers), (kind, about), self, config or {}, tests)
        self.subscriptions[subscription.number] = subscription
        self._hub.topics[subscription.topic].append(subscription)
        return subscription

    def remove(self, subscription: _Subscription) -> None:
        """Ends a subscription."""
        self.subscriptions.pop(subscription.number, None)
        others = self._hub.topics[subscription.topic]
        if subscription in others:
            others.remove(subscription)
        if not others:
            del self._hub.topics[subscription.topic]

    def close(self) -> None:
        """Ends it, with all its subscriptions."""
        self.closed = True
        with self._hub.network._lock:
            for subscription in list(self.subscriptions.values()):
                self.remove(subscription)
        self._wake()


def _nothing() -> None:
    pass


class Hub:
    """Tells sessions what happens on a network; see `Observer`."""

    def __init__(self, network: EmbeddedChain) -> None:
        self.network = network
        self.numbers = count()
        self.topics: defaultdict[_Topic, list[_Subscription]] = defaultdict(list)

    def open(self, wake: Callable[[], None]) -> Session:
        """A new session."""
        return Session(self, wake)

    def about(self, kind: str, subject: str = "") -> tuple[_Subscription, ...]:
        """The subscriptions to something."""
        return tuple(self.topics.get((kind, subject), ()))

    def context(self, slot: int, value: Json) -> Json:
        """A value with its slot, as notifications have it."""
        return {"context": {"slot": slot}, "value": value}

    def landed(self, record: TransactionRecord) -> None:
        """See `Observer`."""
        if not self.topics:
            return
        for address in _written(record):
            self._account(address, record.slot)
        self._logs(record)
        for subscription in self.about("signature", record.signature):
            self.confirm(subscription, record)

    def wrote(self, address: Pubkey) -> None:
        """See `Observer`."""
        if self.topics:
            self._account(address, self.network.clock.slot)

    def moved(self) -> None:
        """See `Observer`."""
        if not self.topics:
            return
        slot = self.network.clock.slot
        for subscription in self.about("slot"):
            self.slot(subscription)
        for subscription in self.about("root"):
            subscription.notify(slot - 1)
        for sysvar in (CLOCK, SLOT_HASHES):
            if self.about("account", str(sysvar)):
                self._account(sysvar, slot)

    def slot(self, subscription: _Subscription) -> None:
        """Tells the slot."""
        slot = self.network.clock.slot
        subscription.notify({"parent": slot - 1, "root": slot - 1, "slot": slot})

    def confirm(self, subscription: _Subscription, record: TransactionRecord) -> None:
        """Tells that a transaction landed, which ends the subscription."""
        if subscription.config.get("enableReceivedNotification"):
            subscription.notify(self.context(record.slot, "receivedSignature"))
        subscription.notify(self.context(record.slot, {"err": record.error}))
        subscription.session.remove(subscription)

    def _account(self, address: Pubkey, slot: int) -> None:
        key = str(address)
        account = self.network.account(address)
        for subscription in self.about("account", key):
            subscription.notify(self.context(slot, subscription.shown(account or _GONE)))
        if account is None:
            return  # it no longer belongs to a program whose subscribers could be notified
        programs = self.about("program", str(account.owner))
        data = bytes(account.data) if programs else b""
        for subscription in programs:
            if all(test(data) for test in subscription.tests):
                subscription.notify(
                    self.context(slot, {"pubkey": key, "account": subscription.shown(account)})
                )

    def _logs(self, record: TransactionRecord) -> None:
        value = {"signature": record.signature, "err": record.error, "logs": record.logs}
        subscribers = [*self.about("logs", "allWithVotes")]
        if _VOTE not in record.keys:
            subscribers += self.about("logs", "all")
        for key in dict.fromkeys(record.keys):
            subscribers += self.about("logs", key)
        for subscription in subscribers:
            subscription.notify(self.context(record.slot, value))


def _written(record: TransactionRecord) -> Iterable[Pubkey]:
    """The accounts that a transaction wrote: all it may write, or who paid if it failed."""
    message = record.transaction.message
    keys = message.account_keys
    if record.error is not None:
        return keys[:1]
    head = message.header
    signers = head.num_required_signatures
    signing = keys[: signers - head.num_readonly_signed_accounts]
    others = keys[signers : len(keys) - head.num_readonly_unsigned_accounts]
    return dict.fromkeys([*signing, *others, *map(Pubkey.from_string, record.loaded[0])])


# --- the methods: each returns its result, and what to send right after it ---------------------

_Result = tuple[Json, Callable[[], None]]
_METHODS: Final[dict[str, Callable[..., _Result]]] = {}


def _method(function: Callable[..., _Result]) -> Callable[..., _Result]:
    _METHODS[function.__name__] = function
    return function


def _config(value: Any) -> Config:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid("Invalid params: expected a map as configuration.")
    methods._account(_GONE, value)  # refuses encodings that accounts do not have
    return value


@_method
def accountSubscribe(session: Session, address: str, config: Config | None = None) -> _Result:
    subscription = session.add("account", str(methods._key(address)), _config(config))
    return subscription.number, _nothing


@_method
def programSubscribe(session: Session, program: str, config: Config | None = None) -> _Result:
    key, chosen = str(methods._key(program)), _config(config)
    filters = chosen.get("filters") or []
    if len(filters) > 4:
        raise invalid("Too many filters provided; max 4")
    subscription = session.add("program", key, chosen, [methods._filter(entry) for entry in filters])
    return subscription.number, _nothing


@_method
def logsSubscribe(session: Session, which: Any, config: Config | None = None) -> _Result:
    if config is not None and not isinstance(config, Mapping):
        raise invalid("Invalid params: expected a map as configuration.")
    match which:
        case "all" | "allWithVotes":
            about = str(which)
        case {"mentions": [str(address)]}:
            about = str(methods._key(address))
        case {"mentions": [*_]}:
            raise invalid("Invalid Request: Only 1 address supported")
        case _:
            raise invalid("Invalid params: expected `all`, `allWithVotes` or `mentions`.")
    return session.add("logs", about).number, _nothing


@_method
def signatureSubscribe(session: Session, signature: str, config: Config | None = None) -> _Result:
    text = methods._signature(signature)
    subscription = session.add("signature", text, config if isinstance(config, Mapping) else {})
    record = session._hub.network.transaction(text)
    if record is None:
        return subscription.number, _nothing
    landed = record
    return subscription.number, lambda: session._hub.confirm(subscription, landed)


@_method
def slotSubscribe(session: Session) -> _Result:
    subscription = session.add("slot")
    # The clock may stand still, so the present slot is reported at once.
    return subscription.number, lambda: session._hub.slot(subscription)


@_method
def rootSubscribe(session: Session) -> _Result:
    return session.add("root").number, _nothing


def _unsubscribing(kind: str) -> Callable[..., _Result]:
    def unsubscribe(session: Session, number: int) -> _Result:
        subscription = session.subscriptions.get(number)
        if subscription is None or subscription.topic[0] != kind:
            raise invalid("Invalid subscription id.")
        session.remove(subscription)
        return True, _nothing

    return unsubscribe


for _kind in ("account", "program", "logs", "signature", "slot", "root"):
    _METHODS[f"{_kind}Unsubscribe"] = _unsubscribing(_kind)
