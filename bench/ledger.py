"""How fast a ledger takes events in, how fast it shows a node, and how much memory the state of all nodes is.

Run with `python bench/ledger.py [nodes]`. Goals of the project, on one core: 10,000 events a second into
SQLite, a node's page under 5 ms, the state of 330,000 nodes, with device, offer,
co-stakers and leases, in under 2 GiB. The rate is also given as a ratio
to the bare rate at which sqlite3 inserts the same rows into the same table, which no ledger can exceed.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.market import forget, history, node_of

from ionet.ledger import Database, Entry, Place
from ionet.ledger.checkpoints import Checkpoints
from ionet.ledger.replay.state import State, replay


def bare_rate(path: Path) -> float:
    """Rows of the ledger's table of events that sqlite3 inserts in a second, as it does for nobody else."""
    with sqlite3.connect(path) as connection:
        table = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()[0]
        indexes = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        rows = connection.execute("SELECT * FROM events LIMIT 300000").fetchall()
    with tempfile.TemporaryDirectory() as folder:
        other = sqlite3.connect(Path(folder, "bare.db"), isolation_level=None)
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("PRAGMA synchronous=NORMAL")
        other.execute(table)
        for (index,) in indexes:
            other.execute(index)
        slots = ", ".join("?" * len(rows[0]))
        began = time.perf_counter()
        for first in range(0, len(rows), 512):
            other.execute("BEGIN")
            other.executemany(f"INSERT INTO events VALUES ({slots})", rows[first : first + 512])
            other.execute("COMMIT")
        return len(rows) / (time.perf_counter() - began)


def fill(path: Path, nodes: int, hours: int) -> tuple[float, float]:
    """Events that the ledger takes in a second, and in a second of a core, in calls of 512 transactions."""
    taken, seconds, busy = 0, 0.0, 0.0
    with Database.create(str(path), "bench") as database:
        for part in history(nodes, hours):
            began = time.perf_counter(), time.process_time()
            database.write(part, scanned=part[-1].slot, final=part[-1].slot)
            seconds += time.perf_counter() - began[0]
            busy += time.process_time() - began[1]
            taken += sum(len(sent.log.emitted) for sent in part)
    return taken / seconds, taken / busy


def page(path: Path, nodes: int) -> tuple[float, float, float]:
    """Milliseconds for a node's events and sums: the median; of a core, 99 in a hundred, and the slowest."""
    times, busy = [], []
    with Database.open(str(path)) as database:
        for number in range(0, nodes, max(1, nodes // 500)):
            node = node_of(number)
            began = time.perf_counter(), time.process_time()
            entries = [*database.entries(about=node)]
            totals = database.totals(node=node)
            times.append((time.perf_counter() - began[0]) * 1e3)
            busy.append((time.process_time() - began[1]) * 1e3)
            assert len(entries) >= 3
            assert totals
    busy.sort()
    return statistics.median(times), busy[len(busy) * 99 // 100], busy[-1]


def state_of_all(nodes: int) -> tuple[float, float]:
    """Events replayed in a second of a core, and mebibytes of the state of so many nodes."""
    before, state, replayed, busy = resident(), State(), 0, 0.0
    for part in history(nodes, 1):
        entries = [
            Entry(
                Place(sent.slot, sent.tx, 0, event.inner_index, event.part), sent.time, "", event.event, b""
            )
            for sent in part
            for event in sent.log.emitted
        ]
        began = time.process_time()
        replay(entries, state)
        busy += time.process_time() - began
        replayed += len(entries)
    assert len(state.nodes) == len(state.devices) == len(state.offers) == nodes
    assert not state.broken, state.broken[:3]
    forget()
    gc.collect()
    return replayed / busy, resident() - before


def resident() -> float:
    """Mebibytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def checkpoints(path: Path) -> tuple[float, float, float]:
    """Seconds that the state now takes without checkpoints, and with; the size of one, MiB."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder, Database.open(str(path)) as database:
        for _ in range(2):
            start = time.perf_counter()
            Checkpoints(database, Path(folder, "states")).at(1 << 40)
            seconds.append(time.perf_counter() - start)
        size = max((item.stat().st_size for item in Path(folder).glob("states/*")), default=0)
    return seconds[0], seconds[1], size / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", nargs="?", type=int, default=20_000)
    parser.add_argument("--hours", type=int, default=10)
    parser.add_argument("--state", type=int, default=330_000, metavar="NODES")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.db")
        rate, of_core = fill(path, given.nodes, given.hours)
        bare = bare_rate(path)
        print(f"events into SQLite     {rate:>12,.0f} /s, {rate / bare:.2f} of bare inserts ({bare:,.0f} /s)")
        print(f"… of a core's time     {of_core:>12,.0f} /s")
        median, late, worst = page(path, given.nodes)
        print(f"a node's page          {median:>12.2f} ms; of a core 99 % {late:.2f} ms, all {worst:.2f} ms")
        first, again, size = checkpoints(path)
        print(f"state now, all events  {first:>12.2f} s, from a checkpoint {again:.2f} s, of {size:.1f} MiB")
        print(f"database               {path.stat().st_size / 2**20:>12,.0f} MiB")
    speed, memory = state_of_all(given.state)
    print(f"state of {given.state:,} nodes  {memory:>8,.0f} MiB, {speed:,.0f} events replayed /s")
    print(f"memory at most         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:>12,.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
