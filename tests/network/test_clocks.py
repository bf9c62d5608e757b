"""Deadlines are the chain's: where machines' clocks are hours off, and jump, nothing ends early or late."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.network.mortal import wrong_clock
from tests.network.town import Town
from tests.orchestrator.test_program_chain import Money
from tests.programs.people import Supplier
from tests.programs.support import HOUR

from ionet.executor import Executor, InlineExecutor, Lease, NodeSpec
from ionet.sandbox import machine_time
from ionet.store.manifest import FileStore


def around(now: int, hours: int) -> tuple[int, ...]:
    """Jumps of a clock: so many hours ahead of the chain, then right, then twice as many behind."""
    off = now - int(time.time())
    return off + HOUR * hours, off, off - 2 * HOUR * hours


def wander(monkeypatch: pytest.MonkeyPatch, jumps: tuple[int, ...]) -> None:
    """Has this process's clock jump."""
    second, nanosecond = wrong_clock(jumps)
    monkeypatch.setattr(time, "time", second)
    monkeypatch.setattr(time, "time_ns", nanosecond)


async def test_a_lease_is_paid_to_the_second_whatever_the_clocks_of_those_who_serve_it_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Town(tmp_path)
    try:
        await site.begin_gateway(jumps=around(site.now, -7))
        site.begin_worker(jumps=around(site.now, 5))
        wander(monkeypatch, around(site.now, 26))
        job, before = site.book(HOUR), site.money()
        terms = site.market.job(job)
        async with site.seat() as seat:
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 300, ran=True)
    finally:
        monkeypatch.undo()
        site.end()
        site.server.close()
    fee = -(-terms.price * 25 // 10_000)
    assert site.runs == 1
    assert site.money() == Money(
        before.supplier + terms.price - fee,
        before.renter,
        before.fees + fee + terms.fee,
    )


class Told(InlineExecutor):
    """Remembers when it was told that a lease ends, in seconds from then."""

    left: list[float]

    def end_by(self, lease: Lease, at: float) -> None:
        self.left.append(at - machine_time())


class Telling(Town):
    def executor(self, machine: Supplier, store: FileStore, work: Path) -> Executor:
        self.told_end = Told([NodeSpec(bytes(machine.node), cpus=1)], store, work)
        self.told_end.left = []
        return self.told_end


async def test_what_runs_is_told_its_end_by_a_clock_that_nobody_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Telling(tmp_path)
    await site.gateway.start()
    try:
        job = site.book(HOUR)
        wander(monkeypatch, around(site.now, 26))
        async with site.machine(site.market.alice), site.seat() as seat:
            await site.until_run([seat], job)
    finally:
        monkeypatch.undo()
        await site.gateway.stop()
        site.server.close()
    # What runs has half a minute to be ended by its worker.
    assert site.told_end.left
    assert all(abs(left - HOUR - 30) < 60 for left in site.told_end.left), site.told_end.left
