"""How fast an hour's report is built: 330,000 nodes scored, written as evidence, hashed and committed to.

Run with `python bench/report.py [nodes]`. The bound of the project is 10 s and 1 GiB on two cores for 330,000
nodes. Leaves per second are also given as a ratio to the bare rate of hashlib over as many equal inputs,
which no implementation in this interpreter can exceed: a tree of n leaves takes 2 n hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey

from ionet import Client, accounts
from ionet.chain.transactions import PACKET_SIZE
from ionet.formats.when import HOUR
from ionet.orchestrator._credits import divided
from ionet.rewards import Hour, Leaves, Report, build_report, cumulate, score_hour, write_evidence

EMISSION = 456_308_464_000


def synthetic_hour(count: int, seed: int = 1) -> Hour:
    """A plausible hour: hardware as published, one node in four in use, some of every kind of failure."""
    random = np.random.default_rng(seed)
    nodes = np.unique(random.integers(0, 256, (count, 32), np.uint8), axis=0)
    n = len(nodes)
    multiplier = random.choice(np.array([2_500, 5_000, 10_000, 12_500, 30_000, 50_000, 100_000]), n)
    required = multiplier * 2_000_000
    return Hour(
        nodes=nodes,
        pool=(random.random(n) < 0.2).astype(np.uint8),
        multiplier_bps=multiplier,
        units=random.integers(1, 9, n),
        up_hours=random.choice(np.array([2, 5, 300]), n, p=[0.05, 0.05, 0.9]),
        stake=np.where(random.random(n) < 0.95, required, required - 1),
        required_stake=required,
        proof=random.choice(np.array([0, 1, 2], np.uint8), n, p=[0.96, 0.02, 0.02]),
        in_use=random.random(n) < 0.25,
        fees=random.integers(0, 10_000_000, n),
    )


def bare_rate(count: int) -> float:
    """Hashes per second of hashlib for inputs of the size of an inner node."""
    block = bytes(65)
    hashed = hashlib.sha256
    start = time.perf_counter()
    for _ in range(count):
        hashed(block).digest()
    return count / (time.perf_counter() - start)


def looked_through(leaves: Leaves) -> float:
    """Seconds that it takes to see which nodes are to be credited with their leaves: all of them."""
    size = accounts.staking.Node.SIZE
    assert size is not None
    data = accounts.staking.Node.DISCRIMINATOR + bytes(size - len(accounts.staking.Node.DISCRIMINATOR))
    node = accounts.staking.Node.decode(data)
    start = time.perf_counter()
    due, _ = divided(leaves, [node] * len(leaves), 10 * HOUR)
    assert len(due) == int((leaves.lifetime > 0).sum())
    return time.perf_counter() - start


def credit_bytes(report: Report) -> int:
    """Size of the transaction that credits a node with its leaf, with compute limit and price."""
    client = Client.local(signer=Keypair())
    node = Pubkey(report.leaves.nodes[0].tobytes())
    credit = client.staking.credit(node, Pubkey.new_unique(), report).ix()
    limits = [set_compute_unit_limit(1), set_compute_unit_price(1)]
    return 1 + 64 + len(bytes(Message([*limits, *credit], client.address)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", nargs="?", type=int, default=330_000)
    count = parser.parse_args().nodes
    hour = synthetic_hour(count)
    bare = bare_rate(300_000)
    marks = [("", time.perf_counter())]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "evidence.jsonl")
        previous: Leaves | None = None
        for end in (HOUR, 2 * HOUR):
            marks = [("", time.perf_counter())]
            scores = score_hour(hour, EMISSION)
            marks.append(("score", time.perf_counter()))
            leaves = cumulate(previous, hour, scores, end)
            marks.append(("cumulate", time.perf_counter()))
            digest = write_evidence(
                path, hour=hour, scores=scores, leaves=leaves, emission=EMISSION, period_end=end
            )
            marks.append(("evidence file", time.perf_counter()))
            report = build_report(leaves, end, digest)
            marks.append(("tree", time.perf_counter()))
            previous = leaves
        size = path.stat().st_size
    total = marks[-1][1] - marks[0][1]
    tree = marks[-1][1] - marks[-2][1]
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(f"{len(leaves):,} leaves, depth {report.tree.depth}, root {report.root.hex()[:16]}")
    for (_, before), (name, after) in itertools.pairwise(marks):
        print(f"  {name:14} {after - before:6.2f} s")
    print(f"  {'whose credit':14} {looked_through(leaves):6.2f} s, in a thread, beside the seat's other work")
    print(f"  {'a credit':14} {credit_bytes(report):,} bytes of a transaction's {PACKET_SIZE:,}")
    print(f"  {'total':14} {total:6.2f} s, peak {peak:.2f} GiB, evidence {size / 2**20:.0f} MiB")
    rate = len(leaves) / tree
    print(f"  tree: {rate:,.0f} leaves/s, {2 * rate / bare:.2f} of hashlib's bare {bare:,.0f} hashes/s")
    ok = total < 10 and peak < 1
    print("within 10 s and 1 GiB" if ok else "over the bound of 10 s and 1 GiB")
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
