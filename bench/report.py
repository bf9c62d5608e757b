"""How fast an hour's report is built from a ledger, and approved by another seat: of 330,000 nodes.

Run with `python bench/report.py [nodes]`. The bound of the project is 30 s for each, on two cores: from a
ledger that has come to the hour's end, and what this seat has measured, to the root; and from somebody
else's evidence to the word that it may be approved. Every device has signed a statement, and every node was
judged; with `--seats` by so many of them, whose signatures are checked. With fewer nodes the bounds, also
that of the evidence's size, are smaller in proportion; it exits 1 where one is exceeded.

Most of its own time goes into making the market: `--ledger FILE` keeps it there, or takes what is there.
Seconds are those of the clock, and those of processors, which depend less on what else the machine does.
Leaves per second of the tree are given as a ratio to the bare rate of hashlib over as many equal inputs,
which no implementation in this interpreter can exceed: a tree of n leaves takes 2 n hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from bench.market import START, forget, history, node_of
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey

from ionet import Client, accounts
from ionet._generated.shared import ProofReason
from ionet.chain.transactions import PACKET_SIZE
from ionet.formats.when import HOUR
from ionet.ledger import Database, Hours
from ionet.orchestrator._credits import divided
from ionet.rewards import (
    Assembled,
    Leaves,
    Measure,
    Report,
    Signatures,
    Statement,
    Verdict,
    Word,
    assemble,
    build_report,
    collecting_later,
    compare,
    measured,
    read_evidence,
    read_measures,
    statement_bytes,
    to_share,
    verify_evidence,
    write_measures,
)

#: Seconds of a core for each of both, and bytes of evidence that a seat fetches, of so many nodes.
BOUND: Final = 30.0
LARGEST: Final = 512 << 20
NODES: Final = 330_000
END: Final = START + 2 * HOUR
T = TypeVar("T")


@dataclass
class Times:
    """Seconds of the clock and of processors, by what they went to."""

    told: list[tuple[str, float, float]] = field(default_factory=list)

    def take(self, name: str, work: Callable[[], T]) -> T:
        began = time.perf_counter(), time.process_time()
        done = work()
        self.told.append((name, time.perf_counter() - began[0], time.process_time() - began[1]))
        return done

    def show(self, title: str) -> float:
        """Prints them; returns the seconds of processors in all."""
        wall, busy = sum(each[1] for each in self.told), sum(each[2] for each in self.told)
        print(f"{title:32} {wall:7.2f} s, {busy:7.2f} s of a core")
        for name, elapsed, used in self.told:
            print(f"  {name:30} {elapsed:7.2f} s, {used:7.2f} s", flush=True)
        return busy


def measures_of(seat: Keypair, nodes: int) -> list[Measure]:
    """What a seat has measured: every node was up, as its device has signed, and was judged."""
    words, key = {}, bytes(seat.pubkey())
    for number in range(nodes):
        node, device = bytes(node_of(number)), device_of(number)
        fields = (HOUR, bytes(32), bytes(32))
        signature = bytes(device.sign_message(statement_bytes(node, END, 1, *fields)))
        words[node] = Word(node, 1, Statement(bytes(device.pubkey()), *fields, signature))
    # No two seats see the same speed, nor keep the same evidence of it.
    verdicts = {
        node: Verdict(
            END, 9_000 + node[0] + key[0], ProofReason.PASSED, True, hashlib.sha256(key + node).digest()
        )
        for node in words
    }
    return measured(seat, END, words, verdicts, dict.fromkeys(words, 1))


def device_of(number: int) -> Keypair:
    return Keypair.from_seed(hashlib.sha256(b"device %d" % number).digest())


def filled(path: Path, nodes: int, seats: tuple[Pubkey, ...]) -> None:
    """A ledger of an hour in which all nodes register, and one with credits and attestations."""
    begun = path.with_suffix(".begun")
    begun.unlink(missing_ok=True)
    with Database.create(str(begun), "bench") as database:
        for part in history(nodes, 1, seats):
            database.write(part, scanned=part[-1].slot, final=part[-1].slot)
    begun.rename(path)


def bare_rate(count: int) -> float:
    """Hashes per second of hashlib for inputs of the size of an inner node."""
    block = bytes(65)
    hashed = hashlib.sha256
    start = time.perf_counter()
    for _ in range(count):
        hashed(block).digest()
    return count / (time.perf_counter() - start)


def built(times: Times, hours: Hours, measures: list[Measure], path: Path) -> Assembled:
    """From a ledger to the root."""
    facts = times.take("facts, from the hour before", lambda: hours.facts(END))
    rows = times.take("rows", lambda: facts.rows(measures))

    def make() -> Assembled:
        return assemble(
            path,
            period_end=END,
            rows=rows,
            paid=hours.emissions.hour(1),
            most=hours.emissions.most(1),
            policy=facts.policy,
            absent=facts.absent(),
            measures=measures,
            attesters=facts.attesters,
        )

    return times.take("score, evidence, tree", make)


def approved(times: Times, hours: Hours, own: list[Measure], path: Path, root: bytes) -> None:
    """From somebody else's evidence to the word that nothing differs."""
    signatures = times.take("own statements", lambda: known(own))
    stated = times.take("reading", lambda: read_evidence(path))
    times.take(
        "computing again",
        lambda: verify_evidence(stated, previous=None, root=root, signatures=signatures),
    )
    facts = times.take("facts, from the hour before", lambda: hours.facts(END))
    rows = times.take("rows", lambda: facts.rows(stated.measures))
    due = to_share(hours.emissions.hour(1), hours.emissions.most(1), stated.kept)
    told = times.take(
        "comparing",
        lambda: compare(stated, rows, facts.policy, due, absent=facts.absent(), attesters=facts.attesters),
    )
    apart = times.take("who measured otherwise", lambda: facts.apart(stated.measures))
    left = times.take("left out", lambda: facts.left_out(stated.measures, own))
    differences = [*told, *apart, *left]
    assert not differences, differences[:3]


def looked_through(leaves: Leaves) -> float:
    """Seconds that it takes to see which nodes are to be credited with their leaves: all of them."""
    size = accounts.staking.Node.SIZE
    assert size is not None
    data = accounts.staking.Node.DISCRIMINATOR + bytes(size - len(accounts.staking.Node.DISCRIMINATOR))
    node = accounts.staking.Node.decode(data)
    start = time.perf_counter()
    due, _ = divided(leaves, [node] * len(leaves), END + 10 * HOUR)
    assert len(due) == int((leaves.lifetime > 0).sum())
    return time.perf_counter() - start


def credit_bytes(report: Report) -> int:
    """Size of the transaction that credits a node with its leaf, with compute limit and price."""
    client = Client.local(signer=Keypair())
    node = Pubkey(report.leaves.nodes[0].tobytes())
    credit = client.staking.credit(node, Pubkey.new_unique(), report).ix()
    limits = [set_compute_unit_limit(1), set_compute_unit_price(1)]
    return 1 + 64 + len(bytes(Message([*limits, *credit], client.address)))


def known(own: list[Measure]) -> Signatures:
    """Devices' statements whose signatures this seat has checked, each when the device gave it."""
    signatures = Signatures(END)
    for measure in own:
        signatures.keep(measure)
    return signatures


def others(times: Times, seats: list[Keypair], own: list[Measure], path: Path) -> list[Measure]:
    """What other seats have measured, read and checked."""
    found: list[Measure] = []
    signatures = known(own)
    for seat in seats:
        write_measures(path, measures_of(seat, len(own)), END)
        read, refused = times.take("another seat's", lambda: read_measures(path, END, signatures))
        assert not refused
        found += read
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", nargs="?", type=int, default=NODES)
    parser.add_argument("--seats", type=int, default=1)
    parser.add_argument("--ledger", type=Path, metavar="FILE")
    given = parser.parse_args()
    keys = [Keypair.from_seed(bytes([number + 1]) * 32) for number in range(given.seats)]
    building, reading, approving, begun = Times(), Times(), Times(), Times()
    with tempfile.TemporaryDirectory() as directory:
        ledger, path = given.ledger or Path(directory, "ledger.db"), Path(directory, "evidence.jsonl")
        if not ledger.exists():
            filled(ledger, given.nodes, tuple(key.pubkey() for key in keys))
        own = measures_of(keys[0], given.nodes)
        more = others(reading, keys[1:], own, Path(directory, "measured.jsonl"))
        forget()
        if more:
            reading.show("what others have measured")
        with Database.open(str(ledger)) as database:
            hours, again = Hours(database), Hours(database)
            begun.take("the first time, all events", lambda: hours.facts(START + HOUR))
            begun.show("a ledger's state")
            # As a seat puts it off, while it builds and while it examines.
            with collecting_later():
                made = built(building, hours, [*own, *more], path)
            totals = [building.show("from ledger to root")]
            again.facts(START + HOUR)
            with collecting_later():
                approved(approving, again, own, path, made.report.root)
        size = path.stat().st_size
    report = made.report
    start = time.process_time()
    build_report(report.leaves, END, bytes(32))
    rate, bare = given.nodes / (time.process_time() - start), bare_rate(300_000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(report.leaves):,} leaves, depth {report.tree.depth}, root {report.root.hex()[:16]}")
    totals.append(approving.show("approval"))
    print(f"peak of both at once {peak:.2f} GiB, evidence {size / 2**20:.0f} MiB")
    print(f"whose credit {looked_through(report.leaves):.2f} s, in a thread, beside the seat's other work")
    print(f"a credit {credit_bytes(report):,} bytes of a transaction's {PACKET_SIZE:,}")
    print(f"tree: {rate:,.0f} leaves/s, {2 * rate / bare:.2f} of hashlib's bare {bare:,.0f} hashes/s")
    return told(given.nodes, max(totals), size)


def told(nodes: int, seconds: float, size: int) -> int:
    """Says what that comes to for all nodes; returns 1 where it is more than the bounds."""
    each = NODES / nodes
    ok = seconds * each < BOUND and size * each < LARGEST
    print(
        f"{'within' if ok else 'over'} the bounds, {BOUND:.0f} s of a core for each and {LARGEST >> 20} MiB:"
        f" {seconds * each:.1f} s at most and {size * each / 2**20:.0f} MiB for {NODES:,} nodes"
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
