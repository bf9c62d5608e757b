"""How fast a ledger takes events in, how fast it shows a node, and how much memory the state of all nodes is.

Run with `python bench/ledger.py [nodes]`. Goals of the project, on one core: 10,000 events a second into
SQLite, a node's page under 5 ms, the state of 330,000 nodes in under 2 GiB. The rate is also given as a ratio
to the bare rate at which sqlite3 inserts the same rows into the same table, which no ledger can exceed.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from solders.pubkey import Pubkey

from ionet import Event, events, types
from ionet.chain.events import EmittedEvent, EventLog
from ionet.ledger import Database, Entry, Landed, Place
from ionet.ledger.checkpoints import Checkpoints
from ionet.ledger.replay.records import StakingConfig
from ionet.ledger.replay.state import State, replay

HOUR = 3_600
IO = 10**8
_S = events.staking
_ZERO = dict.fromkeys(types.staking.NodeTotals.__dataclass_fields__, 0)


def key(number: int) -> Pubkey:
    return Pubkey.from_bytes(hashlib.sha256(number.to_bytes(8, "little")).digest())


def emitted(event: Event, number: int) -> EmittedEvent:
    return EmittedEvent(event, event.PROGRAM_ID, 0, True, number, 0, event.encode())


def history(nodes: int, hours: int) -> Iterator[list[Landed]]:
    """Nodes that register, stake and are credited hour by hour, a transaction each; in parts of an hour."""
    keys = [key(number) for number in range(nodes)]
    owners = [key(number) for number in range(nodes, nodes + 1_000)]
    start = 1_800_000_000
    slot = 0
    nobody = types.staking.PositionSums(0, 0, 0, 0)
    for hour in range(hours + 1):
        part = []
        for number, node in enumerate(keys):
            owner = owners[number % 1_000]
            slot += number % 4 == 0
            if hour == 0:
                staked = types.staking.NodeTotals(**_ZERO | {"own_pending": 500 * IO})
                active = types.staking.NodeTotals(**_ZERO | {"own_active": 500 * IO})
                its = [
                    _S.NodeRegistered(1, node, owner, number % 30, 1, 500, 840, 80, 1_000),
                    _S.Staked(2, node, owner, 500 * IO, staked, nobody),
                    _S.Activated(3, node, owner, 500 * IO, active, nobody),
                ]
            else:
                due = types.staking.NodeTotals(**_ZERO | {"own_active": 500 * IO, "own_due": hour * IO})
                through = start + hour * HOUR
                total = ((hour - 1) * nodes + number + 1) * IO
                stated = (hour * IO, through, total, hour, 0, 0, total, 0, 0)
                its = [_S.Credited(3 + hour, node, IO, IO, 0, *stated, due)]
            log = EventLog(tuple(emitted(event, place) for place, event in enumerate(its, 1)))
            signature = f"{hour:010}{number:078}"
            part.append(Landed(slot, number % 4, signature, start + hour * HOUR, log))
        yield part


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
            for first in range(0, len(part), 512):
                chunk = part[first : first + 512]
                began = time.perf_counter(), time.process_time()
                database.write(chunk, scanned=chunk[-1].slot, final=chunk[-1].slot)
                seconds += time.perf_counter() - began[0]
                busy += time.process_time() - began[1]
                taken += sum(len(one.log.emitted) for one in chunk)
    return taken / seconds, taken / busy


def page(path: Path, nodes: int) -> tuple[float, float]:
    """Median and worst milliseconds for a node's events and sums."""
    times = []
    with Database.open(str(path)) as database:
        for number in range(0, nodes, max(1, nodes // 200)):
            node = key(number)
            began = time.perf_counter()
            entries = [*database.entries(about=node)]
            totals = database.totals(node=node)
            times.append((time.perf_counter() - began) * 1e3)
            assert len(entries) >= 3
            assert totals
    return statistics.median(times), max(times)


def state_of_all(nodes: int) -> tuple[float, float]:
    """Events replayed in a second, and mebibytes of the state of so many nodes."""
    before = resident()
    state, replayed, seconds = State(), 0, 0.0
    state.staking = StakingConfig()
    for part in history(nodes, 1):
        entries = [
            Entry(
                Place(one.slot, one.tx, 0, emitted.inner_index, emitted.part),
                one.time,
                "",
                emitted.event,
                b"",
            )
            for one in part
            for emitted in one.log.emitted
        ]
        began = time.perf_counter()
        replay(entries, state)
        seconds += time.perf_counter() - began
        replayed += len(entries)
    assert len(state.nodes) == nodes
    assert not state.broken, state.broken[:3]
    del entries, part
    gc.collect()
    return replayed / seconds, resident() - before


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
        size = max(item.stat().st_size for item in Path(folder, "states").iterdir())
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
        median, worst = page(path, given.nodes)
        print(f"a node's page          {median:>12.2f} ms, the slowest {worst:.2f} ms")
        first, again, size = checkpoints(path)
        print(f"state now, all events  {first:>12.2f} s, from a checkpoint {again:.2f} s, of {size:.1f} MiB")
        print(f"database               {path.stat().st_size / 2**20:>12,.0f} MiB")
    speed, memory = state_of_all(given.state)
    print(f"state of {given.state:,} nodes  {memory:>8,.0f} MiB, {speed:,.0f} events replayed /s")
    print(f"memory at most         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:>12,.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
