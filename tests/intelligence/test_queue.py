"""Turns at an engine."""

from __future__ import annotations

import asyncio

import pytest

from ionet.intelligence.errors import Refused
from ionet.intelligence.queue import Turns, Wish


async def test_those_who_ask_take_turns_however_much_each_asks_for() -> None:
    turns, order, all_there = Turns(1), [], asyncio.Event()

    async def take(who: int) -> None:
        async with turns.turn(who):
            order.append(who)
            await all_there.wait()

    waiting = [asyncio.create_task(take(who)) for who in (1, 1, 1, 1, 2, 3)]
    await asyncio.sleep(0)
    all_there.set()
    await asyncio.gather(*waiting)
    assert order == [1, 2, 3, 1, 1, 1]


async def test_as_many_work_as_there_are_slots() -> None:
    turns, at_work, most = Turns(3), 0, 0

    async def take(who: int) -> None:
        nonlocal at_work, most
        async with turns.turn(who):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1

    await asyncio.gather(*(take(number % 4) for number in range(40)))
    assert most == 3
    assert turns.waiting == 0


async def test_who_goes_away_while_waiting_takes_no_turn_along() -> None:
    turns = Turns(1)

    async def take(until: asyncio.Event) -> None:
        async with turns.turn(1):
            await until.wait()

    done, never = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(take(done))
    await asyncio.sleep(0)
    leaving = asyncio.create_task(take(never))
    last = asyncio.create_task(take(done))
    await asyncio.sleep(0)
    leaving.cancel()
    done.set()
    async with asyncio.timeout(1):
        await asyncio.gather(first, last)
        async with turns.turn(2):
            pass


async def test_too_many_that_wait_are_refused_with_a_time_to_come_back() -> None:
    turns, never = Turns(1, waiting=2), asyncio.Event()

    async def take() -> None:
        async with turns.turn(1):
            await never.wait()

    waiting = [asyncio.create_task(take()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        async with turns.turn(2):
            pass
    assert (caught.value.status, caught.value.headers) == (429, {"retry-after": "5"})
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert turns.waiting == 0
    async with asyncio.timeout(1), turns.turn(2):
        pass


async def served(turns: Turns, asks: list[tuple[int, int]]) -> list[int]:
    """Who is served, one after the other, where all of these wait."""
    order: list[int] = []

    async def take(who: int, size: int) -> None:
        async with turns.turn(who, Wish(size)):
            order.append(who)

    waiting = [asyncio.create_task(take(*ask)) for ask in asks]
    await asyncio.sleep(0)
    turns.resize(1)
    await asyncio.gather(*waiting)
    return order


async def test_a_thousand_requests_of_one_do_not_keep_anothers_waiting() -> None:
    turns = Turns(0, waiting=2_000, each=1_000)
    order = await served(turns, [(1, 100)] * 1_000 + [(2, 100)])
    assert order.index(2) == 1
    assert len(order) == 1_001


async def test_who_asks_for_more_at_a_time_has_fewer_turns() -> None:
    order = await served(Turns(0), [(1, 300)] * 6 + [(2, 100)] * 18)
    # A third of the requests, as each of them is three times as large.
    assert order[:12].count(1) == 3


async def test_twice_the_share_has_twice_the_turns() -> None:
    order = await served(Turns(0, share=lambda who: who), [(1, 100)] * 12 + [(2, 100)] * 12)
    assert order[:12].count(2) == 8


async def test_nobody_saves_turns_up_while_there_is_nothing_to_wait_for() -> None:
    turns = Turns(1)
    for _ in range(50):
        async with turns.turn(1, Wish(100)):
            pass
    turns.resize(0)
    order = await served(turns, [(1, 100)] * 4 + [(2, 100)] * 4)
    assert order.index(1) <= 2


async def test_who_waits_too_long_is_told_to_come_back_and_takes_no_turn() -> None:
    turns = Turns(0, patience=0.01)
    with pytest.raises(Refused) as caught:
        async with turns.turn(1):
            pass
    assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "30"})
    assert turns.waiting == 0
    turns.resize(1)
    async with asyncio.timeout(30), turns.turn(2):
        pass
