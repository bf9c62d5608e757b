"""Several answers to one prompt, of engines that write them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from tests.intelligence.conftest import CHAT, Running
from tests.intelligence.test_answering import HELLO, MODEL, PAID, Noting, Place, engine, place, said, used

from ionet.intelligence.choices import Parted
from ionet.intelligence.engine import READS, HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.models import Models
from ionet.intelligence.queue import Turns, Wish
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import chat

__all__ = ["place"]

LONG = "Tell me a tale of Rome, of Paris, and of Oslo. " * 8


async def read_by(service: Running) -> int:
    """Tokens of prompts that the engine has read until now, as it counts them itself."""
    transport = httpx.AsyncHTTPTransport(uds=str(service.state / "0.sock"))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        told = (await client.get("/metrics")).text
    (line,) = [line for line in told.splitlines() if line.startswith("llamacpp:prompt_tokens_total ")]
    return int(line.split()[1])


async def asked(service: Running, choices: int, **more: Any) -> tuple[Any, int]:
    """An answer of so many choices, and the tokens that the engine has read for it."""
    _, secret = service.key()
    async with service.client(secret) as client:
        before = await read_by(service)
        answer = await client.chat.completions.create(
            model=CHAT,
            messages=[{"role": "user", "content": LONG}],
            max_tokens=5,
            seed=3,
            n=choices,
            **more,
        )
    async with asyncio.timeout(60):
        while (read := await read_by(service) - before) < answer.usage.prompt_tokens:  # noqa: ASYNC110 (of the engine)
            await asyncio.sleep(0.05)
    return answer, read


async def test_an_engine_reads_a_prompt_once_for_as_many_choices_as_it_has_slots(service: Running) -> None:
    answer, read = await asked(service, 4)
    assert answer.usage.prompt_tokens > 80
    assert read == answer.usage.prompt_tokens
    assert answer.usage.completion_tokens == 20
    assert len({choice.message.content for choice in answer.choices}) > 1


async def test_more_choices_than_slots_are_split_and_drawn_as_by_themselves(
    service: Running,
) -> None:
    answer, read = await asked(service, 6)
    # Of four that are over at about the same time, the first one may make room for one of the other two.
    assert read <= 3 * answer.usage.prompt_tokens
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3, 4, 5]
    _, secret = service.key()
    async with service.client(secret) as client:
        for number in (1, 5):
            alone = await client.chat.completions.create(
                model=CHAT, messages=[{"role": "user", "content": LONG}], max_tokens=2, seed=3 + number
            )
            # The first tokens: how much is computed at once may round differently.
            whole, begun = answer.choices[number].message.content, alone.choices[0].message.content
            assert begun
            assert whole.startswith(begun)


async def sent(*pieces: dict[str, Any] | Exception) -> AsyncIterator[dict[str, Any]]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def of(number: int, text: str) -> dict[str, Any]:
    return {"choices": [{"index": number, "delta": {"content": text}}]}


def ended(number: int) -> list[dict[str, Any]]:
    return [{"index": number, "delta": {}, "finish_reason": "stop"}]


async def told(*pieces: dict[str, Any] | Exception, count: int = 2) -> list[Any]:
    """What each choice is told: its pieces, or what has ended it."""

    async def of_one(parted: Parted, number: int) -> list[dict[str, Any]]:
        return [piece async for piece in parted.of(number)]

    async with asyncio.timeout(60), Parted(sent(*pieces), count) as parted:
        each = (of_one(parted, number) for number in range(count))
        return list(await asyncio.gather(*each, return_exceptions=True))


async def test_a_usage_is_of_the_choice_that_was_told_last() -> None:
    first, second = await told(of(0, "a"), of(1, "b"), used(3, 7), of(0, "c"), used(3, 9))
    assert first == [of(0, "a"), of(0, "c"), used(3, 9)]
    assert second == [of(1, "b"), used(3, 7)]


async def test_a_piece_of_several_choices_is_told_to_each_and_reading_to_the_first() -> None:
    both = {"choices": [*of(1, "b")["choices"], *of(0, "a")["choices"]]}
    assert await told({READS: 5}, both) == [[{READS: 5}, of(0, "a")], [of(1, "b")]]


@pytest.mark.parametrize("index", [2, -1, "0", None])
async def test_a_choice_that_nobody_asked_for_ends_all(index: Any) -> None:
    for end in await told(of(0, "a"), {"choices": [{**said({})["choices"][0], "index": index}]}):
        assert isinstance(end, Refused)


async def test_what_ends_the_engine_ends_all_choices() -> None:
    ends = await told(of(0, "a"), Refused(503, "away"))
    assert [str(end) for end in ends] == [str(Refused(503, "away"))] * 2


async def having(turns: Turns, count: int, got: list[int], done: asyncio.Event) -> None:
    async with turns.turn(count, Wish(count=count, room=lambda: 3)) as had:
        got.append(had.count)
        await done.wait()


async def test_who_can_use_several_turns_has_those_that_are_free_and_none_stands_idle() -> None:
    turns, got, first, others = Turns(4), list[int](), asyncio.Event(), asyncio.Event()
    asking = [asyncio.create_task(having(turns, 1, got, first)) for _ in range(3)]
    asking += [asyncio.create_task(having(turns, count, got, others)) for count in (4, 2)]
    await asyncio.sleep(0)
    # Of four, the one that is left; two are waited for.
    assert (got, turns.taken, turns.waiting) == ([1, 1, 1, 1], 4, 2)
    first.set()
    await asyncio.gather(*asking[:3])
    assert (got[4:], turns.taken, turns.waiting) == ([1], 2, 0)
    others.set()
    await asyncio.gather(*asking)
    assert turns.taken == 0


async def test_who_can_use_more_turns_than_there_is_room_for_together_has_as_many_as_that() -> None:
    turns, got, done = Turns(8), list[int](), asyncio.Event()
    done.set()
    await having(turns, 5, got, done)
    assert (got, turns.taken) == ([3], 0)


async def test_who_gives_several_turns_up_unused_gives_back_all() -> None:
    turns, got, first = Turns(2), list[int](), asyncio.Event()
    holding = [asyncio.create_task(having(turns, 2, got, first))]
    await asyncio.sleep(0)
    many = asyncio.create_task(having(turns, 2, got, first))
    await asyncio.sleep(0)
    first.set()
    await asyncio.sleep(0)
    many.cancel()
    await asyncio.gather(*holding, many, return_exceptions=True)
    assert (turns.taken, turns.waiting) == (0, 0)


#: What an engine of several slots writes of three choices.
THREE = (of(0, "a"), of(1, "b"), used(3, 1, *ended(1)), of(0, "c"), used(3, 2, *ended(0)), of(2, "d"))


@pytest.mark.parametrize("slots", [1, 4])
async def test_all_pieces_have_the_answers_id_and_the_number_of_their_choice(
    place: Place, slots: int
) -> None:
    asked = chat({**HELLO, "n": 3, "stream": True}, Models([MODEL]))
    pieces = (of(0, "a"), used(3, 1)) if slots == 1 else (*THREE, used(3, 1))
    told = [each async for each in place.answering(engine(*pieces), slots=slots).answer(asked, place.key)]
    assert {each["id"] for each in told} == {place.over[0].id}
    assert {choice["index"] for each in told for choice in each["choices"]} == {0, 1, 2}
    assert [request.id for request in place.over] == [told[0]["id"] + more for more in ("", "-1", "-2")]


@pytest.mark.parametrize("before", [0, 1, 3])
async def test_choices_that_are_written_at_once_and_break_cost_nothing_where_none_is_told(
    place: Place, before: int
) -> None:
    answering = place.answering(engine(*THREE[:before], None), slots=4)
    with pytest.raises(Refused, match="does not answer"):
        async for _ in answering.answer(chat({**HELLO, "n": 3}, Models([MODEL])), place.key):
            pass
    assert place.money() == (PAID, 0)
    assert answering.turns["small"].taken == 0


async def test_who_leaves_choices_that_are_written_at_once_pays_for_what_was_written_of_each(
    place: Place,
) -> None:
    answering = place.answering(engine(*THREE, used(3, 1)), slots=4)
    asked = chat({**HELLO, "n": 3, "stream": True}, Models([MODEL]))
    async with aclosing(answering.answer(asked, place.key)) as pieces:  # type: ignore[type-var]
        for _ in range(3):
            await anext(pieces)
    first, second, third = place.over
    assert first.usage.completion >= 1
    assert second.usage.completion >= 1
    assert third.usage.prompt == 0
    cost = sum(each.usage.prompt + each.usage.completion for each in place.over)
    assert place.money() == (PAID - cost, 0)
    assert answering.turns["small"].taken == 0


async def test_a_choice_that_ends_gives_its_turn_to_others(place: Place) -> None:
    answering = place.answering(engine(*THREE, used(3, 1)), slots=4)
    pieces = answering.answer(chat({**HELLO, "n": 3, "stream": True}, Models([MODEL])), place.key)
    (replica,) = answering._engines["small"].replicas  # type: ignore[attr-defined]
    taken = [
        (answering.turns["small"].taken, replica.at_work)
        async for piece in pieces
        if any(choice["finish_reason"] for choice in piece["choices"])
    ]
    # What the engine has sent already is ahead of what was told.
    assert [turns for turns, _ in taken] == [2, 1]
    assert all(at_work <= turns for turns, at_work in taken)
    assert (answering.turns["small"].taken, replica.at_work) == (0, 0)


async def test_an_engine_that_writes_one_at_a_time_is_asked_for_all_that_there_is_room_for(
    place: Place,
) -> None:
    noting, answering = Noting(), place.answering(engine())
    answering._engines = {"small": Replicas([Replica("a", HttpEngine("http://x", "s", transport=noting))])}
    asked = chat({**HELLO, "n": 4}, Models([MODEL]))

    async def ask() -> None:
        async for _ in answering.answer(asked, place.key):
            pass

    asking = asyncio.create_task(ask())
    async with asyncio.timeout(60):
        while len(noting.order) < 4:  # noqa: ASYNC110 (of other tasks' doing)
            await asyncio.sleep(0.01)
        noting.go_on.set()
        await asking
