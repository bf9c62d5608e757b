"""Readers are told that the ledger moves on: in one stream, in the next, and in the page they look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.explorer.browsing import serving, visit
from tests.explorer.conftest import GENESIS
from tests.explorer.test_api import changes
from tests.explorer.test_service import near, running

from ionet import Client, events
from ionet.explorer import ExplorerConfig, _live
from ionet.explorer._api import LIVE
from ionet.explorer._watching import Watching, told
from ionet.ledger import Check, Database, Landed, Verified


class Growing:
    """A ledger to which a history is added: all until a node is slashed, that, and the rest.

    Attributes:
        where: the ledger's file.
        supplies: the supply after each part, base units.
    """

    def __init__(self, where: Path, landed: list[Landed]) -> None:
        ordered = sorted(landed, key=lambda sent: (sent.slot, sent.tx))
        kinds = [{type(it.event) for it in sent.log.emitted} for sent in ordered]
        last = max(number for number, its in enumerate(kinds) if events.staking.Slashed in its)
        ends = (last, last + 1, len(ordered))
        self.where = str(where)
        self.supplies = [sum(amount for _, amount in changes(ordered[:end])) for end in ends]
        self._parts = [ordered[begin:end] for begin, end in zip((0, *ends), ends, strict=False)]
        self._written = Database.create(self.where, GENESIS)
        self.add()

    def add(self) -> int:
        """Adds the next part, and says up to which slot it goes."""
        part = self._parts.pop(0)
        self._written.write(part, scanned=part[-1].slot, final=part[-1].slot)
        return part[-1].slot

    def close(self) -> None:
        self._written.close()


@pytest.fixture
def growing(tmp_path: Path, landed: list[Landed], monkeypatch: pytest.MonkeyPatch) -> Iterator[Growing]:
    monkeypatch.setattr(_live, "_LOOK", 0.05)
    made = Growing(tmp_path / "ledger.db", landed)
    assert len(set(made.supplies)) == 3
    yield made
    made.close()


@asynccontextmanager
async def _marks(reader: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    async with asyncio.timeout(60), reader.stream("GET", "/api/v1/live") as answer:
        lines = answer.aiter_lines()
        yield (json.loads(line.removeprefix("data: ")) async for line in lines if line.startswith("data: "))


async def _until(marks: AsyncIterator[dict[str, Any]], slot: int) -> list[int]:
    """Slots of marks up to that one."""
    slots = list[int]()
    async for mark in marks:
        slots.append(mark["slot"])
        if slots[-1] >= slot:
            return slots
    return slots


async def test_an_open_stream_tells_that_the_ledger_has_moved_on_and_so_does_the_next(
    growing: Growing, client: Client
) -> None:
    config = ExplorerConfig(ledger=growing.where, fills=False, port=0, every=None)
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        async with _marks(reader) as marks:
            first = await anext(marks)
            before = (await reader.get("/api/v1/supply")).json()["supply"]
            slot = await asyncio.to_thread(growing.add)
            assert await _until(marks, slot) == [slot]
            assert first["slot"] < slot
            # Whoever asks once they are told has what is new.
            burned = (await reader.get("/api/v1/supply")).json()["supply"]
            assert [int(each["base"]) for each in (before, burned)] == growing.supplies[:2]
        # What happens while a reader is away is in the first mark of their next stream.
        slot = await asyncio.to_thread(growing.add)
        async with _marks(reader) as marks:
            assert (await _until(marks, slot))[-1] == slot
            assert int((await reader.get("/api/v1/supply")).json()["supply"]["base"]) == growing.supplies[2]


class Restarting:
    """Before an explorer: adds to its ledger, and ends streams as a proxy does while the service restarts.

    Attributes:
        refused: streams that were asked for meanwhile.
    """

    def __init__(self, app: ASGIApp, growing: Growing) -> None:
        self._app, self._growing = app, growing
        self._open, self._away = set[asyncio.Task[None]](), False
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/adds" | "/restarts":
                self._away = scope["path"] == "/restarts"
                for task in self._open if self._away else ():
                    task.cancel()
                await asyncio.to_thread(self._growing.add)
                await PlainTextResponse("done")(scope, receive, send)
            case _ if scope["path"] == LIVE and self._away:
                # By the next attempt it is there again.
                self.refused, self._away = self.refused + 1, False
                await PlainTextResponse("Bad Gateway", 502)(scope, receive, send)
            case _ if scope["path"] == LIVE:
                task = asyncio.create_task(self._stream(scope, receive, send))
                self._open.add(task)
                task.add_done_callback(self._open.discard)
                await asyncio.wait({task})
            case _:
                await self._app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _german(base: int) -> str:
    whole, part = divmod(base, 10**8)
    return f"{whole:,}".replace(",", ".") + f",{part:08d}".rstrip("0")


@pytest.mark.slow
def test_a_number_in_the_browser_changes_without_loading_the_page_again(
    tools: None, growing: Growing
) -> None:
    """While a stream is open, and after it was cut off and refused."""
    watching = Watching()
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    made = list[Restarting]()

    def around(app: ASGIApp) -> ASGIApp:
        made.append(Restarting(app, growing))
        return made[0]

    numbers = [_german(supply) for supply in growing.supplies]
    with Database.open(growing.where) as database, serving(database, watching, around) as url:
        steps = list(zip(("/adds", "/restarts"), numbers[1:], strict=True))
        said = visit("living.mjs", {"url": url, "page": "/supply", "steps": steps})
    assert said["loaded"] == 1
    assert "Not live" in said["told"]
    assert said["told"][-1] == "Live"
    assert made[0].refused == 1
