"""Random walks through the market: after every step events alone say what the accounts hold, and later they
still say what the accounts held then."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hypothesis.stateful import invariant
from solders.pubkey import Pubkey
from tests.stateful import test_jobs_stateful as renting
from tests.stateful import test_reports_stateful as reporting
from tests.stateful import test_staking_stateful as staking
from tests.stateful.arena import Arena, decoded
from tests.stateful.walk import modest

from ionet import LocalNetwork, events
from ionet.chain.transactions import sent_from_record
from ionet.ledger import Database, Entry, Landed, Place
from ionet.ledger.replay.compare import QUIET, differences, index, key_of, types
from ionet.ledger.replay.records import Record, Snapshot
from ionet.ledger.replay.state import State, replay
from ionet.ledger.subjects import PROGRAMS, subjects

#: Verdicts are written by the tests themselves, outside of any transaction.
CHEATED: Final = ("last_proof.", "verdict_at")
#: So is the head that they are of, while jobs are walked through.
HEAD: Final = ("head_period_end",)
_PROGRAMS: Final = {getattr(events, name).Initialized.PROGRAM_ID: name for name in PROGRAMS}
_KEYS: Final = frozenset(map(str, _PROGRAMS))


def entries_of(landed: Landed) -> Iterator[Entry]:
    for one in landed.log.emitted:
        place = Place(landed.slot, landed.tx, one.instruction_index, one.inner_index, one.part)
        yield Entry(place, landed.time, subjects()[type(one.event)].name, one.event, one.data)


def landed_of(records: Any) -> list[Landed]:
    return [
        Landed(one.slot, 0, one.signature, one.time, sent_from_record(one, None).event_log)
        for one in records
        if one.error is None and _KEYS & set(one.keys)
    ]


def accounts_of(network: LocalNetwork) -> Iterator[tuple[str, Pubkey, Any]]:
    """Every account of the programs, by its type's name."""
    tags = {(kind.PROGRAM_ID, kind.DISCRIMINATOR): (name, kind) for name, kind in types().items()}
    for program_id in _PROGRAMS:
        for address, raw in network.owned(program_id):
            data = bytes(raw.data)
            if raw.lamports and (known := tags.get((program_id, data[:8]))) is not None:
                yield known[0], address, decoded(known[1], data)


def compared(
    state: State, accounts: Iterable[tuple[str, Pubkey, Any]], cheated: tuple[str, ...]
) -> list[str]:
    """What accounts hold and events do not say, in words."""
    records, told = index(state), []
    for kind, address, account in accounts:
        record = records.pop((kind, key_of(kind, address, account)), None)
        if record is not None:
            told += [one for one in differences(record, address, account) if not one.name.startswith(cheated)]
        elif kind not in QUIET and kind not in ("distributor.Claims", "governance.Config"):
            told.append(f"{kind} {address} is not said to be there")  # type: ignore[arg-type]
    told += [f"{kind} {key} is not there" for kind, key in records if kind not in QUIET]  # type: ignore[misc]
    return [str(one) for one in told] + state.broken


def beginning(arena: Arena) -> State:
    """What the events before a walk say, and what the tests wrote into accounts besides."""
    state = replay(entry for landed in landed_of(arena.history) for entry in entries_of(landed))
    assert not state.broken
    records = index(state)
    for kind, address, account in accounts_of(arena.market.world.client.network):
        record = records.get((kind, key_of(kind, address, account)))
        if record is not None:
            _adopt(record, address, account)
    return state


def _adopt(record: Record, address: Pubkey, account: Any) -> None:
    """Takes over what a test wrote into an account."""
    for one in differences(record, address, account):
        name = one.name
        for part in (".week", ".now", ".past"):
            name = name.removesuffix(part)
        value = account
        for step in name.split("."):
            value = getattr(value, step)
        if hasattr(value, "week"):
            value = Snapshot(value.week, value.now, value.past)
        setattr(record, name.replace(".", "__"), value)


class Replaying:
    """Compares the state by events with the accounts after each step of a walk, and afterwards the states of
    the past with what was found then."""

    arena: Arena
    cheated: tuple[str, ...] = CHEATED

    def set_up(self, *given: Any) -> None:
        super().set_up(*given)  # type: ignore[misc]
        self.begun(self.arena.market.world.client.network, beginning(self.arena))

    def begun(self, network: LocalNetwork, origin: State | None = None) -> None:
        """The walk begins with this state; None: with the network, before its first event."""
        self.network, self.origin = network, origin
        self.state = State() if origin is None else copy.deepcopy(origin)
        self.taken = 0
        self.landed: list[Landed] = []
        #: Accounts by time, as they were then.
        self.then: dict[int, list[tuple[str, Pubkey, Any]]] = {}

    def follow(self) -> None:
        """Takes what has happened since, and compares."""
        history = list(self.network._history.values())
        fresh, self.taken = landed_of(history[self.taken :]), len(history)
        self.landed += fresh
        for landed in fresh:
            # More has happened in this very second.
            self.then.pop(landed.time, None)
        replay((entry for landed in fresh for entry in entries_of(landed)), self.state)
        accounts = list(accounts_of(self.network))
        told = compared(self.state, accounts, self.cheated)
        assert not told, "\n".join(told)
        self.then[self.network.clock.now()] = accounts

    def look_back(self) -> None:
        """The ledger gives the state of any time, although much has happened since."""
        with Database.create(":memory:", "walk") as database:
            database.write(self.landed)
            assert not database.gaps() or self.origin is not None
            times = sorted(self.then)
            for time in times[:: max(1, len(times) // 6)]:
                if self.origin is None:
                    state = database.at(time)
                else:
                    state = replay(database.entries(time=time), copy.deepcopy(self.origin))
                told = compared(state, self.then[time], self.cheated)
                assert not told, f"at {time}: " + "\n".join(told)


class ReplayedStake(Replaying, staking.Walk):
    """Stake, reports, slashes, devices."""

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "state"):
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "state"):
            super().teardown()
            self.follow()
            self.look_back()


class ReplayedRentals(Replaying, renting.Walk):
    """Bookings, work, disputes, sales."""

    cheated = (*CHEATED, *HEAD)

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "state"):
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "state"):
            super().teardown()
            self.follow()
            self.look_back()


class ReplayedReports(Replaying, reporting.ReportWalk):
    """Chains of reports, voids in the middle, corrections, changes of the set: from the first event on."""

    cheated = ()

    @invariant()
    def replayed(self) -> None:
        if hasattr(self, "made"):
            if not hasattr(self, "state"):
                self.begun(self.world.client.network)
            self.follow()

    def teardown(self) -> None:
        if sys.exc_info()[1] is None and hasattr(self, "made"):
            super().teardown()
            self.replayed()
            self.look_back()


_SETTINGS: Final = modest(12, 40)
ReplayedStake.TestCase.settings = _SETTINGS
ReplayedRentals.TestCase.settings = _SETTINGS
ReplayedReports.TestCase.settings = _SETTINGS
TestEventsSayWhatStakeAccountsHold = ReplayedStake.TestCase
TestEventsSayWhatRentalAccountsHold = ReplayedRentals.TestCase
TestEventsSayWhatReportAccountsHold = ReplayedReports.TestCase
