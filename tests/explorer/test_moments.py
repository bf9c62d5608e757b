"""Moments from checkpoints: the same as from the first event, and made anew where anything is wrong."""

from __future__ import annotations

import gc
import io
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any
from weakref import ref

import pytest
from tests.explorer.conftest import GENESIS, Served

from ionet.explorer import _past
from ionet.explorer._past import _MOMENTS, Busy, Coming, Moment, Past
from ionet.ledger import Database, Entry, Landed, LedgerError, checkpoints
from ionet.ledger.checkpoints import Replays

#: What a moment is asked, besides what it is of.
ASKED = tuple(each.name for each in fields(Moment) if each.name not in ("_tally", "past"))


class Counted(Database):
    """Tells how many events were read."""

    read = 0

    def entries(self, **given: Any) -> Iterator[Entry]:
        for entry in super().entries(**given):
            self.read += 1
            yield entry


@pytest.fixture(autouse=True)
def caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoints, "_FOR_EACH_RECORD", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))


@pytest.fixture
def counted(place: str) -> Iterator[Counted]:
    with Counted.open(place) as database:
        yield database


def _said(past: Past, time: int | None) -> dict[str, Any]:
    """All that a moment says."""
    with past.at(time) as moment:
        tally = moment.tally
        said: dict[str, Any] = {name: getattr(moment, name) for name in ASKED}
        said |= {name: getattr(tally, name) for name in ("counts", "devices", "active", "proven", "hired")}
        said |= {"ranked": [*tally.ranked()], "work": moment.work.until(moment.time)}
        said["rewards"] = {node: moment.co_reward(node) for node in moment.holders}
        return deepcopy(said)


def _saved(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "caches").rglob("moments/*.state"))


def test_moments_are_the_same_with_and_without_checkpoints(
    counted: Counted, landed: list[Landed], tmp_path: Path
) -> None:
    times = sorted({sent.time for sent in landed if sent.log.emitted})
    asked = [*times[:: len(times) // 10], times[-1]]
    truth = {time: _said(Past(counted, 1), time) for time in asked}
    assert not _saved(tmp_path)
    assert any(said["rewards"] and sum(said["rewards"].values()) for said in truth.values())
    for _ in range(2):
        for time, said in truth.items():
            assert _said(Past(counted, 1, every=20), time) == said
    assert len(_saved(tmp_path)) >= 3


def test_the_start_and_a_past_time_replay_only_the_rest(counted: Counted, landed: list[Landed]) -> None:
    now = _said(Past(counted, 1), None)
    whole, middle = counted.read, landed[len(landed) * 3 // 4].time
    _said(Past(counted, 1, every=20), None)
    counted.read = 0
    past = Past(counted, 1, every=20)
    assert _said(past, None) == now
    assert 0 < counted.read < whole // 3
    counted.read = 0
    said = _said(past, middle)
    assert 0 < counted.read < whole // 3
    assert said == _said(Past(counted, 1), middle)


def test_a_moment_from_a_checkpoint_goes_on(landed: list[Landed], tmp_path: Path) -> None:
    ordered = sorted(landed, key=lambda sent: (sent.slot, sent.tx))
    half = ordered[len(ordered) // 2].slot
    where = str(tmp_path / "ledger.db")
    with Database.create(where, GENESIS) as writer:
        writer.write([sent for sent in ordered if sent.slot <= half], scanned=half, final=half)
        with Database.open(where) as reader:
            _said(Past(reader, 1, every=20), None)
            assert _saved(tmp_path)
            past = Past(reader, 1, every=20)
            _said(past, None)
            last = ordered[-1].slot
            writer.write([sent for sent in ordered if sent.slot > half], scanned=last, final=last)
            assert _said(past, None) == _said(Past(reader, 1), None)


def test_what_is_no_moment_is_made_anew(counted: Counted, tmp_path: Path) -> None:
    now = _said(Past(counted, 1, every=20), None)
    files = _saved(tmp_path)
    bad = [b"", b"?" * 99, pickle.dumps(print)]
    for number, path in enumerate(files):
        content = bad[number % len(bad)]
        path.write_bytes(sha256(content).digest() + content)
    assert _said(Past(counted, 1, every=20), None) == now


@pytest.mark.parametrize(
    ("module", "name"),
    [("pathlib", "Path"), ("ionet.explorer._past", "Path"), ("ionet.ledger.replay.state", "import_module")],
)
def test_a_file_makes_nothing_that_a_module_has_imported(tmp_path: Path, module: str, name: str) -> None:
    path = tmp_path / "evil.state"
    content = f"c{module}\n{name}\n.".encode()
    path.write_bytes(sha256(content).digest() + content)
    with pytest.raises(pickle.UnpicklingError, match="is no part of a state"):
        checkpoints._load(io.BytesIO(content), _MOMENTS.modules)
    assert checkpoints._read(path, _MOMENTS.modules) is None


def test_of_many_nodes_one_past_moment_is_kept(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    past = Past(counted, states=4)
    times = [entry.time for entry in counted.entries()]
    asked = sorted({times[len(times) * part // 8] for part in range(2, 7)})
    assert len(asked) >= 3
    for time in asked:
        _said(past, time)
    assert len(past._kept) == min(4, len(asked))
    monkeypatch.setattr(_past, "_NODES", 1)
    made, make = list[int](), Replays.at

    def at(*given: Any, **more: Any) -> Moment:
        made.append(len(past._kept))
        moment: Moment = make(*given, **more)
        return moment

    monkeypatch.setattr(Replays, "at", at)
    with past.at(times[1]) as moment:
        assert moment.time == times[1]
    assert [time for _, time in past._kept] == [times[1]]
    # Those before had gone when it was made.
    assert made == [0]


class Held(Past):
    """Replays past times only when it may; says how far it is before that."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, 2, patience=0.01)
        self.began, self.may, self.made = threading.Event(), threading.Event(), 0

    def _replayed(self, time: int, slot: int, tell: Any) -> Moment:
        self.made += 1
        told = super()._replayed(time, slot, tell)
        self.began.set()
        assert self.may.wait(60)
        return told


async def test_a_past_time_that_takes_long_says_how_far_it_is_and_is_made_once(
    serving: Callable[..., Served], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_TOLD", 1)
    explorer, time = serving(), database.marks().time - 3_600
    expected = await serving().read("/classes", at=time)
    explorer.app.state.past = past = Held(database)
    first = await explorer.get("/api/v1/classes", params={"at": time})
    assert (first.status_code, first.headers["retry-after"]) == (202, "2")
    assert first.headers["cache-control"] == "no-store"
    assert past.began.wait(60)
    second = (await explorer.get("/api/v1/supply", params={"at": time})).json()
    whole = sum(1 for entry in database.entries(time=time))
    assert (second["done"], second["of"] >= whole) == (whole, True)
    assert "being computed" in second["message"]
    # The present goes on.
    assert (await explorer.read("/classes"))["as_of"]["time"] > time
    past.may.set()
    assert await explorer.read("/classes", at=time) == expected
    assert past.made == 1


def test_a_past_moment_that_was_made_waits_for_whoever_asked(counted: Counted) -> None:
    times = sorted({entry.time for entry in counted.entries()})
    past = Held(counted)
    past._most = 1
    for time in (times[len(times) // 2], times[len(times) // 3]):
        with pytest.raises(Coming), past.at(time):
            pass
    past.may.set()
    for time in (times[len(times) // 2], times[len(times) // 3]):
        until, seen = monotonic() + 60, 0
        while not seen and monotonic() < until:
            with suppress(Coming), past.at(time) as moment:
                seen = moment.time
        assert seen == time
    assert past.made == 2


def test_what_a_replay_fails_by_is_told_to_whoever_asked(counted: Counted) -> None:
    class Broken(Past):
        def _replayed(self, *given: Any) -> Moment:
            raise LedgerError("a file is missing")

    past = Broken(counted, 2, patience=60)
    for _ in range(2):
        with pytest.raises(LedgerError, match="a file is missing"), past.at(counted.marks().time - 1):
            pass


def test_what_a_failed_replay_had_is_gone_with_it(counted: Counted) -> None:
    """Though it was kept from collections of garbage: each such question would cost a market's memory."""

    class Large:
        pass

    had: list[ref[Large]] = []

    def fail(time: int, **given: Any) -> None:
        state = Large()
        had.append(ref(state))
        try:
            raise OSError("gone")
        except OSError as bad:
            raise LedgerError("a file is missing") from bad

    past = Past(counted, 2, patience=60)
    past.warm()
    past._checkpoints = SimpleNamespace(at=fail)  # type: ignore[assignment]
    for ago in (1, 2):
        with pytest.raises(LedgerError, match="a file is missing"), past.at(counted.marks().time - ago):
            pass
    gc.collect()
    assert [it() for it in had] == [None, None]


def test_one_past_time_at_a_time_is_computed_for_an_address(counted: Counted) -> None:
    first, second, third = sorted({entry.time for entry in counted.entries()})[-5:-2]
    past, asked = Held(counted), [(first, "192.0.2.1"), (second, "192.0.2.1"), (third, "192.0.2.2")]
    # Of the one address the second waits, without the room that the other one's takes.
    for time, source in (*asked, (first, "192.0.2.2")):
        with pytest.raises(Coming), past.at(time, source):
            pass
    assert [time for _, time in past._making] == [first, third]
    past.may.set()
    until, seen = monotonic() + 60, set[int]()
    while len(seen) < 3 and monotonic() < until:
        for time, source in [each for each in asked if each[0] not in seen]:
            with suppress(Coming), past.at(time, source) as moment:
                seen.add(moment.time)
    assert seen == {first, second, third}


def test_however_many_wait_for_a_past_time_all_are_told_how_far_it_is(counted: Counted) -> None:
    past, time = Held(counted), counted.marks().time - 1
    with pytest.raises(Coming), past.at(time):
        pass
    while past._asked.acquire(blocking=False):
        pass
    with pytest.raises(Coming), past.at(time):
        pass
    with pytest.raises(Busy, match="too many past times"), past.at(time - 1):
        pass
    past.may.set()


def test_a_thread_that_the_host_does_not_give_takes_nobodys_place(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    past, time = Past(counted, 2, patience=60), counted.marks().time - 1
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", refused)
        for ago in range(5):
            with pytest.raises(Busy, match="this host cannot"), past.at(time - ago, "192.0.2.1"):
                pass
    with past.at(time, "192.0.2.1") as moment:
        assert moment.time == time


def test_a_past_time_that_nobody_asks_for_any_more_is_left(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lonely(Past):
        def _replayed(self, time: int, slot: int, tell: Any) -> Moment:
            # Only once whoever asks has noted when that was.
            with self._begins:
                for making in self._making.values():
                    making.asked -= ago
            return super()._replayed(time, slot, tell)

    monkeypatch.setattr(checkpoints, "_TOLD", 1)
    past, time, ago = Lonely(counted, 2, patience=60), counted.marks().time - 1, 1_000
    past.warm()
    counted.read = 0
    with pytest.raises(Coming), past.at(time):
        pass
    assert (counted.read, past._making) == (1, {})
    ago = 0
    with past.at(time) as moment:
        assert moment.time == time


def test_states_are_made_without_a_look_for_garbage_and_it_goes_on_after_them(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, usual, freeze = list[str](), gc.get_threshold(), gc.freeze

    def frozen() -> None:
        looked.append("freeze")
        freeze()

    monkeypatch.setattr(gc, "freeze", frozen)
    gc.callbacks.append(look := lambda phase, info: looked.append(f"{phase} {info['generation']}"))
    # The youngest are looked at all the time.
    gc.set_threshold(20, 10_000, 10_000)
    try:
        past, before = Past(counted, states=4), gc.get_freeze_count()
        with past.at(None) as moment:
            records = sum(1 for _ in moment.state)
        # One look before it begins, at what was there, and none until it is made.
        assert looked.count("start 2") == 1
        assert looked[: looked.index("freeze")][-2:] == ["start 2", "stop 2"]
        assert gc.get_freeze_count() - before > records
        assert gc.isenabled()
    finally:
        gc.set_threshold(*usual)
        gc.callbacks.remove(look)
