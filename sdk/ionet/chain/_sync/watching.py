# Generated from chain/_async/watching.py by scripts/codegen; do not edit.
"""Watching accounts, events and signatures: by subscription where the node offers it, otherwise by polling.

Each watch has a connection of its own. It first subscribes, then reads; there is no gap between the two once
it has read in a slot that the node announced after the subscription. After each reconnection it reads again.
For transactions, notifications only say that there is something to look up.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, Self, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from ionet.chain._sync import send as sending
from ionet.chain._sync.reader import Reader
from ionet.chain.errors import IonetError, RpcError, TransactionFailed, TransactionNotShown, TransportError
from ionet.chain.events import EmittedEvent
from ionet.chain.following import (
    PAGE,
    AccountChange,
    Backoff,
    LatestStates,
    SeenTransactions,
    SignatureStatus,
    WatchedEvent,
    WatchSettings,
    matcher,
)
from ionet.chain.records import UNREADABLE, decoded, shaped, whole
from ionet.chain.rpc.sockets import Socket, SocketClosed, Sockets, has_socket
from ionet.chain.schema import Account, Event
from ionet.chain.transactions import Sent, raw_account

T = TypeVar("T")
A = TypeVar("A", bound=Account)

_RANK: Final = {"processed": 0, "confirmed": 1, "finalized": 2}
#: Slots, some minutes of them, that announcements may be ahead of the slot last read over HTTP. Beyond them
#: the node is asked again, so that a false slot far ahead does not hide what comes later.
_AHEAD: Final = 512
#: Announcements kept until it has answered.
_HELD: Final = 1_024
#: Seconds for which announcements are gathered before they are looked up.
_GATHER: Final = 0.02


class Watch(Generic[T]):
    """Iterates over changes without end: `for`, inside `with` to control when it begins.

    Nothing is reported twice, or after something newer. What happens while the connection is down is read
    afterwards.

    Args:
        client: asks the node.
        settings: intervals and time limits.

    Attributes:
        trouble: why the node could not be read when it was tried last; None: it could.
        troubled_at: since when that is so, by `time.monotonic`.
    """

    def __init__(self, client: Reader, settings: WatchSettings | None = None) -> None:
        self.trouble: str | None = None
        self.troubled_at = 0.0
        self._client = client
        self._settings = settings or WatchSettings()
        self._ready: deque[T] = deque()
        self._socket: Socket | None = None
        self._began = self._over = False
        self._connecting = Backoff(self._settings.backoff, self._settings.longest)
        self._reading = Backoff(self._settings.backoff, self._settings.longest)
        #: Times by `time.monotonic`: when to connect, read and settle ties next, and when a slot was last
        #: announced.
        self._connect_at = self._read_at = 0.0
        self._settle_at = math.inf
        self._heard_at = 0.0
        #: The last slot announced; the first one of this connection, in or after which to read; the last one
        #: read.
        self._slot: int | None = None
        self._need: int | None = None
        self._read_in = -1
        #: What each subscription of this connection announces, by its number.
        self._numbers: dict[int, str] = {}
        #: The latest slot that the node has named over HTTP, and when it was last asked.
        self._named = -1
        self._named_at = -math.inf
        #: Announcements of slots too far beyond it.
        self._doubted: deque[dict[str, Any]] = deque(maxlen=_HELD)

    # -- what is watched

    def _subscriptions(self) -> list[tuple[str, list[Any]]]:
        """Methods and parameters of the subscriptions."""
        raise NotImplementedError

    def _read(self) -> int:
        """Reads the present state, and reports what is new in it; returns its slot."""
        raise NotImplementedError

    def _notified(self, method: str, result: Any) -> None:
        """Takes a notification."""
        raise NotImplementedError

    # -- iterating

    def begin(self) -> None:
        """Subscribes and reads the present state; iterating does so by itself.

        Raises:
            RpcError, TransportError: the node cannot be read.
        """
        if self._began:
            return
        self._began = True
        try:
            self._connect()
            self._done_reading(self._read())
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        self.begin()
        while not self._ready:
            if self._over:
                raise StopIteration
            self._step()
        return self._ready.popleft()

    def next(self, seconds: float) -> T | None:
        """The next one, or None if nothing happens within these seconds."""
        until = time.monotonic() + seconds
        self.begin()
        while not self._ready and not self._over and time.monotonic() < until:
            self._step(until)
        return self._ready.popleft() if self._ready else None

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the watch; iterating ends after what was already received."""
        self._over = True
        self._drop()

    # -- the connection

    def _connect(self) -> bool:
        """Subscribes; returns whether that worked."""
        if not has_socket(self._client.transport):
            self._connect_at = math.inf
            return False
        try:
            self._socket = Sockets.open(self._client.transport, self._settings.opening)
            self._slot = self._need = None
            self._read_in = -1
            self._numbers.clear()
            self._doubted.clear()
            self._subscribe(self._socket)
        except SocketClosed:
            self._lost()
            return False
        self._heard_at = time.monotonic()
        return True

    def _subscribe(self, socket: Socket) -> None:
        """Sends the subscriptions, that of slots last, and waits until they are confirmed.

        Raises:
            SocketClosed: they are not.
        """
        wanted = [*self._subscriptions(), ("slotSubscribe", [])]
        for number, (method, params) in enumerate(wanted):
            body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            socket.send(json.dumps(body))
        # For example accountSubscribe: accountNotification.
        waiting = {i: method.replace("Subscribe", "Notification") for i, (method, _) in enumerate(wanted)}
        until = time.monotonic() + self._settings.opening
        while waiting:
            left = until - time.monotonic()
            text = socket.recv(left) if left > 0 else None
            if text is None:
                raise SocketClosed("the node does not confirm its subscriptions in time")
            message = _message(text)
            if "error" in message:
                raise SocketClosed(f"the node refuses a subscription: {message['error']}")
            answered, subscription = message.get("id"), message.get("result")
            if "method" in message:
                self._take(message)
            elif type(answered) is not int or answered not in waiting:
                continue
            elif type(subscription) is not int or subscription in self._numbers:
                raise SocketClosed("the node confirms a subscription without a number of its own")
            else:
                self._numbers[subscription] = waiting.pop(answered)

    def _lost(self) -> None:
        """Drops the connection, and plans the next one."""
        self._drop()
        now = time.monotonic()
        self._connect_at = now + self._connecting.pause()
        self._read_at = min(self._read_at, now + self._settings.poll)

    def _drop(self) -> None:
        if (socket := self._socket) is not None:
            self._socket = None
            socket.close()

    # -- working

    def _step(self, until: float = math.inf) -> None:
        """Does what is due next, or waits for it."""
        now = time.monotonic()
        if self._socket is None and now >= self._connect_at:
            if self._connect():
                self._read_at = 0.0
        elif self._doubted and now >= self._named_at + self._settings.poll:
            self._try_asking()
        elif now >= self._read_at:
            self._try_reading()
        elif self._socket is None:
            time.sleep(max(min(self._connect_at, self._read_at, self._settle_at, until) - now, 0.0))
        elif now >= self._heard_at + self._settings.silence:
            self._check_silence()
        else:
            self._listen(self._socket, min(until, self._heard_at + self._settings.silence) - now)

    def _listen(self, socket: Socket, seconds: float) -> None:
        """Takes the next message, or waits until something is due."""
        ask_at = self._named_at + self._settings.poll if self._doubted else math.inf
        left = min(self._read_at, self._settle_at, ask_at) - time.monotonic()
        try:
            text = socket.recv(min(seconds, left))
            if text is not None:
                self._take(_message(text))
        except SocketClosed:
            self._lost()

    def _hear(self) -> None:
        """Takes what was announced until now.

        Raises:
            RpcError, TransportError: the node does not say which slot it is in.
        """
        try:
            while self._socket is not None and (text := self._socket.recv(0.0)) is not None:
                self._take(_message(text))
        except SocketClosed:
            self._lost()
        if self._doubted:
            self._ask_slot()

    def _take(self, message: dict[str, Any]) -> None:
        """Takes a message.

        Raises:
            SocketClosed: it cannot be read.
        """
        if "method" not in message:
            return
        try:
            method, params = message["method"], message["params"]
            number = params["subscription"]
            if type(number) is not int or self._numbers.get(number) != method:
                return
            result = params["result"]
            of_slot = method == "slotNotification"
            slot = whole((result if of_slot else result["context"])["slot"])
            if slot > self._named + _AHEAD:
                self._doubted.append(message)
            elif of_slot:
                self._slot_heard(slot)
            else:
                self._notified(method, result)
        except IonetError:
            raise
        except UNREADABLE as bad:
            raise SocketClosed(f"a notification cannot be read: {bad}") from bad

    def _ask_slot(self) -> None:
        """Asks the node for its slot, and drops announcements that are still too far beyond it.

        Raises:
            RpcError, TransportError: there is no answer.
        """
        self._named_at = time.monotonic()
        answer = self._client.request("getSlot", {"commitment": "processed"})
        with shaped("getSlot"):
            self._named = max(self._named, whole(answer))
        doubted = [*self._doubted]
        self._doubted.clear()
        try:
            for message in doubted:
                self._take(message)
        except SocketClosed:
            self._lost()
        if self._doubted:
            self._read_at = min(self._read_at, self._named_at + self._settings.poll)
            self._doubted.clear()

    def _believed(self, slot: int) -> None:
        """Accepts a slot in which something was read.

        Raises:
            TransportError: by its own account the node is not that far yet.
        """
        if slot > self._named + _AHEAD:
            self._ask_slot()
        if slot > self._named + _AHEAD:
            raise TransportError(
                f"the node answers from slot {slot}, but says that it is in slot {self._named}", url=""
            )
        self._named = max(self._named, slot)

    def _slot_heard(self, slot: int) -> None:
        self._heard_at = time.monotonic()
        self._slot = slot if self._slot is None else max(slot, self._slot)
        if self._need is None:
            self._need = slot
            if self._read_in < slot:
                self._read_at = 0.0
            else:
                self._connecting.reset()

    def _check_silence(self) -> None:
        """After a time without slots: finds out whether the chain stands still or the connection is dead."""
        try:
            slot = self._client.request("getSlot", {"commitment": "processed"})
        except (RpcError, TransportError):
            slot = None
        if type(slot) is int and slot == self._slot:
            self._heard_at = time.monotonic()
        else:
            self._lost()

    def _try_asking(self) -> None:
        with suppress(RpcError, TransportError):
            self._ask_slot()

    def _try_reading(self) -> None:
        try:
            slot = self._read()
        except (RpcError, TransportError) as bad:
            now = time.monotonic()
            if self.trouble is None:
                self.troubled_at = now
            self.trouble = str(bad)
            self._read_at = now + self._reading.pause()
        else:
            self._done_reading(slot)

    def _done_reading(self, slot: int) -> None:
        """Decides when to read next."""
        self._read_in = max(self._read_in, slot)
        self.trouble = None
        now = time.monotonic()
        if self._need is not None and self._read_in < self._need:
            # The node lags, or its commitment level comes later than slots are announced.
            self._read_at = now + self._reading.pause()
            return
        self._reading.reset()
        if self._need is not None:
            self._connecting.reset()
        self._read_at = now + (self._settings.poll if self._socket is None else self._settings.refresh)


def _message(text: str) -> dict[str, Any]:
    """A message of a node.

    Raises:
        SocketClosed: it is not a JSON object.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as bad:
        raise SocketClosed(f"not JSON: {bad}") from bad
    if not isinstance(message, dict):
        raise SocketClosed("not a JSON-RPC message")
    return message


class AccountWatch(Watch[AccountChange[T]]):
    """The states of accounts: first the present one, then each later one.

    Args:
        client: asks the node.
        decode: turns an address and its account into the content to report.
        address: the only account to watch; None: all accounts of a type.
        kind: that type.
        fields: values that its fields must have.
        settings: intervals and time limits.
    """

    def __init__(
        self,
        client: Reader,
        decode: Callable[[Pubkey, RawAccount], T],
        *,
        address: Pubkey | None = None,
        kind: type[Account] | None = None,
        fields: dict[str, Any] | None = None,
        settings: WatchSettings | None = None,
    ) -> None:
        super().__init__(client, settings)
        self._decode = decode
        self._address = address
        self._kind = kind
        self._filters = [] if kind is None else kind.filters(**(fields or {}))
        self._matches = matcher(self._filters)
        self._states = LatestStates(() if address is None else (address,))
        self._settling = Backoff(self._settings.backoff / 5, self._settings.longest)

    def _subscriptions(self) -> list[tuple[str, list[Any]]]:
        if self._address is not None:
            return [("accountSubscribe", [str(self._address), self._client._config()])]
        assert self._kind is not None
        # Filtered by type alone: an account whose fields no longer match would not be announced.
        config = self._client._config(filters=self._filters[:1])
        return [("programSubscribe", [str(self._kind.PROGRAM_ID), config])]

    def _notified(self, method: str, result: Any) -> None:
        slot, value = whole(result["context"]["slot"]), result["value"]
        if self._address is not None:
            self._offer(self._address, slot, raw_account(value))
        else:
            self._offer(Pubkey.from_string(value["pubkey"]), slot, raw_account(value["account"]))

    def _watched(self, account: RawAccount | None) -> RawAccount | None:
        """The account, or None if it is empty or not among those watched."""
        if account is None or not account.lamports or not self._matches(bytes(account.data)):
            return None
        return account if self._kind is None or account.owner == self._kind.PROGRAM_ID else None

    def _offer(self, address: Pubkey, slot: int, account: RawAccount | None) -> None:
        account = self._watched(account)
        if self._states.notified(address, slot, account):
            self._tell(address, slot, account)
        if not self._states.ties:
            self._settle_at = math.inf
        elif self._states.urgent:
            self._states.urgent = False
            self._settle_at = min(self._settle_at, time.monotonic() + self._settling.pause())
        elif self._settle_at == math.inf:
            self._settle_at = time.monotonic() + self._settings.poll

    def _tell(self, address: Pubkey, slot: int, account: RawAccount | None) -> None:
        content = None if account is None else self._decode(address, account)
        self._ready.append(AccountChange(address, content, slot))

    def _read(self) -> int:
        if self._address is not None:
            answer = self._client.request("getAccountInfo", str(self._address), self._client._config())
            with shaped("getAccountInfo"):
                slot = whole(answer["context"]["slot"])
                accounts = {self._address: self._watched(raw_account(answer["value"]))}
        else:
            assert self._kind is not None
            program = self._kind.PROGRAM_ID
            config = self._client._config(filters=self._filters, withContext=True)
            answer = self._client.request("getProgramAccounts", str(program), config)
            with shaped("getProgramAccounts"):
                slot = whole(answer["context"]["slot"])
                accounts = {
                    Pubkey.from_string(entry["pubkey"]): self._watched(raw_account(entry["account"]))
                    for entry in answer["value"]
                }
            if not accounts:
                self._client._check_deployed(program)
        self._believed(slot)
        self._take_read(slot, accounts, whole=True)
        return slot

    def _take_read(self, slot: int, accounts: dict[Pubkey, RawAccount | None], *, whole: bool) -> None:
        for address, account in self._states.read(slot, accounts, whole=whole):
            self._tell(address, slot, account)
        if self._states.ties:
            self._settle_at = time.monotonic() + self._settling.pause()
        else:
            self._settle_at = math.inf
            self._settling.reset()

    def _step(self, until: float = math.inf) -> None:
        if time.monotonic() < self._settle_at:
            super()._step(until)
            return
        addresses = [*self._states.ties][: self._client._batch]
        try:
            keys = [str(address) for address in addresses]
            answer = self._client.request("getMultipleAccounts", keys, self._client._config())
            with shaped("getMultipleAccounts"):
                slot = whole(answer["context"]["slot"])
                states = [self._watched(raw_account(entry)) for entry in answer["value"]]
                accounts = dict(zip(addresses, states, strict=True))
            self._believed(slot)
        except (RpcError, TransportError):
            self._settle_at = time.monotonic() + self._settling.pause()
        else:
            self._take_read(slot, accounts, whole=False)


class EventWatch(Watch[WatchedEvent]):
    """The events of transactions with an address, in the chain's order.

    Args:
        client: asks the node.
        address: the account or program that the transactions name.
        wanted: whether to report an event.
        since: the signature of the transaction after which to begin; None: now.
        settings: intervals and time limits.
    """

    def __init__(
        self,
        client: Reader,
        address: Pubkey,
        wanted: Callable[[EmittedEvent], bool],
        *,
        since: str | None = None,
        settings: WatchSettings | None = None,
    ) -> None:
        super().__init__(client, settings)
        self._address = address
        self._wanted = wanted
        self._since = since
        self._level = client.transaction_level
        self._seen = SeenTransactions(since)
        self._backlog: deque[str] = deque()
        self._began_in = 0
        self._listed_at = 0.0
        self._lacking_since: float | None = None
        self._showing = Backoff(0.05, 2.0)
        self._shown_until = math.inf

    def _subscriptions(self) -> list[tuple[str, list[Any]]]:
        return [("logsSubscribe", [{"mentions": [str(self._address)]}, {"commitment": self._level}])]

    def _notified(self, method: str, result: Any) -> None:
        slot, signature = whole(result["context"]["slot"]), str(result["value"]["signature"])
        if self._seen.announce(signature, slot):
            soon = max(time.monotonic() + _GATHER, self._listed_at + self._settings.spacing)
            self._read_at = min(self._read_at, soon)

    def _read(self) -> int:
        if self._since is not None and not self._seen.begun:
            self._find_beginning(self._since)
        need = max([self._need or 0, self._began_in, *self._seen.announced.values()])
        listing, failed = self._list(need)
        self._listed_at = now = time.monotonic()
        late = self._lacking_since is not None and now - self._lacking_since > self._settings.patience
        fresh = self._seen.listed(listing, impatient=late)
        self._backlog += [signature for signature in fresh if signature not in failed]
        if not self._seen.announced:
            self._lacking_since = None
            return need
        if self._lacking_since is None:
            self._lacking_since = now
        raise TransportError("the node has announced transactions that it does not list yet", url="")

    def _find_beginning(self, since: str) -> None:
        config = {"searchTransactionHistory": True}
        answer = self._client.request("getSignatureStatuses", [since], config)
        with shaped("getSignatureStatuses"):
            status = answer["value"][0]
            slot = -1 if status is None else whole(status["slot"])
        if slot < 0:
            raise LookupError(f"the node knows no transaction {since}")
        self._seen.begin_at(slot)
        self._began_in = slot

    def _list(self, need: int) -> tuple[list[tuple[str, int]], set[str]]:
        """Signatures and slots, newest first, down to those already reported; and signatures of failures."""
        listing: list[tuple[str, int]] = []
        failed: set[str] = set()
        first = not self._seen.begun and self._since is None
        config: dict[str, Any] = {"commitment": self._level, "limit": PAGE}
        if need:
            config["minContextSlot"] = need
        while True:
            page = self._client.request("getSignaturesForAddress", str(self._address), config)
            with shaped("getSignaturesForAddress"):
                listing += [(str(entry["signature"]), whole(entry["slot"])) for entry in page]
                failed |= {str(entry["signature"]) for entry in page if entry.get("err") is not None}
                done = first or len(page) < PAGE or listing[-1][1] < self._seen.floor
            self._believed(listing[0][1] if listing else 0)
            if done:
                return listing, failed
            config["before"] = listing[-1][0]

    def _step(self, until: float = math.inf) -> None:
        if not self._backlog:
            super()._step(until)
            return
        signature, now = self._backlog[0], time.monotonic()
        if self._shown_until == math.inf:
            self._shown_until = now + self._settings.patience
        sent: Sent[Any] | None = None
        emitted: Sequence[EmittedEvent] = ()
        trouble: Exception | None = None
        try:
            transaction: Sent[Any] | None = sending.landed(self._client, signature)
            if transaction is not None:
                emitted = transaction.event_log.emitted
            sent = transaction
        except TransactionFailed:
            self._next_transaction()
            return
        except (RpcError, TransportError, *UNREADABLE) as bad:
            trouble = bad
        if sent is not None:
            for index, emission in enumerate(emitted):
                if self._wanted(emission):
                    origin = (signature, index, sent.slot, sent.block_time)
                    self._ready.append(WatchedEvent(emission.event, emission.program_id, *origin))
            self._next_transaction()
        elif now >= self._shown_until:
            raise TransactionNotShown(signature, trouble)
        else:
            time.sleep(min(self._showing.pause(), max(until - now, 0.0)))

    def _next_transaction(self) -> None:
        self._backlog.popleft()
        self._showing.reset()
        self._shown_until = math.inf


class SignatureWatch(Watch[SignatureStatus]):
    """A transaction's commitment: each level once, up to the client's, where the watch ends.

    Args:
        client: asks the node.
        signature: of the transaction.
        settings: intervals and time limits.
    """

    def __init__(self, client: Reader, signature: str, settings: WatchSettings | None = None) -> None:
        super().__init__(client, settings)
        self._signature = signature
        self._rank = -1

    def _subscriptions(self) -> list[tuple[str, list[Any]]]:
        return [("signatureSubscribe", [self._signature, {"commitment": self._client.commitment}])]

    def _notified(self, method: str, result: Any) -> None:
        self._read_at = 0.0

    def _read(self) -> int:
        config = {"searchTransactionHistory": True}
        answer = self._client.request("getSignatureStatuses", [self._signature], config)
        with shaped("getSignatureStatuses"):
            slot, status = whole(answer["context"]["slot"]), answer["value"][0]
            if status is None:
                return slot
            # Old nodes give no status, only null confirmations: rooted, that is finalized.
            level = str(status.get("confirmationStatus") or "finalized")
            rank, landed_in = _RANK[level], whole(status["slot"])
        self._believed(slot)
        if rank > self._rank:
            self._rank = rank
            self._ready.append(SignatureStatus(self._signature, landed_in, level, status.get("err")))
        self._over = self._rank >= _RANK[self._client.commitment]
        return slot

    def _done_reading(self, slot: int) -> None:
        super()._done_reading(slot)
        # Polling goes on beside the subscription.
        self._read_at = min(self._read_at, time.monotonic() + self._settings.poll)


# --- the methods of a connection ----------------------------------------------------------------


class Watching(Reader):
    """The watches of a connection."""

    def watch_account(
        self, address: Pubkey, kind: type[A] | None = None, *, settings: WatchSettings | None = None
    ) -> AccountWatch[Any]:
        """An account's state, now and after each change: `AccountChange`s.

        Changes within one slot, or while the connection was down, are reported as one.

        Args:
            address: where it is.
            kind: its type; None: report it undecoded.
            settings: intervals and time limits.

        Raises:
            RpcError, TransportError: when it begins: the node cannot be read.
            DecodeError: it belongs to another program, or is of another type.
        """

        def decode(key: Pubkey, account: RawAccount) -> Any:
            return account if kind is None else decoded(kind, key, account)

        return AccountWatch(self, decode, address=address, settings=settings)

    def watch_accounts(
        self, kind: type[A], *, settings: WatchSettings | None = None, **fields: Any
    ) -> AccountWatch[A]:
        """All accounts of this type whose fields have these values, now and after each change.

        An account whose fields no longer have these values, or that is closed, is reported with None as its
        content. Nodes do not announce that an account is closed: that is seen when all are read again, see
        `WatchSettings.refresh`.

        Args:
            kind: their type.
            settings: intervals and time limits.
            fields: see `find`.

        Raises:
            EncodeError: a field cannot be used, or a value does not fit it.
        """

        def decode(address: Pubkey, account: RawAccount) -> A:
            return decoded(kind, address, account)

        return AccountWatch(self, decode, kind=kind, fields=fields, settings=settings)

    def watch_events(
        self,
        *what: Pubkey | type[Event],
        mentions: Pubkey | None = None,
        since: str | None = None,
        settings: WatchSettings | None = None,
    ) -> EventWatch:
        """Events of transactions that landed, in the chain's order, each once: `WatchedEvent`s.

        Args:
            what: programs, or types of events; none: the events of every known program.
            mentions: only events of transactions with this account; required unless `what` is of one program.
            since: the signature of the transaction after which to begin, to go on where another watch ended.
                Default: now.
            settings: intervals and time limits.

        Raises:
            ValueError: without `mentions`, `what` is not of a single program.
            LookupError: when it begins: the node does not know `since`.
            TransactionNotShown: the node lists a transaction but does not show it.
        """
        programs = {item for item in what if isinstance(item, Pubkey)}
        kinds = tuple(item for item in what if not isinstance(item, Pubkey))
        of = programs | {kind.PROGRAM_ID for kind in kinds}
        if mentions is None and len(of) != 1:
            raise ValueError(
                "events can be watched of one program or one account; name the account with mentions="
            )

        def wanted(emitted: EmittedEvent) -> bool:
            return not what or emitted.program_id in programs or isinstance(emitted.event, kinds)

        address = mentions if mentions is not None else of.pop()
        return EventWatch(self, address, wanted, since=since, settings=settings)

    def watch_signature(self, signature: str, *, settings: WatchSettings | None = None) -> SignatureWatch:
        """A transaction's progress until it has reached the client's commitment: `SignatureStatus`es.

        For a transaction that never lands it does not end; `send` knows when that is certain.
        """
        return SignatureWatch(self, signature, settings=settings)
