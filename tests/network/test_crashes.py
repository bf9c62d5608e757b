"""Each process is killed at each of its effects, one at a time: one result, exact payments, nothing left.

Who is killed is a process of its own, which SIGKILL ends. The orchestrator's makes its passes when it is told
to; `test_service.py` kills processes that make them by themselves.

Always tried are the moments before and after each kind of effect, where it comes first and at one later time
that is drawn, and the same with IONET_SEED=N: a transaction, a call to an agent, a write to the store, a step
of the executor; of a gateway whom it admits, each kind of message that it passes on, and what it does to
files. With IONET_EVERY_POINT=1 each time is tried, which takes minutes.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.network.mortal import Mortal, Point
from tests.network.town import Town
from tests.orchestrator.test_program_chain import Money
from tests.programs.support import HOUR

from ionet.orchestrator import Result

#: All that the processes do to others, and to what they keep.
EFFECTS = {
    "gateway": {
        "add", "adding", "admit", "finish", "open", "read",
        *(f"{way}-{method}" for way in ("answer", "pass") for method in (
            "end", "prepare", "run", "samples",
        )),
    },
    "orchestrator": {
        "attest", "begin", "close", "complete", "end", "link", "open", "put", "release", "run",
        "sample", "settle", "start",
    },
    "worker": {"begin", "end", "fetch", "keep", "leased", "open", "release", "run", "sample", "stop"},
}  # fmt: skip
EVERY = bool(os.environ.get("IONET_EVERY_POINT"))
#: Of one run of the tests, so that what failed is tried again.
SEED = int(os.environ.get("IONET_SEED") or random.SystemRandom().randrange(1, 1 << 32))
#: Lives that are played at a time: most of each is waiting.
AT_ONCE = 8


def chosen(which: str, kinds: Sequence[str]) -> list[Point]:
    """The points that are tried, of the kinds that a life comes to: the first and a later one, or all.

    Of a gateway, which has the most kinds, the first moment before each effect and a later one after it.
    """
    count = Counter(kinds)
    if EVERY:
        return [(kind, number) for kind in count for number in range(1, count[kind] + 1)]
    dice = random.Random(SEED)
    later = {kind: dice.randint(min(2, count[kind]), count[kind]) for kind in sorted(count)}
    if which == "gateway":
        return [(kind, 1 if kind.startswith("before") else later[kind]) for kind in count]
    return sorted({*((kind, 1) for kind in count), *later.items()})


@dataclass
class Death:
    """How a life went.

    Attributes:
        gone: whether the process was killed.
        kinds: the points that it has come to; where it was killed is the last one.
    """

    gone: bool
    kinds: list[str]

    @property
    def where(self) -> str:
        return self.kinds[-1] if self.gone else "nowhere"


async def kill_the_orchestrator(site: Town, point: Point | None) -> tuple[Result | None, Death]:
    job = site.book(HOUR)
    seat = site.begin_seat(job, point)
    life = seat.life
    async with site.machine(site.market.alice):
        await site.until_run([seat], job, life.gone)
        await site.until_closed([seat], job, 600, life.gone, ran=True)
        if life.gone():
            seat = site.begin_seat(job)
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 600, ran=True)
        return seat.result(bytes(job)), Death(life.gone(), life.kinds())


async def kill_the_worker(site: Town, point: Point | None) -> tuple[Result | None, Death]:
    job, life = site.book(HOUR), site.begin_worker(point)
    async with site.seat() as seat:
        await site.until_run([seat], job, life.gone)
        # Twice this may pass between two samples around a restart.
        await site.until_closed([seat], job, 300, life.gone, ran=True)
        if life.gone():
            site.begin_worker()
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 300, ran=True)
        return seat.result(bytes(job)), Death(life.gone(), life.kinds())


async def kill_the_gateway(site: Town, point: Point | None) -> tuple[Result | None, Death]:
    job, life = site.book(HOUR), site._lives[0]
    again = asyncio.create_task(begun_again(site, life))
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_run([seat], job, life.gone)
        await site.until_closed([seat], job, 300, life.gone, ran=True)
        if life.gone():
            await again
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 300, ran=True)
        again.cancel()
        return seat.result(bytes(job)), Death(life.gone(), life.kinds())


async def begun_again(site: Town, life: Mortal) -> None:
    """Begins another gateway once one was killed, and waits until the worker and the seat are back."""
    while not life.gone():  # noqa: ASYNC110 (it is another process)
        await asyncio.sleep(0.01)
    await site.told(await site.begin_gateway(), 3)


async def played(root: Path, which: str, point: Point | None, beginning: asyncio.Lock) -> tuple[Money, Death]:
    """What everybody has gained in the end, once the right result is there and nothing else is left."""
    await asyncio.to_thread(root.mkdir)
    async with beginning:  # nobody else looks for a free port meanwhile
        site = Town(root)
        if which == "gateway":
            await site.begin_gateway(point)
        else:
            await site.gateway.start()
    before = site.money()
    try:
        result, death = await KILLED[which](site, point)
        await nothing_left(root)
    finally:
        site.end()
        if which != "gateway":
            await site.gateway.stop()
        site.server.close()
    after, where = site.money(), f"killed {death.where} ({point})"
    assert site.runs == 1, where
    assert result is not None
    assert result.value == {"sum": 14}, f"{where}: {result}"
    (output,) = result.outputs
    assert site.store.get(output.sha256) == b"1\n4\n9", "it is at the gateway for its renter"
    moved = Money(after.supplier - before.supplier, after.renter - before.renter, after.fees - before.fees)
    return moved, death


KILLED = {
    "gateway": kill_the_gateway,
    "orchestrator": kill_the_orchestrator,
    "worker": kill_the_worker,
}


async def nothing_left(root: Path) -> None:
    """Waits until there are no working directories of leases any more."""

    def left() -> list[Path]:
        return [path for path in (*root.rglob("work/*"), *root.glob("worker/leases/*")) if path.is_dir()]

    try:
        async with asyncio.timeout(60):
            while await asyncio.to_thread(left):  # noqa: ASYNC110 (others remove them)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(left()) from None


@pytest.mark.slow
@pytest.mark.parametrize("which", EFFECTS)
async def test_killed_at_any_effect_the_payments_are_the_same(tmp_path: Path, which: str) -> None:
    beginning = asyncio.Lock()  # of this test's own loop
    expected, calm = await played(tmp_path / "calm", which, None, beginning)
    print(f"IONET_SEED={SEED}")
    assert expected.supplier > 0
    assert sum((expected.supplier, expected.renter, expected.fees)) == 0
    assert {kind.split()[1] for kind in calm.kinds} == EFFECTS[which]
    turns, deaths, points = asyncio.Semaphore(AT_ONCE), list[Point](), chosen(which, calm.kinds)

    async def tried(name: str, point: Point) -> None:
        async with turns:
            moved, death = await played(tmp_path / name, which, point, beginning)
        # How often a machine looks at the chain is its own affair: a life may have fewer effects of a kind.
        assert death.gone or 1 <= death.kinds.count(point[0]) < point[1]
        deaths.extend([point] * death.gone)
        assert moved == expected, f"killed {death.where} ({point})"

    async with asyncio.TaskGroup() as group:
        for number, point in enumerate(points):
            group.create_task(tried(str(number), point))
    assert len(deaths) > 0.9 * len(points), "only looks and samples may be fewer"
