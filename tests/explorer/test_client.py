"""Whoever reads an explorer: its answers are checked, and what it cannot be is an error in one sentence."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey
from tests.explorer.conftest import GENESIS, Near, Served
from tests.ledger.history import truth
from tests.programs.market import CLASS, IO_MINT, Market
from tests.programs.people import TOKEN
from tests.programs.support import HOUR
from tests.programs.test_challenges import proposed, showing
from tests.stateful.arena import Arena

from ionet import Client, ix
from ionet.explorer import client as module
from ionet.explorer.client import ExplorerClient
from ionet.explorer.errors import ExplorerError
from ionet.explorer.reading import ExplorerTransport
from ionet.jobs.receipt import Leases
from ionet.ledger import Database
from ionet.service.bounds import Bounds

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


class Between(httpx.BaseTransport):
    """Asks an explorer in this process, and may change what it says."""

    def __init__(self, served: Served, change: Change = lambda request, answer: answer) -> None:
        self._served, self._change = served, change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers."""
        path = request.url.raw_path.decode()
        told = asyncio.run(self._served.get(path))
        answer = httpx.Response(told.status_code, headers=told.headers, content=told.content)
        return self._change(request, answer)


def reading(served: Served, change: Change = lambda request, answer: answer) -> ExplorerClient:
    return ExplorerClient("http://explorer.test", transport=Between(served, change))


def changed(answer: httpx.Response, change: Callable[[Any], None]) -> httpx.Response:
    document = answer.json()
    change(document)
    return httpx.Response(answer.status_code, content=json.dumps(document))


def test_events_are_those_of_the_ledger_page_by_page(
    explorer: Served, database: Database, arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 7)
    node = arena.market.alice.node
    with reading(explorer) as reader:
        assert [*reader.events()] == [*database.watched()]
        assert [*reader.events(about=node)] == [*database.watched(about=node)]
        names = ["staking.Staked", "jobs.Booked"]
        assert [*reader.events(names=names)] == [*database.watched(names=names)]
        many = [*names, *(f"jobs.No{number}" for number in range(20))]
        assert [*reader.events(names=many)] == [*database.watched(names=names)]


@pytest.fixture
def hireable(tmp_path: Path) -> Iterator[tuple[Client, Database]]:
    """A market of two nodes of which one has shown its verdict, and the other takes IO alone.

    The first one had a lease that it completed, and none that it broke off.
    """
    market = Market.whole()
    job = market.run()
    market.world.advance(2 * HOUR)
    market.attest(job, 2 * HOUR)
    market.send(market.jobs("complete", job))
    market.join(market.bob, 300 * TOKEN)
    args = market.offer_args(currencies=(IO_MINT, *[Pubkey.default()] * 3), rate=3 * 10**6)
    market.send(ix.jobs.set_offer(owner=market.bob.key, node=market.bob.node, args=args))
    market.send(showing(market, proposed(market, {market.alice.node: 30 * TOKEN})))
    landed = truth(market.world.client)
    with Database.create(str(tmp_path / "ledger.db"), GENESIS) as database:
        database.write(landed, scanned=landed[-1].slot, final=landed[-1].slot)
    with Database.open(str(tmp_path / "ledger.db")) as database:
        yield market.world.client, database


def test_what_can_be_booked_and_for_what_is_what_the_node_says(
    serving: Callable[..., Served], hireable: tuple[Client, Database]
) -> None:
    client, database = hireable
    (free,) = client.jobs.search()
    with reading(serving(database=database)) as reader:
        asked = Client(ExplorerTransport(reader)).jobs
        assert asked.search() == [free]
        listed = asked.search(booked=True)
        assert listed == client.jobs.search(booked=True)
        assert [len(listing.mints) for listing in listed] == [2, 1]
        assert asked.search(class_=CLASS, booked=True) == listed
        assert asked.search(class_=CLASS + 1, booked=True) == []
        dollars = next(mint for mint in free.mints if mint != IO_MINT)
        assert asked.search(currency=dollars, booked=True) == [free]
        assert reader.leases(free.node) == client.jobs.leases([free.node])[free.node] == Leases(1, 0)


def test_the_supply_is_the_nodes_also_where_no_event_says_it(
    serving: Callable[..., Served], client: Client
) -> None:
    there = client.supply.now()
    with reading(serving(watching=Near(client))) as reader:
        told = reader.supply()
    for name in ("genesis", "emitted", "burned", "locked", "vested", "reserve", "treasury", "circulating"):
        assert getattr(told, name) == getattr(there, name), name
    with reading(serving()) as blind, pytest.raises(ExplorerError, match=r"treasury holds.*no node to ask"):
        blind.supply()


def test_it_waits_where_it_asks_too_often(
    serving: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    clock = [0.0]

    def pause(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(time, "sleep", pause)
    served = serving(Bounds(per_second=1, at_once=2), lambda: clock[0])
    with reading(served) as reader:
        for _ in range(6):
            reader.status()
    assert waited
    assert all(0 < seconds <= 10 for seconds in waited)


def test_a_past_time_that_is_being_computed_is_waited_for_and_not_for_ever(
    explorer: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited, waits = list[float](), iter(["2", "0", "60"])
    monkeypatch.setattr(time, "sleep", waited.append)

    def coming(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if (wait := next(waits, None)) is None:
            return answer
        told = {"message": "being computed", "done": 1, "of": 2}
        return httpx.Response(202, headers={"retry-after": wait}, json=told)

    with reading(explorer, coming) as reader:
        reader.status()
        assert waited == [2, 1, 10]
        waits = iter(["1"])
        monkeypatch.setattr(module, "_COMING", 0.0)
        with pytest.raises(ExplorerError, match="still computes that past time"):
            reader.status()


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("events", lambda it: it["events"][0].update(data="00"), "something else than the event at"),
        ("events", lambda it: it["events"][0].update(data="zz"), "something else than the event at"),
        ("events", lambda it: it["events"][0].pop("index"), "something else than the event at"),
        ("events", lambda it: it.update(events="none"), "something else than its API describes"),
        ("events", lambda it: it.pop("as_of"), "something else than its API describes"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    explorer: Served, path: str, change: Callable[[Any], None], said: str
) -> None:
    def lying(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return changed(answer, change) if path in request.url.path else answer

    with reading(explorer, lying) as reader, pytest.raises(ExplorerError, match=said):
        list(reader.events())


def test_pages_that_never_end_are_left(explorer: Served) -> None:
    def again(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return changed(answer, lambda it: it.update(next="1.0.0.0.0"))

    with reading(explorer, again) as reader, pytest.raises(ExplorerError, match="than the next page"):
        list(reader.events())


def test_an_answer_without_end_is_left(explorer: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 1 << 20)
    taken = 0

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            nonlocal taken
            while True:
                taken += 1
                yield bytes(1 << 16)

    def flood(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(200, stream=Endless())

    with reading(explorer, flood) as reader, pytest.raises(ExplorerError, match="than at most 1 MiB"):
        reader.status()
    assert taken < 40


def test_what_it_says_of_an_error_cannot_steer_a_terminal(explorer: Served) -> None:
    def steering(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(503, json={"error": {"message": "\x1b[2Jgone\r\n"}})

    with reading(explorer, steering) as reader, pytest.raises(ExplorerError) as told:
        reader.status()
    assert str(told.value) == "the explorer explorer.test: �[2Jgone�� (status 503)"


def test_it_goes_nowhere_else(explorer: Served) -> None:
    def away(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        assert request.url.host == "explorer.test"
        return httpx.Response(302, headers={"location": "http://169.254.169.254/"})

    with reading(explorer, away) as reader, pytest.raises(ExplorerError, match="status 302"):
        reader.status()
    for url in ("file:///etc/passwd", "ftp://explorer.test", "explorer.test", "http://", "http://h?x=1"):
        with pytest.raises(ExplorerError, match="URL is as http"):
            ExplorerClient(url)


def test_a_job_that_it_does_not_know_is_none(explorer: Served) -> None:
    with reading(explorer) as reader, pytest.raises(LookupError, match="does not show that job"):
        reader.receipt(Pubkey.new_unique())
