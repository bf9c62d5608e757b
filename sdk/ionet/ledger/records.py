"""What a ledger takes in and gives out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from ionet.chain.events import EventLog
from ionet.chain.schema import Event


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction of the chain.

    Attributes:
        slot: its slot.
        tx: its place among the slot's transactions.
        signature: base58.
        time: of its slot, Unix seconds.
        log: its events.
    """

    slot: int
    tx: int
    signature: str
    time: int
    log: EventLog


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an event stands in the chain's order; see `ionet.EmittedEvent`."""

    slot: int
    tx: int
    instruction: int
    inner: int
    part: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of a ledger.

    Attributes:
        place: where it stands.
        time: of its slot, Unix seconds.
        name: `program.Type`; empty for one that this version does not know.
        event: decoded; None for one that this version does not know.
        data: as the program wrote it.
    """

    place: Place
    time: int
    name: str
    event: Event | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """An event of a ledger, with its transaction.

    Attributes:
        entry: the event.
        signature: of its transaction, base58.
    """

    entry: Entry
    signature: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of an account that no event of the ledger has.

    Attributes:
        program: name of the program.
        account: whose numbers.
        events: how many events there are.
        top: the highest number.
        missing: the first numbers that are missing, a hundred at most; none if some number comes twice.
    """

    program: str
    account: Pubkey
    events: int
    top: int
    missing: Sequence[int]


@dataclass(frozen=True, slots=True)
class Cut:
    """A transaction whose log was cut: events that were only logged may be missing.

    Attributes:
        slot: its slot.
        signature: base58.
    """

    slot: int
    signature: str


@dataclass(frozen=True, slots=True)
class Total:
    """How often something happened, and what it moved.

    Attributes:
        name: `program.Type`; of payments `jobs.Paid:supplier` and so on.
        mint: of what the amount is.
        events: how many.
        amount: base units.
    """

    name: str
    mint: Pubkey
    events: int
    amount: int


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a ledger has come.

    Attributes:
        scanned: every transaction up to this slot is in it, as of confirmed.
        final: … and none of them can go any more.
        time: of the last transaction up to `scanned`, Unix seconds; 0: none.
    """

    scanned: int
    final: int
    time: int
