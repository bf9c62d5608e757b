"""Seats take a node that is too slow down to the class that it reaches, on the real programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.programs.market import CLASS, OTHER_CLASS, Market
from tests.programs.support import DAY, MINUTE
from tests.programs.test_approvals import below
from tests.programs.test_challenges import proposed, showing

from ionet import SOL, AsyncClient
from ionet.orchestrator._journal import Journal
from ionet.orchestrator._lowering import Lowerings


@dataclass
class Seat:
    """A seat's part, and what it has written down."""

    part: Lowerings
    journal: Journal

    @property
    def steps(self) -> list[str]:
        """What it has done, in order."""
        return [entry.step for entry in self.journal.entries()]


@pytest.fixture
def market() -> Market:
    made = Market.new()
    below(made)
    return made


@pytest.fixture
def seats(market: Market, tmp_path: Path) -> list[Seat]:
    made = []
    for number, key in enumerate(market.attesters):
        network = market.world.client.network
        client = AsyncClient.local(network=network, signer=key, funds=SOL(1))
        journal = Journal(tmp_path / f"{number}.sqlite3")
        made.append(Seat(Lowerings(client, number, journal), journal))
    return made


async def test_seats_that_find_a_node_too_slow_take_it_down_after_a_day(
    market: Market, seats: list[Seat]
) -> None:
    node = bytes(market.alice.node)
    for seat in seats:
        seat.part.judged(node, OTHER_CLASS)
        for _ in range(2):
            await seat.part.look()
    market.world.advance(DAY - MINUTE)
    await seats[0].part.look()
    assert market.node().class_ == CLASS
    market.world.advance(MINUTE)
    await seats[1].part.look()
    assert market.node().class_ == OTHER_CLASS
    await seats[0].part.look()
    assert [seat.steps for seat in seats] == [
        ["lower class approved", "class not lowered"],
        ["lower class approved", "class lowered"],
    ]


async def test_one_seat_takes_nobody_down(market: Market, seats: list[Seat]) -> None:
    seats[0].part.judged(bytes(market.alice.node), OTHER_CLASS)
    for _ in range(2):
        await seats[0].part.look()
        market.world.advance(2 * DAY)
    assert market.node().class_ == CLASS
    assert seats[0].steps == ["lower class approved"]


async def test_a_node_that_was_in_time_again_is_left_alone(market: Market, seats: list[Seat]) -> None:
    node = bytes(market.alice.node)
    for seat in seats:
        seat.part.judged(node, OTHER_CLASS)
        await seat.part.look()
        seat.part.judged(node, None)
    market.world.advance(DAY)
    for seat in seats:
        await seat.part.look()
    assert market.node().class_ == CLASS


async def test_what_the_chain_refuses_is_written_down_once(market: Market, seats: list[Seat]) -> None:
    below(market, multiplier_bps=20_000)
    seats[0].part.judged(bytes(market.alice.node), OTHER_CLASS)
    for _ in range(3):
        await seats[0].part.look()
    assert seats[0].steps == ["class not lowered"]


async def test_a_passed_verdict_that_was_shown_keeps_a_node_where_it_is(
    market: Market, seats: list[Seat]
) -> None:
    for seat in seats:
        seat.part.judged(bytes(market.alice.node), OTHER_CLASS)
        await seat.part.look()
    market.send(showing(market, proposed(market, {market.alice.node: 30})))
    market.world.advance(DAY)
    await seats[0].part.look()
    assert market.node().class_ == CLASS
    assert seats[0].steps[-1] == "class not lowered"
