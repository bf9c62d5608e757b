"""What watches report, and how they know what is new: nothing twice, nothing older after something newer."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

if TYPE_CHECKING:
    from ionet.chain.schema import Event

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Intervals and time limits of a watch, in seconds.

    Attributes:
        silence: without a new slot for this long a connection counts as dead, unless the chain stands still.
        poll: between two reads while there is no websocket.
        refresh: between two reads beside the websocket: nodes do not announce that an account is closed.
        backoff: before the second attempt to connect or to read; doubles each time, with jitter.
        longest: the most between two attempts.
        opening: limit for one attempt to connect.
        spacing: between two listings of an address's transactions.
        patience: limit for a node to show a transaction that it has announced.
    """

    silence: float = 15.0
    poll: float = 1.0
    refresh: float = 60.0
    backoff: float = 0.25
    longest: float = 30.0
    opening: float = 5.0
    spacing: float = 0.2
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class AccountChange(Generic[T]):
    """An account as of a slot.

    Attributes:
        address: where it is.
        account: its content; None if it does not exist, or is no longer among those watched.
        slot: of the change, or in which it was read.
    """

    address: Pubkey
    account: T | None
    slot: int


@dataclass(frozen=True, slots=True)
class WatchedEvent:
    """An event with its origin.

    Attributes:
        event: the decoded event.
        program_id: the program that emitted it.
        signature: of the transaction.
        index: its place among the transaction's events.
        slot: of the transaction.
        time: Unix seconds of that slot, or None if the node does not give it.
    """

    event: Event
    program_id: Pubkey
    signature: str
    index: int
    slot: int
    time: int | None


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A transaction as a node lists it.

    Attributes:
        signature: base58.
        slot: its slot.
        time: Unix seconds of that slot, or None if the node does not give it.
        index: its place in the slot, or None if the node does not give it.
    """

    signature: str
    slot: int
    time: int | None
    index: int | None


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """How far a transaction has come.

    Attributes:
        signature: of the transaction.
        slot: the slot it is in.
        level: processed, confirmed or finalized.
        error: what it failed with, as nodes write it; None: it succeeded.
    """

    signature: str
    slot: int
    level: str
    error: Any


class Backoff:
    """Growing pauses, with jitter.

    Args:
        first: seconds.
        longest: seconds.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._times = 0

    def pause(self) -> float:
        """Seconds to wait before the next attempt."""
        pause = min(self._first * 2.0 ** min(self._times, 20), self._longest)
        self._times += 1
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Starts over, after a success."""
        self._times = 0


# --- accounts ---------------------------------------------------------------------------------

_Content: TypeAlias = tuple[int, bytes, bytes, bool]
#: Announcements of an account that are remembered, to recognise repetitions.
_REMEMBERED: Final = 32
_UNREPORTED: Final = (-1, b"", b"", False)


def _content(account: RawAccount | None) -> _Content | None:
    if account is None:
        return None
    return account.lamports, bytes(account.owner), bytes(account.data), account.executable


@dataclass(frozen=True, slots=True)
class _State:
    """What was last reported of an account, from which slot, and whether it was read or announced."""

    slot: int
    content: _Content | None
    read: bool = True


class LatestStates:
    """What was last reported of each account, and from which slot.

    What is read in a slot may be from its middle, what is announced is from its end; so an announcement is
    newer than a read in the same slot. Other differences within a slot cannot be put in order. An
    announcement of an earlier slot is old, or comes from a node that gives wrong slots (as surfpool does).
    In both cases the account stays in `ties` until it is read in a later slot.

    Args:
        awaited: accounts whose first state is reported even if they do not exist.
    """

    def __init__(self, awaited: Iterable[Pubkey] = ()) -> None:
        self._known: dict[Pubkey, _State] = dict.fromkeys(awaited, _State(-1, _UNREPORTED))
        #: The latest slot in which everything was read.
        self._read_in = -1
        self.ties: dict[Pubkey, int] = {}
        #: Whether one of them is more than a repeated announcement, which most likely means nothing.
        self.urgent = False
        #: Hashes of recent announcements.
        self._heard: dict[Pubkey, deque[int]] = {}

    def notified(self, address: Pubkey, slot: int, account: RawAccount | None) -> bool:
        """Takes an announcement; returns whether it is new."""
        known, new = self._last(address), _content(account)
        mark = hash((slot, new))
        heard = self._heard.setdefault(address, deque(maxlen=_REMEMBERED))
        again = mark in heard
        if not again:
            heard.append(mark)
        if slot < known.slot or (slot == known.slot and not known.read):
            if new != known.content:
                self.ties[address] = known.slot
                self.urgent = self.urgent or not again
            return False
        return self._take(address, _State(slot, new, read=False), known)

    def read(
        self, slot: int, accounts: Mapping[Pubkey, RawAccount | None], *, whole: bool
    ) -> list[tuple[Pubkey, RawAccount | None]]:
        """Takes what was read; returns what is new in it.

        Args:
            slot: the slot in which it was read.
            accounts: what was read, by address.
            whole: whether all accounts were read, so that those missing do not exist.
        """
        gone = (
            [address for address, state in self._known.items() if state.content is not None] if whole else []
        )
        news = []
        for address in dict.fromkeys([*accounts, *gone]):
            account = accounts.get(address)
            if self._read_one(address, slot, _content(account)):
                news.append((address, account))
        if whole and slot > self._read_in:
            self._read_in = slot
            # That these do not exist already follows from this read.
            absent = [
                address
                for address, state in self._known.items()
                if state.content is None and state.slot <= slot
            ]
            for address in absent:
                del self._known[address]
                self._heard.pop(address, None)
        return news

    def _last(self, address: Pubkey) -> _State:
        return self._known.get(address) or _State(self._read_in, None)

    def _read_one(self, address: Pubkey, slot: int, new: _Content | None) -> bool:
        known = self._last(address)
        if slot < known.slot or (slot == known.slot and (not known.read or new == known.content)):
            return False
        if slot == known.slot and address not in self.ties:
            # Two reads in one slot differ: the next read decides.
            self.ties[address] = slot
            return False
        return self._take(address, _State(slot, new), known)

    def _take(self, address: Pubkey, new: _State, known: _State) -> bool:
        self._known[address] = new
        if new.slot > self.ties.get(address, new.slot):
            del self.ties[address]
        return new.content != known.content


def matcher(filters: Sequence[Mapping[str, Any]]) -> Callable[[bytes], bool]:
    """Whether an account's data passes filters, as `Account.filters` makes them."""
    from base64 import b64decode

    parts = [(entry["memcmp"]["offset"], b64decode(entry["memcmp"]["bytes"])) for entry in filters]

    def matches(data: bytes) -> bool:
        return all(data[offset : offset + len(expected)] == expected for offset, expected in parts)

    return matches


# --- transactions -------------------------------------------------------------------------------

#: Slots behind the latest one in which a node may still add transactions to its index.
MARGIN: Final = 64
#: Signatures that a node lists at once.
PAGE: Final = 1000


class SeenTransactions:
    """Which transactions of an address were already reported.

    Args:
        since: the signature after which to begin; None: after those of the first listing.
    """

    def __init__(self, since: str | None = None) -> None:
        self._since = since
        self._seen: dict[str, int] = {}
        self._listed = False
        #: Everything before this slot was reported.
        self.floor = 0
        #: Signatures that the node has announced but not listed yet, with their slots.
        self.announced: dict[str, int] = {}

    @property
    def begun(self) -> bool:
        """Whether the first listing was taken."""
        return self._listed

    def begin_at(self, slot: int) -> None:
        """Sets the slot of `since`; nothing that a node may list before it is of interest."""
        self.floor = max(slot - MARGIN, 0)

    def announce(self, signature: str, slot: int) -> bool:
        """Takes an announcement; returns whether it is new."""
        if slot < self.floor or signature in self._seen:
            return False
        self.announced.setdefault(signature, slot)
        return True

    def listed(self, newest_first: Sequence[tuple[str, int]], *, impatient: bool = False) -> list[str]:
        """Takes a listing down to the floor; returns the signatures to report, in the chain's order.

        Args:
            newest_first: signatures and slots.
            impatient: report what was announced even if the listing lacks it.

        Raises:
            LookupError: `since` is not in the first listing.
        """
        order = list(newest_first)
        if not self._listed:
            self._first(order)
        listed = {signature for signature, _ in order}
        missing = {signature: slot for signature, slot in self.announced.items() if signature not in listed}
        fresh = [
            (signature, slot)
            for signature, slot in reversed(order)
            if signature not in self._seen and slot >= self.floor
        ]
        if missing and impatient:
            # Added at the end of their slots; sorting keeps the order within each slot.
            fresh = sorted([*fresh, *missing.items()], key=lambda entry: entry[1])
        elif missing:
            # Nothing is reported that may come after what is missing.
            stop = min(missing.values())
            fresh = [(signature, slot) for signature, slot in fresh if slot < stop]
        for signature, slot in fresh:
            self._seen[signature] = slot
            self.announced.pop(signature, None)
        if fresh:
            self.floor = max(self.floor, max(slot for _, slot in fresh) - MARGIN)
            self._seen = {signature: slot for signature, slot in self._seen.items() if slot >= self.floor}
            self.announced = {
                signature: slot for signature, slot in self.announced.items() if slot >= self.floor
            }
        return [signature for signature, _ in fresh]

    def _first(self, order: list[tuple[str, int]]) -> None:
        """Marks what came before the beginning."""
        before = order
        if self._since is not None:
            positions = [
                position for position, (signature, _) in enumerate(order) if signature == self._since
            ]
            if not positions:
                raise LookupError(f"the node does not list {self._since}")
            before = order[positions[0] :]
        self._seen.update(before)
        self._listed = True
        for signature, _ in before:
            self.announced.pop(signature, None)
        if before:
            newest, oldest = before[0][1], before[-1][1]
            # A full page may end within a slot.
            cut = oldest + 1 if self._since is None and len(order) >= PAGE else 0
            self.floor = max(self.floor, newest - MARGIN, cut)
