"""Several seats on one job: who leads does what one has to do, and another takes over when it is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.network.site import NetworkSite
from tests.programs.support import HOUR

from ionet import ix, types
from ionet.executor._base import lease_name
from ionet.orchestrator import Orchestrator
from ionet.orchestrator._plan import SHARED
from ionet.orchestrator._seats import LAST, place

#: Longer than the steps in which time passes here.
_TAKEOVER = 400
_ONCE = ("start", "complete", "close")


class SeatsSite(NetworkSite):
    """A network with three seats."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.keys = [*self.market.attesters, Keypair()]
        world = self.market.world
        seats = [types.proofs.Seat(key.pubkey(), 1) for key in self.keys]
        world.send(ix.proofs.set_attesters(authority=world.deployer, seats=seats, threshold=2))

    def row(self, job: Pubkey) -> list[int]:
        """Numbers of the seats for a job, the one that leads first."""
        about = lease_name([bytes(job)]).encode()
        keys = [bytes(key.pubkey()) for key in self.keys]
        return sorted(range(3), key=lambda number: place(keys, keys[number], about))


def steps(seats: Sequence[Orchestrator]) -> Counter[str]:
    """How often each step was taken by any seat; a payment counts with its party."""
    counted: Counter[str] = Counter()
    for seat in seats:
        for entry in seat.journal.entries():
            party = entry.detail.partition(":")[0] if entry.step == "settle" else ""
            counted[f"{entry.step} {party}".rstrip()] += 1
    return counted


def wasted(seats: Sequence[Orchestrator]) -> list[str]:
    """Steps of which the chain refused one, as somebody else had taken it."""
    names = {f"{kind} failed" for kind in SHARED}
    return [f"{e.step}: {e.detail}" for seat in seats for e in seat.journal.entries() if e.step in names]


@pytest.mark.parametrize("dead", [None, 0, 2], ids=["all alive", "the leader dead", "the last one dead"])
async def test_each_step_is_sent_once_and_a_dead_seats_are_taken_over(
    tmp_path: Path, dead: int | None
) -> None:
    site = SeatsSite(tmp_path)
    await site.gateway.start()
    job = site.book(HOUR)
    row = site.row(job)
    alive = [number for at, number in enumerate(row) if at != dead]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(site.machine(site.market.alice))
        # The one that leads is the last to look each time: nobody is first by chance.
        seats = [
            await stack.enter_async_context(site.seat(number, key=site.keys[number], takeover=_TAKEOVER))
            for number in reversed(alive)
        ]
        await site.until_closed(seats, job)
        counted, refused = steps(seats), wasted(seats)
        results = [seat.result(bytes(job)) for seat in seats]
        leads = steps(seats[-1:])
        attested = [steps([seat])["attest"] for seat in seats]
    await site.gateway.stop()
    assert refused == []
    assert site.runs == 1
    assert {name: counted[name] for name in _ONCE} == dict.fromkeys(_ONCE, 1)
    assert counted["settle supplier"] + counted["settle renter"] + counted["settle fees"] == 2
    # Whoever leads among the living has taken them all.
    assert all(leads[name] == 1 for name in _ONCE)
    # Each attests by itself, and has the same result.
    assert all(attested)
    assert {result.digest for result in results if result is not None and result.ok} != set()
    assert len({result.digest for result in results if result is not None}) == 1
    assert None not in results


def test_a_seat_that_leaves_gives_only_its_own_part_to_others() -> None:
    keys = [bytes([number]) * 32 for number in range(1, 6)]
    jobs = [number.to_bytes(8, "big") for number in range(500)]
    before = {job: min(keys, key=lambda key: place(keys, key, job)) for job in jobs}
    left = keys[1:]
    after = {job: min(left, key=lambda key: place(left, key, job)) for job in jobs}
    assert all(after[job] == before[job] for job in jobs if before[job] != keys[0])
    assert min(Counter(before.values()).values()) > 60, "about a hundred each"


def test_who_has_no_seat_comes_last() -> None:
    assert place([bytes([1]) * 32], bytes([2]) * 32, b"job") == LAST
