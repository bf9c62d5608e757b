"""Engines that come and go with what is asked: real ones, on nodes that are tasks of this process."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.intelligence import steady
from tests.intelligence.conftest import ADDRESS

from ionet.chain.errors import IonetError
from ionet.intelligence.answering import Answering
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.errors import Refused
from ionet.intelligence.fleet import Elastic, Fleet
from ionet.intelligence.gate import Gate, QuotaRule
from ionet.intelligence.lessor import Address, Standing
from ionet.intelligence.models import Model, Models
from ionet.intelligence.opened import Embedding, Open
from ionet.intelligence.orders import Order
from ionet.intelligence.prices import Price
from ionet.intelligence.records import Deposit, Key
from ionet.intelligence.replicas import Replicas
from ionet.intelligence.requests import chat
from ionet.intelligence.scaling import GIB, Policy

MODEL = Model("small", "chat", Price(10**6, 10**6), 512, slots=2, memory=GIB)
IDLE = 600.0


@dataclass(slots=True)
class Node:
    """A leased node: a server of this process."""

    node: str
    rate: int
    holds: frozenset[str]
    speed: float
    memory: int = 2 * GIB
    stands: Standing = "goes on"
    hangs: bool = False
    ended: bool = False
    server: uvicorn.Server | None = None
    serving: asyncio.Task[None] | None = None
    listening: socket.socket | None = None

    async def serve(self, model: str) -> Address:
        self.listening = socket.create_server(("127.0.0.1", 0))
        port = self.listening.getsockname()[1]
        app = silent() if self.hangs else steady.application(self.speed)
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0)
        self.server = uvicorn.Server(config)
        self.serving = asyncio.create_task(self.server._serve([self.listening]))
        return Address(f"http://127.0.0.1:{port}")

    def ordered(self, model: str) -> Order | None:
        return Order(self.node, model, "sha256:00", "11", (), "")

    async def withdraw(self, model: str) -> None:
        await self.die()

    async def keep(self) -> Standing:
        return self.stands

    async def end(self) -> None:
        self.ended = True
        await self.die()

    async def die(self) -> None:
        if self.server is not None and self.serving is not None:
            self.server.should_exit = self.server.force_exit = True
            await self.serving
        if self.listening is not None:
            self.listening.close()


def silent() -> Starlette:
    """An engine that says that it is there, and writes nothing."""

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": []})

    async def chat(_: Request) -> JSONResponse:
        await asyncio.sleep(3_600)
        return JSONResponse({})

    return Starlette(
        routes=[Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])]
    )


@dataclass(slots=True)
class Market:
    """A lessor of such nodes: each time of another one, or, of a few, of the first that is free."""

    rate: int = 3
    speed: float = 0.0
    refuses: bool = False
    few: bool = False
    hangs: list[bool] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    earlier: list[tuple[Node, list[tuple[str, Address]]]] = field(default_factory=list)

    async def left(self) -> Sequence[tuple[Node, Sequence[tuple[str, Address]]]]:
        return self.earlier

    async def lease(self, models: Sequence[str], most: int | None, without: Collection[str] = ()) -> Node:
        if self.refuses or (most is not None and self.rate > most):
            raise IonetError("no such node is free")
        hangs = self.hangs.pop(0) if self.hangs else False
        taken = {node.node for node in self.standing} if self.few else {node.node for node in self.nodes}
        names = (f"node {number}" for number in itertools.count())
        name = next(name for name in names if name not in taken and name not in without)
        node = Node(name, self.rate, frozenset(models), self.speed, hangs=hangs)
        self.nodes.append(node)
        return node

    @property
    def standing(self) -> list[Node]:
        return [node for node in self.nodes if not node.ended]


@dataclass(slots=True)
class Place:
    """A service before a market, and its clock."""

    market: Market
    fleet: Fleet
    elastic: Elastic
    answering: Answering
    key: Key
    books: Books
    now: list[float]
    over: list[Open]

    async def ask(self, words: int = 3) -> str:
        body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": words}
        ask, said = chat(body, Models([MODEL])), []
        async for piece in self.answering.answer(ask, self.key):
            said += [choice["delta"].get("content") or "" for choice in piece["choices"]]
        return "".join(said)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not what():  # noqa: ASYNC110 (of other tasks' doing)
                await asyncio.sleep(0.01)

    def paid(self) -> int:
        return self.books.balances()[("earned", "usdc")]


@asynccontextmanager
async def opened(
    folder: Path, market: Market, policy: Policy, patience: float = 60.0, budget: int | None = None
) -> AsyncIterator[Place]:
    books = Books(folder / "books.db", "test")
    books.deposit(Deposit("paid", ADDRESS, "usdc", 1_000_000, 0))
    key = books.make_key(books.account(ADDRESS, 0), "key", 0)[0]
    desk, now = Desk(books), [0.0]
    replicas = Replicas(elastic=True, patience=patience)
    gate = Gate(desk, "test", None, QuotaRule(0))
    over = list[Open]()

    async def note(request: Open | Embedding) -> None:
        assert isinstance(request, Open)
        over.append(request)

    answering = Answering(desk, gate, {"small": replicas}, [MODEL], over=note, patience=patience)
    elastic = Elastic(MODEL, policy, replicas, answering.turns["small"], counts=False)
    fleet = Fleet([elastic], market, 2 * GIB, budget, clock=lambda: now[0], look=0.01)
    task = asyncio.create_task(fleet.run())
    try:
        yield Place(market, fleet, elastic, answering, key, books, now, over)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await replicas.close()
        desk.close()
    assert not market.standing


UP_TO_THREE = Policy(most=3, target=2, idle=IDLE)


async def test_the_first_request_brings_an_engine_and_waits_for_it(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(), UP_TO_THREE) as place:
        await asyncio.sleep(0.05)
        assert place.market.nodes == []
        assert await place.ask() == "w0 w1 w2 "
        assert len(place.market.nodes) == 1
        # A word of the prompt, and three of the answer; what was set aside for want of a count came back.
        assert place.paid() == 4


async def test_an_answer_is_of_the_order_of_the_node_that_has_written_it(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(), UP_TO_THREE) as place:
        await place.ask()
        (node,) = place.market.nodes
        assert [request.order for request in place.over] == [node.ordered("small")]


async def test_a_node_that_gets_no_more_requests_is_given_back_and_leased_no_more(tmp_path: Path) -> None:
    """Also where the budget is for one, and where it is the next that is free."""
    async with opened(tmp_path, Market(few=True), UP_TO_THREE, budget=3) as place:
        await place.ask()
        place.elastic.replicas.bar({"node 0"})
        place.now[0] += 10.0
        assert await place.ask() == "w0 w1 w2 "
        await place.until(lambda: [node.node for node in place.market.standing] == ["node 1"])
        place.now[0] += IDLE + 1.0
        await place.until(lambda: not place.market.standing)
        assert await place.ask() == "w0 w1 w2 "
        assert [node.node for node in place.market.nodes] == ["node 0", "node 1", "node 1"]


async def test_a_node_that_gets_no_more_requests_ends_what_it_has_begun(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(speed=20.0), UP_TO_THREE) as place:
        asking = asyncio.create_task(place.ask(30))
        await place.until(lambda: place.elastic.turns.taken == 1)
        place.elastic.replicas.bar({"node 0"})
        place.now[0] += 10.0
        await place.until(lambda: place.elastic.turns.slots == 0)
        assert (await asking).endswith("w29 ")
        await place.until(lambda: all(node.node != "node 0" for node in place.market.standing))


async def test_engines_come_with_requests_and_go_when_none_have_come_for_a_while(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(speed=20.0), UP_TO_THREE) as place:
        asking = [asyncio.create_task(place.ask(40)) for _ in range(6)]
        await place.until(lambda: place.fleet.sizes["small"] == {"ready": 3, "coming": 0})
        await asyncio.gather(*asking)
        assert {node.node for node in place.market.standing} == {"node 0", "node 1", "node 2"}
        place.now[0] = IDLE + 1.0
        await place.until(lambda: not place.market.standing)
        assert await place.ask() == "w0 w1 w2 "
        assert len(place.market.nodes) == 4


async def test_who_waits_too_long_is_told_to_come_back_and_pays_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(refuses=True), UP_TO_THREE, patience=0.2) as place:
        with pytest.raises(Refused) as caught:
            await place.ask()
        assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "30"})
        assert place.fleet.fault == "no node could be leased for small: no such node is free"
        assert place.books.balances()[("held", "usdc")] == 0
        assert ("earned", "usdc") not in place.books.balances()


async def test_nobody_who_cannot_pay_brings_an_engine(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(), UP_TO_THREE) as place:
        place.books.make_key(place.key.account, "poor", 0)
        place.key = place.books.make_key(place.key.account, "poor", 0, cap=1)[0]
        with pytest.raises(Refused, match="could go beyond it"):
            await place.ask()
        await asyncio.sleep(0.05)
        assert place.market.nodes == []


async def test_a_node_that_dies_is_replaced_and_no_request_fails_that_it_had_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ionet.intelligence.replicas._AGAIN", 0.05)
    async with opened(tmp_path, Market(), Policy(least=1, most=1, idle=IDLE)) as place:
        await place.until(lambda: place.fleet.sizes["small"]["ready"] == 1)
        (first,) = place.market.nodes
        await first.die()
        asking = [asyncio.create_task(place.ask()) for _ in range(4)]
        first.stands = "gone"
        place.now[0] = 10.0
        assert await asyncio.gather(*asking) == ["w0 w1 w2 "] * 4
        assert first.ended
        assert [node.node for node in place.market.standing] == ["node 1"]


async def test_requests_of_a_node_that_says_nothing_any_more_go_to_the_one_in_its_place(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, Market(), Policy(least=1, most=1, idle=IDLE)) as place:
        await place.until(lambda: place.fleet.sizes["small"]["ready"] == 1)
        (first,) = place.market.nodes
        await first.die()
        # Something takes connections at its port, and never answers.
        assert first.listening is not None
        (replica,) = place.elastic.replicas.replicas
        port = int(str(replica.engine._client.base_url).rsplit(":", 1)[1].strip("/"))
        with socket.create_server(("127.0.0.1", port)):
            asking = asyncio.create_task(place.ask())
            await place.until(lambda: replica.at_work == 1)
            first.stands = "gone"
            place.now[0] = 10.0
            assert await asking == "w0 w1 w2 "


async def test_an_engine_gets_no_request_before_its_first_token(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(hangs=[True]), Policy(least=1, most=1, idle=IDLE)) as place:
        await place.until(lambda: bool(place.market.nodes))
        asking = asyncio.create_task(place.ask())
        await place.until(lambda: place.elastic.turns.waiting == 1)
        await asyncio.sleep(0.2)
        assert (place.elastic.replicas.replicas, place.elastic.turns.taken) == ((), 0)
        place.market.nodes[0].stands = "gone"
        place.now[0] = 10.0
        assert await asking == "w0 w1 w2 "


async def test_a_lease_that_is_over_soon_is_followed_by_another(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(speed=20.0), Policy(least=1, most=1, idle=IDLE)) as place:
        await place.until(lambda: place.fleet.sizes["small"]["ready"] == 1)
        asking = asyncio.create_task(place.ask(30))
        await place.until(lambda: place.elastic.turns.taken == 1)
        place.market.nodes[0].stands = "ends"
        place.now[0] = 10.0
        await place.until(lambda: len(place.market.nodes) == 2)
        # What the first one has begun it ends.
        assert (await asking).endswith("w29 ")
        await place.until(lambda: [node.node for node in place.market.standing] == ["node 1"])
        assert await place.ask() == "w0 w1 w2 "


async def test_no_more_nodes_are_leased_than_the_hours_budget_pays_for(tmp_path: Path) -> None:
    async with opened(tmp_path, Market(rate=3), Policy(least=3, most=3, idle=IDLE), budget=7) as place:
        await place.until(lambda: "no such node" in place.fleet.fault)
        assert len(place.market.nodes) == 2


async def test_what_an_earlier_process_has_leased_goes_on(tmp_path: Path) -> None:
    market = Market()
    node = Node("earlier", 3, frozenset({"small"}), 0.0)
    market.nodes.append(node)
    market.earlier = [(node, [("small", await node.serve("small"))])]
    async with opened(tmp_path, market, UP_TO_THREE) as place:
        assert await place.ask() == "w0 w1 w2 "
        assert market.nodes == [node]
