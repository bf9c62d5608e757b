"""Rows of old hours in files: each answer is as before, whatever ends the process; what is lost is named."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey
from tests.ledger import history

from ionet import events
from ionet.chain.events import EventLog
from ionet.ledger import Database, Landed, LedgerError, archive
from ionet.ledger import database as ledger
from ionet.ledger.replay.state import replay
from ionet.ledger.rowfiles import Facts
from ionet.ledger.subjects import subjects

GENESIS: Final = "chain"
#: Slots behind the last one that the tests' ledgers are final to.
_BEHIND: Final = 1_000


@pytest.fixture(scope="module")
def landed() -> list[Landed]:
    return history.truth(history.market().market.world.client)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ENOUGH", 20)
    # So that files are opened again and again.
    monkeypatch.setattr(archive, "_OPEN", 2)
    # And some are sifted before the others.
    monkeypatch.setattr(archive, "_AT_FIRST", 2)


def filled(place: Path, landed: list[Landed]) -> Database:
    database = Database.create(str(place), GENESIS)
    last = max(sent.slot for sent in landed)
    database.write(landed, scanned=last, final=last + _BEHIND)
    return database


@pytest.fixture
def whole(landed: list[Landed], tmp_path: Path) -> Iterator[Database]:
    with filled(tmp_path / "whole.db", landed) as database:
        yield database


@pytest.fixture
def filed(landed: list[Landed], tmp_path: Path) -> Iterator[Database]:
    """The same history, all but its last hour in files."""
    with filled(tmp_path / "filed.db", landed) as database:
        assert database.archive(3_600) >= 3
        yield database


def rows_left(database: Database) -> int:
    with closing(sqlite3.connect(str(database._engine.url.database))) as raw:
        return int(raw.execute("SELECT count(*) FROM events").fetchone()[0])


def answers(database: Database, landed: list[Landed]) -> dict[str, Any]:
    """What a ledger says to every kind of question."""
    emitted = [event.event for sent in landed for event in sent.log.emitted]
    booked = [event for event in emitted if isinstance(event, events.jobs.Booked)]
    accounts = {event.node for event in booked} | {event.job for event in booked}
    times = sorted({sent.time for sent in landed})
    found: dict[str, Any] = {
        "entries": [*database.entries()],
        "watched": [*database.watched()],
        "counts": database.counts(),
        "marks": database.marks(),
        "gaps": database.gaps(),
        "cuts": database.cuts(),
        "slots": [database.slot_at(time + more) for time in times for more in (-1, 0)],
        "leases": [database.leases(accounts, until=time) for time in (None, *times[::5])],
        "state": database.at(times[-1]),
        "signed": [database.transaction(sent.signature) for sent in landed],
    }
    places = [entry.place for entry in database.entries()]
    for about in accounts:
        found[f"about {about}"] = [*database.entries(about=about)]
        found[f"watched {about}"] = [*database.watched(about=about, since=times[3], until=times[-3])]
    for names in (["staking.Credited"], ["jobs.Booked", "jobs.Ended"], ["jobs.None"]):
        found[f"of {names}"] = [*database.entries(names=names)]
        found[f"after {names}"] = [*database.entries(names=names, after=places[len(places) // 3])]
    questions: list[dict[str, Any]] = [
        {},
        {"about": next(iter(accounts))},
        {"names": ["staking.Credited", "jobs.Attested"]},
        {"about": next(iter(accounts)), "names": ["jobs.Booked"]},
        {"since": times[4], "until": times[-4]},
        {"slot": places[len(places) // 2].slot},
    ]
    for number, asked in enumerate(questions):
        for newest_first in (False, True):
            beyond, pages = None, []
            while page := database.page(7, newest_first=newest_first, beyond=beyond, **asked):
                pages.append(page)
                beyond = page[-1].entry.place
            found[f"pages {number} {newest_first}"] = pages
    return found


def test_every_answer_is_the_same_from_files(whole: Database, filed: Database, landed: list[Landed]) -> None:
    assert rows_left(filed) < rows_left(whole) / 4
    expected, there = answers(whole, landed), answers(filed, landed)
    for name in expected:
        assert there[name] == expected[name], name
    assert len(expected["entries"]) == sum(len(sent.log.emitted) for sent in landed)
    assert expected["pages 0 True"]


def test_the_database_becomes_smaller_by_what_goes(landed: list[Landed], tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"

    def pages() -> int:
        with closing(sqlite3.connect(str(place))) as raw:
            return int(raw.execute("PRAGMA page_count").fetchone()[0])

    with filled(place, landed) as database:
        before = pages()
        database.archive(3_600)
        assert pages() < before * 3 // 4


def test_a_reader_of_another_process_sees_files_as_they_come(landed: list[Landed], tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    with filled(place, landed) as database, Database.open(str(place)) as reader:
        before = [*reader.entries()]
        walking = reader.entries()
        first = list(islice(walking, 5))
        assert database.archive(3_600) >= 3
        # What began before goes on with what it saw then.
        assert [*first, *walking] == before
        assert [*reader.entries()] == before
        assert reader.files() == database.files() >= 3


def test_only_whole_final_hours_go_to_files_and_each_once(landed: list[Landed], tmp_path: Path) -> None:
    with Database.create(str(tmp_path / "ledger.db"), GENESIS) as database:
        middle = landed[len(landed) // 2].slot
        database.write(landed, scanned=landed[-1].slot, final=middle)
        made = database.archive(0)
        with closing(sqlite3.connect(str(tmp_path / "ledger.db"))) as raw:
            spans = raw.execute(
                "SELECT first_slot, last_slot, first_time, last_time FROM files ORDER BY number"
            ).fetchall()
        assert made == len(spans) > 0
        # A slot that is final, and as far behind as what a node's index adds late.
        assert spans[-1][1] <= middle - 128
        for (_, slot, _, time), (first, _, begin, _) in pairwise(spans):
            assert first > slot
            assert begin // 3_600 > time // 3_600, "an hour is in one file"
        assert database.archive(0) == 0
        assert len([*database.entries()]) == sum(len(sent.log.emitted) for sent in landed)


@pytest.mark.parametrize(
    ("counts", "until", "expected"),
    [
        # Hours of a day go together, once it is over.
        ([(0, 5), (3_600, 5)], 86_400, [7_200]),
        ([(0, 5), (3_600, 5)], 86_399, []),
        # Enough events are a file.
        ([(0, 20), (3_600, 5), (7_200, 15), (10_800, 1)], 14_400, [3_600, 10_800]),
        # No hour that may not go yet.
        ([(0, 20), (3_600, 20)], 7_199, [3_600]),
        ([(82_800, 1), (86_400, 1)], 90_000, [86_400]),
        ([], 86_400, []),
    ],
)
def test_a_file_has_whole_hours_of_a_day(
    counts: list[tuple[int, int]], until: int, expected: list[int]
) -> None:
    assert [*archive.spans(counts, until)] == expected


# --- whatever happens ---------------------------------------------------------------------------

_KILLED: Final = """
import os, signal, sys
from ionet.ledger import Database, archive
archive.ENOUGH = 20
place, at = sys.argv[1], int(sys.argv[2])
done = 0
def step(*_):
    global done
    done += 1
    if done > at:
        os.kill(os.getpid(), signal.SIGKILL)
class Killed(Database):
    def committing(self):
        step()
from pathlib import Path
named = Path.replace
def renamed(*given):
    step()
    result = named(*given)
    step()
    return result
Path.replace = renamed
archive.Archive.make.__defaults__ = (step,)
with Killed.create(place, "chain") as database:
    database.archive(3600)
"""


def test_killed_at_each_step_every_row_is_in_the_database_or_in_a_file(
    landed: list[Landed], tmp_path: Path, whole: Database
) -> None:
    place = tmp_path / "ledger.db"
    filled(place, landed).close()
    expected = [*whole.entries()]
    # On the disk, named, the name on the disk, the transaction; then the next file, and to the end.
    for at in (*range(6), 1_000):
        child = subprocess.run([sys.executable, "-c", _KILLED, str(place), str(at)], check=False)
        assert child.returncode == (0 if at == 1_000 else -signal.SIGKILL)
        with Database.open(str(place)) as reader:
            assert [*reader.entries()] == expected
            assert reader.damages() == []
    assert not [*Path(f"{place}.rows").glob(".*.part")]


def test_a_missing_file_is_named_and_the_rest_goes_on(filed: Database, landed: list[Landed]) -> None:
    folder = Path(f"{filed._engine.url.database}.rows")
    away = folder / "00000002.rows"
    content = away.read_bytes()
    away.unlink()
    with Database.open(str(filed._engine.url.database)) as reader:
        with pytest.raises(LedgerError, match=r"00000002\.rows.* is missing: put it back"):
            list(reader.entries())
        # What needs no rows of it is there.
        assert reader.totals()
        newest = reader.page(3, newest_first=True)
        assert newest[0].signature == landed[-1].signature
        assert ["00000002.rows" in damage for damage in reader.damages()] == [True]
        away.write_bytes(content)
        assert len([*reader.entries()]) == sum(len(sent.log.emitted) for sent in landed)


def only_in(filed: Database, landed: list[Landed], number: int) -> tuple[Pubkey, str]:
    """An account that one file has something of, and no other, and a signature of that file."""
    with filed._engine.connect() as connection:
        facts = filed._archive.facts(connection)
    its = facts[number - 1]
    slots: dict[Pubkey, set[int]] = {}
    for entry in filed.entries():
        if entry.event is not None:
            subject = subjects()[type(entry.event)]
            for of in (subject.account, subject.also):
                if of is not None:
                    slots.setdefault(of(entry.event), set()).add(entry.place.slot)
    inside = range(its.first_slot, its.last_slot + 1)
    account = next(account for account, each in slots.items() if all(slot in inside for slot in each))
    return account, next(sent.signature for sent in landed if sent.slot in inside)


def alone(filed: Database, number: int) -> None:
    """Leaves no other file than one."""
    for path in Path(f"{filed._engine.url.database}.rows").glob("*.rows"):
        if path.name != f"{number:08}.rows":
            path.unlink()


def test_what_is_in_one_file_is_found_without_the_others(filed: Database, landed: list[Landed]) -> None:
    account, signature = only_in(filed, landed, 1)
    expected = [*filed.entries(about=account)], filed.transaction(signature)
    alone(filed, 1)
    with Database.open(str(filed._engine.url.database)) as reader:
        assert ([*reader.entries(about=account)], reader.transaction(signature)) == expected
        page = reader.page(50, about=account, newest_first=True)
        assert [signed.entry for signed in reversed(page)] == expected[0]
        first = next(sent.log.emitted[0].event for sent in landed if sent.log.emitted)
        name = subjects()[type(first)].name
        assert [entry.event for entry in reader.entries(names=[name])][:1] == [first]
        # What is in all of them is not.
        with pytest.raises(LedgerError, match="is missing"):
            list(reader.entries(names=["staking.Credited"]))


def test_files_that_are_kept_open_leave_others_to_connections(
    filed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_OPEN", 512)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (12, 12))

    def kept(database: Database) -> int:
        assert sum(1 for _ in database.entries())
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum(1 for link in links if link.readlink().is_relative_to(f"{filed.name}.rows"))

    assert filed.files() > 3
    before = kept(filed)
    with Database.open(filed.name) as database:
        assert kept(database) - before == 3


def test_files_of_older_software_are_looked_through_until_their_keys_are_kept(
    filed: Database, landed: list[Landed]
) -> None:
    where = str(filed._engine.url.database)
    account, signature = only_in(filed, landed, 1)
    expected, files = [*filed.entries(about=account)], filed.files()
    filed.close()
    with closing(sqlite3.connect(where)) as raw:
        raw.execute("DROP TABLE sieves")
    with Database.open(where) as reader:
        assert [*reader.entries(about=account)] == expected
    with Database.create(where, GENESIS) as again:
        for _ in range(files):
            assert [*again.entries(about=account)] == expected
            again.archive(3_600)
        alone(again, 1)
        assert [*again.entries(about=account)] == expected
        assert again.transaction(signature) is not None


def test_a_damaged_file_of_older_software_keeps_no_other_one_from_being_looked_up(
    filed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_SIEVED_AT_ONCE", 1)
    where, files = str(filed._engine.url.database), filed.files()
    filed.close()
    with closing(sqlite3.connect(where)) as raw:
        raw.execute("DELETE FROM sieves")
        raw.commit()
    first = Path(f"{where}.rows", "00000001.rows")
    content = first.read_bytes()
    first.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    with Database.create(where, GENESIS) as again:
        for _ in range(files):
            again.archive(3_600)
        assert with_keys(where) == [*range(2, files + 1)]
        opened = list[int]()
        read = archive.Archive.sieve

        def seen(self: archive.Archive, facts: Facts) -> dict[int, bytes]:
            opened.append(facts.number)
            return read(self, facts)

        monkeypatch.setattr(archive.Archive, "sieve", seen)
        again.archive(3_600)
        assert opened == [], "it is not hashed at each look"
        whole = first.with_suffix(".whole")
        whole.write_bytes(content)
        whole.replace(first)
        again.archive(3_600)
        assert (opened, with_keys(where)) == ([1], [*range(1, files + 1)])


def with_keys(where: str) -> list[int]:
    """Files of whose keys something is kept."""
    with closing(sqlite3.connect(where)) as raw:
        return [number for (number,) in raw.execute("SELECT DISTINCT number FROM sieves ORDER BY number")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sieves SET prints = x'ffff' WHERE number = 2 AND prints != x''",
        "DELETE FROM sieves WHERE number = 2 AND bucket >= 0",
        "UPDATE sieves SET number = 1000 + number WHERE number > 0 AND bucket > 100",
    ],
)
def test_a_changed_row_of_what_files_have_is_named_and_can_be_made_anew(
    filed: Database, landed: list[Landed], change: str
) -> None:
    where, account = str(filed._engine.url.database), only_in(filed, landed, 2)[0]
    expected = [*filed.entries(about=account)]
    assert expected
    assert filed.damages() == []
    with closing(sqlite3.connect(where)) as raw:
        raw.execute(change)
        raw.commit()
    named = filed.damages()
    assert any("00000002.rows" in each and "may be hidden" in each for each in named)
    with closing(sqlite3.connect(where)) as raw:
        raw.execute("DELETE FROM sieves WHERE bucket = -1")
        raw.commit()
    assert [*filed.entries(about=account)] == expected
    for _ in named:
        filed.archive(3_600)
    assert filed.damages() == []
    assert [*filed.entries(about=account)] == expected


def test_a_file_that_is_changed_after_it_was_compared_is_refused(
    filed: Database, landed: list[Landed]
) -> None:
    account, _ = only_in(filed, landed, 1)
    filed.open_files()
    assert [*filed.entries(about=account)]
    filed.open_files()
    # Where the index has the account, so that nothing of it would be found.
    path = Path(f"{filed._engine.url.database}.rows", "00000001.rows")
    content = path.read_bytes()
    at = content.rindex(bytes(account)[:8])
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(LedgerError, match="is not the file that the ledger has written"):
        list(filed.entries(about=account))


def test_no_byte_of_a_file_can_be_changed(filed: Database) -> None:
    """Wherever it is: in a block, in the index, in what says where the index begins."""
    path = next(iter(sorted(Path(f"{filed._engine.url.database}.rows").glob("*.rows"))))
    content = path.read_bytes()
    for at in {*range(0, len(content), max(1, len(content) // 60)), 3, len(content) - 1, len(content) - 8}:
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        with Database.open(str(filed._engine.url.database)) as reader:
            with pytest.raises(LedgerError, match="is not the file that the ledger has written"):
                list(reader.entries())
            assert len(reader.damages()) == 1
    for other in (b"", content[:-1], content + b"\0"):
        path.write_bytes(other)
        assert len(filed.damages()) == 1


@pytest.mark.parametrize("what", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_not_read(filed: Database, tmp_path: Path, what: str) -> None:
    path = next(iter(sorted(Path(f"{filed._engine.url.database}.rows").glob("*.rows"))))
    (tmp_path / "elsewhere").write_bytes(path.read_bytes())
    path.unlink()
    match what:
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case "folder":
            path.mkdir()
        case _:
            os.mkfifo(path)
    with Database.open(str(filed._engine.url.database)) as reader, pytest.raises(LedgerError, match="rows"):
        list(reader.entries())


def test_a_folder_that_is_a_link_gets_nothing(landed: list[Landed], tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ledger.db.rows").symlink_to(tmp_path / "theirs")
    with filled(tmp_path / "ledger.db", landed) as database:
        with pytest.raises(LedgerError, match="is a link"):
            database.archive(3_600)
        assert len([*database.entries()]) == sum(len(sent.log.emitted) for sent in landed)
    assert not [*(tmp_path / "theirs").iterdir()]


def test_a_transaction_of_a_file_that_comes_again_changes_nothing(
    filed: Database, landed: list[Landed]
) -> None:
    before = [*filed.entries()]
    assert filed.write(landed) == 0
    assert [*filed.entries()] == before
    late = replace(landed[0], tx=1, signature="late", log=EventLog(()))
    with pytest.raises(LedgerError, match="comes after the ledger has put that slot's rows into a file"):
        filed.write([late])


def test_what_the_chain_drops_is_counted_with_rows_of_files(landed: list[Landed], tmp_path: Path) -> None:
    with filled(tmp_path / "ledger.db", landed) as database:
        first = landed[0].slot, landed[0].signature
        # All in files but what may still go.
        database.archive(3_600)
        with closing(sqlite3.connect(str(tmp_path / "ledger.db"))) as raw:
            (upto,) = raw.execute("SELECT max(last_slot) FROM files").fetchone()
        gone = [sent for sent in landed if sent.slot > upto]
        assert len(gone) >= 2
        database.write(dropped=[(sent.slot, sent.signature) for sent in gone])
        with filled(tmp_path / "other.db", [sent for sent in landed if sent not in gone]) as other:
            theirs = [(gap.account, gap.events) for gap in other.gaps()]
            assert [(gap.account, gap.events) for gap in database.gaps()] == theirs
            accounts = {Pubkey.from_bytes(a) for a in _accounts(other)}
            programs = ("staking", "jobs", "proofs", "mint")
            heads = [(database.head(p, a), other.head(p, a)) for a in accounts for p in programs]
            assert [pair for pair in heads if pair[0] != pair[1]] == []
        with pytest.raises(LedgerError, match="was final, and its rows are in a file"):
            database.write(dropped=[first])


def _accounts(database: Database) -> list[bytes]:
    with closing(sqlite3.connect(str(database._engine.url.database))) as raw:
        return [row[0] for row in raw.execute("SELECT DISTINCT account FROM heads")]


def test_a_transaction_whose_log_was_cut_stays_named(landed: list[Landed], tmp_path: Path) -> None:
    cut = replace(landed[3], log=replace(landed[3].log, truncated=True))
    with filled(tmp_path / "ledger.db", [*landed[:3], cut, *landed[4:]]) as database:
        before = database.cuts(), database.counts(), database.slot_at(cut.time)
        assert database.archive(3_600) >= 3
        assert (database.cuts(), database.counts(), database.slot_at(cut.time)) == before
        assert before[0][0].signature == cut.signature
        assert len(database.transaction(cut.signature) or []) == len(cut.log.emitted)


def test_older_software_refuses_a_ledger_with_files(filed: Database, whole: Database) -> None:
    def version(database: Database) -> str:
        with closing(sqlite3.connect(str(database._engine.url.database))) as raw:
            return str(raw.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()[0])

    assert (version(whole), version(filed)) == ("2", "3")


def test_a_ledger_elsewhere_than_in_a_file_has_none(landed: list[Landed]) -> None:
    with Database.create(":memory:", GENESIS) as database, pytest.raises(LedgerError, match="SQLite file"):
        database.archive(0)


def test_the_state_from_files_is_that_of_the_history(filed: Database, whole: Database) -> None:
    time = filed.marks().time
    assert replay(filed.entries(time=time)) == replay(whole.entries(time=time))
