"""An explorer that fills its own ledger, over real connections, and compares accounts with it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey
from tests.explorer.conftest import GENESIS, Served
from tests.faults import PASS, Asked, FaultProxy, Raw
from tests.ledger.history import rows
from tests.network.site import free_port
from tests.network.test_full_disk import disk, full
from tests.network.test_ledgers import UNUSABLES
from tests.stateful.arena import Arena

import ionet
from ionet import AsyncClient, AsyncHttpTransport, AsyncLocalTransport, Client, events
from ionet.chain.errors import ConfigError, TransportError
from ionet.explorer import Bounds, Explorer, ExplorerConfig, _watching
from ionet.explorer._metrics import registry
from ionet.explorer._past import Past
from ionet.explorer._watching import Watching, told
from ionet.ledger import Check, Database, Landed, LedgerError, Verified, archive
from ionet.ledger import follower as following
from ionet.ledger.replay.compare import Difference
from ionet.service.guard import Counters
from ionet.service.http import listen

__all__ = ["disk"]


def near(client: Client) -> Callable[[], AsyncClient]:
    return lambda: AsyncClient(AsyncLocalTransport(client.network))


@asynccontextmanager
async def running(config: ExplorerConfig, connect: Callable[[], AsyncClient]) -> AsyncIterator[str]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    explorer = Explorer(config, connect)
    serving = asyncio.create_task(explorer.run(stop, ready.set_result))
    try:
        async with asyncio.timeout(60):
            await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
            yield ready.result()
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await asyncio.wait({serving})


async def until(client: httpx.AsyncClient, path: str, fits: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(60):
        while True:
            answer = (await client.get(path)).json()
            if fits(answer):
                return answer
            await asyncio.sleep(0.1)


async def test_it_fills_its_ledger_and_says_that_accounts_are_as_events_say(
    client: Client, arena: Arena, tmp_path: Path
) -> None:
    config = ExplorerConfig(ledger=str(tmp_path / "own.db"), port=0, keep=3_600)
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        checked = await until(
            reader, "/api/v1/status", lambda answer: answer["reconciled"]["state"] != "unknown"
        )
        assert checked["reconciled"]["state"] == "holds", checked["reconciled"]["differences"]
        assert checked["reconciled"]["slot"] >= checked["as_of"]["slot"]
        # Most of it lies in files by then.
        files = sorted((tmp_path / "own.db.rows").glob("*.rows"))
        oldest = (await reader.get("/api/v1/events?order=oldest&limit=3")).json()["events"]
        assert oldest[0]["name"].endswith(".Initialized")
        assert files
        health = await reader.get("/health")
        assert (health.status_code, health.json()["ok"]) == (200, True)
        node = arena.market.alice.node
        assert (await reader.get(f"/api/v1/nodes/{node}")).json()["node"] == str(node)
        page = await reader.get(f"/nodes/{node}")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "server" not in page.headers


async def test_a_missing_file_of_old_hours_is_named_and_the_rest_is_there(
    landed: list[Landed],
    serving: Callable[..., Served],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if so many others had been read since.
    monkeypatch.setattr(archive, "_OPEN", 0)
    place, last = tmp_path / "ledger.db", max(sent.slot for sent in landed)
    folder = Path(f"{place}.rows")
    with Database.create(str(place), GENESIS) as writing:
        writing.write(landed, scanned=last, final=last)
        assert writing.archive(3_600)
    with Database.open(str(place)) as database:
        explorer = serving(database=database)
        before = await explorer.read("/supply")
        shutil.rmtree(folder)
        answer = await explorer.get("/api/v1/events?order=oldest")
        assert answer.status_code == 503
        # By its name: where the ledger is, readers need not know.
        assert "ledger.db.rows/00000001.rows, which has" in answer.json()["error"]["message"]
        assert str(tmp_path) not in answer.text
        assert await explorer.read("/supply") == before
        assert (await explorer.read("/events", limit=1))["events"][0]["signature"] == landed[-1].signature


async def test_a_ledger_that_others_keep_is_only_read(place: str, client: Client) -> None:
    with Database.open(place) as database:
        before = rows(database)
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None)
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        status = (await reader.get("/api/v1/status")).json()
        assert status["genesis"] == GENESIS
        assert status["reconciled"]["state"] == "unknown"
    with Database.open(place) as database:
        assert rows(database) == before


def _elsewhere(after: int) -> Callable[[Asked], Any]:
    """The node is of another chain once it has been asked so often."""
    asked_before = 0

    def answer(asked: Asked) -> Any:
        nonlocal asked_before
        if asked.method != "getGenesisHash":
            return PASS
        asked_before += 1
        return asked.result("another") if asked_before > after else PASS

    return answer


@contextmanager
def far(client: Client, change: Callable[[Asked], Any]) -> Iterator[Callable[[], AsyncClient]]:
    with FaultProxy(client.network, change) as proxy:
        yield lambda: AsyncClient(AsyncHttpTransport(proxy.url))


async def test_accounts_of_another_chain_are_not_compared(place: str, client: Client) -> None:
    """Where the node has become one of another chain meanwhile."""
    config = ExplorerConfig(ledger=place, fills=False, port=0)
    with far(client, _elsewhere(after=1)) as connect:
        async with running(config, connect) as url, httpx.AsyncClient(base_url=url) as reader:
            status = await until(
                reader, "/api/v1/status", lambda answer: "chain" in answer["reconciled"]["why"]
            )
            assert status["reconciled"]["state"] == "unknown"
            assert GENESIS in status["reconciled"]["why"]


@pytest.mark.parametrize(("make", "said"), UNUSABLES)
@pytest.mark.parametrize("fills", [True, False])
async def test_a_ledger_that_it_cannot_use_ends_it_and_stays_as_it_is(
    client: Client, tmp_path: Path, make: Callable[[Path], None], said: str, *, fills: bool
) -> None:
    make(tmp_path / "own.db")
    before = (tmp_path / "own.db").read_bytes()
    config = ExplorerConfig(ledger=str(tmp_path / "own.db"), fills=fills, port=0)
    with pytest.raises(LedgerError, match=said):
        async with running(config, near(client)):
            pass
    assert (tmp_path / "own.db").read_bytes() == before


async def test_a_disk_without_room_ends_it(client: Client, disk: Path) -> None:
    config = ExplorerConfig(ledger=str(disk / "own.db"), port=0)
    with full(disk), pytest.raises(LedgerError, match="No space left on device"):
        async with running(config, near(client)):
            pass
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        await until(reader, "/api/v1/status", lambda answer: answer["as_of"]["slot"] > 0)


async def test_a_machine_whose_clock_is_far_off_is_told_and_the_chains_counts(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = client.time()
    monkeypatch.setattr(
        _watching, "time", SimpleNamespace(time=lambda: now - 10_000, monotonic=time.monotonic)
    )
    config = ExplorerConfig(ledger=str(tmp_path / "own.db"), port=0)
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        answer = await until(reader, "/api/v1/status", lambda answer: answer["as_of"]["slot"] > 0)
    (said,) = [text for text in caplog.messages if "this machine's clock" in text]
    assert re.fullmatch(r"this machine's clock is -100[0-9]{2} s off the chain's, which counts", said)
    assert abs(answer["as_of"]["time"] - now) < 600


async def test_a_node_that_cannot_show_the_past_ends_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages over a ledger that nothing can ever fill would be empty without saying why."""

    def newer_half(asked: Asked) -> Any:
        if asked.method != "getSignaturesForAddress":
            return PASS
        answer = asked.forward()
        answer["result"] = answer["result"][: len(answer["result"]) // 2]
        return answer

    monkeypatch.setattr(_watching, "_RETRY", (0.01, 0.01))
    config, stop = ExplorerConfig(ledger=str(tmp_path / "own.db"), port=0), asyncio.Event()
    with (
        far(client, newer_half) as connect,
        pytest.raises(LedgerError, match="use one that has the whole past"),
    ):
        async with asyncio.timeout(60):
            await Explorer(config, connect).run(stop)
    with Database.open(config.ledger) as database:
        assert database.counts() == (0, 0)


async def test_a_ledger_of_another_chain_than_the_nodes_is_refused(place: str, client: Client) -> None:
    """Pages would show one chain's events with another one's prices and calls."""
    with Database.open(place) as database:
        before = rows(database)
    config = ExplorerConfig(ledger=place, fills=False, port=0)
    refused = pytest.raises(LedgerError, match=rf"is of the chain {GENESIS}, and this node's is another")
    with far(client, _elsewhere(after=0)) as connect, refused:
        async with running(config, connect):
            pass
    # Test networks have the same genesis hash: what was final tells them apart.
    with ionet.local() as other, pytest.raises(LedgerError, match=r"does not know transaction \w+ of slot"):
        async with running(config, near(other)):
            pass
    with Database.open(place) as database:
        assert rows(database) == before


async def test_what_it_cannot_begin_with_is_a_sentence(client: Client, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        async with running(ExplorerConfig(str(tmp_path / "no.db"), fills=False, port=0), near(client)):
            pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = ExplorerConfig(str(tmp_path / "own.db"), port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="--listen"):
            async with running(config, near(client)):
                pass

    def gone() -> AsyncClient:
        return AsyncClient.connect("http://127.0.0.1:9")

    with pytest.raises(TransportError):
        async with running(ExplorerConfig(str(tmp_path / "own.db"), port=0), gone):
            pass


async def test_readers_are_told_at_once_how_far_the_ledger_is(place: str, client: Client) -> None:
    config = ExplorerConfig(ledger=place, fills=False, port=0)
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        async with asyncio.timeout(30), reader.stream("GET", "/api/v1/live") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            first = await anext(line async for line in answer.aiter_lines() if line)
        mark = json.loads(first.removeprefix("data: "))
        assert mark == (await reader.get("/api/v1/mark")).json() | {
            "reconciled": mark["reconciled"],
            "reconciled_slot": mark["reconciled_slot"],
        }
        assert (await reader.head("/api/v1/live")).status_code == 405


async def test_an_address_has_only_so_many_streams(place: str, client: Client) -> None:
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None, bounds=Bounds(streams_each=1))
    async with (
        asyncio.timeout(60),
        running(config, near(client)) as url,
        httpx.AsyncClient(base_url=url) as reader,
        reader.stream("GET", "/api/v1/live") as answer,
    ):
        await anext(answer.aiter_lines())
        second = await reader.get("/api/v1/live")
        assert second.status_code == 429
        assert second.json()["error"]["message"] == "one address has at most 1 streams"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_head_that_does_not_come_ends_the_connection(place: str, client: Client, sent: bytes) -> None:
    bounds = Bounds(head=1)
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None, bounds=bounds)
    async with running(config, near(client)) as url, asyncio.timeout(60):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)

        async def drip() -> None:
            while True:
                await asyncio.sleep(0.2)
                writer.write(b"x" if sent else b"")

        dripping = asyncio.create_task(drip())
        assert await reader.read() == b""
        dripping.cancel()
        writer.close()


async def test_a_head_that_is_too_long_is_refused(place: str, client: Client) -> None:
    config = ExplorerConfig(ledger=place, fills=False, port=0, every=None)
    async with running(config, near(client)) as url, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()


def test_what_differs_is_told_with_the_account() -> None:
    node = Pubkey.new_unique()
    verified = Verified(
        7,
        100,
        (Check("supply of IO", 5, 4), Check("emission", 3, 3)),
        (Difference("staking.Node", "credited", node, 1, 2),) * 60,
        ("event 3 of a node is missing",),
        {},
    )
    reconciled = told(verified)
    assert (reconciled.state, reconciled.slot, len(reconciled.differences), reconciled.more) == (
        "differs",
        7,
        50,
        12,
    )
    first, second = reconciled.differences[:2]
    assert (first.name, first.expected, first.found) == ("supply of IO", "5", "4")
    assert second.name == f"staking.Node {node} credited"
    assert told(dataclasses.replace(verified, checks=(), differences=(), missing=())).state == "holds"


async def test_a_ledger_that_lacks_a_slash_is_said_to_differ_in_every_place(
    client: Client, landed: list[Landed], tmp_path: Path
) -> None:
    slashed = next(
        sent
        for sent in reversed(landed)
        if any(isinstance(it.event, events.staking.Slashed) for it in sent.log.emitted)
    )
    place, last = str(tmp_path / "ledger.db"), max(sent.slot for sent in landed)
    with Database.create(place, GENESIS) as database:
        database.write([sent for sent in landed if sent is not slashed], scanned=last, final=last)
    port = free_port()
    config = ExplorerConfig(ledger=place, fills=False, port=0, metrics=("127.0.0.1", port))
    async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
        status = await until(
            reader, "/api/v1/status", lambda answer: answer["reconciled"]["state"] != "unknown"
        )
        supply = (await reader.get("/api/v1/supply")).json()["supply"]["base"]
        # Looked up every two seconds at most.
        await until(reader, "/api/v1/mark", lambda mark: mark["reconciled"] == "differs")
        metrics = (await reader.get(f"http://127.0.0.1:{port}/metrics")).text
    assert status["reconciled"]["state"] == "differs"
    told_of = {each["name"]: each for each in status["reconciled"]["differences"]}
    missing = sum(
        it.event.amount for it in slashed.log.emitted if isinstance(it.event, events.staking.Slashed)
    )
    of_supply = told_of["supply of IO"]
    assert of_supply["expected"] == supply
    assert int(of_supply["expected"]) - int(of_supply["found"]) == missing > 0
    assert 'ionet_explorer_reconciled{state="differs"} 1.0' in metrics
    assert 'ionet_explorer_reconciled{state="holds"} 0.0' in metrics


async def test_health_and_metrics_say_over_their_ports_whether_the_ledger_moves_on(
    client: Client, landed: list[Landed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watching, "_LOOK", 0.05)
    monkeypatch.setattr(_watching, "_STANDS", 0.0)
    ordered, place, port = (
        sorted(landed, key=lambda sent: sent.slot),
        str(tmp_path / "ledger.db"),
        free_port(),
    )
    config = ExplorerConfig(place, fills=False, port=0, every=None, metrics=("127.0.0.1", port))
    with Database.create(place, GENESIS) as writing:
        writing.write(ordered[:-1], scanned=ordered[-2].slot, final=ordered[-2].slot)
        async with running(config, near(client)) as url, httpx.AsyncClient(base_url=url) as reader:
            for stands in (True, False):
                await until(reader, "/health", lambda answer: answer["ok"] is not stands)  # noqa: B023
                health = await reader.get("/health")
                metrics = (await reader.get(f"http://127.0.0.1:{port}/metrics")).text
                assert health.status_code == (503 if stands else 200)
                assert ("is ionet ledger run at work?" in health.json()["why"]) == stands
                assert f"ionet_explorer_moves_on {float(not stands)}" in metrics
                assert 'ionet_explorer_answers_total{status="503"}' in metrics
                monkeypatch.setattr(_watching, "_STANDS", 1e9)
                writing.write(ordered[-1:], scanned=ordered[-1].slot, final=ordered[-1].slot)


async def test_health_says_that_the_node_cannot_be_read_any_more_and_that_it_can(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watching, "_LOOK", 0.05)
    monkeypatch.setattr(_watching, "_AWAY", 0.0)
    config, away = ExplorerConfig(ledger=str(tmp_path / "own.db"), port=0, every=None), list[bool]()
    with FaultProxy(client.network, lambda asked: Raw(503) if away else PASS) as proxy:

        def connect() -> AsyncClient:
            return AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket=""))

        async with running(config, connect) as url, httpx.AsyncClient(base_url=url) as reader:
            await until(reader, "/api/v1/status", lambda answer: answer["as_of"]["slot"] > 0)
            away.append(True)
            health = await until(reader, "/health", lambda answer: not answer["ok"])
            assert health["why"].startswith("the ledger does not move on: ")
            assert "HTTP 503" in health["why"]
            away.clear()
            await until(reader, "/health", lambda answer: answer["ok"])


async def test_nothing_is_taken_of_a_node_of_another_chain_that_answers_after_an_outage(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watching, "_LOOK", 0.05)
    monkeypatch.setattr(_watching, "_RETRY", (0.01, 0.01))
    monkeypatch.setattr(following, "_LOOKS", (None,))
    config, now = ExplorerConfig(ledger=str(tmp_path / "own.db"), port=0, every=None), ["there"]
    asked_for: Counter[str] = Counter()

    def changing(asked: Asked) -> Any:
        if now[0] == "away":
            asked_for["away"] += 1
            return Raw(503)
        if now[0] == "other":
            asked_for[asked.method] += 1
            if asked.method == "getSignatureStatuses":
                return asked.result({"context": {"slot": 1}, "value": [None]})
        return PASS

    def listed() -> bool:
        return asked_for["getSignaturesForAddress"] > 0

    with FaultProxy(client.network, changing) as proxy:

        def connect() -> AsyncClient:
            return AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket=""))

        async with running(config, connect) as url, httpx.AsyncClient(base_url=url) as reader:
            await until(reader, "/api/v1/status", lambda answer: answer["as_of"]["slot"] > 0)
            now[0] = "away"
            await until(reader, "/health", lambda _: asked_for["away"] > 0)
            now[0] = "other"
            await until(reader, "/health", lambda _: asked_for["getSignatureStatuses"] > 2 or listed())
    assert not listed()


def test_metrics_say_whether_accounts_are_as_events_say(database: Database) -> None:
    watching, counters = Watching(), Counters()
    counters.answers[200] += 3
    made = registry(database, watching, counters)
    assert made.get_sample_value("ionet_explorer_answers_total", {"status": "200"}) == 3
    assert made.get_sample_value("ionet_explorer_reconciled", {"state": "unknown"}) == 1
    assert made.get_sample_value("ionet_explorer_scanned_slot") == database.marks().scanned
    assert made.get_sample_value("ionet_explorer_moves_on") == 1
    watching.trouble = "no"
    assert made.get_sample_value("ionet_explorer_moves_on") == 0


def test_answers_do_not_wait_for_the_readers_acknowledgement() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()[:2]),
        listening.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_what_another_process_writes_is_in_the_next_answer(landed: list[Landed], tmp_path: Path) -> None:
    where, ordered = str(tmp_path / "ledger.db"), sorted(landed, key=lambda sent: sent.slot)
    half = len(ordered) // 2
    with Database.create(where, GENESIS) as writing, Database.open(where) as database:
        past = Past(database, 2)
        for part in (ordered[:half], ordered[half:]):
            writing.write(part, scanned=part[-1].slot, final=part[-1].slot)
            with past.at(None) as moment:
                assert (moment.slot, moment.time) == (part[-1].slot, part[-1].time)
            stamp = database.stamp()
            assert stamp is not None
            assert database.stamp() == stamp


def test_what_the_chain_drops_is_gone_from_the_answers(landed: list[Landed]) -> None:
    ordered = sorted(landed, key=lambda sent: sent.slot)
    # Until something is burned.
    while "Slashed" not in {type(emitted.event).__name__ for emitted in ordered[-1].log.emitted}:
        ordered.pop()
    last, rest = ordered[-1], ordered[:-1]
    with Database.create(":memory:", GENESIS) as database:
        database.write(ordered, scanned=last.slot, final=rest[-1].slot)
        past = Past(database, 2)
        with past.at(None) as moment:
            whole = moment.state.supply
        database.write(dropped=[(last.slot, last.signature)])
        with past.at(None) as moment:
            supply, anew = moment.state.supply, Past(database, 2)
        with anew.at(None) as moment:
            assert moment.state.supply == supply != whole
        # What a node's index adds late is not missed either.
        database.write([last])
        with past.at(None) as moment:
            assert moment.state.supply == whole


def test_what_the_chain_drops_is_gone_from_past_times_too(landed: list[Landed]) -> None:
    ordered = sorted(landed, key=lambda sent: sent.slot)
    last = ordered[-1]
    before = [sent for sent in ordered if sent.time < last.time][-1]
    with Database.create(":memory:", GENESIS) as database:
        database.write(ordered, scanned=last.slot, final=ordered[0].slot)
        past = Past(database, 2)
        with past.at(before.time) as moment:
            assert moment.slot == before.slot
        database.write(dropped=[(before.slot, before.signature)])
        with past.at(before.time) as moment:
            assert moment.slot < before.slot
