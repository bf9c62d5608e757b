"""A ledger of a market in which nearly everything has happened, and an explorer on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp
from tests.ledger.history import eventful, truth
from tests.stateful.arena import Arena

from ionet import Client
from ionet.explorer._app import bare
from ionet.explorer._bounds import Bounds
from ionet.explorer._guard import Counters, Guard
from ionet.explorer._past import Past
from ionet.explorer._watching import Watching
from ionet.ledger import Database, Landed

GENESIS = "11111111111111111111111111111111"


@dataclass(slots=True)
class Served:
    """An explorer in this process, and its parts."""

    app: FastAPI
    guarded: ASGIApp
    database: Database
    counters: Counters
    watching: Watching

    async def get(self, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.guarded, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as client:
            return await client.request(more.pop("method", "GET"), path, **more)

    async def read(self, path: str, **parameters: Any) -> Any:
        answer = await self.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="package")
def arena() -> Arena:
    return eventful()


@pytest.fixture(scope="package")
def client(arena: Arena) -> Client:
    return arena.market.world.client


@pytest.fixture(scope="package")
def landed(client: Client) -> list[Landed]:
    return truth(client)


@pytest.fixture(scope="package")
def place(landed: list[Landed], tmp_path_factory: pytest.TempPathFactory) -> str:
    where = str(tmp_path_factory.mktemp("explorer") / "ledger.db")
    last = max(sent.slot for sent in landed)
    with Database.create(where, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    return where


@pytest.fixture(scope="package")
def database(place: str) -> Iterator[Database]:
    with Database.open(place) as database:
        yield database


@pytest.fixture
def serving(database: Database) -> Callable[..., Served]:
    """Makes explorers; by default with room for every test's requests."""

    def make(bounds: Bounds | None = None, clock: Callable[[], float] | None = None) -> Served:
        bounds = bounds or Bounds(per_second=100_000, at_once=100_000)
        app, counters, watching = bare(), Counters(), Watching()
        app.state.past, app.state.watching = Past(database, bounds.states), watching
        more = {} if clock is None else {"clock": clock}
        return Served(app, Guard(app, bounds, counters, **more), database, counters, watching)

    return make


@pytest.fixture
def explorer(serving: Callable[..., Served]) -> Served:
    return serving()
