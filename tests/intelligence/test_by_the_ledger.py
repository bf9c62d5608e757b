"""A service's books beside the network's ledger, which anybody fills from a node: both say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.intelligence.test_settling import Place, made, rented
from tests.programs.market import Market
from tests.programs.people import TOKEN

from ionet import events, pda
from ionet.intelligence.treasury import PERIOD
from ionet.ledger import Database, Follower, open_ledger, verify


def moved(ledger: Database, place: Place) -> tuple[int, int]:
    """What the programs have taken out of a till for jobs, and given back to it, by their events."""
    taken = back = 0
    for entry in ledger.entries():
        match entry.event:
            case events.jobs.Booked(source=place.till, price=price, fee=fee):
                taken += price + fee
            case events.jobs.Paid(destination=place.till, amount=amount):
                back += amount
            case _:
                pass
    return taken, back


async def given(ledger: Database, place: Place) -> int:
    """What the buyback's vaults hold beyond all that the programs have paid into them."""
    told = await verify(place.client, ledger, Follower(place.client, ledger))
    # Of tokens; the market writes verdicts into its accounts, of which there is no event.
    assert [each for each in told.differences if each.name == "balance"] == []
    vaults = {pda.buyback.vault(pda.mint.MINT, shard) for shard in range(8)}
    return sum(units for at, units in told.gifts.items() if at in vaults)


async def ends(place: Place, *, good: int) -> None:
    """A lease that has run for so long, and is paid out."""
    job = rented(place)
    place.market.world.advance(good)
    place.send(place.market.jobs("stop", job, party=place.session.pubkey()))
    place.market.attest(job, good)
    place.send(place.market.jobs("complete", job))
    place.market.pay_out(job)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """In a market with its past: a ledger is filled from the first transaction on."""
    place = made(Market.whole(), tmp_path)
    yield place
    place.desk.close()


async def test_deposits_leases_and_surpluses_are_by_the_ledger_what_the_books_say(
    place: Place, tmp_path: Path
) -> None:
    with await open_ledger(place.client, str(tmp_path / "ledger.db")) as ledger:
        before = await given(ledger, place)
        await place.pay(100 * TOKEN + 7)
        place.spend(30 * TOKEN)
        await ends(place, good=PERIOD + 600)
        await place.hour()
        await place.pay(5)
        place.spend(2 * TOKEN)
        open_job = place.market.job(rented(place)).escrow
        await place.hour()
        await place.agree()
        surplus = await given(ledger, place) - before
        taken, back = moved(ledger, place)
    said = place.said
    assert said.deposits == 100 * TOKEN + 12
    assert (said.cost + said.escrow, said.escrow) == (taken - back, place.held(open_job))
    assert said.sent == surplus > 0
    # All that came in is there, or with the leases, or in the vaults: to the base unit.
    assert said.deposits == place.held(place.till) + (taken - back) + surplus
