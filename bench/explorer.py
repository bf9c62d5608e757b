"""How fast an explorer answers, with how many readers at once, and how much memory and time its state takes.

Run with `python bench/explorer.py [nodes] [--hours N] [--keep N] [--readers N] [--seconds S] [--folder F]`.
Nodes register, stake and are credited hour by hour, in events that the programs' own encoders write
(`bench/ledger.py`); rows of all but the last hours go to files. The explorer is a process of its own;
readers are tasks of this one, and each asks for one page after the other. With `--filed N` the first N hours
are written as files (`bench/filed.py`), and the explorer begins from a checkpoint after them, so that neither
the database nor the replay has to take their events one by one. Goals of the project, on two
cores, with 330,000 nodes, 100 million events and 50 readers: every page in 200 ms, and all in 4 GiB. What a
smaller run measures is said first; what follows from it for that size is computed, and said to be. Beside
the time that an answer took stands the processor's time that the explorer took for each of a page's answers,
asked for alone, which others' work on the machine changes little. `--state` makes only the state of these
nodes, which is most of the memory, and asks it what pages ask.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self, get_args

import psutil
import uvicorn
from solders.pubkey import Pubkey

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import filed
from bench.ledger import fill
from bench.market import forget, history, key, node_of, signature_of, slots_of

from ionet.explorer import Bounds, _accounts, _attesters, _market, _orders, _stakes, _supply
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._market import Wanted
from ionet.explorer._past import Moment, Past
from ionet.explorer._sections import its_pages
from ionet.explorer._service import few, rows_of, warm
from ionet.explorer._watching import Watching
from ionet.formats.when import HOUR
from ionet.ledger import Database, Entry, Place
from ionet.ledger.checkpoints import _Kept
from ionet.ledger.subjects import subjects
from ionet.service.guard import Counters
from ionet.service.http import listen
from ionet.service.patience import Patient

NODES, EVENTS, READERS = 330_000, 100_000_000, 50
START = 1_800_000_000
GIB = 1 << 30


def serve(path: str, told: Connection) -> None:
    """Serves a ledger until it is killed; tells its port, seconds of the replay, and memory before it."""
    before = psutil.Process().memory_info().rss
    with Database.open(path) as database:
        bounds = Bounds(per_second=1_000_000, at_once=1_000_000)
        app = bare(its_pages())
        rows = rows_of(database, path)
        parts(app, database, Watching(), bounds, rows=rows)
        config = uvicorn.Config(
            guarded(app, bounds, Counters()),
            port=0,
            log_level="error",
            lifespan="off",
            ws="none",
            http=Patient,
        )
        server = uvicorn.Server(config)
        listening = listen("127.0.0.1", 0)

        async def serving() -> None:
            few(bounds)
            began = time.perf_counter()
            await warm(app.state.past, rows)
            told.send((listening.getsockname()[1], time.perf_counter() - began, before))
            await server.serve([listening])

        asyncio.run(serving())


def folder_of(path: Path) -> Path:
    return Path(f"{path}.rows")


def pages(nodes: int, hours: int) -> dict[str, str]:
    """What readers ask for."""
    node = node_of(random.randrange(nodes))
    last = START + hours * HOUR
    # Of the first hour, as devices are.
    registered = 1 + random.randrange(1, slots_of(nodes))
    return {
        "supply": "/api/v1/supply",
        "supply by day": "/api/v1/supply/days",
        "classes": "/api/v1/classes",
        "nodes": "/api/v1/nodes",
        "node": f"/api/v1/nodes/{node}",
        "node's hours": f"/api/v1/nodes/{node}/hours",
        "account": f"/api/v1/accounts/{node}",
        "countries": "/api/v1/countries",
        "stakes": "/api/v1/stakes",
        "hour": f"/api/v1/hours/{last - last % HOUR}",
        "events": f"/api/v1/events?about={node}",
        "newest events": "/api/v1/events?name=staking.Credited",
        "old account": f"/api/v1/events?about={key(random.randrange(nodes))}",
        "old transaction": f"/api/v1/transactions/{signature_of(registered, 0)}",
        "search": f"/api/v1/search?q={node}",
        "document": "/",
    }


class Reader:
    """A browser's connection, that takes as little of the processor from the explorer as can be."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._from, self._to = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._to.close()

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of an answer."""
        self._to.write(f"GET {path} HTTP/1.1\r\nhost: explorer\r\n\r\n".encode())
        head = (await self._from.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split(b" ", 2)[1]), await self._from.readexactly(length)


async def read(port: int, nodes: int, hours: int, readers: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of each page's answers."""
    times: dict[str, list[float]] = defaultdict(list)
    until = time.monotonic() + seconds

    async def reader(number: int) -> None:
        turn = number
        async with Reader(port) as client:
            while time.monotonic() < until:
                asked = list(pages(nodes, hours).items())
                name, path = asked[turn % len(asked)]
                turn += 1
                began = time.perf_counter()
                status, body = await client.get(path)
                times[name].append((time.perf_counter() - began) * 1e3)
                assert status == 200, (path, body[:200])

    async with asyncio.TaskGroup() as group:
        for number in range(readers):
            group.create_task(reader(number))
    return times


async def busy(
    port: int, nodes: int, hours: int, server: psutil.Process, times: int = 60
) -> dict[str, float]:
    """Milliseconds of a processor that the explorer takes for an answer, page by page."""
    taken = {}
    async with Reader(port) as client:
        for name in pages(nodes, hours):
            before = processor(server)
            for _ in range(times):
                status, body = await client.get(pages(nodes, hours)[name])
                assert status == 200, (name, body[:200])
            taken[name] = (processor(server) - before) / times * 1e3
    return taken


def processor(server: psutil.Process) -> float:
    """Seconds of a processor that an explorer and the processes of its own have taken."""
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def checkpoint(path: Path, nodes: int, hours: int) -> None:
    """Keeps what an explorer knows after so many of the hours in files, as it would have itself."""
    with Database.open(str(path)) as database:
        moment = filed.moment_of(nodes, hours)
        assert moment.last is not None
        before = START + (hours + 1) * HOUR
        Past(database, 1)._checkpoints._keep(_Kept(before, 0, moment.last, moment))


async def past(port: int, hours: int) -> tuple[float, float]:
    """Seconds until a past time that nobody has asked for is said to be coming, and until it is there."""
    asked = f"/api/v1/classes?at={START + hours * HOUR - HOUR // 2}"
    began, first = time.perf_counter(), 0.0
    while True:
        # A connection that is idle for long is closed.
        async with Reader(port) as client:
            status, body = await client.get(asked)
        first = first or time.perf_counter() - began
        if status != 202:
            assert status == 200, body[:200]
            return first, time.perf_counter() - began
        await asyncio.sleep(1)


def state_of(nodes: int) -> None:
    """Makes the state of so many nodes, without a ledger, and asks it what pages ask."""
    process, moment, taken = psutil.Process(), Moment(), 0
    # As a service makes it: no collection of garbage looks at it.
    gc.disable()
    before, began = process.memory_info().rss, time.process_time()
    for part in history(nodes, 1):
        for sent in part:
            for each in sent.log.emitted:
                place = Place(sent.slot, sent.tx, 0, each.inner_index, each.part)
                name = subjects()[type(each.event)].name
                moment.take(Entry(place, sent.time, name, each.event, b""))
                taken += 1
        moment.slot, moment.time = sent.slot, sent.time
    seconds = time.process_time() - began
    forget()
    began = time.process_time()
    moment.tally.order()
    ordering = time.process_time() - began
    gc.freeze()
    gc.enable()
    held = process.memory_info().rss - before
    print(f"measured: the state of {nodes:,} nodes, {taken:,} events: {held / GIB:.2f} GiB,")
    print(f"{taken / seconds:,.0f} events a second of a processor, making them included")
    print(f"counting and ordering all of them, once at the start: {ordering:.1f} s of a processor")
    some, wanted = [node_of(number) for number in range(0, nodes, max(1, nodes // 50))], Wanted()
    questions: dict[str, Callable[[Pubkey], object]] = {
        "supply": lambda node: _supply.supply(moment, None, ""),
        "supply by day": lambda node: _supply.days(moment, None, 50),
        "classes": lambda node: _market.classes(moment),
        "nodes": lambda node: _market.nodes(moment, wanted, str(node), 50),
        "countries": lambda node: _market.countries(moment),
        **{
            f"stakes by {sort}": lambda node, sort=sort: _stakes.stakes(moment, sort, 0, 50)  # type: ignore[misc]
            for sort in get_args(_orders.Sort)
        },
        "account": lambda node: _accounts.account(moment, node),
        "attesters": lambda node: _attesters.seats(moment),
    }
    print("milliseconds of a processor for what is answered from it, the first time and then at most:")
    for name, question in questions.items():
        times = []
        for node in some:
            began = time.process_time()
            question(node)
            times.append((time.process_time() - began) * 1e3)
        print(f"{name:16} {times[0]:10.1f} {max(times[1:]):9.1f}")
    print(f"computed for {NODES:,} nodes, in proportion: {held * NODES / nodes / GIB:.1f} GiB")


class Watch:
    """The most memory that a process has had with those of its own, in bytes, and apart what it had of files.

    Pages of files that are read where they lie are the kernel's to take back, and count apart.
    """

    def __init__(self, pid: int | None) -> None:
        self._process = psutil.Process(pid)
        self.own = self.files = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            all_ = [self._process, *self._process.children(recursive=True)]
            told = [Path(f"/proc/{each.pid}/status").read_text() for each in all_]
            own, files = (
                sum(int(status.partition(f"{name}:")[2].split()[0]) for status in told) << 10
                for name in ("RssAnon", "RssFile")
            )
            self.own, self.files = max(self.own, own), max(self.files, files)


def shown(title: str, times: dict[str, list[float]]) -> None:
    print(f"\n{title}\n{'page':16} {'answers':>8} {'median ms':>10} {'95 % ms':>9} {'most ms':>9}")
    for name, each in times.items():
        ordered = sorted(each)
        high = ordered[int(len(ordered) * 0.95)]
        print(f"{name:16} {len(each):8,} {statistics.median(each):10.1f} {high:9.1f} {ordered[-1]:9.1f}")


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    """The folder of the ledger: one that stays, or that goes with this process."""
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


def make(path: Path, nodes: int, hours: int, filed_hours: int, keep: int) -> float:
    """Makes the ledger; seconds that its rows of old hours took to go into files."""
    began = time.perf_counter()
    if filed_hours:
        for told in filed.fill(path, nodes, filed_hours, hours):
            print(f"{time.perf_counter() - began:.0f} s: {told}", flush=True)
        # For a past time, too: of many nodes there is one every twelve hours.
        for before in (12, 0):
            checkpoint(path, nodes, max(1, filed_hours - before))
    else:
        fill(path, nodes, hours)
    with Database.create(str(path), "bench") as database:
        scanned = database.marks().scanned
        database.write([], scanned=scanned, final=scanned)
        if not filed_hours:
            began = time.perf_counter()
            database.archive(keep * HOUR)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nodes", nargs="?", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--keep", type=int, default=6, metavar="HOURS")
    parser.add_argument("--filed", type=int, default=0, metavar="HOURS", help="first hours written as files")
    parser.add_argument("--readers", type=int, default=READERS)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--state", action="store_true", help="only the state of these nodes, in this process")
    parser.add_argument(
        "--folder", type=Path, help="where the ledger is made and stays; one that is there is asked again"
    )
    options = parser.parse_args()
    if options.state:
        state_of(options.nodes)
        return
    nodes, hours = options.nodes, options.hours
    with kept(options.folder) as folder:
        path = folder / "ledger.db"
        # Checkpoints go with the ledger.
        os.environ["XDG_CACHE_HOME"] = str(folder)
        filing = 0.0 if path.exists() else make(path, nodes, hours, options.filed, options.keep)
        with Database.create(str(path), "bench") as database:
            files, (_, events) = database.files(), database.counts()
        in_files = sum(each.stat().st_size for each in folder_of(path).glob("*.rows"))
        size = path.stat().st_size
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(str(path), there), daemon=True
        )
        process.start()
        try:
            with Watch(process.pid) as watch:
                port, replay, before = here.recv()
                server = psutil.Process(process.pid)
                state = server.memory_info().rss - before
                each = asyncio.run(busy(port, nodes, hours, server))
                alone = asyncio.run(read(port, nodes, hours, 1, options.seconds))
                many = asyncio.run(read(port, nodes, hours, options.readers, options.seconds))
                peak = watch.own
                coming, there_is = asyncio.run(past(port, hours))
        finally:
            process.kill()
            process.join()
    print(f"measured: {nodes:,} nodes, {events:,} events, {size / GIB:.2f} GiB of database")
    took = f", made in {filing:.1f} s" if filing else ""
    print(f"old hours: {files} files, {in_files / GIB:.2f} GiB{took}")
    print(f"replay at the start: {replay:.1f} s, {events / replay:,.0f} events a second")
    print(f"memory: {state / GIB:.2f} GiB of state, {peak / GIB:.2f} GiB at most until the readers are gone,")
    print(f"{watch.own / GIB:.2f} GiB at most with a past time; of files {watch.files / GIB:.2f} GiB at most")
    print(
        "\nmilliseconds of a processor for an answer: " + ", ".join(f"{n} {v:.1f}" for n, v in each.items())
    )
    shown("one reader", alone)
    shown(f"{options.readers} readers", many)
    print(
        f"\na past time that nobody has asked for: an answer after {coming:.1f} s, all after {there_is:.1f} s"
    )
    whole = before + state * NODES / nodes
    print(f"\ncomputed for {NODES:,} nodes and {EVENTS:,} events, in proportion to what was measured:")
    print(f"memory {whole / GIB:.1f} GiB, replay {EVENTS * replay / events / 60:.0f} min at the first start,")
    print(f"ledger {size * EVENTS / events / GIB:.0f} GiB")


if __name__ == "__main__":
    main()
