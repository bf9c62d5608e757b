"""Rows of old hours, read in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.explorer.conftest import GENESIS, Served
from tests.stateful.arena import Arena

from ionet.explorer._rows import Rows
from ionet.explorer._service import apart
from ionet.ledger import Database, Landed


@pytest.fixture(scope="module")
def filed(landed: list[Landed], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger most of whose rows lie in files."""
    where = str(tmp_path_factory.mktemp("rows") / "ledger.db")
    last = max(sent.slot for sent in landed)
    with Database.create(where, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
        assert database.archive(3_600)
    return where


@pytest.fixture
def its(filed: str, serving: Callable[..., Served]) -> Iterator[tuple[Served, Rows]]:
    """An explorer whose rows are read in a process of its own."""
    with Database.open(filed) as database:
        explorer = serving(database=database)
        rows = explorer.app.state.rows = Rows(database, filed)
        yield explorer, rows
        rows.stop()


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
    assert rows.pid not in (None, os.getpid())


async def test_what_a_process_that_was_ended_did_is_done_all_the_same(
    its: tuple[Served, Rows], bare_answers: Served, arena: Arena
) -> None:
    explorer, rows = its
    about = str(arena.market.alice.node)

    async def same(limit: int) -> None:
        path = f"/api/v1/events?about={about}&limit={limit}"
        assert _told(await explorer.get(path)) == _told(await bare_answers.get(path))

    await same(5)
    first = rows.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    # Once in this process, and then in another one.
    await same(6)
    await same(7)
    assert rows.pid not in (None, first)


async def test_files_that_are_gone_are_said_to_be_and_the_process_goes_on(
    landed: list[Landed], serving: Callable[..., Served], tmp_path: Path
) -> None:
    place, last = tmp_path / "ledger.db", max(sent.slot for sent in landed)
    with Database.create(str(place), GENESIS) as writing:
        writing.write(landed, scanned=last, final=last)
        assert writing.archive(3_600)
    with Database.open(str(place)) as database:
        explorer = serving(database=database)
        rows = explorer.app.state.rows = Rows(database, str(place))
        await explorer.read("/supply")
        shutil.move(f"{place}.rows", tmp_path / "aside")
        try:
            answer = await explorer.get("/api/v1/events?order=oldest")
            assert answer.status_code == 503
            assert "ledger.db.rows/00000001.rows, which has" in answer.json()["error"]["message"]
            process = rows.pid
            assert process is not None
            shutil.move(tmp_path / "aside", f"{place}.rows")
            assert (await explorer.read("/events", order="oldest", limit=2))["events"]
            assert rows.pid == process
        finally:
            rows.stop()


async def test_the_process_ends_with_whoever_asks_it(its: tuple[Served, Rows]) -> None:
    explorer, rows = its
    await explorer.read("/events", limit=1)
    process = psutil.Process(rows.pid)
    rows.stop()
    assert not process.is_running()
    assert rows.pid is None


def test_only_a_ledger_in_a_file_is_read_by_another_process(
    filed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert apart(filed) == filed
    assert apart("postgresql://somewhere/ledger") is None
    assert apart(":memory:") is None
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert apart(filed) is None
