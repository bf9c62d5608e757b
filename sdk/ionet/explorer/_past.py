"""The market now and at past times, by a ledger's events."""

from __future__ import annotations

import gc
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import monotonic
from typing import Any, Final

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet.chain.following import MARGIN
from ionet.explorer._kept import Agreement, ClosedJobs, SeatsWork
from ionet.explorer._tally import Tally
from ionet.formats.when import DAY
from ionet.ledger import Database, Entry, Place, State
from ionet.ledger.checkpoints import EVERY, MODULES, Kind, Replays, code_of
from ionet.ledger.statements import LAST

#: Nodes of all past moments that are kept, together; one is kept in any case.
_NODES: Final = 500_000
#: Past moments that are being made or wait for it, and seconds that one which was made waits to be asked for.
_MAKING: Final = 3
_TO_BE_HAD: Final = 10.0
#: Seconds after which one that nobody asks for any more is left; a page in the background asks once a minute.
_LEFT: Final = 75.0
#: What of an emission went into the reserve is counted under this name.
WITHHELD: Final = "mint.Emitted:withheld"


class NotYet(Exception):
    """A time lies after what the ledger has; the text says so."""


class Busy(Exception):
    """Too much is asked for at the moment; the text says so."""


class Coming(Exception):
    """A past time is being replayed.

    Attributes:
        done: events that were taken.
        of: … and that it takes, about; 0: that is not known yet.
    """

    def __init__(self, done: int, of: int) -> None:
        super().__init__("this past time is being computed; ask again in some seconds")
        self.done, self.of = done, of


@dataclass(slots=True)
class Moment:
    """The market at a time.

    Attributes:
        state: every account, by the events.
        slot: of the last event that counts, or up to which the ledger is whole.
        time: as of which, Unix seconds.
        past: whether a time was asked for.
        moved: by day, by how much events of each type have changed the supply, base units of IO; see
            `WITHHELD`.
        commissions: of each node, from when and bps, as announced.
        devices: that were registered for each node.
        hardware: devices that were ever given each digest of a certificate.
        holders: that ever staked on each node.
        closed: jobs that the state has no more.
        work: what seats did in the last week.
        agreement: how far they agree on the rentals that stand.
    """

    state: State = field(default_factory=State)
    slot: int = -1
    time: int = 0
    past: bool = False
    moved: dict[int, Counter[str]] = field(default_factory=dict)
    commissions: dict[Pubkey, list[tuple[int, int]]] = field(default_factory=dict)
    devices: dict[Pubkey, list[Pubkey]] = field(default_factory=dict)
    hardware: dict[bytes, set[Pubkey]] = field(default_factory=dict)
    holders: dict[Pubkey, set[Pubkey]] = field(default_factory=dict)
    closed: ClosedJobs = field(default_factory=ClosedJobs)
    work: SeatsWork = field(default_factory=SeatsWork)
    agreement: Agreement = field(default_factory=Agreement)
    last: Place | None = None
    _tally: Tally = field(default_factory=Tally)

    @property
    def tally(self) -> Tally:
        """Sums and orders of its nodes."""
        self._tally.settle(self.state, self.time)
        return self._tally

    def co_reward(self, node: Pubkey) -> int:
        """What a node's co-stakers were credited today and in the 29 days before, base units."""
        rewards = self._tally.rewards.get(node)
        return 0 if rewards is None else rewards.until(self.time // DAY)

    def take(self, entry: Entry) -> None:
        """Takes an event, the next one of the chain."""
        before = self.state.supply
        self._tally.note(self.state, entry)
        self.work.note(entry.time, entry.event)
        if isinstance(gone := entry.event, events.jobs.JobClosed) and gone.job in self.state.jobs:
            self.closed.close(gone.job, self.state.jobs[gone.job])
        self.state.apply(entry)
        if isinstance(job := getattr(entry.event, "job", None), Pubkey):
            self.agreement.count(job, self.state.jobs.get(job))
        self.last = entry.place
        after = self.state.supply
        if isinstance(event := entry.event, events.mint.Emitted) and event.withheld:
            self._move(entry.time, WITHHELD, event.withheld)
            before += event.withheld
        if after != before:
            self._move(entry.time, entry.name, after - before)
        match entry.event:
            case events.staking.NodeRegistered() as made:
                self.commissions.setdefault(made.node, []).append((entry.time, _commission(self, made.node)))
            case events.staking.DeviceRegistered() as device:
                its = self.devices.setdefault(pda.staking.node(device.device), [])
                if device.device not in its:
                    its.append(device.device)
            case events.staking.IdentityApproved() as told if any(told.identity):
                self.hardware.setdefault(told.identity, set()).add(told.device)
            case events.staking.Staked() as staked:
                self.holders.setdefault(staked.node, set()).add(staked.holder)
            case events.staking.CommissionSet() as told:
                self.commissions.setdefault(told.node, []).append((told.from_, told.commission_bps))

    def __getstate__(self) -> dict[str, Any]:
        """All that events say; what is counted from the state is counted anew."""
        kept = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "_tally"}
        return {**kept, "rewards": self._tally.rewards}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self._tally = Tally(rewards=kept.pop("rewards"))
        for name, value in kept.items():
            setattr(self, name, value)

    def _move(self, time: int, name: str, amount: int) -> None:
        self.moved.setdefault(time // DAY, Counter())[name] += amount


def _commission(moment: Moment, node: Pubkey) -> int:
    it = moment.state.nodes.get(node)
    return 0 if it is None else it.commission_bps


@contextmanager
def _staying() -> Iterator[None]:
    """Makes objects that stay, and are in no circles: no collection of garbage looks at them, now or later.

    A state of many nodes has millions of them, and a look at all takes seconds in which nothing is answered.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _records(moment: Moment) -> int:
    return sum(1 for _ in moment.state) + len(moment.closed)


def _code() -> str:
    folder = Path(__file__).parent
    return code_of(*(folder / f"{name}.py" for name in ("_kept", "_past", "_tally")))


_MOMENTS: Final = Kind(
    Moment,
    Moment.take,
    _records,
    (*MODULES, "collections", "ionet.explorer._kept", "ionet.explorer._past", "ionet.explorer._tally"),
    _code,
)


@dataclass(slots=True)
class _Making:
    """A past moment that is being replayed.

    Attributes:
        source: the address that asked for it first; empty: of this process.
    """

    source: str
    done: int = 0
    of: int = 0
    error: Exception | None = None
    asked: float = field(default_factory=monotonic)
    over: threading.Event = field(default_factory=threading.Event)

    def tell(self, done: int, of: int) -> None:
        """Is told how far it is.

        Raises:
            Coming: nobody asks for it any more.
        """
        self.done, self.of = done, of
        if monotonic() - self.asked > _LEFT:
            raise Coming(done, of)


class Past:
    """Reads moments from a ledger, from checkpoints of its own (see `ionet.ledger.checkpoints`).

    The present is carried along from one question to the next. One question about it and one about the past
    are worked on at a time, since states are large and change.

    Args:
        database: to read from.
        states: how many past moments are kept.
        asked: how many questions about the past may wait, the one that is worked on included.
        every: events after which a checkpoint is made.
        patience: seconds that a question waits for a past moment; None: until it is there.
    """

    def __init__(
        self,
        database: Database,
        states: int,
        asked: int = 8,
        every: int = EVERY,
        patience: float | None = None,
    ) -> None:
        self.database = database
        folder = database.checkpoints()
        self._checkpoints = Replays(database, folder and folder / "moments", _MOMENTS, every)
        self._kept: OrderedDict[tuple[int, int], Moment] = OrderedDict()
        self._most = states
        self._lock, self._replays = threading.Lock(), threading.Lock()
        self._asked = threading.BoundedSemaphore(asked)
        self._patience = patience
        #: Past moments that are being made, one after the other.
        self._making: dict[tuple[int, int], _Making] = {}
        self._begins, self._makes = threading.Lock(), threading.Lock()
        #: Whether somebody has had the moment that was made last.
        self._had = threading.Event()
        self._had.set()
        #: Grows whenever the chain took something back.
        self._turn = 0
        self._now = Moment()
        #: Transactions that may still go, with their slots, as of the last look.
        self._open: dict[str, int] = {}
        self._since = 0
        self._stamp: object = None

    @contextmanager
    def at(self, time: int | None, source: str = "") -> Iterator[Moment]:
        """The market at the end of a second; it is the caller's until the context ends.

        Args:
            time: Unix seconds; None: now, which is as far as the ledger has come.
            source: the address that asks, for which one past time is computed at a time; empty: of this
                process.

        Raises:
            NotYet: the ledger has not come to that time.
            Busy: too many past times are asked for.
            Coming: it is a past one, and takes longer than `patience`.
        """
        with self._lock:
            now = self._present()
            if time is None or time == now.time:
                yield now
                return
            if time > now.time:
                raise NotYet(
                    f"the ledger has come to {now.time} (Unix seconds), and {time} lies after that: ask for"
                    " an earlier time"
                )
            slot, turn = now.slot, self._turn
        # A past time may take long to replay, for which the present does not wait.
        if not self._asked.acquire(blocking=False):
            self._tell(time, turn)
            raise Busy("too many past times are asked for at the moment; try again in some seconds")
        try:
            if self._patience is not None:
                self._wait(time, slot, turn, source)
            with self._replays:
                if self._patience is not None and (turn, time) not in self._kept:
                    # Another one has taken its room.
                    raise Coming(0, 0)
                yield self._earlier(time, slot, turn)
        finally:
            self._asked.release()

    def _wait(self, time: int, slot: int, turn: int, source: str) -> None:
        """Waits until a past moment is kept, which a thread of its own replays.

        Raises:
            Coming: it takes longer, or comes after another one of the same address.
            Busy: too many are being made, or the host has no thread for it.
        """
        key = (turn, time)
        with self._begins:
            if (making := self._making.get(key)) is None:
                if key in self._kept:
                    return
                if source and any(each.source == source for each in self._making.values()):
                    raise Coming(0, 0)
                if len(self._making) >= _MAKING:
                    raise Busy("too many past times are being computed at the moment; try again in a minute")
                making = _Making(source)
                thread = threading.Thread(target=self._make, args=(turn, time, slot, making), daemon=True)
                self._making[key] = making
                try:
                    thread.start()
                except RuntimeError:
                    # Nobody works on it, so that it takes nobody's place either.
                    del self._making[key]
                    raise Busy(
                        "this host cannot compute a past time at the moment; try again in a minute"
                    ) from None
            making.asked = monotonic()
        if not making.over.wait(self._patience):
            raise Coming(making.done, making.of)
        if making.error is not None:
            raise making.error

    def _tell(self, time: int, turn: int) -> None:
        """Says how far a past moment is that is being made, without waiting for it.

        Raises:
            Coming: it is being made.
        """
        with self._begins:
            if (making := self._making.get((turn, time))) is not None:
                making.asked = monotonic()
                raise Coming(making.done, making.of)

    def _make(self, turn: int, time: int, slot: int, making: _Making) -> None:
        try:
            with self._makes:
                # Whoever waits for the one before gets it, before it makes room.
                self._had.wait(_TO_BE_HAD)
                making.tell(0, 0)
                with self._replays:
                    self._drop(turn, self._room() - 1)
                kept = self._replayed(time, slot, making.tell)
                with self._replays:
                    self._kept[turn, time] = kept
                    self._drop(turn, self._room())
                    self._had.clear()
        except Exception as bad:
            # Its frames have all that was replayed, and they are in a circle with it.
            making.error = bad.with_traceback(None)
            bad.__cause__ = bad.__context__ = None
        finally:
            with self._begins:
                del self._making[turn, time]
            making.over.set()

    def asked_by(self, source: str) -> Reader:
        """The past for who asks from an address."""
        return Reader(self, source)

    def warm(self) -> None:
        """Replays the present and makes the orders of its nodes, so that no reader waits for it.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        with self.at(None) as moment, _staying():
            moment.tally.order()

    def _present(self) -> Moment:
        stamp = self.database.stamp()
        if stamp is not None and stamp == self._stamp:
            return self._now
        marks, moment = self.database.marks(), self._now
        since = max(marks.final - MARGIN, 0)
        # What was taken in may have been dropped, or something come in before it.
        known = self.database.known(min(since, self._since))
        taken = moment.slot
        if {name: slot for name, slot in known.items() if slot <= taken} != {
            name: slot for name, slot in self._open.items() if slot <= taken
        }:
            moment = self._now = Moment()
            self._turn += 1
        if moment.last is None:
            with _staying():
                moment = self._now = self._checkpoints.at(LAST, slot=marks.scanned)
        else:
            for entry in self.database.entries(slot=marks.scanned, after=moment.last):
                moment.take(entry)
        moment.slot, moment.time = marks.scanned, marks.time
        self._since = since
        self._open = {name: slot for name, slot in known.items() if slot >= since}
        # Of before it was read: what came in meanwhile is looked at again.
        self._stamp = stamp
        return moment

    def _earlier(self, time: int, slot: int, turn: int) -> Moment:
        # What was read before the chain took something back is of no use.
        key = (turn, time)
        if (kept := self._kept.pop(key, None)) is None:
            # Before another one takes its room.
            self._drop(turn, self._room() - 1)
            kept = self._replayed(time, slot, None)
        self._kept[key] = kept
        self._had.set()
        self._drop(turn, self._room())
        return kept

    def _replayed(self, time: int, slot: int, tell: Callable[[int, int], None] | None) -> Moment:
        with _staying():
            kept = self._checkpoints.at(time, slot=slot, tell=tell)
        kept.slot, kept.time, kept.past = kept.state.slot, time, True
        return kept

    def _drop(self, turn: int, most: int) -> None:
        while len(self._kept) > most or (self._kept and next(iter(self._kept))[0] < turn):
            self._kept.popitem(last=False)

    def _room(self) -> int:
        """How many past moments are kept: of many nodes one, which takes as much memory as the present."""
        return max(1, min(self._most, _NODES // max(1, len(self._now.state.nodes))))


@dataclass(frozen=True, slots=True)
class Reader:
    """The past for one who asks for it.

    Attributes:
        past: for all.
        source: the address that asks.
    """

    past: Past
    source: str

    @property
    def database(self) -> Database:
        """What it is read from."""
        return self.past.database

    def at(self, time: int | None) -> AbstractContextManager[Moment]:
        """See `Past.at`."""
        return self.past.at(time, self.source)
