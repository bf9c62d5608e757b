"""Requests from their words to their bills, with engines that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey
from tests.intelligence.conftest import ADDRESS
from tests.intelligence.test_replicas import line

from ionet.intelligence.answering import Answering
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.errors import Refused
from ionet.intelligence.gate import Gate, QuotaRule
from ionet.intelligence.models import Model, Models
from ionet.intelligence.opened import Embedding, Open
from ionet.intelligence.orders import Order
from ionet.intelligence.prices import Price
from ionet.intelligence.records import Deposit, Key
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import chat, completion
from ionet.intelligence.whole import Whole

#: A millionth of a dollar for each token.
MODEL = Model("small", "chat", Price(10**6, 10**6), 512)
PAID = 10_000
HELLO = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 40}

Body = Callable[[], AsyncIterator[bytes]]


class Told(httpx.AsyncBaseTransport):
    """An engine that sends what it is told."""

    #: How many have got to where they only wait.
    count = 0

    def __init__(self, body: Body) -> None:
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self._body())


class Place:
    """Books with an account that has paid in, and one model before them."""

    def __init__(self, folder: Path) -> None:
        self.books = Books(folder / "books.db", "test")
        self.books.deposit(Deposit("paid", ADDRESS, "usdc", PAID, 0))
        self.key: Key = self.books.make_key(self.books.account(ADDRESS, 0), "key", 0)[0]
        self.desk = Desk(self.books)
        self.over: list[Open] = []
        #: What its node was ordered to run.
        self.order: Order | None = None

    async def note(self, request: Open | Embedding) -> None:
        assert isinstance(request, Open)
        self.over.append(request)

    def answering(self, body: Body, model: Model = MODEL, slots: int = 1) -> Answering:
        engine = HttpEngine("http://x", "small", slots=slots, transport=Told(body))
        replica = Replica("node", engine, self.order)
        gate = Gate(self.desk, "test", None, QuotaRule(0))
        return Answering(self.desk, gate, {"small": Replicas([replica])}, [model], over=self.note)

    async def ask(self, body: Body, **more: Any) -> list[dict[str, Any]]:
        asked = chat({**HELLO, **more}, Models([MODEL]))
        return [piece async for piece in self.answering(body).answer(asked, self.key)]

    def poor(self, units: int) -> Key:
        """A key of another account, which has paid little in."""
        address = "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"
        self.books.deposit(Deposit("little", address, "usdc", units, 0))
        return self.books.make_key(self.books.account(address, 0), "poor", 0)[0]

    def money(self) -> tuple[int, int]:
        """What the account has, and what is set aside."""
        return self.books.funds(self.key.account, 0, 0).usdc, self.books.balances().get(("held", "usdc"), 0)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.desk.close()


def engine(*pieces: dict[str, Any] | None) -> Body:
    """Sends these; one that is None breaks the connection."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            if piece is None:
                raise httpx.ReadError("broken")
            yield line(piece)
        yield b"data: [DONE]\n\n"

    return body


def said(delta: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, **more}]}


def used(prompt: int, completion: int, *choices: dict[str, Any]) -> dict[str, Any]:
    return {"choices": list(choices), "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}


WHOLE = (said({"content": "hello"}), used(3, 1))


async def test_who_leaves_while_money_is_set_aside_has_it_back(place: Place) -> None:
    go_on = threading.Event()
    busy = asyncio.create_task(place.desk.do(lambda _: go_on.wait(10)))
    asking = asyncio.create_task(place.ask(engine(*WHOLE)))
    await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    await busy
    await place.desk.do(lambda _: None)
    assert place.money() == (PAID, 0)
    assert place.books.spent(place.key, 0) == 0


async def test_who_leaves_while_it_is_settled_pays_once(place: Place) -> None:
    pieces = place.answering(engine(*WHOLE)).answer(chat(HELLO, Models([MODEL])), place.key)
    await anext(pieces)
    go_on = threading.Event()
    busy = asyncio.create_task(place.desk.do(lambda _: go_on.wait(10)))
    ending = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0.05)
    ending.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    await busy
    assert place.money() == (PAID - 4, 0)
    assert len(place.over) == 1


async def test_books_that_cannot_be_written_are_settled_with_the_next_request(place: Place) -> None:
    answering, ask = place.answering(engine(*WHOLE)), chat(HELLO, Models([MODEL]))
    pieces = answering.answer(ask, place.key)
    await anext(pieces)
    place.books._db.execute("PRAGMA query_only=1")
    *_, last = [piece async for piece in pieces]
    assert last["usage"]["total_tokens"] == 4
    place.books._db.execute("PRAGMA query_only=0")
    assert place.money()[1] > 0
    assert [piece async for piece in answering.answer(ask, place.key)]
    assert place.money() == (PAID - 8, 0)


async def test_an_answer_that_was_asked_for_whole_and_breaks_costs_nothing(place: Place) -> None:
    broken = engine(said({"content": "hello"}), said({"content": " you"}), None)
    with pytest.raises(Refused, match="does not answer"):
        await place.ask(broken)
    assert place.money() == (PAID, 0)
    with pytest.raises(Refused, match="does not answer"):
        await place.ask(broken, stream=True)
    # "[{"role": …" has 44 bytes and more: a quarter of them for the prompt, and two tokens.
    assert PAID - 20 < place.money()[0] < PAID - 2


async def test_of_several_answers_asked_for_whole_one_that_breaks_makes_all_cost_nothing(
    place: Place,
) -> None:
    count = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal count
        count += 1
        broken = count == 2
        yield line(said({"content": "hello"}))
        if broken:
            await asyncio.sleep(0.05)  # another one has ended by then
            raise httpx.ReadError("broken")
        yield line(used(3, 1))

    with pytest.raises(Refused, match="does not answer"):
        await place.ask(body, n=3)
    assert count == 3
    assert place.money() == (PAID, 0)


async def test_several_answers_that_cannot_all_be_paid_are_not_begun(place: Place) -> None:
    key = place.poor(1_000)
    asked = chat({**HELLO, "max_tokens": 100, "n": 12}, Models([MODEL]))
    with pytest.raises(Refused, match="beyond what is left"):
        await anext(place.answering(engine(*WHOLE)).answer(asked, key))
    assert place.over
    assert place.books.funds(key.account, 0, 0).usdc == 1_000
    assert all(request.usage.completion == 0 for request in place.over)


async def test_an_answer_without_a_limit_shares_what_is_left_among_its_choices(place: Place) -> None:
    key, asked = place.poor(200), chat({**HELLO, "max_tokens": None, "n": 4}, Models([MODEL]))
    *_, last = [piece async for piece in place.answering(engine(*WHOLE)).answer(asked, key)]
    assert last["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert place.books.funds(key.account, 0, 0).usdc == 193
    assert len({request.most for request in place.over}) == 1
    assert 1 <= place.over[0].most <= 50


class Noting(httpx.AsyncBaseTransport):
    """An engine that notes who asks, and answers nobody before it may."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.go_on = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.order.append(json.loads(request.content)["messages"][0]["content"][0])
        await self.go_on.wait()
        return httpx.Response(200, content=engine(*WHOLE)())


async def test_each_of_several_answers_takes_as_many_turns_as_a_request_by_itself(place: Place) -> None:
    noting, model = Noting(), replace(MODEL, slots=1)
    answering = place.answering(engine())
    answering._engines = {"small": Replicas([Replica("a", HttpEngine("http://x", "s", transport=noting))])}
    answering.turns["small"].resize(1)

    async def ask(word: str, key: Key, choices: int) -> None:
        messages = [{"role": "user", "content": word * 300}]
        asked = {"model": "small", "messages": messages, "max_tokens": 1, "n": choices}
        async for _ in answering.answer(chat(asked, Models([model])), key):
            pass

    async def waiting(count: int) -> None:
        async with asyncio.timeout(60):
            while answering.waiting["small"] != count:  # noqa: ASYNC110 (of other tasks' doing)
                await asyncio.sleep(0.01)

    first, several = await account(place, 1), await account(place, 2)
    asking = [asyncio.create_task(ask("f", first, 1))]
    async with asyncio.timeout(60):
        while not noting.order:  # noqa: ASYNC110 (of other tasks' doing)
            await asyncio.sleep(0.01)
    asking.append(asyncio.create_task(ask("s", several, 4)))
    await waiting(4)
    asking += [asyncio.create_task(ask("o", place.key, 1)) for _ in range(4)]
    await waiting(8)
    noting.go_on.set()
    await asyncio.gather(*asking)
    assert "".join(noting.order) == "fsoososos"


async def account(place: Place, number: int) -> Key:
    """A key of another account, which has paid in."""
    address = str(Pubkey(bytes([number] * 32)))
    place.books.deposit(Deposit(f"paid by {number}", address, "usdc", PAID, 0))
    return place.books.make_key(place.books.account(address, 0), "key", 0)[0]


@dataclass(slots=True)
class Words:
    """A stream of 40 tokens that is read piece by piece, also while nobody can write into the books."""

    place: Place
    pieces: AsyncIterator[dict[str, Any]]
    go_on: threading.Event = field(default_factory=threading.Event)

    async def read(self, tokens: int) -> None:
        for _ in range(tokens):
            async with asyncio.timeout(60):
                assert (await anext(self.pieces))["choices"]

    def hold_books(self) -> asyncio.Task[bool]:
        return asyncio.create_task(self.place.desk.do(lambda _: self.go_on.wait(60)))


@pytest.fixture
def words(place: Place) -> Iterator[Words]:
    asked = chat({**HELLO, "stream": True}, Models([MODEL]))
    engine_of_words = engine(*[said({"content": "x"})] * 40, used(3, 40))
    made = Words(place, place.answering(engine_of_words).answer(asked, place.key))
    yield made
    made.go_on.set()


async def test_no_token_waits_for_the_books(words: Words) -> None:
    await words.read(25)
    # The first note was of one token and 31 more; the next was made when there were few left of them.
    await words.place.desk.do(lambda _: None)
    held = words.hold_books()
    await words.read(15)
    assert not held.done()
    words.go_on.set()
    await held


async def test_no_token_is_told_before_it_is_noted(words: Words) -> None:
    await words.read(1)
    held = words.hold_books()
    await words.read(31)
    more = asyncio.create_task(words.read(1))
    await asyncio.sleep(0.2)
    assert not more.done()
    words.go_on.set()
    await more
    await words.read(7)
    await held
    assert [piece["choices"] async for piece in words.pieces] == [[]]
    assert words.place.money() == (PAID - 43, 0)


@pytest.mark.parametrize("usage", [(10**9, 10**9), (3, 10**9), (10**9, 1)])
async def test_an_engine_makes_nobody_pay_or_read_of_more_than_was_set_aside(
    place: Place, usage: tuple[int, int]
) -> None:
    *_, last = await place.ask(engine(said({"content": "hello"}), used(*usage)))
    assert PAID - last["usage"]["total_tokens"] == place.money()[0]
    assert last["usage"]["completion_tokens"] <= 40


@pytest.mark.parametrize("delta", [{"content": "x"}, {"role": "assistant"}])
async def test_an_engine_that_does_not_stop_is_stopped(place: Place, delta: dict[str, Any]) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield line(said(delta))

    with pytest.raises(Refused, match="more than it was asked for"):
        await place.ask(endless, stream=True)


async def test_what_comes_with_the_usage_is_a_part_of_the_answer(place: Place) -> None:
    await place.ask(engine(said({"content": "hel"}), used(3, 2, {"index": 0, "delta": {"content": "lo"}})))
    assert place.over[0].said == ["hel", "lo"]


@pytest.mark.parametrize(
    ("pieces", "tokens"),
    [
        ([said({"content": "a b c"}, logprobs={"content": [{"token": each} for each in "abc"]})], 3),
        ([said({"reasoning_content": "hm"}), said({"reasoning_content": "so"}), said({"content": "a"})], 3),
    ],
)
async def test_tokens_count_as_they_come_whatever_they_are(
    place: Place, pieces: list[dict[str, Any]], tokens: int
) -> None:
    with pytest.raises(Refused):
        await place.ask(engine(*pieces, None), stream=True)
    assert place.over[0].usage.completion == tokens


async def test_a_call_that_is_broken_off_before_it_is_told_is_paid_for(place: Place) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    with pytest.raises(Refused):
        await place.ask(
            engine(said({"content": "{"}), said({"content": '"name"'}), None),
            stream=True,
            tools=[tool],
            tool_choice="required",
        )
    assert place.over[0].usage.completion == 2


@pytest.mark.parametrize(
    "piece",
    [
        {"choices": ["text"]},
        {"choices": 3},
        said({"content": 3}),
        {"choices": [{"delta": "text"}]},
        said({"content": "a"}, logprobs={"content": [3]}),
        said({"content": "a"}, logprobs={"content": [{"top_logprobs": [3]}]}),
    ],
)
async def test_an_engine_that_sends_something_else_is_passed_over(place: Place, piece: Any) -> None:
    with pytest.raises(Refused, match="nobody asked"):
        await place.ask(engine(piece), logprobs=True)
    assert place.money() == (PAID, 0)


async def test_half_of_a_letter_from_an_engine_is_told_as_a_question_mark(place: Place) -> None:
    first, *_ = await place.ask(
        engine(said({"content": "a\ud83d"}, logprobs={"content": [{"logprob": math.nan}]})), logprobs=True
    )
    told = json.dumps(first, ensure_ascii=False, allow_nan=False).encode()
    assert b'"a?"' in told


async def test_a_completion_tells_of_its_tokens_as_completions_do(place: Place) -> None:
    def piece_of(text: str) -> dict[str, Any]:
        other = [{"token": text, "logprob": -0.5}, {"token": "x", "logprob": -1.5}]
        listed = {"content": [{"id": 5, "token": text, "logprob": -0.5, "top_logprobs": other}]}
        return {"choices": [{"index": 0, "text": text, "logprobs": listed}]}

    asked = completion({"model": "small", "prompt": "test", "max_tokens": 4, "logprobs": 1}, Models([MODEL]))
    answering = place.answering(engine(piece_of(" goal"), piece_of("s"), used(1, 2)))
    whole = Whole(chat=False)
    async for piece in answering.answer(asked, place.key):
        whole.add(piece)
    assert whole.body()["choices"][0]["logprobs"] == {
        "tokens": [" goal", "s"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{" goal": -0.5}, {"s": -0.5}],
        "text_offset": [4, 9],
    }


@pytest.mark.parametrize("chat_", [True, False], ids=["chat", "text"])
async def test_what_is_not_where_clients_look_for_the_text_is_none_and_is_not_told(
    place: Place, chat_: bool
) -> None:
    piece = {"choices": [{"index": 0, "delta": {"content": "in a delta"}, "text": "in a text"}]}
    body = HELLO if chat_ else {"model": "small", "prompt": "hi", "max_tokens": 40}
    asked = (chat if chat_ else completion)(body, Models([MODEL]))
    first, *_ = [each async for each in place.answering(engine(piece, used(3, 1))).answer(asked, place.key)]
    (request,) = place.over
    assert request.said == ["in a delta" if chat_ else "in a text"]
    assert request.plain is False
    assert {"delta", "text"} & first["choices"][0].keys() == {"delta" if chat_ else "text"}


async def test_no_more_is_set_aside_for_a_prompt_than_a_context_holds(place: Place) -> None:
    place.key = place.books.make_key(place.key.account, "capped", 0, cap=600)[0]
    # 1,600 bytes: a bound of as many tokens, of which the context has room for 512.
    await place.ask(engine(*WHOLE), messages=[{"role": "user", "content": "word" * 400}])


@pytest.mark.parametrize("number", [-1, 2**32, 1.5, True])
async def test_an_engine_whose_tokens_have_no_such_numbers_is_away(number: Any) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield json.dumps({"prompt": "hi", "tokens": [5, number]}).encode()

    told = HttpEngine("http://x", "small", counts=True, transport=Told(body))
    with pytest.raises(Refused, match="nobody asked"):
        await told.count(chat(HELLO, Models([MODEL])))


def reading(*read: int) -> Body:
    """Reads a prompt so far, and never comes to its end."""

    async def body() -> AsyncIterator[bytes]:
        yield line(said({"role": "assistant", "content": None}))
        for count in read:
            yield line({**said({"content": None}), "prompt_progress": {"processed": count}})
        Told.count += 1
        await asyncio.Event().wait()

    return body


#: Two thousand tokens, as far as one knows: an engine that does not count has one of four letters.
LONG = Model("small", "chat", Price(10**6, 10**6), 4_096)
FRAME = len('{"messages": [{"role": "user", "content": ""}]}')


@pytest.mark.parametrize(
    ("read", "paid"), [((), 2_000), ((0,), 512), ((0, 512, 1_024), 1_536), ((1_950,), 2_000)]
)
async def test_who_leaves_while_the_prompt_is_read_pays_for_what_was_read(
    place: Place, read: tuple[int, ...], paid: int
) -> None:
    # Batches of 512 tokens are read to their end; where the engine does not say how far it is, all counts.
    answering, told = place.answering(reading(*read), LONG), Told.count
    content = "x" * (8_000 - FRAME)
    ask = chat({**HELLO, "messages": [{"role": "user", "content": content}]}, Models([LONG]))
    asking = asyncio.ensure_future(anext(answering.answer(ask, place.key)))
    async with asyncio.timeout(30):
        while Told.count == told:  # noqa: ASYNC110 (of the engine's doing)
            await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert place.money() == (PAID - paid, 0)


async def test_who_leaves_before_an_engine_has_begun_pays_nothing(place: Place) -> None:
    answering = place.answering(reading())
    answering.turns["small"].resize(0)
    asking = asyncio.ensure_future(anext(answering.answer(chat(HELLO, Models([MODEL])), place.key)))
    async with asyncio.timeout(30):
        while not answering.waiting["small"]:  # noqa: ASYNC110
            await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert place.money() == (PAID, 0)
