"""The process dies between any two effects; the next one ends in the same state without a double effect.

First the life of a job is played without a crash and its effects are counted. Then it is played once for
every point before and after each effect: killed there, and continued by a new orchestrator made from what is
on the disk and on the chain; after about every second death, by a draw that is always the same, the journal
is lost as well.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.orchestrator.killed import Bomb, Killed, Wired, buried
from tests.orchestrator.support import HOUR, World, key

from ionet.orchestrator import LocalAgents, NodeRules, Orchestrator, Party
from ionet.worker import TimeLockPolicy

_CHAIN = ("start", "lose", "attest", "settle", "complete", "expire", "close")
_EXECUTOR = ("open", "run", "stop", "release")
_AGENTS = ("begin", "sample", "end")
_STORE = ("put", "link")
_STEP = 1_200


@dataclass(frozen=True)
class End:
    """What must not depend on crashes."""

    good: dict[str, int]
    paid: dict[str, dict[Party, int]]
    results: dict[str, object]


def _wired(world: World, bomb: Bomb) -> Orchestrator:
    return world.orchestrator(
        chain=Wired(world.chain, bomb, *_CHAIN),
        executor=Wired(world.executor(), bomb, *_EXECUTOR),
        agents=Wired(LocalAgents(world.workers), bomb, *_AGENTS),
        store=Wired(world.store, bomb, *_STORE),  # type: ignore[arg-type]
        default_rules=NodeRules(TimeLockPolicy(max_gap=_STEP)),
    )


def _book(world: World) -> None:
    """A job alone and a cluster of two."""
    world.book(number=1, node=0)
    manifest, cluster = world.manifest(nodes=2, arguments={"numbers": [5]}), key(77)
    world.book(manifest, 2, 1, cluster=cluster, size=2)
    world.book(manifest, 3, 2, cluster=cluster, size=2)


def _end(world: World, orchestrator: Orchestrator) -> End:
    results: dict[str, object] = {}
    for job in world.chain.closed:
        found = orchestrator.result(job)
        assert found is not None
        # Not the digest: it depends on where this test's files are.
        results[job.hex()] = (found.reason, found.value, found.outputs)
    return End(
        good={job.hex(): account.good for job, account in world.chain.closed.items()},
        paid={job.hex(): dict(account.paid) for job, account in world.chain.closed.items()},
        results=results,
    )


async def _play(world: World, point: int | None, *, lose_journal: bool = False) -> tuple[End, Bomb]:
    """One life of the jobs, with at most one crash."""
    _book(world)
    bomb = Bomb(point)
    orchestrator = _wired(world, bomb)
    try:
        await world.serve(orchestrator, step=_STEP)
    except Killed:
        await buried(orchestrator)
        world.restart()
        if lose_journal:
            for path in world.root.glob("journal.sqlite3*"):
                path.unlink()
        orchestrator = _wired(world, Bomb(None))
        await world.serve(orchestrator, step=_STEP)
    end = _end(world, orchestrator)
    orchestrator.journal.close()
    return end, bomb


def _check_once(world: World) -> None:
    """No effect on the chain happened twice."""
    for job in world.chain.closed:
        names = [step[0] for step in world.chain.steps if step[1] == job]
        for name in ("start", "complete", "close"):
            assert names.count(name) == 1, name
        uptos = world.chain.uptos(job)
        assert uptos == sorted(set(uptos)), "no moment is attested twice"
        paid = [step[2] for step in world.chain.steps if step[0] == "settle" and step[1] == job]
        assert all(amount > 0 for _, amount in paid), "nobody is paid nothing"
    assert world.runs == 2, "each manifest ran to its end once"


@pytest.fixture(scope="module")
async def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[End, int]:
    """The end without a crash, and the number of points at which one could happen."""
    world = World(tmp_path_factory.mktemp("calm"), nodes=3)
    end, bomb = await _play(world, None)
    assert set(end.good.values()) == {HOUR}
    _check_once(world)
    return end, bomb.count


@pytest.mark.slow
async def test_killed_before_or_after_any_effect_the_end_is_the_same(
    tmp_path: Path, calm: tuple[End, int]
) -> None:
    expected, points = calm
    assert points > 150
    draw = random.Random("journals")
    lost = {point for point in range(points) if draw.random() < 0.5}
    # Before the first effect, too, and both right after one and once its line is written.
    assert 0 in lost
    assert {point % 2 for point in lost} == {point % 2 for point in set(range(points)) - lost} == {0, 1}
    for point in range(points):
        world = World(tmp_path / str(point), nodes=3)
        end, bomb = await _play(world, point, lose_journal=point in lost)
        assert bomb.gone, point
        assert end == expected, (
            f"killed {bomb.where} ({point}), journal {'lost' if point in lost else 'kept'}"
        )
        _check_once(world)
        for worker in world.workers:
            worker.end()


async def test_killed_again_and_again_a_job_still_comes_to_its_end(tmp_path: Path) -> None:
    world = World(tmp_path, nodes=3)
    _book(world)
    deaths, orchestrator = 0, world.orchestrator()
    for life in range(200):
        orchestrator = _wired(world, Bomb(7 + life))
        try:
            await world.serve(orchestrator, step=_STEP)
        except Killed:
            deaths += 1
            await buried(orchestrator)
            world.restart()
        else:
            break
    assert deaths > 10
    assert not world.chain.accounts
    _check_once(world)
    assert sum(sum(account.paid.values()) for account in world.chain.closed.values()) == sum(
        account.deposit for account in world.chain.closed.values()
    )


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.05, 0.2, 0.6, 1.2])
def test_a_real_process_killed_with_sigkill_is_continued_by_the_next(tmp_path: Path, pause: float) -> None:
    ready = tmp_path / "ready"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.orchestrator.child", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((".", *sys.path))},
    )
    try:
        while not ready.exists():
            assert child.poll() is None
            time.sleep(0.01)
        time.sleep(pause)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    done = subprocess.run(
        [sys.executable, "-m", "tests.orchestrator.child", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((".", *sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    end = json.loads(done.stdout.splitlines()[-1])
    # Killed between the workload's own last act and the note of its outcome, a run is repeated; never after.
    assert end.pop("runs") in {1, 2}
    assert end == {"good": HOUR, "paid": 10_025_000_000, "starts": 1, "completes": 1}
