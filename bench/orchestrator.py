"""What many open jobs cost one process of an orchestrator: a pass in which nothing has changed, and starts.

Run with `python bench/orchestrator.py [jobs]`. The node is a fake that serves the bytes of real accounts from
memory, so that reading, decoding and comparing are measured, and no network. Nodes' agents, runs and what is
sent are fakes, too. The bounds of the project: for 10,000 jobs, when nothing has changed, at most 0.2 ms and
0.02 requests a job; both grow with the number of jobs (a job costs at most twice what it costs with a
tenth of them); and at least 1,000 starts an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import resource
import struct
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet import AsyncClient, JobState, accounts, pda
from ionet.chain.ids import CLOCK, SYSTEM_PROGRAM
from ionet.executor import Lease, RunOutput
from ionet.orchestrator import JobView, Orchestrator, Policy, ProgramChain
from ionet.prover import Challenge, Opening
from ionet.store.manifest import FileStore, Function, Manifest
from ionet.worker import Sample

NOW = 1_800_000_000
HOUR = 3_600
_PASSES = 5


def key(*parts: object) -> Pubkey:
    return Pubkey(hashlib.sha256(repr(parts).encode()).digest())


class FakeNode:
    """JSON-RPC over accounts in memory.

    Attributes:
        accounts: owner and data, by address.
        requests: how many there were, by method.
        now: the chain's time.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, tuple[str, bytes]] = {}
        self.requests: Counter[str] = Counter()
        self.now = NOW

    def put(self, address: Pubkey, account: Any) -> None:
        self.accounts[str(address)] = str(account.PROGRAM_ID), account.encode()

    async def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        self.requests[method] += 1
        answer: Any = {
            "getAccountInfo": self._one,
            "getMultipleAccounts": self._many,
            "getProgramAccounts": self._all,
        }[method](*params)
        await asyncio.sleep(0)
        return answer

    async def aclose(self) -> None:
        """Nothing is open."""

    def _value(self, address: str) -> dict[str, Any] | None:
        if address == str(CLOCK):
            data = struct.pack("<QqQQq", 1, 0, 0, 0, self.now)
            return _entry(str(SYSTEM_PROGRAM), data)
        found = self.accounts.get(address)
        return None if found is None else _entry(*found)

    def _one(self, address: str, config: Any) -> Any:
        return {"context": {"slot": 1}, "value": self._value(address)}

    def _many(self, addresses: Sequence[str], config: Any) -> Any:
        assert len(addresses) <= 100
        return {"context": {"slot": 1}, "value": [self._value(address) for address in addresses]}

    def _all(self, program: str, config: Any) -> Any:
        start = config["dataSlice"]["offset"]
        stop = start + config["dataSlice"]["length"]
        return [
            {"pubkey": address, "account": _entry(owner, data[start:stop])}
            for address, (owner, data) in self.accounts.items()
            if owner == program and len(data) == accounts.jobs.Job.SIZE
        ]


def _entry(owner: str, data: bytes) -> dict[str, Any]:
    encoded = [b64encode(data).decode(), "base64"]
    return {"data": encoded, "executable": False, "lamports": 1, "owner": owner, "rentEpoch": 0}


class Market:
    """Nodes and jobs on the fake node."""

    def __init__(self, folder: Path, seats: Sequence[Pubkey]) -> None:
        self.node = FakeNode()
        self.store = FileStore(folder / "store")
        self.manifest = self.store.put_manifest(Manifest(Function("bench:nothing", {})))
        keys = [*seats, *[Pubkey.default()] * (16 - len(seats))]
        found = _blank(accounts.proofs.AttesterSet)
        weights = [int(seat != Pubkey.default()) for seat in keys]
        self.node.put(
            pda.proofs.ATTESTER_SET,
            _but(found, keys=tuple(keys), weights=tuple(weights), seats=len(seats)),
        )
        self._node = _blank(accounts.staking.Node)
        self._job = _blank(accounts.jobs.Job)
        self.jobs: list[Pubkey] = []

    def book(self, *, running: bool) -> None:
        number = len(self.jobs)
        node, job = key("node", number), key("job", number)
        self.node.put(node, _but(self._node, device_key=key("device", number), class_=1))
        now = self.node.now
        account = _but(
            self._job,
            version=1,
            state=JobState.BOOKED,
            attesters=1,
            cluster_size=1,
            segment_count=1,
            node=node,
            manifest_hash=self.manifest,
            price=10**9,
            seconds=100 * HOUR,
            booked_at=now,
            seq=1,
            segments=(_but(self._job.segments[0], seconds=100 * HOUR, price=10**9), *self._job.segments[1:]),
        )
        self.node.put(job, started(account, now) if running else account)
        self.jobs.append(job)

    def start(self, job: Pubkey) -> None:
        account = accounts.jobs.Job.decode(self.node.accounts[str(job)][1])
        self.node.put(job, started(account, self.node.now))


def started(job: accounts.jobs.Job, now: int) -> accounts.jobs.Job:
    times = {"started_at": now, "ends_at": now + job.seconds, "last_attested_at": now}
    changed: accounts.jobs.Job = _but(job, state=JobState.RUNNING, seq=job.seq + 1, **times)
    return changed


def _blank(kind: Any) -> Any:
    assert kind.SIZE is not None
    return kind.CODEC.decode(bytes(kind.SIZE))


def _but(value: Any, **changes: Any) -> Any:
    names = type(value).__annotations__
    return type(value)(**{name: changes.get(name, getattr(value, name)) for name in names})


class BenchChain(ProgramChain):
    """The real adapter, whose starts happen at once."""

    def __init__(self, client: AsyncClient, market: Market) -> None:
        super().__init__(client)
        self._market = market

    async def start(self, job: JobView) -> str:
        await asyncio.sleep(0)
        self._market.start(Pubkey(job.key))
        return "signature"


class FakeAgents:
    """Agents that take every job at once."""

    async def begin(self, node: bytes, job: bytes, processes: Sequence[int]) -> None:
        await asyncio.sleep(0)

    async def sample(self, node: bytes, job: bytes, at: int, since: int) -> Sequence[Sample]:
        await asyncio.sleep(0)
        return ()

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        raise NotImplementedError

    async def open(self, node: bytes, root: bytes, rows: Sequence[int], randomness: bytes) -> Opening:
        raise NotImplementedError

    async def end(self, node: bytes, job: bytes) -> None:
        await asyncio.sleep(0)


class FakeExecutor:
    """Runs that do not end."""

    outlives = True

    def __init__(self) -> None:
        self.runs = 0

    async def open(self, lease: Lease) -> None:
        await asyncio.sleep(0)

    async def run(self, lease: Lease, attempt: int) -> RunOutput:
        self.runs += 1
        await asyncio.Event().wait()
        raise AssertionError("it does not end")

    async def collect(self, lease: Lease) -> None:
        """Nothing has ended."""

    def log(self, lease: Lease) -> Path:
        return Path("nothing")

    def processes(self, lease: Lease, node: bytes) -> Sequence[int]:
        return ()

    async def stop(self, lease: Lease) -> None:
        """Nothing runs."""

    async def release(self, lease: Lease) -> None:
        """Nothing is held."""

    async def shutdown(self) -> None:
        """Nothing is open."""


async def measured(folder: Path, jobs: int) -> dict[str, float]:
    """Serves so many running jobs; returns milliseconds and requests a job for a pass without changes."""
    seat = Keypair()
    market = Market(folder, [seat.pubkey()])
    for _ in range(jobs):
        market.book(running=True)
    orchestrator = made(folder, market, seat)
    began = time.perf_counter()
    await orchestrator.reconcile()
    first = time.perf_counter() - began
    await orchestrator.reconcile()
    best, before = float("inf"), market.node.requests.total()
    for _ in range(_PASSES):
        began = time.perf_counter()
        done = await orchestrator.reconcile()
        best = min(best, time.perf_counter() - began)
        assert not done.steps
        assert len(done.waits) == jobs
    requests = (market.node.requests.total() - before) / _PASSES
    # One job of a hundred changes: only those are fetched and looked at.
    market.node.now += 1
    for job in market.jobs[:: max(1, jobs // 100)]:
        market.start(job)
    began, before = time.perf_counter(), market.node.requests.total()
    await orchestrator.reconcile()
    changed = time.perf_counter() - began
    figures = {
        "first_seconds": first,
        "pass_ms": 1_000 * best,
        "ms_a_job": 1_000 * best / jobs,
        "requests": requests,
        "requests_a_job": requests / jobs,
        "changed_ms": 1_000 * changed,
        "changed_requests": market.node.requests.total() - before,
    }
    await orchestrator.aclose()
    return figures


async def starts(folder: Path, jobs: int) -> float:
    """Places, starts and launches so many booked jobs; returns how many an hour that is."""
    seat = Keypair()
    market = Market(folder, [seat.pubkey()])
    for _ in range(jobs):
        market.book(running=False)
    orchestrator = made(folder, market, seat)
    began = time.perf_counter()
    done = await orchestrator.reconcile()
    took = time.perf_counter() - began
    assert sum(kind == "launch" for kind, _ in done.steps) == jobs
    await orchestrator.aclose()
    return jobs / took * 3_600


def made(folder: Path, market: Market, seat: Keypair) -> Orchestrator:
    chain = BenchChain(AsyncClient(market.node, signer=seat), market)
    policy = Policy(concurrency=256, sample_every=120)
    return Orchestrator(chain, FakeExecutor(), FakeAgents(), market.store, folder / "journal.sqlite3", policy)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="?", type=int, default=10_000)
    jobs = parser.parse_args().jobs
    rows = {}
    for count in (max(1, jobs // 10), jobs):
        with tempfile.TemporaryDirectory() as folder:
            rows[count] = asyncio.run(measured(Path(folder), count))
        shown = ", ".join(f"{name} {value:.4g}" for name, value in rows[count].items())
        print(f"{count:>6} jobs: {shown}")
    with tempfile.TemporaryDirectory() as folder:
        rate = asyncio.run(starts(Path(folder), 1_000))
    few, many = rows.values()
    growth = many["ms_a_job"] / few["ms_a_job"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"a job's part of a pass, {jobs} beside {jobs // 10}: {growth:.2f}; starts an hour: {rate:,.0f}")
    print(f"peak memory: {peak} MiB")
    holds = many["ms_a_job"] <= 0.2 and many["requests_a_job"] <= 0.02 and growth <= 2 and rate >= 1_000
    print("within the bounds" if holds else "BEYOND THE BOUNDS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
