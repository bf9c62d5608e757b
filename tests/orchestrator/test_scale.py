"""Many jobs on one process: only what has changed is fetched and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench.orchestrator import Market, made
from solders.keypair import Keypair

from ionet.orchestrator import _plan


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The jobs for which a next step was asked."""
    real: Any = _plan.next_step
    seen: list[bytes] = []

    def next_step(jobs: Any, *more: Any) -> Any:
        seen.extend(job.key for job in jobs)
        return real(jobs, *more)

    monkeypatch.setattr("ionet.orchestrator._reconciler.next_step", next_step)
    return seen


async def test_a_pass_without_changes_takes_two_requests_and_looks_at_no_lease(
    tmp_path: Path, looked: list[bytes]
) -> None:
    seat = Keypair()
    market = Market(tmp_path, [seat.pubkey()])
    for _ in range(250):
        market.book(running=True)
    orchestrator = made(tmp_path, market, seat)
    first = await orchestrator.reconcile()
    assert sum(kind == "launch" for kind, _ in first.steps) == 250
    await orchestrator.reconcile()
    market.node.requests.clear()
    looked.clear()
    done = await orchestrator.reconcile()
    assert (done.steps, len(done.waits), looked) == ((), 250, [])
    assert market.node.requests.total() == 2
    await orchestrator.aclose()


async def test_what_has_changed_is_fetched_in_hundreds_and_only_that_is_looked_at(
    tmp_path: Path, looked: list[bytes]
) -> None:
    seat = Keypair()
    market = Market(tmp_path, [seat.pubkey()])
    for _ in range(250):
        market.book(running=True)
    orchestrator = made(tmp_path, market, seat)
    for _ in range(2):
        await orchestrator.reconcile()
    market.node.requests.clear()
    looked.clear()
    market.node.now += 1
    for job in market.jobs[:150]:
        market.start(job)
    closed = market.jobs[-1]
    del market.node.accounts[str(closed)]
    done = await orchestrator.reconcile()
    assert set(looked) == {bytes(job) for job in market.jobs[:150]}
    assert market.node.requests["getMultipleAccounts"] == 2
    assert len(done.waits) == 249
    await orchestrator.aclose()


async def test_an_account_that_cannot_be_read_is_no_reason_to_leave_the_others(tmp_path: Path) -> None:
    seat = Keypair()
    market = Market(tmp_path, [seat.pubkey()])
    for _ in range(3):
        market.book(running=False)
    owner, data = market.node.accounts[str(market.jobs[1])]
    # A state that no version of the program knows.
    market.node.accounts[str(market.jobs[1])] = owner, data[:10] + b"\xff" + data[11:]
    orchestrator = made(tmp_path, market, seat)
    done = await orchestrator.reconcile()
    begun = {about for kind, about in done.steps if kind == "start"}
    assert begun == {bytes(job).hex() for job in (market.jobs[0], market.jobs[2])}
    await orchestrator.aclose()


async def test_an_older_answer_does_not_undo_what_is_known(tmp_path: Path) -> None:
    """A node that is behind shows a job as it was: nothing is done twice for that."""
    seat = Keypair()
    market = Market(tmp_path, [seat.pubkey()])
    market.book(running=False)
    (job,) = market.jobs
    before = market.node.accounts[str(job)]
    orchestrator = made(tmp_path, market, seat)
    await orchestrator.reconcile()
    market.node.accounts[str(job)] = before
    done = await orchestrator.reconcile()
    assert done.steps == ()
    await orchestrator.aclose()
