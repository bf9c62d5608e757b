"""A ledger that follows a chain holds what the chain holds, though the node lies, lags, forks or forgets."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from tests.faults import PASS, Asked, FaultProxy, Mode, Raw
from tests.ledger.history import busy, market, rows, truth
from tests.stateful.arena import Arena
from tests.ws_faults import Faults, SocketProxy

import ionet
from ionet import AsyncClient, AsyncHttpTransport, AsyncLocalTransport, Client, ProgramMissing, WatchSettings
from ionet.cli import ledger as cli
from ionet.cli.ledger import bar_of
from ionet.cli.session import Session
from ionet.ledger import Database, Follower, LedgerError, open_ledger, read_ledger
from ionet.ledger.follower import Progress

QUICK: Final = WatchSettings(
    silence=0.5, poll=0.03, refresh=0.3, backoff=0.01, longest=0.1, opening=2.0, spacing=0.0, patience=1.0
)
LISTING: Final = "getSignaturesForAddress"


def expected(client: Client, leave_out: frozenset[str] = frozenset()) -> dict[str, list[Any]]:
    """What a ledger of the network's own history holds."""
    with Database.create(":memory:", "x") as database:
        database.write([one for one in truth(client) if one.signature not in leave_out])
        return rows(database, numbers=False)


@pytest.fixture
def arena() -> Arena:
    return market()


@asynccontextmanager
async def behind(client: Client, mode: Mode, place: str) -> AsyncIterator[tuple[AsyncClient, Database]]:
    """A ledger of a network behind faults, without a websocket."""
    with FaultProxy(client.network, mode) as proxy:
        async with AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket="")) as far:
            with await open_ledger(far, place) as database:
                yield far, database


def near(client: Client) -> AsyncClient:
    return AsyncClient(AsyncLocalTransport(client.network))


# --- following ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "faults",
    [
        None,
        Faults(),
        Faults(cut=0.05),
        Faults(late=0.01, repeat=0.3, swap=0.3),
        Faults(mute=0.02, cut=0.02, refuse=0.3),
    ],
    ids=["polling", "honest", "cut", "late, repeated, swapped", "mute, cut, refused"],
)
async def test_it_holds_what_the_chain_does_while_it_looks(
    arena: Arena, faults: Faults | None, place: str
) -> None:
    client = arena.market.world.client
    with client.network.serve() as server:
        proxy = None
        if faults is not None:
            # It has a loop of its own.
            proxy = await asyncio.to_thread(SocketProxy, str(server.ws_url), faults, 1)
        socket = "" if proxy is None else proxy.url
        transport = AsyncHttpTransport(server.url, websocket=socket)
        worker = threading.Thread(target=lambda: busy(arena.market, 2, first=4), daemon=True)
        try:
            async with AsyncClient(transport) as far:
                with await open_ledger(far, place) as database:
                    async with Follower(far, database, settings=QUICK) as follower:
                        worker.start()
                        until = time.monotonic() + 30
                        while time.monotonic() < until:
                            await follower.next(0.2)
                            if not worker.is_alive() and database.counts()[0] == len(truth(client)):
                                break
                    assert not worker.is_alive()
                    assert rows(database, numbers=False) == expected(client)
                    assert database.gaps() == []
        finally:
            worker.join(30)
            if proxy is not None:
                proxy.__exit__(None, None, None)


async def test_every_step_leaves_it_whole_up_to_its_marks(arena: Arena, tmp_path: Path) -> None:
    """Whenever it is looked at: all of the chain up to `scanned` is there."""
    client = arena.market.world.client
    everything = truth(client)

    class Looking(Database):
        looks = 0

        def write(self, *given: Any, **more: Any) -> int:
            done = super().write(*given, **more)
            Looking.looks += 1
            scanned = self.marks().scanned
            there = self.known(0)
            assert all(one.signature in there for one in everything if one.slot <= scanned)
            return done

    genesis = str(client.request("getGenesisHash"))
    with Looking.create(str(tmp_path / "ledger.db"), genesis) as database:
        from ionet.ledger import follower

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(follower, "_CHUNK", 7)
            await Follower(near(client), database).catch_up()
        assert Looking.looks > 10
        assert database.marks().scanned == client.network.clock.slot - 1
        assert rows(database, numbers=False) == expected(client)


async def test_it_waits_for_what_was_announced_and_is_not_listed(arena: Arena, tmp_path: Path) -> None:
    """The join of subscription and listing: a node whose index lags loses nothing."""
    client = arena.market.world.client
    hidden: set[str] = set()

    def lagging(asked: Asked) -> Any:
        if asked.method != LISTING or not hidden:
            return PASS
        answer = asked.forward()
        answer["result"] = [one for one in answer["result"] if one["signature"] not in hidden]
        return answer

    with client.network.serve() as server, FaultProxy(client.network, lagging) as proxy:
        transport = AsyncHttpTransport(proxy.url, retries=0, websocket=str(server.ws_url))
        async with AsyncClient(transport) as far:
            with await open_ledger(far, str(tmp_path / "ledger.db")) as database:
                patient = replace(QUICK, silence=15.0)
                async with Follower(far, database, settings=patient) as follower:
                    # The node announces it before it lists it.
                    late: list[Any] = []

                    def landing(record: Any) -> None:
                        if not late:
                            late.append(record)
                            hidden.add(record.signature)

                    client.network._listeners.append(landing)
                    emit = ionet.ix.mint.emit()
                    for _ in range(3):
                        client.network.clock.advance(3600, slots=1)
                        arena.market.world.send(emit)
                    until = time.monotonic() + 0.6
                    while time.monotonic() < until:
                        await follower.next(0.05)
                    assert database.marks().scanned < late[0].slot
                    assert late[0].signature not in database.known(0)
                    hidden.clear()
                    await follower.next(2)
                    while database.marks().scanned < late[0].slot:
                        await follower.next(0.1)
                    assert rows(database, numbers=False) == expected(client)


# --- forks --------------------------------------------------------------------------------------


async def test_what_is_confirmed_goes_when_the_chain_drops_it(arena: Arena, place: str) -> None:
    client = arena.market.world.client
    everything = truth(client)
    fork = everything[-15].slot
    gone = frozenset(one.signature for one in everything[-15:])
    state = {"dropped": False, "moved": 0, "final": fork - 1}

    def forking(asked: Asked) -> Any:
        params = asked.body["params"]
        if asked.method == "getSlot" and params[0].get("commitment") == "finalized":
            return asked.result(state["final"])
        if not state["dropped"] and not state["moved"]:
            return PASS
        answer = asked.forward()
        if asked.method == LISTING:
            found = []
            for one in answer["result"]:
                if one["signature"] in gone:
                    if state["dropped"]:
                        continue
                    one["slot"] += state["moved"]
                found.append(one)
            answer["result"] = found
        elif asked.method == "getSignatureStatuses":
            for number, signature in enumerate(params[0]):
                if signature in gone and state["dropped"]:
                    answer["result"]["value"][number] = None
                elif signature in gone:
                    answer["result"]["value"][number]["slot"] += state["moved"]
        elif asked.method == "getTransaction" and params[0] in gone:
            answer["result"]["slot"] += state["moved"]
        return answer

    async with behind(client, forking, place) as (far, database):
        follower = Follower(far, database)
        await follower.catch_up()
        assert rows(database, numbers=False) == expected(client)
        assert database.marks().final == fork - 2
        state["dropped"] = True
        await follower.catch_up()
        assert rows(database, numbers=False) == expected(client, gone)
        # They land again, elsewhere; that is noticed by another process.
        state["dropped"], state["moved"] = False, 1
        client.network.clock.advance(60)
        await Follower(far, database).catch_up()
        with Database.create(":memory:", "x") as other:
            moved = {one.signature: one for one in everything if one.signature in gone}
            other.write([one for one in everything if one.signature not in gone])
            other.write([_moved(one) for one in moved.values()])
            assert rows(database, numbers=False) == rows(other, numbers=False)
        assert database.gaps() == []
        state["final"] = client.network.clock.slot
        await Follower(far, database).catch_up()
        assert database.marks().final == client.network.clock.slot - 1


def _moved(one: Any) -> Any:
    return replace(one, slot=one.slot + 1)


async def test_what_a_node_that_lags_does_not_know_yet_does_not_go(arena: Arena, place: str) -> None:
    client = arena.market.world.client
    everything = truth(client)
    start, state = everything[-15].slot - 1, {"lags": False}
    later = {one.signature for one in everything if one.slot > start}

    def lagging(asked: Asked) -> Any:
        answer = asked.forward()
        if asked.method == "getSlot" and (
            state["lags"] or asked.body["params"][0]["commitment"] == "finalized"
        ):
            return asked.result(start)
        if asked.method == LISTING and state["lags"]:
            answer["result"] = [one for one in answer["result"] if one["signature"] not in later]
        if asked.method == "getSignatureStatuses" and state["lags"]:
            value = answer["result"]["value"]
            for number, signature in enumerate(asked.body["params"][0]):
                value[number] = None if signature in later else value[number]
        return answer

    async with behind(client, lagging, place) as (far, database):
        await Follower(far, database).catch_up()
        before = rows(database)
        state["lags"] = True
        await Follower(far, database).catch_up()
        assert rows(database) == before


async def test_what_is_final_does_not_go(arena: Arena, tmp_path: Path) -> None:
    """A node that forgets the past takes nothing out of the ledger."""
    client = arena.market.world.client
    forgotten: set[str] = set()

    def forgetting(asked: Asked) -> Any:
        if asked.method != LISTING or not forgotten:
            return PASS
        answer = asked.forward()
        answer["result"] = [one for one in answer["result"] if one["signature"] not in forgotten]
        return answer

    async with behind(client, forgetting, str(tmp_path / "ledger.db")) as (far, database):
        await Follower(far, database).catch_up()
        before = rows(database)
        forgotten |= {one.signature for one in truth(client)[-30:]}
        client.network.clock.advance(60)
        await Follower(far, database).catch_up()
        assert rows(database) == before


# --- killed -------------------------------------------------------------------------------------


def _written(place: str) -> int:
    """Transactions in a ledger; 0: there is none yet."""
    try:
        with Database.open(place) as database:
            return database.counts()[0]
    except LedgerError:
        return 0


def test_killed_at_any_moment_it_goes_on(arena: Arena, place: str) -> None:
    """The command, killed at random while it writes and begun again, and at last left alone."""
    client = arena.market.world.client
    everything, source = len(truth(client)), random.Random(5)
    program = (
        "import time; from ionet.ledger import follower; from ionet.ledger.database import Database\n"
        "follower._CHUNK = 8\n"
        # So slow that there is something to kill, until it is to end.
        f"slow = lambda self: time.sleep(60 if self.counts()[0] > {everything * 3 // 4} else 0.02)\n"
        "Database.committing = slow\n"
        "from ionet.cli import main; main()"
    )
    begun = 0
    with client.network.serve() as server:
        command = ["-c", program, "ledger", "run", "--once", "-u", server.url, "--database", place]
        if not place.startswith("postgresql"):
            # What goes to files when is tests/ledger/test_archive.py's.
            command += ["--keep-hours", "0"]
        for part in range(1, 4):
            child = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
            try:
                until = time.monotonic() + 60
                while _written(place) <= max(begun, everything * part // 8) and time.monotonic() < until:
                    time.sleep(0.01)
                time.sleep(source.uniform(0.0, 0.05))
            finally:
                child.kill()
                assert child.wait() == -signal.SIGKILL
            before, begun = begun, _written(place)
            assert before < begun < everything
        command[1] = "from ionet.cli import main; main()"
        subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, timeout=60, check=True)
    database = Database.open(place)
    assert rows(database, numbers=False) == expected(client)
    assert database.marks().scanned == client.network.clock.slot - 1
    database.close()


def test_the_command_says_how_far_it_is_and_whose_clock_counts(arena: Arena, tmp_path: Path) -> None:
    client, place = arena.market.world.client, str(tmp_path / "ledger.db")
    command = [sys.executable, "-c", "from ionet.cli import main; main()", "ledger"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments, "--database", place], capture_output=True, text=True, check=False
        )

    assert run("status").returncode == 3
    with client.network.serve() as server:
        done = run("run", "--once", "-u", server.url)
        assert done.returncode == 0, done.stderr
        # The market's clock stands in the future.
        assert "behind the chain's, which counts" in done.stderr
        with Database.create(place, str(client.request("getGenesisHash"))):
            refused = run("run", "--once", "-u", server.url)
    assert refused.returncode == 3
    assert "another process writes to the ledger" in refused.stderr
    assert refused.stderr.count("\n") <= 2
    shown = json.loads(run("status", "--output", "json").stdout)
    everything = truth(client)
    assert shown["transactions"] == len(everything)
    assert shown["events"] == sum(len(one.log.emitted) for one in everything)
    assert (shown["gaps"], shown["cuts"]) == ([], [])


@pytest.mark.parametrize(("left", "is_shown"), [(1_000, True), (100, False)])
def test_a_terminal_shows_a_long_catch_up_with_its_rate(
    left: int, is_shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # by which Rich takes any file for a terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with bar_of(Session({})) as bar:
        bar.show(Progress(1, 1, 0, 0, left))
        bar.show(Progress(1, 1, 60, 150, left - 60))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert (f"60/{left}" in shown) is is_shown
    assert bool(re.search(r"[1-9][\d,]* events/s", shown)) is is_shown


# --- nodes that cannot be used ------------------------------------------------------------------


async def test_the_command_tells_of_a_node_that_is_away_and_goes_on_with_none_of_another_chain(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_PATIENT", 0)
    monkeypatch.setattr(cli, "_LOOK", 0.05)
    state, told = {"away": False, "other": False}, [""]

    def changing(asked: Asked) -> Any:
        if state["away"]:
            return Raw(503)
        if state["other"] and asked.method == "getSignatureStatuses":
            return asked.result({"context": {"slot": 1}, "value": [None]})
        return PASS

    async def says(text: str, times: int) -> None:
        async with asyncio.timeout(60):
            while told[0].count(text) < times:
                told[0] += "".join(capsys.readouterr())
                await asyncio.sleep(0.02)

    io = Session({})
    async with behind(arena.market.world.client, changing, str(tmp_path / "ledger.db")) as (far, database):
        with bar_of(io) as bar:
            follower = Follower(far, database, settings=QUICK)
            running = asyncio.create_task(cli._follow(io, follower, bar))
            await says(" transactions  ", 1)
            state["away"] = True
            await says("the node has not been read: ", 1)
            assert "HTTP 503" in told[0]
            state["away"] = False
            await says("The node is read again.", 1)
            state["away"] = True
            await says("the node has not been read: ", 2)
            before = rows(database)
            state |= {"away": False, "other": True}
            with pytest.raises(LedgerError, match="it is of another chain, or no longer has the past"):
                async with asyncio.timeout(60):
                    await running
        assert rows(database) == before
    assert (told[0].count("warning: "), told[0].count("The node is")) == (2, 1)


async def test_a_node_that_lags_once_it_is_back_is_waited_for(arena: Arena, tmp_path: Path) -> None:
    state, unknown = {"now": "there"}, {"context": {"slot": 1}, "value": [None]}

    def returning(asked: Asked) -> Any:
        now = state["now"]
        if now == "away":
            return Raw(503)
        if now == "lags" and asked.method == "getSlot":
            return asked.result(1)
        if now in ("lags", "one of two") and asked.method == "getSignatureStatuses":
            # Of two nodes behind one address the other answers the next time.
            state["now"] = now if now == "lags" else "there"
            return asked.result(unknown)
        return PASS

    async with behind(arena.market.world.client, returning, str(tmp_path / "ledger.db")) as (far, database):
        async with asyncio.timeout(60), Follower(far, database, settings=QUICK) as follower:
            assert await follower.next(60) is not None
            before = rows(database)
            for now, told in (("away", "HTTP 503"), ("lags", "the node lags, or is of another chain")):
                state["now"] = now
                while told not in (follower.trouble or ""):
                    await follower.next(0.05)
            state["now"] = "one of two"
            while follower.trouble is not None:
                await follower.next(0.05)
        assert state["now"] == "there"
        assert rows(database) == before


async def test_another_chain_is_refused(arena: Arena, bare: Client, tmp_path: Path) -> None:
    client = arena.market.world.client
    place = str(tmp_path / "ledger.db")
    with await open_ledger(near(client), place) as database:
        await Follower(near(client), database).catch_up()
        before = rows(database)
    for opens in (open_ledger, read_ledger):
        with FaultProxy(client.network, _genesis) as proxy:
            async with AsyncClient(AsyncHttpTransport(proxy.url)) as far:
                with pytest.raises(LedgerError, match=r"is of the chain \w+, and this node's is another"):
                    await opens(far, place)
        # Test networks have the same genesis hash: what was final tells them apart.
        with pytest.raises(LedgerError, match=r"does not know transaction \w+ of slot \d+, which"):
            await opens(near(bare), place)
    with pytest.raises(ProgramMissing):
        await open_ledger(near(Client.local(shipped=False)), str(tmp_path / "new.db"))
    assert not (tmp_path / "new.db").exists()
    with Database.create(place, str(client.request("getGenesisHash"))) as database:
        assert rows(database) == before


def _genesis(asked: Asked) -> Any:
    return asked.result("another") if asked.method == "getGenesisHash" else PASS


@pytest.mark.parametrize("kept", [80, 20])
async def test_a_node_without_the_beginning_is_refused(arena: Arena, place: str, kept: int) -> None:
    client = arena.market.world.client
    there = {one.signature for one in truth(client)[-kept:]}

    def pruned(asked: Asked) -> Any:
        if asked.method != LISTING:
            return PASS
        answer = asked.forward()
        answer["result"] = [one for one in answer["result"] if one["signature"] in there]
        return answer

    async with behind(client, pruned, place) as (far, database):
        empty = rows(database)
        with pytest.raises(LedgerError, match=r"does not show the first transactions of .* the whole past"):
            await Follower(far, database).catch_up()
        assert rows(database) == empty


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda answer: None, "lists transaction .* and does not show it"),
        (lambda answer: answer | {"meta": answer["meta"] | {"logMessages": None}}, "without its log"),
        (lambda answer: answer | {"meta": answer["meta"] | {"innerInstructions": None}}, "without its log"),
    ],
    ids=["not shown", "without a log", "without inner instructions"],
)
async def test_a_node_without_the_past_is_refused(
    arena: Arena, place: str, change: Callable[[Any], Any], said: str
) -> None:
    """Whatever was whole before is kept; the mark stays below."""
    client = arena.market.world.client
    lost = truth(client)[60]

    def pruned(asked: Asked) -> Any:
        if asked.method != "getTransaction" or asked.body["params"][0] != lost.signature:
            return PASS
        return asked.result(change(asked.forward()["result"]))

    async with behind(client, pruned, place) as (far, database):
        with pytest.raises(LedgerError, match=said):
            await Follower(far, database).catch_up()
        assert database.marks().scanned < lost.slot


async def test_a_cut_log_is_reported_and_loses_only_what_was_logged(arena: Arena, place: str) -> None:
    client = arena.market.world.client
    cut = next(one for one in truth(client) if any(e.via_cpi for e in one.log.emitted))
    logged = next(one for one in truth(client) if any(not e.via_cpi for e in one.log.emitted))

    def cutting(asked: Asked) -> Any:
        wanted = (cut.signature, logged.signature)
        if asked.method != "getTransaction" or asked.body["params"][0] not in wanted:
            return PASS
        answer = asked.forward()
        meta = answer["result"]["meta"]
        meta["logMessages"] = [*meta["logMessages"][:1], "Log truncated"]
        return answer

    async with behind(client, cutting, place) as (far, database):
        known = rows(database)
        assert known
        if type(logged.log.emitted[0].event).__name__ == "Initialized":
            with pytest.raises(LedgerError, match="does not show the first transactions"):
                await Follower(far, database).catch_up()
            return
        await Follower(far, database).catch_up()
        assert {one.signature for one in database.cuts()} == {cut.signature, logged.signature}
        there = {entry.data for entry in database.entries()}
        assert all(e.data in there for e in cut.log.emitted if e.via_cpi)
        assert not any(e.data in there for e in logged.log.emitted)


async def test_a_node_that_does_not_say_the_order_is_asked_for_the_block(
    arena: Arena, tmp_path: Path
) -> None:
    client = arena.market.world.client
    everything = truth(client)
    by_slot = {one.slot: one for one in everything}

    def silent(asked: Asked) -> Any:
        if asked.method == "getBlock":
            found = by_slot[asked.body["params"][0]]
            return asked.result({"signatures": ["other", "another", found.signature]})
        answer = asked.forward()
        if asked.method == LISTING:
            for one in answer["result"]:
                del one["transactionIndex"]
        if asked.method == "getTransaction":
            del answer["result"]["transactionIndex"]
            answer["result"]["blockTime"] = None
        return answer

    async with behind(client, silent, str(tmp_path / "ledger.db")) as (far, database):
        await Follower(far, database).catch_up()
        entries = [*database.entries()]
        assert [one.event for one in entries] == [e.event for one in everything for e in one.log.emitted]
        assert {one.place.tx for one in entries} == {2}
        assert [one.time for one in entries] == [one.time for one in everything for _ in one.log.emitted]


async def test_a_node_that_is_behind_is_asked_again(arena: Arena, tmp_path: Path) -> None:
    client = arena.market.world.client
    times = {"left": 5}

    def behind_(asked: Asked) -> Any:
        if asked.method == LISTING and times["left"]:
            times["left"] -= 1
            return asked.error(-32016, "Minimum context slot has not been reached", {"contextSlot": 1})
        return PASS

    with FaultProxy(client.network, behind_) as proxy:
        async with AsyncClient(AsyncHttpTransport(proxy.url, retries=0, websocket="")) as far:
            with await open_ledger(far, str(tmp_path / "ledger.db")) as database:
                follower = Follower(far, database, settings=QUICK)
                with pytest.raises(ionet.RpcError):
                    await follower.catch_up()
                times["left"] = 0
                await follower.catch_up()
                assert rows(database, numbers=False) == expected(client)


@pytest.fixture
def bare() -> Iterator[Client]:
    with ionet.local() as client:
        yield client
