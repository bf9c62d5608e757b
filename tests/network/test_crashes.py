"""Each process is killed at each of its effects, one at a time: one result, exact payments, nothing left.

Always tried are the moments before and after each kind of effect, where it comes first and where it comes
last in a life without a crash: a transaction, a call to an agent, a write to the store, a step of the
executor; of a gateway whom it admits, each kind of message that it passes on, and what it does to files. With
IONET_EVERY_POINT=1 all the others are tried as well, which takes minutes: the same kinds at other times.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from tests.network.mortal import wire
from tests.network.site import Gateway, NetworkSite
from tests.orchestrator.killed import Bomb, Killed
from tests.orchestrator.test_program_chain import Money
from tests.programs.support import HOUR

from ionet.orchestrator import Result
from ionet.wire import Role

#: All that the processes do to others, and to what they keep.
EFFECTS = {
    "gateway": {
        "add", "adding", "admit", "finish", "open", "read",
        *(f"{way}-{method}" for way in ("answer", "pass") for method in (
            "commit", "end", "open", "prepare", "reserve", "run", "samples",
        )),
    },
    "orchestrator": {
        "attest", "begin", "close", "commit", "complete", "end", "link", "open", "put", "release", "run",
        "sample", "settle", "start",
    },
    "worker": {"begin", "end", "fetch", "keep", "leased", "open", "release", "run", "sample", "stop"},
}  # fmt: skip
EVERY = bool(os.environ.get("IONET_EVERY_POINT"))
#: Lives that are played at a time: most of each is waiting.
AT_ONCE = 8
BEGINNING = asyncio.Lock()


def chosen(which: str, kinds: Sequence[str]) -> set[int]:
    """The points that are tried: of each kind the first and the last, or all.

    Of a gateway, which has the most kinds, the first moment before each effect and the last one after it.
    """
    first = {kind: point for point, kind in reversed(list(enumerate(kinds)))}
    last = {kind: point for point, kind in enumerate(kinds)}
    if EVERY:
        return set(range(len(kinds)))
    if which == "gateway":
        return {(first if kind.startswith("before") else last)[kind] for kind in first}
    return {*first.values(), *last.values()}


async def kill_the_orchestrator(site: NetworkSite, bomb: Bomb) -> Result | None:
    job = site.book(HOUR)
    async with site.machine(site.market.alice):
        with suppress(Killed):
            async with site.seat(bomb=bomb) as seat:
                await site.until_run([seat], job, lambda: bomb.gone)
                await site.until_closed([seat], job, 600, lambda: bomb.gone, ran=True)
        async with site.seat() as seat:
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 600, ran=True)
            return seat.result(bytes(job))


async def kill_the_worker(site: NetworkSite, bomb: Bomb) -> Result | None:
    job = site.book(HOUR)
    async with site.seat() as seat:
        async with site.machine(site.market.alice, bomb):
            await site.until_run([seat], job, lambda: bomb.gone)
            # Twice this may pass between two samples around a restart.
            await site.until_closed([seat], job, 300, lambda: bomb.gone, ran=True)
        async with site.machine(site.market.alice):
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 300, ran=True)
        return seat.result(bytes(job))


async def kill_the_gateway(site: NetworkSite, bomb: Bomb) -> Result | None:
    job = site.book(HOUR)
    site.upload_seconds = 60.0
    wire(site.gateway, bomb)
    again = asyncio.create_task(started_again(site.gateway, bomb))
    async with site.machine(site.market.alice), site.seat() as seat:
        await site.until_run([seat], job, lambda: bomb.gone)
        await site.until_closed([seat], job, 300, lambda: bomb.gone, ran=True)
        if bomb.gone:
            await again
            await site.until_run([seat], job)
            await site.until_closed([seat], job, 300, ran=True)
        again.cancel()
        return seat.result(bytes(job))


async def started_again(gateway: Gateway, bomb: Bomb) -> None:
    """Starts a gateway again once it was killed, and waits until its peers are back."""
    while not bomb.gone:  # noqa: ASYNC110 (it may go off in a thread)
        await asyncio.sleep(0.01)
    await gateway.stop()
    await gateway.start()
    async with asyncio.timeout(60):
        while not all(gateway.hub.connected(role) for role in (Role.AGENT, Role.SEAT)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def played(root: Path, which: str, point: int | None) -> tuple[Money, Bomb]:
    """What everybody has gained in the end, once the right result is there and nothing else is left."""
    await asyncio.to_thread(root.mkdir)
    async with BEGINNING:  # nobody else looks for a free port meanwhile
        site = NetworkSite(root)
        await site.gateway.start()
    bomb, before = Bomb(point), site.money()
    try:
        result = await KILLED[which](site, bomb)
    finally:
        await site.gateway.stop()
    after = site.money()
    assert site.runs == 1, f"killed {bomb.where} ({point})"
    assert result is not None
    assert result.value == {"sum": 14}, f"killed {bomb.where} ({point}): {result}"
    (output,) = result.outputs
    assert site.store.get(output.sha256) == b"1\n4\n9", "it is at the gateway for its renter"
    assert not left_over(root), f"killed {bomb.where} ({point}): {left_over(root)}"
    moved = Money(after.supplier - before.supplier, after.renter - before.renter, after.fees - before.fees)
    return moved, bomb


KILLED = {
    "gateway": kill_the_gateway,
    "orchestrator": kill_the_orchestrator,
    "worker": kill_the_worker,
}


def left_over(root: Path) -> list[Path]:
    """Working directories of leases."""
    return [path for path in root.rglob("work/*") if path.is_dir()]


@pytest.mark.slow
@pytest.mark.parametrize("which", EFFECTS)
async def test_killed_at_any_effect_the_payments_are_the_same(tmp_path: Path, which: str) -> None:
    expected, calm = await played(tmp_path / "calm", which, None)
    assert expected.supplier > 0
    assert sum((expected.supplier, expected.renter, expected.fees)) == 0
    assert {kind.split()[1] for kind in calm.kinds} == EFFECTS[which]
    turns = asyncio.Semaphore(AT_ONCE)

    async def tried(point: int) -> None:
        async with turns:
            moved, bomb = await played(tmp_path / str(point), which, point)
        # How often a machine looks at the chain is its own affair: a run may have fewer effects than another.
        assert bomb.gone or (bomb.count <= point and 2 * point > calm.count)
        assert moved == expected, f"killed {bomb.where} ({point})"

    async with asyncio.TaskGroup() as group:
        for point in sorted(chosen(which, calm.kinds)):
            group.create_task(tried(point))
