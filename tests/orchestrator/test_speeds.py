"""A seat judges a device's speed by the median of three draws, and says which class it reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.orchestrator.support import FakeChain, World

from ionet import ProofReason
from ionet.formats.when import HOUR
from ionet.orchestrator import LocalAgents, Policy
from ionet.orchestrator._agents import NodeUnreachable
from ionet.orchestrator._challenge import Challenger
from ionet.orchestrator._idle import IdleChallenges
from ionet.orchestrator._journal import Journal
from ionet.prover import Challenge, Reference

#: Limits of 1,500 and 15,000 ns, without grace.
FAST, SLOW = Reference(64, 256, 1_000), Reference(64, 256, 10_000)


class Timed(LocalAgents):
    """Nodes whose answers take as long as the test says, in turn; the last time stays."""

    times: list[int]
    asked = 0

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        self.asked += 1
        root, _ = await super().commit(node, challenge)
        return root, self.times.pop(0) if len(self.times) > 1 else self.times[0]


@dataclass
class Known:
    """A node as the chain has it."""

    class_id: int
    pool: str = "gpu"
    live: bool = True


class Chain(FakeChain):
    """A chain with nodes of a class."""

    class_id = 1

    async def node(self, node: bytes) -> Known:
        return Known(self.class_id)


class Seat:
    """A seat that challenges one idle node."""

    def __init__(self, world: World, folder: Path, class_id: int = 1) -> None:
        self.chain = Chain()
        self.chain.class_id = class_id
        self.chain.clock = self.chain.first_hour + HOUR
        self.node = world.specs[0].node
        self.agents = Timed(world.workers)
        policy = Policy(
            challenge_m=64, challenge_k=256, challenge_rows=4, references={1: (FAST,), 61: (SLOW,)}
        )
        self.journal = Journal(folder / "journal.sqlite3")
        challenger = Challenger(
            self.chain, self.agents, world.store, self.journal, policy, lambda digest: None
        )
        self.idle = IdleChallenges(
            self.chain,  # type: ignore[arg-type]
            challenger,
            self.journal,
            policy,
            bytes(32),
            lambda: [self.node],
            list,
        )

    async def hour(self, times: Sequence[int]) -> tuple[ProofReason, list[str]]:
        """Lets an hour pass; returns the verdict and what the journal says."""
        self.agents.times = list(times)
        start, lines = self.chain.clock, len(self.journal.entries())
        while self.chain.clock < start + HOUR:
            await self.idle.look()
            await asyncio.gather(*self.idle._under_way.values())
            self.chain.clock += 120
        ((_, _, reason, _),) = self.journal.verdicts(start, start + HOUR)
        return reason, [entry.detail for entry in self.journal.entries()[lines:]]


@pytest.fixture
def seat(world: World, tmp_path: Path) -> Seat:
    return Seat(world, tmp_path)


async def test_a_device_in_time_is_asked_once_an_hour(seat: Seat) -> None:
    for _ in range(3):
        reason, lines = await seat.hour([1_500])
        assert reason is ProofReason.PASSED
        assert all(line.startswith("passed") for line in lines)
    assert seat.agents.asked == 3


async def test_one_late_answer_costs_nobody_the_hour(seat: Seat) -> None:
    reason, _ = await seat.hour([9_000, 1_000, 1_000])
    assert reason is ProofReason.PASSED
    assert seat.agents.asked == 3, "two more draws, as the first was late and the second left it open"


async def test_a_slower_class_is_told_which_class_it_reaches(seat: Seat) -> None:
    reason, lines = await seat.hour([9_000])
    assert reason is ProofReason.SLOW
    assert "took 9000 ns, at most 1500 ns for this class (median of 3); it reaches Other CPU" in lines[-1]


async def test_who_is_too_slow_is_named_with_the_class_it_reaches_until_it_is_in_time(seat: Seat) -> None:
    told: list[tuple[bytes, int | None]] = []
    seat.idle._challenger.slow = lambda node, reached: told.append((node, reached))
    for time in (9_000, 1_000, 20_000):
        await seat.hour([time])
    assert told == [(seat.node, 61), (seat.node, None), (seat.node, None)]


async def test_a_device_slower_than_all_that_were_measured_reaches_none(seat: Seat) -> None:
    assert "it reaches no class that was measured" in (await seat.hour([20_000]))[1][-1]


async def test_who_was_fast_once_does_not_live_on_it(seat: Seat) -> None:
    assert (await seat.hour([1_000]))[0] is ProofReason.PASSED
    assert (await seat.hour([9_000]))[0] is ProofReason.SLOW


async def test_a_class_that_nobody_measured_is_judged_by_right_answers(world: World, tmp_path: Path) -> None:
    seat = Seat(world, tmp_path / "other", class_id=2)
    assert (await seat.hour([10**12]))[0] is ProofReason.PASSED


async def test_a_seat_has_a_device_answer_one_question_at_a_time(seat: Seat) -> None:
    seat.agents.times, challenger = [1_000], seat.idle._challenger
    async with challenger.alone(seat.node):
        posing = asyncio.create_task(
            challenger.pose(bytes(32), seat.node, at=0, attempt=0, reference=None, earlier=set())
        )
        for _ in range(10):
            await asyncio.sleep(0)
        assert seat.agents.asked == 0
    assert (await posing).verdict.ok


async def test_who_failed_its_hour_is_challenged_in_the_next_hour_of_emission_and_not_of_the_clock(
    seat: Seat,
) -> None:
    """The clock's hour ends within the network's: no challenge of the one makes up for the other."""
    failed, hour = seat.chain.clock + 900, (seat.chain.clock - seat.chain.first_hour) // HOUR + 1
    seat.journal.keep_verdict(seat.node, failed, 0, ProofReason.UNANSWERED, bytes(32))
    seat.idle.judged(seat.node, hour)
    assert await seat.hour([100]) == (ProofReason.UNANSWERED, [])
    assert seat.agents.asked == 0
    assert (await seat.hour([100]))[0] is ProofReason.PASSED


async def test_each_of_several_nodes_that_answer_nothing_has_a_verdict(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All say the same, and are asked in the same second."""

    async def busy(node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        raise NodeUnreachable("another seat challenges the device at this moment")

    monkeypatch.setattr(seat.agents, "commit", busy)
    nodes, start = [bytes([number]) * 32 for number in range(3)], seat.chain.clock
    monkeypatch.setattr(seat.idle, "_connected", lambda: nodes)
    monkeypatch.setattr(seat.idle, "_moment", lambda node, hour: 0)
    for _ in range(3):
        await seat.idle.look()
        await seat.idle.settled()
        seat.chain.clock += 240
    kept = {node: reason for node, _, reason, _ in seat.journal.verdicts(start, start + HOUR)}
    assert kept == dict.fromkeys(nodes, ProofReason.UNANSWERED)
