"""A ledger's database: the same whatever the order, and whatever ends the process that writes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from solders.pubkey import Pubkey
from tests.ledger.history import rows, truth
from tests.orchestrator.support import full_disk
from tests.programs.market import TWO_HOURS
from tests.programs.support import DAY, HOUR
from tests.stateful.arena import built

from ionet import events
from ionet.chain.events import EmittedEvent, EventLog, Undecoded
from ionet.ledger import Database, Landed, LedgerError, schema
from ionet.ledger.database import url_of
from ionet.ledger.subjects import subjects

GENESIS: Final = "chain"


def written(place: str, *calls: Sequence[Landed]) -> dict[str, list[Any]]:
    with Database.create(place, GENESIS) as database:
        for landed in calls:
            database.write(landed)
        return rows(database)


def without(landed: Sequence[Landed], event: EmittedEvent) -> list[Landed]:
    """The same history, in which one event was never seen."""
    return [
        replace(one, log=EventLog(tuple(other for other in one.log.emitted if other is not event)))
        for one in landed
    ]


def test_it_holds_every_event_of_the_chain(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        assert database.write(landed, scanned=10**9) == len(landed)
        entries = [*database.entries()]
        emitted = [event for one in landed for event in one.log.emitted]
        assert [entry.event for entry in entries] == [one.event for one in emitted]
        assert [entry.place.slot for entry in entries] == [
            one.slot for one in landed for _ in one.log.emitted
        ]
        assert [entry.place for entry in entries] == sorted({entry.place for entry in entries})
        assert database.counts() == (len(landed), len(emitted))
        assert database.gaps() == []
        assert database.cuts() == []


def test_events_are_found_by_account_time_slot_and_type(place: str, landed: list[Landed]) -> None:
    booked = next(
        e.event for one in landed for e in one.log.emitted if isinstance(e.event, events.jobs.Booked)
    )
    with Database.create(place, GENESIS) as database:
        database.write(landed)
        everything = [*database.entries()]
        names = [entry.name for entry in database.entries(about=booked.job)]
        assert names[0] == "jobs.Booked"
        assert names[-1] == "jobs.JobClosed"
        of_node = [*database.entries(about=booked.node)]
        # Those that it counts, and the bookings of others.
        assert {"staking.NodeRegistered", "staking.Staked", "jobs.Booked"} <= {one.name for one in of_node}
        middle = everything[len(everything) // 2]
        early = [*database.entries(slot=middle.place.slot)]
        assert 0 < len(early) < len(everything)
        assert all(entry.place.slot <= middle.place.slot for entry in early)
        assert [*database.entries(slot=middle.place.slot, after=middle.place)] == [
            entry for entry in early if entry.place > middle.place
        ]
        assert {one.name for one in database.entries(names=["staking.Staked"])} == {"staking.Staked"}
        before = [*database.entries(time=middle.time)]
        assert all(entry.time <= middle.time for entry in before)
        assert len(before) == sum(entry.time <= middle.time for entry in everything)


def test_the_order_and_number_of_writes_do_not_matter(
    new_place: Callable[[], str], landed: list[Landed]
) -> None:
    whole = written(new_place(), landed)
    assert written(new_place(), *([one] for one in landed)) == whole
    assert written(new_place(), landed, landed) == whole
    mixed = random.Random(1).sample(landed, len(landed))
    parts = [mixed[start : start + 7] for start in range(0, len(mixed), 5)]
    # Numbers are given in the order of arrival, and nodes are known once they were registered.
    one, other = written(new_place(), *parts), whole
    for name in ("transactions", "heads"):
        assert one[name] == other[name]
    assert len(one["events"]) == len(other["events"])


def test_sums_are_those_of_the_events(place: str, landed: list[Landed]) -> None:
    emitted = [(one.time, event.event) for one in landed for event in one.log.emitted]
    staked = [event for _, event in emitted if isinstance(event, events.staking.Staked)]
    with Database.create(place, GENESIS) as database:
        database.write(landed)
        for node in {event.node for event in staked}:
            (total,) = [one for one in database.totals(node=node) if one.name == "staking.Staked"]
            its = [event.amount for event in staked if event.node == node]
            assert (total.events, total.amount) == (len(its), sum(its))
        counted = Counter(subjects()[type(event)].name.split(":")[0] for _, event in emitted)
        found: Counter[str] = Counter()
        for one in database.totals():
            found[one.name.split(":")[0]] += one.events
        assert found == counted
        hours = {time // 3600 * 3600 for time, _ in emitted}
        by_hour: Counter[str] = Counter()
        for hour in hours:
            for one in database.totals(hour=hour):
                by_hour[one.name.split(":")[0]] += one.events
        assert by_hour == counted
        class_ = next(e.class_ for _, e in emitted if isinstance(e, events.staking.NodeRegistered))
        of_class = {one.name: one for one in database.totals(class_=class_)}
        assert of_class["staking.Credited"].events if "staking.Credited" in of_class else True
        assert of_class["staking.Staked"].events >= 1


def test_a_jobs_payments_are_summed_up_in_its_currency(place: str, landed: list[Landed]) -> None:
    emitted = [event.event for one in landed for event in one.log.emitted]
    booked = next(event for event in emitted if isinstance(event, events.jobs.Booked))
    ended = next(event for event in emitted if isinstance(event, events.jobs.Ended))
    with Database.create(place, GENESIS) as database:
        database.write(landed)
        totals = {one.name: one for one in database.totals(job=booked.job)}
        assert totals["jobs.Booked"].amount == booked.price + booked.fee
        assert totals["jobs.Paid:supplier"].amount == ended.owed_supplier
        assert totals["jobs.Paid:fee_vault"].amount == ended.owed_fees
        assert {one.mint for one in totals.values() if one.name.startswith("jobs.")} == {booked.mint}


def test_the_bond_of_a_dispute_is_summed_up_in_the_jobs_currency() -> None:
    market = built().market
    job = market.run(TWO_HOURS, mint=market.usdc)
    market.world.advance(HOUR)
    dispute = market.dispute(job)
    # 5 % of the deposit: 4 USD and the fees on it, 0.25 % and 2 %.
    bond = 204_500
    market.world.advance(14 * DAY)
    market.send(market.closing(dispute))
    with Database.create(":memory:", GENESIS) as database:
        database.write(truth(market.world.client))
        totals = {one.name: (one.mint, one.amount) for one in database.totals(job=job)}
    assert totals["jobs.DisputeMade"] == totals["jobs.DisputeClosed"] == (market.usdc, bond)


@pytest.mark.parametrize("count", [1, 20, 60])
def test_what_the_chain_drops_leaves_nothing_behind(
    new_place: Callable[[], str], landed: list[Landed], count: int
) -> None:
    """A fork takes the last transactions, in whatever order that is noticed."""
    kept, dropped = landed[:-count], random.Random(count).sample(landed[-count:], count)
    with Database.create(new_place(), GENESIS) as database:
        database.write(landed)
        database.write(dropped=[(one.slot, one.signature) for one in dropped])
        with Database.create(new_place(), GENESIS) as other:
            other.write(kept)
            assert rows(database, numbers=False) == rows(other, numbers=False)
        # Back again, as when it lands in the fork that stays.
        database.write(dropped)
        assert rows(database) == written(new_place(), landed)


def test_each_numbered_event_that_is_missing_is_noticed(tmp_path: Path, landed: list[Landed]) -> None:
    """But for the last one of an account, which only the account itself can tell."""
    emitted = [event for one in landed for event in one.log.emitted]
    noticed = 0
    for event in emitted:
        subject = subjects()[type(event.event)]
        if not subject.seq:
            continue
        account = subject.account(event.event)
        mine = [
            one
            for one in emitted
            if subjects()[type(one.event)].program == subject.program
            and subjects()[type(one.event)].seq
            and subjects()[type(one.event)].account(one.event) == account
        ]
        with Database.create(":memory:", GENESIS) as database:
            database.write(without(landed, event))
            gaps = database.gaps()
            if event is mine[-1]:
                assert gaps == []
                assert database.head(subject.name.split(".")[0], account) == len(mine) - 1
                continue
            assert [(gap.account, [*gap.missing]) for gap in gaps] == [(account, [event.event.seq])]  # type: ignore[attr-defined]
            noticed += 1
    assert noticed > 50


def test_a_cluster_that_is_opened_again_counts_from_one(tmp_path: Path) -> None:
    cluster, renter = Pubkey.from_bytes(b"\x05" * 32), Pubkey.from_bytes(b"\x06" * 32)
    j = events.jobs
    opened = j.ClusterOpened(1, cluster, renter, bytes(32), 2)
    calls: list[tuple[int, list[Any]]] = [
        (10, [opened, j.DelegateSet(2, cluster, renter), j.ClusterClosed(3, cluster)]),
        (11, [opened, j.DelegateSet(2, cluster, renter)]),
        (12, [j.DelegateSet(4, cluster, renter)]),
    ]
    landed = [_landed(slot, its) for slot, its in calls]
    for parts in ([landed], [[one] for one in landed]):
        with Database.create(":memory:", GENESIS) as database:
            for part in parts[:2]:
                database.write([one for one in part if one.slot < 12])
            assert database.gaps() == []
            database.write([landed[2]])
            (gap,) = database.gaps()
            assert (gap.account, gap.events, gap.top) == (cluster, 3, 4)


def _landed(slot: int, its: Sequence[Any]) -> Landed:
    emitted = [EmittedEvent(e, e.PROGRAM_ID, 0, False, 0, n, e.encode()) for n, e in enumerate(its, 1)]
    return Landed(slot, 0, f"signature {slot}", 1_800_000_000, EventLog(tuple(emitted)))


def test_amounts_beyond_63_bits_are_summed_up() -> None:
    node = Pubkey.from_bytes(b"\x05" * 32)
    most = 2**64 - 1
    its = [events.staking.Forfeited(n, node, most, most, 0, most, n, 0, 0, most) for n in (1, 2, 3)]
    with Database.create(":memory:", GENESIS) as database:
        for number, one in enumerate(its):
            database.write([_landed(number, [one])])
        (total,) = database.totals(node=node)
        assert total.amount == 3 * most


def test_an_event_of_a_later_version_is_kept_as_it_is(place: str) -> None:
    program = events.mint.Emitted.PROGRAM_ID
    log = EventLog((), (Undecoded(program, 0, b"later version", "unknown discriminator", 2, 1),))
    with Database.create(place, GENESIS) as database:
        database.write([Landed(3, 1, "s", 7, log)])
        (entry,) = database.entries()
        assert (entry.event, entry.data, entry.name) == (None, b"later version", "")


# --- whatever happens ---------------------------------------------------------------------------

_KILLED: Final = """
import os, pickle, signal, sys
from ionet.ledger import Database
place, landed, at, moment = sys.argv[1:5]
calls = pickle.load(open(landed, "rb"))
class Killed(Database):
    done = 0
    def committing(self):
        Killed.done += 1
        if moment == "before" and Killed.done > int(at):
            os.kill(os.getpid(), signal.SIGKILL)
with Killed.create(place, "chain") as database:
    for number, (part, slot) in enumerate(calls):
        if moment == "after" and number == int(at):
            os.kill(os.getpid(), signal.SIGKILL)
        database.write(part, scanned=slot, final=slot)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_each_commit_it_goes_on(
    new_place: Callable[[], str], landed: list[Landed], moment: str, tmp_path: Path
) -> None:
    """Before a commit nothing of it is there; after it everything; and the rest follows."""
    import pickle

    size = len(landed) // 5 + 1
    parts = [landed[start : start + size] for start in range(0, len(landed), size)]
    calls = [(part, part[-1].slot) for part in parts]
    whole = written(new_place(), landed)
    path = tmp_path / "landed"
    path.write_bytes(pickle.dumps(calls))
    place = new_place()
    for at in range(len(parts)):
        child = subprocess.run(
            [sys.executable, "-c", _KILLED, place, str(path), str(at), moment], check=False
        )
        assert child.returncode == -signal.SIGKILL
        with closing(Database.open(place)) as database:
            slot = database.marks().scanned
            there = [one for part in parts[:at] for one in part]
            assert slot == (there[-1].slot if there else -1)
            assert database.counts()[0] == len(there)
        # The next child begins with those again.
    assert written(place, landed) == whole


def test_another_process_reads_while_one_writes(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed[:20])
        with closing(Database.open(place)) as reader:
            assert reader.counts()[0] == 20

            class Looking(Database):
                def committing(self) -> None:
                    assert reader.counts()[0] == 20

            database.__class__ = Looking
            database.write(landed[20:])
            assert reader.counts()[0] == len(landed)


def test_a_second_process_does_not_write(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed[:5])
        with pytest.raises(LedgerError, match="another process writes to"):
            Database.create(place, GENESIS)
    with Database.create(place, GENESIS) as database:
        assert database.write(landed[:5]) == 0


def test_a_failure_in_the_middle_writes_nothing(place: str, landed: list[Landed]) -> None:
    class Failing(Database):
        def committing(self) -> None:
            raise OSError(28, "No space left on device")

    with Database.create(place, GENESIS) as database:
        database.write(landed[:10], scanned=landed[9].slot)
        before = rows(database)
        database.__class__ = Failing
        with pytest.raises(LedgerError, match="No space left"):
            database.write(landed[10:], scanned=landed[-1].slot)
        assert rows(database) == before
        database.__class__ = Database
        database.write(landed[10:], scanned=landed[-1].slot)
        assert database.gaps() == []


def test_a_full_disk_is_one_sentence(tmp_path: Path, landed: list[Landed]) -> None:
    place = str(tmp_path / "full.db")
    with Database.create(place, GENESIS) as database:
        with database._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        before = rows(database)
        with pytest.raises(
            LedgerError, match=r"^the database .*full\.db cannot be used: database or disk is full$"
        ):
            database.write(landed)
        assert rows(database) == before


@pytest.mark.parametrize("room", [0, 100, 4096, 20_000, 40_000])
def test_a_ledger_that_a_full_disk_had_no_room_for_is_begun_anew(tmp_path: Path, room: int) -> None:
    place = str(tmp_path / "full.db")
    with full_disk(room), pytest.raises(LedgerError, match=r"^the database .*full\.db cannot be used: "):
        Database.create(place, GENESIS)
    with pytest.raises(LedgerError, match=r"^there is no ledger .*full\.db; ionet ledger run makes one$"):
        Database.open(place)
    assert written(place) == written(str(tmp_path / "other.db"))


def test_a_ledger_of_another_chain_is_refused(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed[:3])
    with pytest.raises(LedgerError, match="is of the chain chain, and this node's is other"):
        Database.create(place, "other")
    with closing(Database.open(place)) as database:
        assert database.counts()[0] == 3


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("version", "0", "is of version 0, and this is version 2"),
        ("programs", "x", "programs at other addresses"),
    ],
)
def test_a_ledger_of_another_version_is_refused(place: str, name: str, value: str, said: str) -> None:
    with Database.create(place, GENESIS) as database, database._engine.begin() as connection:
        wanted = schema.meta.c.name == name
        connection.execute(sa.update(schema.meta).where(wanted).values(value=value))
    with pytest.raises(LedgerError, match=said):
        Database.create(place, GENESIS)
    with pytest.raises(LedgerError, match=said):
        Database.open(place)


def test_what_is_no_ledger_is_left_as_it_is(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.db"
    text.write_text("not a database, but long enough to be taken for one\n" * 100)
    engine = sa.create_engine(f"sqlite:///{other}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (x)")
    engine.dispose()
    before = text.read_bytes(), other.read_bytes()
    for path, said in ((text, "file is not a database"), (other, "is a database, but not a ledger")):
        with pytest.raises(LedgerError, match=said):
            Database.create(str(path), GENESIS)
        with pytest.raises(LedgerError, match=said):
            Database.open(str(path))
    assert (text.read_bytes(), other.read_bytes()) == before
    with pytest.raises(LedgerError, match="there is no ledger"):
        Database.open(str(tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("name", ["version", "genesis", "programs", "scanned", "final"])
def test_a_ledger_that_lacks_a_mark_is_refused(tmp_path: Path, name: str) -> None:
    place = str(tmp_path / "ledger.db")
    with Database.create(place, GENESIS) as database, database._engine.begin() as connection:
        connection.execute(sa.delete(schema.meta).where(schema.meta.c.name == name))
    said = "is of version None" if name == "version" else f"is damaged: it lacks its {name}; fill a new one"
    for opened in (Database.open, partial(Database.create, genesis=GENESIS)):
        with pytest.raises(LedgerError, match=said):
            opened(place)


@pytest.mark.parametrize("where", ["", "mysql://x/y", "nonsense://", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_used_is_one_sentence(where: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Database.create(where, GENESIS)
    assert "\n" not in str(caught.value)


def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    place = tmp_path / "no such folder" / "ledger.db"
    with pytest.raises(LedgerError, match="cannot be used: No such file or directory"):
        Database.create(str(place), GENESIS)


def test_the_password_of_a_database_is_not_shown() -> None:
    with pytest.raises(LedgerError) as caught:
        Database.create("postgresql://me:secret@127.0.0.1:1/none", GENESIS)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_some_types_is_those_of_all_events(
    place: str, landed: list[Landed], newest_first: bool
) -> None:
    names = ["staking.Credited", "mint.Emitted", "no.Such"]
    with Database.create(place, GENESIS) as database:
        database.write(landed, scanned=10**9)
        wanted = [entry.place for entry in database.entries() if entry.name in names]
        wanted = wanted[::-1] if newest_first else wanted
        assert len({entry.name for entry in database.entries() if entry.name in names}) == 2
        read, beyond = [], None
        while page := database.page(3, names=names, beyond=beyond, newest_first=newest_first):
            read += [signed.entry.place for signed in page]
            beyond = read[-1]
        assert read == wanted
        node = next(e.event.node for e in database.entries(names=names[:1]))  # type: ignore[union-attr]
        about = [e.place for e in database.entries(about=node)]
        page = database.page(10**6, about=node, newest_first=newest_first)
        assert [signed.entry.place for signed in page] == (about[::-1] if newest_first else about)


def test_pages_of_sqlite_walk_along_an_index(tmp_path: Path, landed: list[Landed]) -> None:
    plans = []
    with Database.create(str(tmp_path / "ledger.db"), GENESIS) as database:
        database.write(landed[:20], scanned=10**9)
        # Only what SQLite itself says of a statement can tell it.
        engine = database._engine

        @sa.event.listens_for(engine, "before_cursor_execute")
        def explained(connection: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
            if "FROM events" in statement:
                rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
                plans.append(" ".join(row[3] for row in rows))

        database.page(5, names=["staking.Credited"], slot=10**9, newest_first=True)
        database.page(5, about=Pubkey.new_unique(), slot=10**9, newest_first=True)
        database.page(5, about=Pubkey.new_unique(), names=["staking.Credited"])
    assert "events_by_kind" in plans[0]
    assert all("events_by_a" in plan for plan in plans[1:])
    assert not any("TEMP B-TREE" in plan or "SCAN" in plan for plan in plans)


def test_transactions_are_counted_once_and_those_that_may_go_each_time(
    place: str, landed: list[Landed]
) -> None:
    ordered = sorted(landed, key=lambda sent: sent.slot)
    with Database.create(place, GENESIS) as database:
        for end in range(0, len(ordered), 60):
            part = ordered[end : end + 60]
            database.write(part, scanned=part[-1].slot, final=part[-1].slot)
            assert database.counts()[0] == min(end + 60, len(ordered))
        database.write(dropped=[(ordered[-1].slot, ordered[-1].signature)])
        assert database.counts()[0] == len(ordered) - 1


def test_readers_keep_few_pages_each(tmp_path: Path) -> None:
    where = str(tmp_path / "ledger.db")

    def cached(database: Database) -> int:
        with database._engine.connect() as connection:
            return int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())

    with Database.create(where, GENESIS) as writing, Database.open(where) as reading:
        assert (cached(writing), cached(reading)) == (-65_536, -8_192)


def test_each_statement_of_a_reader_is_made_once(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed, scanned=10**9)
        asked: list[Any] = []

        @sa.event.listens_for(database._engine, "before_execute")
        def _asked(connection: Any, statement: Any, *_: Any) -> None:
            asked.append(statement)

        def ask(key: Pubkey, slot: int) -> list[Any]:
            asked.clear()
            for newest_first in (False, True):
                page = database.page(
                    2, about=key, slot=slot, newest_first=newest_first, since=slot, until=slot
                )
                database.page(1, names=["jobs.Ended"], newest_first=newest_first, beyond=beyond)
                assert len(page) <= 2
            list(database.watched(about=key, names=["jobs.Booked"], until=slot))
            list(database.booked_by(key))
            database.bookings(key, 3, slot=slot, beyond=beyond)
            database.leases([key], until=slot)
            database.totals(node=key)
            database.transaction(str(slot))
            return list(asked)

        beyond = next(database.entries()).place
        first, second = (ask(Pubkey.new_unique(), slot) for slot in (10**6, 10**7))
        assert len(first) > 15
        # Not only equal ones: making one takes longer than most answers.
        assert {id(statement) for statement in first} == {id(statement) for statement in second}


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_far_away_costs_no_more_than_the_first(
    tmp_path: Path, landed: list[Landed], newest_first: bool
) -> None:
    sent = next(one for one in landed if len(one.log.emitted) == 1)
    event, steps = sent.log.emitted[0].event, 0
    with Database.create(str(tmp_path / "ledger.db"), GENESIS) as database:
        database.write([replace(sent, slot=slot, signature=str(slot)) for slot in range(1, 401)])

        def counted() -> int:
            nonlocal steps
            steps += 1
            return 0

        # SQLite counts the steps of its own that a statement takes.
        @sa.event.listens_for(database._engine, "checkout")
        def _counts(connection: Any, *_: Any) -> None:
            connection.set_progress_handler(counted, 1)

        wanted: dict[str, Any]
        for wanted in (
            {"names": [subjects()[type(event)].name]},
            {"about": subjects()[type(event)].account(event)},
        ):
            costs, beyond = list[int](), None
            while page := database.page(5, newest_first=newest_first, beyond=beyond, slot=10**6, **wanted):
                costs.append(steps)
                beyond, steps = page[-1].entry.place, 0
            assert len(costs) == 80
            assert max(costs) <= 2 * costs[0]


def test_bookings_of_a_party_come_in_pages(place: str, landed: list[Landed]) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed, scanned=10**9)
        told = [(entry.place, entry.event) for entry in database.entries(names=["jobs.Booked"])]
        supplier = told[0][1].supplier  # type: ignore[union-attr]
        wanted = [(where, event.job) for where, event in told if event.supplier == supplier]  # type: ignore[union-attr]
        read, beyond = [], None
        while page := database.bookings(supplier, 1, beyond=beyond):
            read += page
            beyond = page[-1][0]
        assert read == wanted
        assert database.bookings(supplier, 9, slot=wanted[0][0].slot - 1) == []
        assert database.bookings(supplier, 9, slot=wanted[0][0].slot)[:1] == wanted[:1]


def _counted(place: str) -> tuple[int, int]:
    """Transactions and events that are in the tables."""
    engine = sa.create_engine(url_of(place))
    with engine.connect() as connection:
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (schema.transactions, schema.events)
        ]
    engine.dispose()
    return counts[0], counts[1]


def test_counts_are_those_of_the_tables_whatever_is_dropped_or_comes_twice(
    place: str, landed: list[Landed]
) -> None:
    gone = landed[3::7]
    with Database.create(place, GENESIS) as database:
        for part in (landed[20:], landed[:30], landed):
            database.write(part)
        database.write(dropped=[(each.slot, each.signature) for each in gone])
        assert database.counts() == _counted(place)
        assert database.counts()[0] == len(landed) - len(gone)


def test_a_ledger_that_did_not_count_is_counted_when_it_is_written_to(
    place: str, landed: list[Landed]
) -> None:
    with Database.create(place, GENESIS) as database:
        database.write(landed[:50])
    engine = sa.create_engine(url_of(place))
    with engine.begin() as connection:
        connection.execute(sa.delete(schema.meta).where(schema.meta.c.name.in_(("transactions", "events"))))
    engine.dispose()
    with closing(Database.open(place)) as reader:
        assert reader.counts() == _counted(place)
    with Database.create(place, GENESIS) as database:
        assert database.counts() == _counted(place)
        database.write(landed[50:])
        assert database.counts() == _counted(place)
