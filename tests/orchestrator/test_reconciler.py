"""From booked escrow to the last payment, without Ray and without failures of the process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.orchestrator.support import HOUR, PRICE, START, STEP, World, key, said

from ionet import ProofReason
from ionet._generated.jobs.constants import START_WINDOW
from ionet.executor._logs import keep_log, open_place, read_log
from ionet.orchestrator import (
    ChainUnavailable,
    FailureReason,
    InlineExecutor,
    Lease,
    LocalAgents,
    NodeUnreachable,
    Party,
    Phase,
)
from ionet.orchestrator._plan import Kind
from ionet.orchestrator._promises import Declined
from ionet.prover import Challenge
from ionet.store.manifest import Command, FileStore, Function, Input, Manifest, Resources
from ionet.worker import BreakReason, Observation


async def test_a_booked_job_is_run_attested_paid_and_closed(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    await world.serve(orchestrator)
    assert [step[0] for step in world.chain.steps] == [
        "start",
        "attest",
        "attest",
        "complete",
        "settle",
        "settle",
        "close",
    ]
    account = world.chain.closed[job]
    assert account.good == HOUR
    # 100 IO, less a quarter per cent on either side.
    assert account.paid == {Party.SUPPLIER: 9_975_000_000, Party.FEES: 50_000_000, Party.RENTER: 0}
    assert world.runs == 1


async def test_the_journal_says_why_each_step_was_taken(world: World) -> None:
    world.book(seconds=2 * HOUR)
    orchestrator = world.orchestrator(settle_every=HOUR)
    await world.serve(orchestrator)
    lines = {kind.value: said(orchestrator, kind) for kind in Kind}
    assert {kind: why for kind, why in lines.items() if why} == {
        "place": ["it is booked, and its nodes are not held for it yet: 1 nodes"],
        "start": ["its nodes are held for it"],
        "launch": ["every job of it has started, and there is no result: attempt 1"],
        "attest": [
            "its run has ended: 600 of 600 s",
            "3600 s have passed since the last: 3600 of 3600 s",
            "its time is over: 3000 of 3000 s",
        ],
        "settle": [
            f"supplier: nothing is paid yet, and from {START + HOUR} on it can be",
            "supplier: 3600 s or more of it are to be paid",
            "fees: the job has ended",
            "supplier: the job has ended",
        ],
        "complete": ["its time is over, and enough seats have judged all of it"],
        "release": ["every job of it has ended"],
        "close": ["everybody is paid, and the time for disputes is over"],
    }


async def test_the_result_is_in_the_store_with_its_outputs(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    attestation = await world.first_word(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert (result.ok, result.value) == (True, {"sum": 14})
    assert [(item.name, world.store.get(item.sha256)) for item in result.outputs] == [
        ("squares.txt", b"1\n4\n9")
    ]
    assert result.manifest == world.chain.accounts[job].job.manifest
    assert attestation.result == result.digest


async def test_an_attestation_names_the_verdict_that_its_lease_started_on(world: World) -> None:
    job = world.book(seconds=3 * HOUR)
    started_on = world.chain.accounts[job].job.verdict
    assert any(started_on)
    assert (await world.first_word(world.orchestrator())).verdict == started_on
    # Another one is shown in the node's account, and a process that has just begun knows the first no more.
    account = world.chain.accounts[job]
    account.job = replace(account.job, verdict=bytes(32))
    await world.serve(world.orchestrator())
    said = [step[2].verdict for step in world.chain.steps if step[0] == "attest"]
    assert len(said) == 4
    assert set(said) == {started_on}


async def test_a_verdict_that_nobody_knows_any_more_is_named_by_zeros(world: World) -> None:
    job = world.book()
    account = world.chain.accounts[job]
    account.job = replace(account.job, verdict=bytes(32))
    assert (await world.first_word(world.orchestrator())).verdict == bytes(32)


async def test_a_pass_with_nothing_to_do_does_nothing_and_says_until_when(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    await world.first_word(orchestrator)
    before = list(world.chain.steps)
    idle = await orchestrator.reconcile()
    assert idle.steps == ()
    assert idle.waits == {job.hex(): "leased"}
    assert idle.until == world.chain.clock + HOUR - 1, "the end of the booked time"
    assert world.chain.steps == before


async def test_a_manifest_that_is_not_in_the_store_is_waited_for_and_the_booking_expires(
    world: World,
) -> None:
    job = world.chain.book(1, world.specs[0].node, bytes(32))
    orchestrator = world.orchestrator()
    found = await orchestrator.reconcile()
    assert found.waits[job.hex()] == f"the manifest {bytes(32).hex()} is not in the store"
    await world.serve(orchestrator, step=1_201)
    assert [step[0] for step in world.chain.steps] == ["expire", "settle", "close"]
    assert world.chain.closed[job].paid[Party.RENTER] == PRICE + 25_000_000
    assert said(orchestrator, Kind.EXPIRE) == [f"it did not start by {START + START_WINDOW}"]


async def test_a_manifest_that_does_not_match_its_hash_is_refused(world: World) -> None:
    job = world.book()
    path = world.store.path(world.chain.accounts[job].job.manifest)
    path.write_bytes(path.read_bytes().replace(b"squares", b"sleeps "))
    found = await world.orchestrator().reconcile()
    assert "is refused" in found.waits[job.hex()]
    assert world.chain.steps == []


async def test_bytes_that_match_the_hash_but_are_no_manifest_are_refused(world: World) -> None:
    job = world.chain.book(1, world.specs[0].node, world.store.put(b'{"entrypoint": 1}'))
    found = await world.orchestrator().reconcile()
    assert "not in canonical form" in found.waits[job.hex()]


async def test_a_node_that_is_too_small_is_not_started(world: World) -> None:
    job = world.book(world.manifest(resources=Resources(cpus=2)))
    orchestrator = world.orchestrator()
    found = await orchestrator.reconcile()
    assert found.steps == ()
    why = "resources.cpus: this node gives jobs 1 core, not 2 cores; ask for less"
    assert any(why in entry.detail for entry in orchestrator.journal.entries())
    assert world.chain.accounts[job].job.phase is Phase.BOOKED


async def test_a_manifest_is_confirmed_where_the_node_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, orchestrator = world.book(), world.orchestrator()

    async def begin(*_: object) -> None:
        raise NodeUnreachable("no answer")

    monkeypatch.setattr(orchestrator._agents, "begin", begin)
    await orchestrator.reconcile()
    await orchestrator.reconcile()
    assert world.chain.count("confirm_manifest") == 1
    assert world.chain.accounts[job].job.confirmed
    assert world.chain.accounts[job].job.phase is Phase.BOOKED
    (why,) = said(orchestrator, Kind.CONFIRM)
    assert why == "its node does not answer, though what it is to run is at hand and fits"


@pytest.mark.parametrize("covered", [True, False])
async def test_a_node_that_declines_what_it_had_signed_to_give_counts_as_one_that_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, *, covered: bool
) -> None:
    job, asked = world.book(), list[tuple[bytes, int]]()

    async def promised(lease: Lease, node: bytes, booked_at: int) -> bool:
        asked.append((node, booked_at))
        return covered

    async def begin(*_: object) -> None:
        raise Declined("the node does not take the job: resources.cpus")

    orchestrator = world.orchestrator()
    orchestrator._promised = promised
    monkeypatch.setattr(orchestrator._agents, "begin", begin)
    booked_at = world.chain.accounts[job].job.start_by - START_WINDOW
    await orchestrator.reconcile()
    await orchestrator.reconcile()
    assert asked[0] == (world.specs[0].node, booked_at)
    assert world.chain.accounts[job].job.confirmed == covered
    assert world.chain.accounts[job].job.phase is Phase.BOOKED


async def test_of_a_cluster_only_the_job_whose_node_does_not_answer_is_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    jobs = [world.book(manifest, n + 1, n, cluster=cluster, size=2) for n in range(2)]
    orchestrator = world.orchestrator()
    begin = orchestrator._agents.begin

    async def answer(node: bytes, *rest: Any) -> None:
        if node == world.specs[1].node:
            raise NodeUnreachable("no answer")
        await begin(node, *rest)

    monkeypatch.setattr(orchestrator._agents, "begin", answer)
    await orchestrator.reconcile()
    assert [world.chain.accounts[job].job.confirmed for job in jobs] == [False, True]


async def test_a_cluster_that_runs_is_looked_after_where_one_of_its_nodes_is_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    jobs = [world.book(manifest, n + 1, n, cluster=cluster, size=2) for n in range(2)]
    await world.orchestrator().reconcile()
    assert all(world.chain.accounts[job].job.phase is Phase.RUNNING for job in jobs)
    again = world.orchestrator()
    begin, silent = again._agents.begin, [world.specs[1].node]

    async def answer(node: bytes, *rest: Any) -> None:
        if node in silent:
            raise NodeUnreachable("no answer")
        await begin(node, *rest)

    monkeypatch.setattr(again._agents, "begin", answer)
    found = await again.reconcile()
    assert Kind.PLACE in [kind for kind, _ in found.steps]
    # Where none of them answers, there is nothing to look after yet.
    silent.append(world.specs[0].node)
    third = world.orchestrator()
    monkeypatch.setattr(third._agents, "begin", answer)
    assert Kind.PLACE not in [kind for kind, _ in (await third.reconcile()).steps]


async def test_a_manifest_that_no_node_can_run_is_not_confirmed(world: World) -> None:
    world.book(world.manifest(resources=Resources(cpus=2)))
    await world.orchestrator().reconcile()
    assert world.chain.count("confirm_manifest") == 0


async def test_a_cluster_starts_only_when_all_its_jobs_are_booked(world: World) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    first = world.book(manifest, 1, 0, cluster=cluster, size=2)
    orchestrator = world.orchestrator()
    alone = await orchestrator.reconcile()
    assert alone.waits[first.hex()] == "the cluster's other jobs are not booked yet"
    world.book(manifest, 2, 1, cluster=cluster, size=2)
    await world.serve(orchestrator)
    assert world.chain.count("start") == 2
    assert world.chain.count("close") == 2
    assert world.runs == 1, "one run on both nodes"


async def test_a_cluster_that_is_not_what_the_manifest_asks_for_is_not_started(world: World) -> None:
    job = world.book(world.manifest(nodes=2))
    found = await world.orchestrator().reconcile()
    assert found.waits[job.hex()] == "the manifest asks for 2 nodes, 1 are booked together"


async def test_two_jobs_of_one_cluster_on_one_node_are_not_started(world: World) -> None:
    manifest, cluster = world.manifest(nodes=2), key(77)
    job = world.book(manifest, 1, 0, cluster=cluster, size=2)
    world.book(manifest, 2, 0, cluster=cluster, size=2)
    found = await world.orchestrator().reconcile()
    assert "two jobs of the cluster are on one node" in found.waits.values()
    assert job.hex() in found.waits or len(found.waits) == 1


async def test_jobs_on_different_nodes_are_served_side_by_side(world: World) -> None:
    world.book(number=1, node=0)
    world.book(number=2, node=1)
    await world.serve(world.orchestrator())
    assert world.chain.count("close") == 2
    assert world.runs == 2


async def test_the_next_lease_of_a_node_is_not_disturbed_by_the_end_of_the_last(world: World) -> None:
    first = world.book(number=1)
    orchestrator = world.orchestrator()
    for _ in range(HOUR // STEP):
        await world.settled(orchestrator)
        world.chain.clock += STEP
    second = world.book(number=2)
    await world.serve(orchestrator)
    assert world.chain.closed[first].good == HOUR
    assert world.chain.closed[second].good == HOUR


async def test_a_failing_workload_is_tried_three_times_and_the_time_is_still_attested(world: World) -> None:
    job = world.book(world.manifest("fails"))
    orchestrator = world.orchestrator()
    await world.serve(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert (result.reason, result.detail) == (FailureReason.WORKLOAD, "ValueError: the data is wrong")
    assert world.runs == 3
    assert world.chain.closed[job].good == HOUR, "the node was there; the renter's program was wrong"


async def test_a_passing_failure_is_retried_and_the_result_is_that_of_the_second_attempt(
    world: World,
) -> None:
    job = world.book(world.manifest("fails_once"))
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert result.value == {"tried": 2}


@pytest.mark.parametrize(
    ("function", "reason"),
    [("missing", FailureReason.BAD_ENTRYPOINT), ("returns_a_float", FailureReason.BAD_VALUE)],
)
async def test_what_cannot_get_better_is_not_retried(
    world: World, function: str, reason: FailureReason
) -> None:
    job = world.book(world.manifest(function))
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert result.reason is reason
    entries = orchestrator.journal.entries()
    assert sum(entry.step == "launch" for entry in entries) == 1


async def test_a_run_longer_than_its_manifest_allows_is_out_of_time(world: World) -> None:
    arguments = {"started": str(world.root / "started"), "seconds": 5}
    job = world.book(world.manifest("sleeps", arguments=arguments, max_duration=1))
    orchestrator = world.orchestrator()
    await orchestrator.reconcile()
    await orchestrator.runs_finished()
    result = orchestrator.result(job)
    assert result is not None
    assert result.reason is FailureReason.OUT_OF_TIME


async def test_a_run_is_stopped_when_the_paid_time_is_over(world: World) -> None:
    arguments = {"started": str(world.root / "started"), "seconds": 3}
    job = world.book(world.manifest("sleeps", arguments=arguments))
    orchestrator = world.orchestrator()
    for _ in range(HOUR // STEP):
        await orchestrator.reconcile()
        world.chain.clock += STEP
    await orchestrator.reconcile()
    result = orchestrator.result(job)
    assert result is not None
    assert (result.reason, result.detail) == (FailureReason.OUT_OF_TIME, "the paid time is over")
    assert job in world.chain.closed
    assert said(orchestrator, Kind.STOP) == ["its time is over"]


async def test_long_runs_are_attested_and_paid_while_they_run(world: World) -> None:
    arguments = {"started": str(world.root / "started"), "seconds": 2}
    job = world.book(world.manifest("sleeps", arguments=arguments), seconds=3 * HOUR)
    orchestrator = world.orchestrator(settle_every=HOUR)
    for _ in range(2 * HOUR // STEP + 1):
        await orchestrator.reconcile()
        world.chain.clock += STEP
    assert world.chain.count("attest") == 2
    assert [step[2] for step in world.chain.steps if step[0] == "settle"] == [
        (Party.SUPPLIER, 3_324_999_999),
        (Party.SUPPLIER, 3_325_000_000),
    ]
    await orchestrator.runs_finished()
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == 3 * HOUR


async def test_a_job_shorter_than_the_rhythm_of_payments_is_paid_at_its_end(world: World) -> None:
    arguments = {"started": str(world.root / "started"), "seconds": 2}
    job = world.book(world.manifest("sleeps", arguments=arguments), seconds=8 * HOUR)
    orchestrator = world.orchestrator(settle_every=24 * HOUR)
    for _ in range(8 * HOUR // STEP - 1):
        await orchestrator.reconcile()
        world.chain.clock += STEP
    await orchestrator.reconcile()
    assert world.chain.count("attest") == 7
    assert world.chain.count("settle") == 0
    await orchestrator.runs_finished()
    await world.serve(orchestrator)
    paid = [step[2][0] for step in world.chain.steps if step[0] == "settle"]
    assert paid.count(Party.SUPPLIER) == 1
    assert world.chain.closed[job].good == 8 * HOUR


async def test_a_job_that_the_renter_stops_is_attested_to_the_stop_and_paid(world: World) -> None:
    job = world.book(seconds=3 * HOUR)
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    world.chain.clock += STEP
    world.chain.stop(job)
    await world.serve(orchestrator)
    account = world.chain.closed[job]
    assert account.good == STEP
    assert sum(account.paid.values()) == account.deposit


async def test_inputs_are_laid_out_for_the_run(world: World) -> None:
    digest = world.store.put(b"hello")
    item = Input("data/words.txt", digest.hex(), 5)
    job = world.book(world.manifest("reads_input", inputs=(item,)))
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert result.value == {"text": "hello"}


async def test_a_missing_input_fails_the_run_with_its_reason(world: World) -> None:
    job = world.book(world.manifest("reads_input", inputs=(Input("data/words.txt", "00" * 32, 5),)))
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert result.reason is FailureReason.INPUT_MISSING


async def test_a_foreign_process_costs_the_time_up_to_the_sample_that_shows_it(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    watch = world.watches[world.specs[0].node]
    watch.seen = Observation(9_000, 4_000, ("miner (4711)",))
    world.chain.clock += STEP
    await world.settled(orchestrator)
    watch.seen = Observation(5_000, 0)
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == HOUR - STEP
    first, second = [step[2] for step in world.chain.steps if step[0] == "attest"]
    assert (first.reasons, first.reason_bits) == ((BreakReason.FOREIGN_PROCESS,), 2)
    assert second.reasons == ()


async def test_time_without_samples_is_not_attested(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    world.chain.clock += HOUR  # the orchestrator slept
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == 0
    assert [step[2] for step in world.chain.steps if step[0] == "attest"][-1].reasons == (
        BreakReason.SAMPLE_GAP,
    )


async def test_a_node_whose_agent_is_gone_earns_nothing_and_the_job_still_ends(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator(lose_after=2 * HOUR)
    await world.settled(orchestrator)
    orchestrator._agents = LocalAgents([])  # the machine went down
    await world.serve(orchestrator)
    account = world.chain.closed[job]
    assert account.good == 0
    assert account.paid[Party.RENTER] == PRICE
    assert [step[2] for step in world.chain.steps if step[0] == "attest"][-1].reasons == (
        BreakReason.NODE_LOST,
        BreakReason.SAMPLE_GAP,
    )


class Unasked(LocalAgents):
    """Agents that let no challenge come near the device."""

    async def commit(self, node: bytes, challenge: Challenge) -> tuple[bytes, int]:
        raise AssertionError("a leased node was challenged")


async def test_a_node_is_not_challenged_while_its_lease_runs(world: World) -> None:
    job = world.book(seconds=3 * HOUR)
    start, orchestrator = world.chain.clock, world.orchestrator(agents=Unasked(world.workers))
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == 3 * HOUR
    # Nor is there a verdict on it of its own: attested hours pass, in the report.
    assert [orchestrator.verdicts(start + n * HOUR) for n in (1, 2, 3)] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ((ProofReason.PASSED, ProofReason.PASSED), (1, ProofReason.PASSED)),
        ((ProofReason.PASSED, ProofReason.SLOW), (1, ProofReason.SLOW)),
        ((ProofReason.UNANSWERED, ProofReason.PASSED), (0, ProofReason.UNANSWERED)),
        ((ProofReason.WRONG_ROW, ProofReason.SLOW, ProofReason.PASSED), (1, ProofReason.SLOW)),
    ],
)
async def test_the_latest_verdict_of_an_hour_is_the_hours_and_none_makes_up_for_a_failed_one(
    world: World, said: tuple[ProofReason, ...], hours: tuple[int, ProofReason]
) -> None:
    journal = world.orchestrator().journal
    node, other = b"\1" * 32, b"\2" * 32
    for number, reason in enumerate(said):
        for _ in range(2):
            journal.keep_verdict(node, 3_500 + number, 0, reason, number.to_bytes(32, "big"))
    # Neither another node's nor another hour's verdict counts.
    journal.keep_verdict(other, 3_500, 0, ProofReason.MALFORMED, bytes([1, *bytes(31)]))
    journal.keep_verdict(node, 3_601, 0, ProofReason.MALFORMED, bytes([2, *bytes(31)]))
    number, reason = hours
    assert journal.verdicts(0, 3_600) == [
        (node, 0, reason, number.to_bytes(32, "big")),
        (other, 0, ProofReason.MALFORMED, bytes([1, *bytes(31)])),
    ]


async def test_an_unreachable_chain_stops_nothing_for_good(world: World) -> None:
    job = world.book()

    class Flaky:
        """Every third step is done but not answered, every fifth is neither."""

        def __init__(self) -> None:
            self.calls = 0

        def __getattr__(self, name: str) -> object:
            real = getattr(world.chain, name)
            if name not in ("start", "attest", "settle", "complete", "close"):
                return real

            async def call(*arguments: object) -> object:
                self.calls += 1
                if self.calls % 5 == 0:
                    raise ChainUnavailable("no answer")
                answer = await real(*arguments)
                if self.calls % 3 == 0:
                    raise ChainUnavailable("the answer was lost")
                return answer

            return call

    await world.serve(world.orchestrator(chain=Flaky()))  # type: ignore[arg-type]
    account = world.chain.closed[job]
    assert account.good == HOUR
    assert sum(account.paid.values()) == account.deposit
    assert world.chain.count("start") == world.chain.count("complete") == world.chain.count("close") == 1


async def test_the_loop_wakes_when_a_run_is_finished_and_stops_when_told(world: World) -> None:
    world.book()
    orchestrator, stop = world.orchestrator(interval=3_600.0), asyncio.Event()
    loop = asyncio.create_task(orchestrator.run(stop))
    for _ in range(1_500):
        await asyncio.sleep(0.02)
        # Not before the start: a job that starts a second later is attested a second later, too.
        world.chain.clock = START + min(1, world.chain.count("start"))
        if world.chain.count("attest"):
            break
    assert world.chain.count("attest") == 1, "the finished run woke the loop long before its interval"
    stop.set()
    await asyncio.wait_for(loop, 30)
    await orchestrator.aclose()


async def test_a_lease_that_takes_long_keeps_no_other_one_waiting(world: World) -> None:
    class Slow(InlineExecutor):
        async def open(self, lease: Lease) -> None:
            if lease.nodes[0] == world.specs[0].node:
                await asyncio.sleep(30)
            await super().open(lease)

    world.book(number=1, node=0)
    quick = world.book(number=2, node=1)
    executor = Slow(world.specs, world.store, world.root / "work")
    orchestrator, stop = world.orchestrator(executor=executor, interval=0.2), asyncio.Event()
    loop = asyncio.create_task(orchestrator.run(stop))
    for _ in range(1_500):
        await asyncio.sleep(0.02)
        world.chain.clock += 1
        if world.chain.uptos(quick):
            break
    assert world.chain.uptos(quick), "the second job was started, run and attested meanwhile"
    stop.set()
    await orchestrator.aclose()
    await asyncio.wait_for(loop, 30)


async def test_a_damaged_record_stops_its_own_lease_only(world: World) -> None:
    first, second = world.book(number=1, node=0), world.book(number=2, node=1)
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    digest = world.store.resolve(f"jobs/{first.hex()}/lease")
    assert digest is not None
    world.store.path(digest).write_bytes(b"garbage")
    again = world.orchestrator()
    await world.serve(again)
    assert world.chain.closed[second].good == HOUR
    assert first in world.chain.closed, "it comes to its end, though without what the record knew"


async def test_a_full_disk_interrupts_a_step_and_the_next_pass_repeats_it(world: World) -> None:
    class Full(FileStore):
        failing = True

        def put(self, data: bytes) -> bytes:
            if self.failing:
                raise OSError(28, "No space left on device")
            return super().put(data)

    job = world.book()
    store = Full(world.root / "store")
    orchestrator = world.orchestrator(store=store)
    found = await orchestrator.reconcile()
    assert found.steps == ()
    assert any("No space left" in entry.detail for entry in orchestrator.journal.entries())
    store.failing = False
    await world.serve(orchestrator)
    assert world.chain.closed[job].good == HOUR


async def test_a_job_closed_by_somebody_else_is_let_go(world: World) -> None:
    job = world.book()
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    world.chain.accounts.clear()
    await orchestrator.reconcile()
    world.book(number=2)
    await world.settled(orchestrator)
    assert orchestrator.result(key(2)) is not None
    assert orchestrator.result(job) is not None


async def test_commands_run_without_a_shell_and_leave_their_files(world: World, tmp_path: Path) -> None:
    script = "import os; open(os.environ['IONET_OUTPUT'] + '/out.txt', 'w').write('$HOME'); print('said')"
    job = world.book(Manifest(entrypoint=Command(("python", "-c", script))))
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert result.value == {"exit_code": 0}
    assert [(item.name, world.store.get(item.sha256)) for item in result.outputs] == [("out.txt", b"$HOME")]


async def test_a_command_that_fails_says_its_exit_code(world: World) -> None:
    job = world.book(Manifest(entrypoint=Command(("python", "-c", "raise SystemExit(4)"))))
    orchestrator = world.orchestrator(max_failures=1)
    await world.settled(orchestrator)
    result = orchestrator.result(job)
    assert result is not None
    assert (result.reason, result.detail) == (FailureReason.WORKLOAD, "exit code 4")


async def test_what_a_workload_prints_can_be_read_while_it_runs_and_when_all_is_over(world: World) -> None:
    script = "import sys; print('said'); sys.stdout.flush(); print('wrong', file=sys.stderr)"
    job = world.book(Manifest(entrypoint=Command(("python", "-c", script))))
    place = open_place(str(world.root))
    assert read_log(place, job) is None, "it is not placed yet"
    orchestrator = world.orchestrator()
    await world.settled(orchestrator)
    found = read_log(place, job)
    assert found is not None
    assert (found.data, found.live) == (b"--- attempt 1\nsaid\nwrong\n", True)
    await world.serve(orchestrator)
    assert not (world.root / "work" / found.lease).exists()
    kept = read_log(place, job)
    assert kept is not None
    assert (kept.data, kept.live) == (found.data, False)


async def test_the_log_of_every_failed_attempt_is_kept(world: World) -> None:
    job = world.book(Manifest(entrypoint=Command(("python", "-c", "print('no'); raise SystemExit(4)"))))
    orchestrator = world.orchestrator(max_failures=2)
    await world.serve(orchestrator)
    kept = read_log(open_place(str(world.root)), job)
    assert kept is not None
    assert kept.data == b"--- attempt 1\nno\n--- attempt 2\nno\n"


def test_a_log_is_kept_once_and_its_end_when_it_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, log = FileStore(tmp_path / "store"), tmp_path / "run.log"
    keep_log(store, "lease", log)
    log.write_bytes(b"0123456789")
    for _ in range(2):
        keep_log(store, "lease", log)
    assert list(store.names("leases/lease/logs")) == ["leases/lease/logs/000001"]
    monkeypatch.setattr("ionet.executor._logs.MAX_LOG", 4)
    keep_log(store, "lease", log)
    digest = store.resolve("leases/lease/logs/000002")
    assert digest is not None
    assert store.get(digest) == b"--- earlier output is left out\n6789"


def test_the_orchestrator_does_not_import_ray() -> None:
    code = "import sys, ionet.orchestrator; sys.exit('ray' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_of_leases_differ_by_their_jobs() -> None:
    manifest = Manifest(entrypoint=Function("a:b"))
    one = Lease((key(1),), (key(2),), key(3), key(4), manifest)
    two = Lease((key(5),), (key(2),), key(3), key(4), manifest)
    assert one.name != two.name
