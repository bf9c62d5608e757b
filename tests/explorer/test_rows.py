"""Rows of old hours, read in a process of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Pipe
from pathlib import Path

import httpx
import psutil
import pytest
from solders.pubkey import Pubkey
from tests.explorer.conftest import GENESIS, Served
from tests.stateful.arena import Arena

from ionet.explorer import _earned, _events
from ionet.explorer._apart import answers
from ionet.explorer._rows import Rows, credits_of
from ionet.explorer._service import rows_of
from ionet.ledger import Database, Landed
from ionet.ledger.rowfiles import RowFile


def _made(landed: list[Landed], place: Path) -> str:
    """A ledger most of whose rows lie in files."""
    last = max(sent.slot for sent in landed)
    with Database.create(str(place), GENESIS) as database:
        database.write(landed, scanned=last, final=last)
        assert database.archive(3_600)
    return str(place)


@pytest.fixture(scope="module")
def filed(landed: list[Landed], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger most of whose rows lie in files."""
    return _made(landed, tmp_path_factory.mktemp("rows") / "ledger.db")


@pytest.fixture
async def its(filed: str, serving: Callable[..., Served]) -> AsyncIterator[tuple[Served, Rows]]:
    """An explorer whose rows are read in a process of its own."""
    with Database.open(filed) as database:
        explorer = serving(database=database)
        rows = explorer.app.state.rows = Rows(database, filed)
        yield explorer, rows
        await rows.stop()


@pytest.fixture
async def bare_answers(filed: str, serving: Callable[..., Served]) -> AsyncIterator[Served]:
    """One that reads them itself."""
    with Database.open(filed) as database:
        yield serving(database=database)


def _told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    kept = ("content-type", "etag", "cache-control")
    return answer.status_code, {name: answer.headers.get(name, "") for name in kept}, answer.content


async def test_another_process_answers_as_this_one_does(
    its: tuple[Served, Rows], bare_answers: Served, arena: Arena, landed: list[Landed]
) -> None:
    explorer, rows = its
    alice, first = arena.market.alice, landed[0].signature
    page = await bare_answers.read("/events", limit=3)
    asked = [
        "/events",
        f"/events?limit=3&cursor={page['next']}",
        f"/events?about={alice.node}&order=oldest&data=true",
        f"/events?about={alice.node}&name=staking.Credited&format=csv",
        f"/events?about={alice.node}&hour={landed[-1].time // 3600 * 3600}",
        "/events?format=csv&part=nothing",
        "/events?part=events",
        f"/events?at={landed[len(landed) // 2].time}&limit=5",
        f"/nodes/{alice.node}",
        f"/nodes/{alice.node}?format=csv",
        f"/nodes/{alice.owner}",
        f"/transactions/{first}",
        f"/transactions/{first}?format=csv",
        f"/transactions/{'1' * 64}",
    ]
    for path in asked:
        here, there = await bare_answers.get(f"/api/v1{path}"), await explorer.get(f"/api/v1{path}")
        while there.status_code == 202:
            there = await explorer.get(f"/api/v1{path}")
        while here.status_code == 202:
            here = await bare_answers.get(f"/api/v1{path}")
        assert _told(there) == _told(here), path
    later = f"/api/v1/transactions/{landed[-1].signature}?at={landed[0].time}"
    while (told := await explorer.get(later)).status_code == 202:
        pass
    assert told.status_code == 404, "it came after that time"
    assert len(rows.pids) == 1
    assert rows.pids != [os.getpid()]


async def test_what_a_process_that_was_ended_did_is_done_all_the_same(
    its: tuple[Served, Rows], bare_answers: Served, arena: Arena
) -> None:
    explorer, rows = its
    about = str(arena.market.alice.node)

    async def same(limit: int) -> None:
        path = f"/api/v1/events?about={about}&limit={limit}"
        assert _told(await explorer.get(path)) == _told(await bare_answers.get(path))

    await same(5)
    (first,) = rows.pids
    os.kill(first, signal.SIGKILL)
    # Once in this process, and then in another one.
    await same(6)
    await same(7)
    (second,) = rows.pids
    assert second != first


async def test_files_that_are_gone_are_said_to_be_and_the_process_goes_on(
    landed: list[Landed], serving: Callable[..., Served], tmp_path: Path
) -> None:
    place = _made(landed, tmp_path / "ledger.db")
    with Database.open(place) as database:
        explorer = serving(database=database)
        rows = explorer.app.state.rows = Rows(database, place)
        await explorer.read("/supply")
        shutil.move(f"{place}.rows", tmp_path / "aside")
        try:
            answer = await explorer.get("/api/v1/events?order=oldest")
            assert answer.status_code == 503
            assert "ledger.db.rows/00000001.rows, which has" in answer.json()["error"]["message"]
            (process,) = rows.pids
            shutil.move(tmp_path / "aside", f"{place}.rows")
            assert (await explorer.read("/events", order="oldest", limit=2))["events"]
            assert rows.pids == [process]
        finally:
            await rows.stop()


async def test_the_process_ends_with_whoever_asks_it(its: tuple[Served, Rows]) -> None:
    explorer, rows = its
    await explorer.read("/events", limit=1)
    process = psutil.Process(rows.pids[0])
    await rows.stop()
    assert not process.is_running()
    assert rows.pids == []


def test_a_process_that_is_as_urgent_as_others_does_not_ask_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a unit allows no such call, the one that makes it is ended."""
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append)
    before = [(told, signal.getsignal(told)) for told in (signal.SIGINT, signal.SIGTERM)]
    try:
        for nice in (0, 7):
            ours, its = Pipe()
            # Nobody asks it anything, so that it ends.
            ours.close()
            number = os.dup(its.fileno())
            its.close()
            answers(number, lambda question: question, nice)
    finally:
        for told, was in before:
            signal.signal(told, was)
    assert asked == [7]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The blocks of files that are read, of which few are read for nothing."""
    blocks, whole = list[int](), RowFile._raw

    def raw(file: RowFile, number: int) -> bytes:
        blocks.append(number)
        return whole(file, number)

    monkeypatch.setattr(RowFile, "_raw", raw)
    monkeypatch.setattr(_events, "IDLE", 1)
    monkeypatch.setattr(_earned, "_IDLE", 1)
    return blocks


@pytest.mark.parametrize("path", ["/events?about={}", "/events?about={}&hour=3600", "/search?q={}"])
async def test_an_address_that_looks_like_another_one_does_not_have_all_old_hours_read(
    bare_answers: Served, arena: Arena, read: list[int], path: str
) -> None:
    """Indexes know eight bytes of an address, which anybody can give theirs, too."""
    node = arena.market.alice.node
    other = Pubkey(bytes(node)[:8] + secrets.token_bytes(24))
    # What is now is known by then.
    await bare_answers.read("/supply")
    read.clear()
    assert (await bare_answers.read("/events", about=str(node), limit=200))["events"]
    assert len(read) > 4
    read.clear()
    answer = await bare_answers.get(f"/api/v1{path.format(other)}")
    assert len(read) <= 4
    if path.startswith("/search"):
        assert answer.json()["hits"] == []
    else:
        assert answer.status_code == 400
        assert "`since` and `until`" in answer.json()["error"]["message"]


async def test_of_what_is_no_job_not_all_events_are_read(
    bare_answers: Served, arena: Arena, read: list[int]
) -> None:
    await bare_answers.read("/supply")
    read.clear()
    answer = await bare_answers.get(f"/api/v1/jobs/{arena.market.alice.node}")
    assert (answer.status_code, len(read) < 4) == (404, True)


async def test_questions_at_the_same_time_are_worked_on_by_several_processes(
    filed: str, arena: Arena
) -> None:
    with Database.open(filed) as database:
        rows, node, slot = Rows(database, filed, 3), arena.market.alice.node, database.marks().scanned
        try:
            answers = await asyncio.gather(*(rows.ask(credits_of, node, slot) for _ in range(7)))
            assert len(rows.pids) == 3
            assert answers == [credits_of(database, node, slot)] * 7
            assert answers[0]
        finally:
            await rows.stop()


async def test_who_no_longer_waits_takes_nobody_elses_answer(filed: str, arena: Arena) -> None:
    with Database.open(filed) as database:
        rows, slot = Rows(database, filed), database.marks().scanned
        nodes = [supplier.node for supplier in arena.nodes.values()]
        try:
            asked = [asyncio.create_task(rows.ask(credits_of, node, slot)) for node in nodes]
            await asyncio.sleep(0)
            asked[0].cancel()
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert isinstance(answers[0], asyncio.CancelledError)
            assert answers[1:] == [credits_of(database, node, slot) for node in nodes[1:]]
            assert len(nodes) > 2
        finally:
            await rows.stop()


async def test_all_who_wait_when_the_process_is_ended_get_their_answers(filed: str, arena: Arena) -> None:
    with Database.open(filed) as database:
        rows, node, slot = Rows(database, filed), arena.market.alice.node, database.marks().scanned
        try:
            await rows.warm()
            (process,) = rows.pids
            os.kill(process, signal.SIGSTOP)
            asked = [asyncio.create_task(rows.ask(credits_of, node, slot)) for _ in range(20)]
            await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            assert await asyncio.gather(*asked) == [credits_of(database, node, slot)] * 20
        finally:
            await rows.stop()


async def test_a_process_that_is_busy_with_something_long_is_ended_all_the_same(
    filed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ionet.explorer._apart._ENDING", 0.1)
    with Database.open(filed) as database:
        rows = Rows(database, filed)
        await rows.warm()
        (process,) = rows.pids
        os.kill(process, signal.SIGSTOP)
        async with asyncio.timeout(60):
            await rows.stop()
        assert not psutil.pid_exists(process)


async def test_a_ledger_that_is_gone_is_named_without_its_folder(
    landed: list[Landed], serving: Callable[..., Served], tmp_path: Path
) -> None:
    place = _made(landed, tmp_path / "ledger.db")
    with Database.open(place) as database:
        explorer = serving(database=database)
        rows = explorer.app.state.rows = Rows(database, place)
        await explorer.read("/supply")
        shutil.move(place, tmp_path / "aside.db")
        try:
            answer = await explorer.get("/api/v1/events?limit=1")
            assert answer.status_code == 503
            sentence = answer.json()["error"]["message"]
            assert "ledger.db" in sentence
            assert "/" not in sentence
        finally:
            await rows.stop()


@pytest.mark.parametrize(("cores", "processes"), [(1, 0), (2, 1), (4, 3), (64, 4)])
async def test_each_process_that_reads_files_has_a_core(
    filed: str, serving: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, cores: int, processes: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    with Database.open(filed) as database:
        assert len(rows_of(database, filed)._processes) == processes
        # Only a ledger in a file has files of old hours.
        for other in ("postgresql://somewhere/ledger", ":memory:"):
            assert not rows_of(database, other)._processes
