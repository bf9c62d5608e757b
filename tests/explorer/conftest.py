"""A ledger of a market in which nearly everything has happened, and an explorer on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp
from tests.explorer.browsing import needed
from tests.ledger.history import eventful, governed, truth
from tests.programs.auctions import Auctions
from tests.programs.market import EVIDENCE, Market
from tests.programs.people import TOKEN
from tests.stateful.arena import Arena, built

from ionet import AsyncClient, AsyncLocalTransport, Client, pda
from ionet.chain.errors import IonetError
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._leaves import Tables
from ionet.explorer._watching import Unanswered, Watching
from ionet.ledger import Database, Landed
from ionet.service.bounds import Bounds
from ionet.service.guard import Counters

#: Of the network in this process.
GENESIS = "86aMoP164JsvmsuJ65LRD5oF3B51g1GQYt7StuouFTxs"


class Near(Watching):
    """Asks the embedded network, as a keeper asks the chain's node."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._network = client.network

    def ask(self, question: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
        async def asked() -> Any:
            async with AsyncClient(AsyncLocalTransport(self._network)) as client:
                return await question(client)

        try:
            return asyncio.run(asked())
        except IonetError as bad:
            raise Unanswered("the chain's node does not answer that at the moment") from bad


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
        while answer.status_code == 202:
            # A past time that is being computed.
            await asyncio.sleep(0.05)
            answer = await self.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="package")
def tools() -> None:
    """What the browser's tests need; CI fails without it."""
    needed()


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


@pytest.fixture(scope="package")
def governed_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Database, str]]:
    """A chain with votes, its ledger, and a proposal that is voted on."""
    world, proposal = governed()
    landed = truth(world.client)
    last = max(sent.slot for sent in landed)
    where = str(tmp_path_factory.mktemp("votes") / "ledger.db")
    with Database.create(where, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    with Database.open(where) as database:
        yield world.client, database, str(proposal)


@pytest.fixture(scope="package")
def selling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Database]]:
    """A chain with a lot of fees for sale since its last second, at a fresh price of 2 dollars."""
    market = built().market
    Auctions(market).offer(100 * 10**6)
    client = market.world.client
    landed = truth(client)
    last = max(sent.slot for sent in landed)
    where = str(tmp_path_factory.mktemp("lots") / "ledger.db")
    with Database.create(where, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    with Database.open(where) as database:
        yield client, database


@dataclass(frozen=True, slots=True)
class Choices:
    """A market with two nodes that differ in everything that co-stakers choose by, and its ledger."""

    market: Market
    place: str


def with_choices(of: Market) -> None:
    """Dave has stake on alice's node, which has earned and was slashed; bob's is smaller, and free."""
    of.join(of.bob, 300 * TOKEN)
    of.send(of.staking("set_commission", of=of.bob, commission_bps=500))
    of.co_stake(of.dave, 100 * TOKEN)
    of.activate_all(of.dave)
    of.unbounded()
    of.send(of.credit(of.publish({of.alice.node: 50 * TOKEN})))
    of.send(of.staking("propose_slash", nonce=0, amount=10 * TOKEN, evidence_hash=EVIDENCE))
    slash = pda.staking.slash(of.alice.node, 0)
    of.send(of.staking("appeal", slash=slash))
    of.send(of.staking("resolve_slash", slash=slash, amount=10 * TOKEN))
    of.send(of.staking("set_apart_slash", slash=slash))


@pytest.fixture(scope="package")
def choices(tmp_path_factory: pytest.TempPathFactory) -> Choices:
    market = Market.whole()
    with_choices(market)
    landed = truth(market.world.client)
    last = max(sent.slot for sent in landed)
    where = str(tmp_path_factory.mktemp("choices") / "ledger.db")
    with Database.create(where, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    return Choices(market, where)


@pytest.fixture
def serving(database: Database) -> Callable[..., Served]:
    """Makes explorers; by default with room for every test's requests, and without a node to ask."""

    def make(
        bounds: Bounds | None = None,
        clock: Callable[[], float] | None = None,
        watching: Watching | None = None,
        tables: Tables | None = None,
        database: Database = database,
    ) -> Served:
        bounds = bounds or Bounds(per_second=100_000, at_once=100_000, patience=120)
        app, counters, watching = bare(), Counters(), watching or Watching()
        parts(app, database, watching, bounds, tables)
        more = {} if clock is None else {"clock": clock}
        return Served(app, guarded(app, bounds, counters, **more), database, counters, watching)

    return make


@pytest.fixture
def explorer(serving: Callable[..., Served]) -> Served:
    return serving()
