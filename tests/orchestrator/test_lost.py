"""Nodes that do not answer any more: when this seat says so, when it takes it back, and what is paid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.orchestrator.support import HOUR, PRICE, SILENCE, STEP, World, key, said

from ionet.orchestrator import ChainUnavailable, LocalAgents, Orchestrator, Party, Phase
from ionet.orchestrator._plan import Facts, Kind, Step, next_step
from ionet.orchestrator._policy import Policy
from ionet.worker import BreakReason

_AFTER = Policy().lose_after


async def _go(world: World, orchestrator: Orchestrator, seconds: int) -> None:
    """Passes with the clock going on for so long."""
    end = world.chain.clock + seconds
    await world.settled(orchestrator)
    while world.chain.clock < end:
        world.chain.clock += STEP
        await world.settled(orchestrator)


def _gone(world: World, orchestrator: Orchestrator, *nodes: int) -> None:
    """The agents of all nodes, or of some, do not answer from now on."""
    lost = {world.specs[n].node for n in nodes or range(len(world.specs))}
    orchestrator._agents = LocalAgents([one for one in world.workers if one.node not in lost])


def _failed(orchestrator: Orchestrator) -> list[str]:
    return [entry.step for entry in orchestrator.journal.entries() if entry.step.endswith("failed")]


def _back(world: World, orchestrator: Orchestrator) -> None:
    orchestrator._agents = LocalAgents(world.workers)


async def test_the_job_of_a_node_that_is_gone_ends_and_its_attested_time_is_paid(world: World) -> None:
    job, orchestrator = world.book(seconds=10 * HOUR), world.orchestrator()
    await _go(world, orchestrator, HOUR)
    good = world.chain.accounts[job].good
    assert good > 0
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER)
    account = world.chain.closed[job]
    assert said(orchestrator, Kind.LOSE) == [f"its node has not answered for {_AFTER} s"]
    assert account.good == good
    gross = PRICE * good // (10 * HOUR)
    fee = -(-gross * 25 // 10_000)
    assert account.paid[Party.SUPPLIER] == gross - fee
    # The fee in proportion, and no first hour.
    assert account.paid[Party.FEES] == fee + -(-(account.deposit - PRICE) * gross // PRICE)


async def test_a_short_silence_is_no_loss(world: World) -> None:
    job, orchestrator = world.book(seconds=10 * HOUR), world.orchestrator()
    await _go(world, orchestrator, STEP)
    for _ in range(3):
        _gone(world, orchestrator)
        await _go(world, orchestrator, _AFTER - STEP)
        _back(world, orchestrator)
        await _go(world, orchestrator, STEP)
    assert world.chain.count("lose") == 0
    assert world.chain.accounts[job].job.phase is Phase.RUNNING


async def test_a_loss_is_said_once_an_hour_and_taken_back_when_the_node_answers(world: World) -> None:
    job, orchestrator = world.book(seconds=20 * HOUR), world.orchestrator()
    account = world.chain.accounts[job]
    account.attesters = 2
    await _go(world, orchestrator, STEP)
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER)
    assert (said_at := world.chain.accounts[job].job.lost_at) == world.chain.clock
    attested = world.chain.count("attest")
    await _go(world, orchestrator, 3 * HOUR)
    # The word counts for an hour, up to its last second.
    assert world.chain.count("lose") == 3
    assert world.chain.count("attest") == attested, "an attestation would take it back"
    _back(world, orchestrator)
    await world.settled(orchestrator)
    assert account.job.lost_at is None
    first, again, _ = said(orchestrator, Kind.LOSE)
    assert first == f"its node has not answered for {_AFTER} s"
    assert again.endswith(f"s, and the word of {said_at} has lapsed")
    assert said(orchestrator, Kind.ATTEST)[-1].startswith("its node answers again: ")
    assert account.job.attested is not None
    assert account.job.attested.upto == world.chain.clock
    assert account.job.phase is Phase.RUNNING


@pytest.mark.parametrize(("ago", "ends"), [(HOUR, True), (HOUR + 1, False)])
async def test_it_ends_when_enough_seats_have_said_so_within_an_hour(
    world: World, ago: int, ends: bool
) -> None:
    job, orchestrator = world.book(seconds=10 * HOUR), world.orchestrator()
    account = world.chain.accounts[job]
    account.attesters = 2
    await _go(world, orchestrator, STEP)
    account.lost_by_others = [world.chain.clock + _AFTER - ago]
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER)
    assert world.chain.count("lose") == 1
    assert (job in world.chain.closed) == ends


async def test_a_job_whose_time_is_over_is_not_lost(world: World) -> None:
    job, orchestrator = world.book(), world.orchestrator()
    await _go(world, orchestrator, HOUR - _AFTER)
    _gone(world, orchestrator)
    await world.serve(orchestrator)
    assert world.chain.count("lose") == 0
    assert not _failed(orchestrator)
    assert world.chain.closed[job].paid[Party.FEES] > 0
    last = [step[2] for step in world.chain.steps if step[0] == "attest"][-1]
    assert BreakReason.NODE_LOST in last.reasons


async def test_a_job_that_was_stopped_is_not_lost(world: World) -> None:
    job, orchestrator = world.book(seconds=10 * HOUR), world.orchestrator()
    await _go(world, orchestrator, 2 * HOUR)
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER - STEP)
    world.chain.stop(job)
    await world.serve(orchestrator)
    assert world.chain.count("lose") == 0


async def test_where_the_chain_does_not_answer_either_the_silence_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, orchestrator = world.book(seconds=10 * HOUR), world.orchestrator()
    await _go(world, orchestrator, STEP)
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER - STEP)

    async def fails() -> int:
        raise ChainUnavailable("no answer")

    with monkeypatch.context() as cut:
        cut.setattr(world.chain, "now", fails)
        with pytest.raises(ChainUnavailable):
            await orchestrator.reconcile()
    world.chain.clock += STEP
    await _go(world, orchestrator, _AFTER - STEP)
    assert world.chain.count("lose") == 0
    await _go(world, orchestrator, STEP)
    assert world.chain.count("lose") == 1
    assert job in world.chain.closed


async def test_a_restart_neither_repeats_nor_takes_back_what_was_said(world: World) -> None:
    job, orchestrator = world.book(seconds=20 * HOUR), world.orchestrator()
    account = world.chain.accounts[job]
    account.attesters = 2
    await _go(world, orchestrator, STEP)
    _gone(world, orchestrator)
    await _go(world, orchestrator, _AFTER)
    said = account.job.lost_at
    assert said is not None
    await orchestrator.aclose()
    world.restart()
    orchestrator = world.orchestrator(agents=LocalAgents([]))
    await _go(world, orchestrator, HOUR)
    assert account.job.lost_at == said
    await _go(world, orchestrator, STEP)
    assert account.job.lost_at == said + HOUR + STEP
    await orchestrator.aclose()


async def test_the_others_of_a_cluster_go_on_after_a_restart(world: World) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    jobs = [world.book(manifest, n + 1, n, cluster=cluster, size=2, seconds=5 * HOUR) for n in range(2)]
    orchestrator = world.orchestrator()
    await _go(world, orchestrator, STEP)
    _gone(world, orchestrator, 1)
    await _go(world, orchestrator, _AFTER)
    assert world.chain.accounts[jobs[0]].job.phase is Phase.RUNNING
    assert jobs[1] in world.chain.closed
    await orchestrator.aclose()
    world.restart()
    orchestrator = world.orchestrator()
    _gone(world, orchestrator, 1)
    await world.serve(orchestrator)
    assert world.chain.closed[jobs[0]].good == 5 * HOUR
    assert world.chain.count("lose") == 1


async def test_a_job_whose_other_attesters_fell_silent_ends_a_day_later(world: World) -> None:
    job, orchestrator = world.book(), world.orchestrator()
    world.chain.accounts[job].attesters = 2
    await _go(world, orchestrator, HOUR)
    ends_at = world.chain.accounts[job].job.ends_at
    await world.serve(orchestrator, most=2 * SILENCE // STEP)
    assert world.chain.count("complete") == 0
    (why,) = said(orchestrator, Kind.EXPIRE)
    assert ends_at is not None
    assert why == f"too few seats have judged its time, and after {ends_at + SILENCE} it ends without them"
    assert not _failed(orchestrator), "not a second too early"
    assert world.chain.clock == ends_at + SILENCE + STEP


def test_the_plan_says_it_when_it_is_due_and_only_then(world: World) -> None:
    job = world.book(seconds=10 * HOUR)
    now = world.chain.clock
    running = replace(
        world.chain.accounts[job].job,
        phase=Phase.RUNNING,
        started_at=now,
        ends_at=now + 10 * HOUR,
        settle_from=now + HOUR,
    )
    policy = Policy()

    def step(at: int, silent: int | None, lost_at: int | None = None) -> Kind | None:
        silence = {} if silent is None else {job: silent}
        facts = Facts(None, True, True, True, False, False, silent=silence)
        found = next_step([replace(running, lost_at=lost_at)], facts, at, policy)
        return found.kind if isinstance(found, Step) else None

    assert step(now + 100, None) is None
    assert step(now + 1_900, _AFTER - 1) is None
    assert step(now + 1_900, _AFTER) is Kind.LOSE
    assert step(now + 1_900, _AFTER, now + 1_900) is None
    assert step(now + 1_900 + HOUR, _AFTER, now + 1_900) is None
    assert step(now + 1_901 + HOUR, _AFTER, now + 1_900) is Kind.LOSE
    assert step(now + 1_900 + HOUR, 10, now + 1_900) is None, "another process has said it"
    assert step(now + 2_000, None, now + 1_900) is Kind.ATTEST
    assert step(now + 10 * HOUR, _AFTER, now + 1_900) is Kind.STOP


def test_a_job_is_judged_to_its_end_only_when_it_is_known_how_its_run_ended(world: World) -> None:
    job, now = world.book(seconds=HOUR), world.chain.clock
    over = replace(
        world.chain.accounts[job].job,
        phase=Phase.RUNNING,
        started_at=now - HOUR,
        ends_at=now,
        settle_from=now,
    )

    def kind(facts: Facts, at: int = now) -> Kind | None:
        step = next_step([over], facts, at, Policy(attest_every=2 * HOUR))
        return step.kind if isinstance(step, Step) else None

    late = Facts(None, True, False, False, False, False)
    assert kind(late) is Kind.COLLECT
    assert kind(replace(late, blocked=frozenset({(Kind.COLLECT, b"", None)}))) is None
    assert kind(replace(late, active=True)) is Kind.STOP
    assert kind(replace(late, result=True)) is Kind.ATTEST
    assert kind(replace(late, collected=True)) is Kind.ATTEST
    assert kind(replace(late, placed=True, active=True), now - 1) is None, "it goes on"


def test_a_job_that_can_never_start_is_ended_with_its_reason(world: World) -> None:
    job = world.book()
    broken = replace(world.chain.accounts[job].job, broken=True)
    step = next_step([broken], Facts(None, True, False, False, False, False), world.chain.clock, Policy())
    assert isinstance(step, Step)
    assert step.kind is Kind.EXPIRE
    assert step.why == "another job of its cluster ended before it started, so this one cannot start"
