"""What a stranger tries on an explorer, and what comes of it."""

from __future__ import annotations

import asyncio
import csv
import io
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.explorer.conftest import Served
from tests.explorer.test_service import near, running

from ionet import Client
from ionet.explorer import Bounds, ExplorerConfig
from ionet.explorer._csv import table
from ionet.explorer._models import Hit, Model
from ionet.explorer._past import Busy, Past
from ionet.ledger import Database


@pytest.mark.parametrize(
    "cursor", ["--1.0.0.0.0", "1.--0.0.0.0", "-.0.0.0.0", "1.0.0.0.0\n", "١.0.0.0.0", "1" * 20 + ".0.0.0.0"]
)
async def test_a_forged_cursor_gets_a_sentence(explorer: Served, cursor: str) -> None:
    answer = await explorer.get("/api/v1/events", params={"cursor": cursor})
    assert answer.status_code == 400
    assert "cursor" in answer.json()["error"]["message"]


@pytest.mark.parametrize("word", ["at=1", "%61t=1", "a%74=1", "at=", "x=1&%61%74=1"])
async def test_a_past_time_costs_the_same_however_it_is_written(
    serving: Callable[..., Served], word: str
) -> None:
    explorer = serving(Bounds(per_second=1, at_once=9, past=5), lambda: 0.0)
    for status in (False, True):
        answer = await explorer.get(f"/api/v1/supply?{word}")
        assert (answer.status_code == 429) == status


@pytest.mark.parametrize(
    "said", ["=1+1", "+1", "-1+1", "@a", "\t=1", "\n=1", "＝1+1", "＠a", "-1.5.5", "--1"]
)
def test_no_cell_is_a_formula(said: str) -> None:
    ((cell, *_),) = [*csv.reader(io.StringIO(table(Hit, [Hit(kind=said, name="", key="", href="")])))][1:]
    assert cell == f"'{said}"


def test_a_number_is_no_formula() -> None:
    for said in ("-1", "-1.5", "7"):
        assert table(Hit, [Hit(kind=said, name="", key="", href="")]).splitlines()[1].startswith(f"{said},")


def test_a_table_has_the_columns_of_all_its_rows() -> None:
    class Row(Model):
        fields: dict[str, str]

    rows = [*csv.DictReader(io.StringIO(table(Row, [Row(fields={"a": "1"}), Row(fields={"b": "=2"})])))]
    assert rows == [{"fields_a": "1", "fields_b": ""}, {"fields_a": "", "fields_b": "'=2"}]


class _Slow(Past):
    """Replays past times only when it may."""

    def __init__(self, database: Database, asked: int) -> None:
        super().__init__(database, 2, asked)
        self.began, self.may = threading.Event(), threading.Event()

    def _earlier(self, *asked: Any) -> Any:
        self.began.set()
        assert self.may.wait(60)
        return super()._earlier(*asked)


def test_the_present_does_not_wait_for_a_past_time(database: Database) -> None:
    past, seen = _Slow(database, 1), list[int]()
    time = database.marks().time - 3_600

    def ask() -> None:
        with past.at(time) as moment:
            seen.append(moment.time)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert past.began.wait(60)
        with past.at(None) as moment:
            assert moment.time > time
        with pytest.raises(Busy, match="too many past times"), past.at(time - 1):
            pass
    finally:
        past.may.set()
        asking.join(60)
    assert seen == [time]
    with past.at(time - 1) as moment:
        assert moment.time == time - 1


async def test_too_many_questions_about_the_past_get_a_sentence(serving: Callable[..., Served]) -> None:
    explorer = serving()
    past: Past = explorer.app.state.past
    assert all(past._asked.acquire(blocking=False) for _ in range(Bounds().asked))
    answer = await explorer.get("/api/v1/supply?at=1")
    assert answer.status_code == 503
    assert "past times" in answer.json()["error"]["message"]


async def _answers(port: int) -> bool:
    """Whether a connection gets an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return (await reader.read()).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False
    finally:
        writer.close()


async def _answered(port: int) -> None:
    """Waits until a connection gets an answer."""
    async with asyncio.timeout(60):
        while True:
            if await _answers(port):
                return
            await asyncio.sleep(0.1)


async def test_who_takes_no_answer_loses_the_connection(place: str, client: Client) -> None:
    bounds = Bounds(per_second=100_000, at_once=100_000, each=1, taking=1)
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None, bounds=bounds)
    async with running(config, near(client)) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.setblocking(False)
            wanted = b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
            await asyncio.get_running_loop().sock_sendall(slow, 200 * wanted)
            # One address has one connection here.
            assert not await _answers(port)
            await _answered(port)


async def test_one_address_has_only_so_many_connections(place: str, client: Client) -> None:
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None, bounds=Bounds(each=3))
    async with running(config, near(client)) as url:
        port = int(url.rpartition(":")[2])
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert not await _answers(port)
        idle[0][1].close()
        await _answered(port)
        for _, writer in idle[1:]:
            writer.close()
