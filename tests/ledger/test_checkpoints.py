"""Checkpoints of states: they change no answer, and are made anew where anything is wrong with them."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from tests.ledger import history
from tests.programs.support import HOUR

from ionet.ledger import Database, checkpoints
from ionet.ledger.checkpoints import Checkpoints, _Kept
from ionet.ledger.records import Landed, Place
from ionet.ledger.replay.state import replay


@pytest.fixture(scope="module")
def landed() -> list[Landed]:
    return history.truth(history.market().market.world.client)


@pytest.fixture
def ledger(landed: list[Landed], tmp_path: Path) -> Database:
    database = Database.create(str(tmp_path / "ledger.db"), "1" * 32)
    last = max(sent.slot for sent in landed)
    database.write(landed, scanned=last, final=last)
    return database


class Counted(Checkpoints):
    """Tells how many events were replayed."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder, every=20)
        self.replayed = 0
        real = database.entries

        def entries(**given: object):  # type: ignore[no-untyped-def]
            for entry in real(**given):  # type: ignore[arg-type]
                self.replayed += 1
                yield entry

        database.entries = entries  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_FOR_EACH_RECORD", 0)


def test_a_state_is_the_same_with_and_without_checkpoints(ledger: Database, tmp_path: Path) -> None:
    times = sorted({entry.time for entry in ledger.entries()})
    truth = {time: replay(ledger.entries(time=time)) for time in times[:: len(times) // 12]}
    kept = Counted(ledger, tmp_path / "states")
    for _ in range(2):
        for time, state in truth.items():
            assert kept.at(time) == state
    assert len(list((tmp_path / "states").glob("*.state"))) >= 3
    kept.replayed = 0
    assert kept.at(times[-1]) == replay(ledger.entries(time=times[-1]))
    replayed = kept.replayed - ledger.counts()[1]
    assert replayed <= 60, "the rest of it only"


def test_whatever_is_wrong_with_a_checkpoint_it_is_made_anew(
    ledger: Database, landed: list[Landed], tmp_path: Path
) -> None:
    folder = tmp_path / "states"
    last = max(sent.time for sent in landed)
    truth = replay(ledger.entries(time=last))
    kept = Checkpoints(ledger, folder, every=20)
    kept.at(last)
    files = sorted(folder.glob("*.state"))
    for number, path in enumerate(files):
        content = path.read_bytes()
        bad = [content[: len(content) // 2], b"", pickle.dumps(print), content[:99] + b"?" + content[100:]]
        path.write_bytes(bad[number % len(bad)])
    assert kept.at(last) == truth
    # Of a ledger that has more before that hour now.
    with Database.create(str(tmp_path / "less.db"), "1" * 32) as less:
        slots = sorted(sent.slot for sent in landed)
        less.write([sent for sent in landed if sent.slot != slots[10]], scanned=slots[-1], final=slots[-1])
        Checkpoints(less, folder, every=20).at(last)
        less.write(landed)
        assert Checkpoints(less, folder, every=20).at(last) == truth
    # Other code's, and a folder that cannot be written.
    (tmp_path / "file").touch()
    assert Checkpoints(ledger, tmp_path / "file" / "states", every=20).at(last) == truth


def test_what_may_still_go_is_in_no_checkpoint(landed: list[Landed], tmp_path: Path) -> None:
    with Database.create(str(tmp_path / "ledger.db"), "1" * 32) as database:
        last = max(sent.slot for sent in landed)
        middle = sorted(sent.slot for sent in landed)[len(landed) // 2]
        database.write(landed, scanned=last, final=middle)
        time = max(sent.time for sent in landed if sent.slot <= middle)
        Checkpoints(database, tmp_path / "states", every=20).at(10**12)
    kept = [int(path.name.partition("-")[0]) for path in (tmp_path / "states").glob("*.state")]
    assert kept
    assert max(kept) <= time < max(sent.time for sent in landed) - HOUR


def test_a_file_makes_nothing_but_states(tmp_path: Path) -> None:
    path = tmp_path / "evil.state"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "touched",)

    content = pickle.dumps(Evil())
    path.write_bytes(sha256(content).digest() + content)
    assert checkpoints._read(path) is None
    assert not (tmp_path / "touched").exists()


def test_equal_numbers_and_bytes_that_are_read_are_one_object_and_keep_their_types(tmp_path: Path) -> None:
    def record(number: int) -> _Kept[bytes]:
        return _Kept(number, 0, Place(1, 2, 3, 4, 5), number.to_bytes(40))

    # Not what the compiler has made one.
    made = [record(int("9" * 12)), record(int("9" * 12)), record(True), record(1)]
    assert made[0].before is not made[1].before
    content = io.BytesIO()
    checkpoints._Pickler(content, pickle.HIGHEST_PROTOCOL).dump(_Kept(0, 0, Place(1, 2, 3, 4, 5), made))
    path = tmp_path / "some.state"
    path.write_bytes(sha256(content.getvalue()).digest() + content.getvalue())
    kept = checkpoints._read(path)
    assert kept is not None
    assert kept.state == made
    assert kept.state[0].before is kept.state[1].before
    assert kept.state[0].state is kept.state[1].state
    # True and 1 are equal, and no more than that.
    assert [type(each.before) for each in kept.state[2:]] == [bool, int]


def test_every_handler_is_there_however_few_modules_were_imported() -> None:
    code = (
        "import ionet.ledger.replay.stake\nfrom ionet import events\n"
        "from ionet.ledger.replay.state import handlers\n"
        "assert {events.jobs.Booked, events.mint.Emitted, events.staking.Staked} <= handlers().keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_where_others_may_write_no_state_is_believed_or_kept(ledger: Database, tmp_path: Path) -> None:
    folder, last = tmp_path / "states", max(entry.time for entry in ledger.entries())
    kept = Counted(ledger, folder)
    kept.at(last)
    (newest, *_) = sorted(folder.glob("*.state"), reverse=True)
    content, everything = newest.read_bytes(), kept.replayed
    for mode in (0o770, 0o702, 0o777):
        folder.chmod(mode)
        before = {path.name for path in folder.iterdir()}
        kept.replayed = 0
        kept.at(last)
        assert kept.replayed == everything
        assert {path.name for path in folder.iterdir()} == before
    folder.chmod(0o700)
    (tmp_path / "elsewhere").write_bytes(content)
    for path in folder.iterdir():
        path.unlink()
    # A link, and a pipe at which one would wait for ever.
    newest.symlink_to(tmp_path / "elsewhere")
    before_it, _, rest = newest.name.partition("-")
    os.mkfifo(newest.with_name(f"{int(before_it) - 1}-{rest}"))
    kept.replayed = 0
    kept.at(last)
    assert kept.replayed == everything
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    kept.replayed = 0
    kept.at(last)
    assert kept.replayed == everything
