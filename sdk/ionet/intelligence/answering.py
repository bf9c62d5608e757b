"""One request from its words to its bill: set aside, wait for a turn, pass on what comes, settle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from ionet.intelligence.choices import Parted, merged, varied
from ionet.intelligence.desk import Desk
from ionet.intelligence.engine import Count, Engine
from ionet.intelligence.errors import Refused, away, unpaid
from ionet.intelligence.forcing import called
from ionet.intelligence.gate import Gate
from ionet.intelligence.models import Model
from ionet.intelligence.opened import Embedding, Open, counted, leave
from ionet.intelligence.prices import Rate, Usage
from ionet.intelligence.queue import Had, Turns, Wish
from ionet.intelligence.records import Charge, Key, written
from ionet.intelligence.requests import Ask, Embed, too_long
from ionet.intelligence.telling import head_of, told_of, usage_of
from ionet.intelligence.vectors import cut

_log = logging.getLogger(__name__)
#: Tokens that are noted ahead of those that are told.
_AHEAD: Final = 31
#: … of which the next ones are noted when there are fewer left.
_SOON: Final = 12


#: Told of each request that is over.
Over = Callable[[Open | Embedding], Awaitable[None]]


class Answering:
    """Answers requests.

    Args:
        desk: the books.
        gate: knows quotas.
        engines: by their models' names.
        models: all of them.
        rate: what an IO is worth now; None: nobody knows.
        over: told of each request that is over.
        patience: seconds that a request waits for its turn at most.
    """

    def __init__(
        self,
        desk: Desk,
        gate: Gate,
        engines: Mapping[str, Engine],
        models: Sequence[Model],
        rate: Callable[[], Rate | None] = lambda: None,
        over: Over | None = None,
        patience: float | None = None,
    ) -> None:
        self._desk = desk
        self._gate = gate
        self._engines = engines
        #: By their models' names.
        self.turns = {model.id: Turns(model.slots, patience=patience) for model in models}
        self._rate = rate
        self._over = over
        #: What requests have cost whose settling has failed: it stays set aside until it goes.
        self._late: dict[str, int] = {}

    @property
    def waiting(self) -> dict[str, int]:
        """Requests that wait, by model."""
        return {model: turns.waiting for model, turns in self.turns.items()}

    async def answer(self, ask: Ask, key: Key) -> AsyncIterator[dict[str, Any]]:
        """Yields the pieces of an answer as OpenAI's clients read them, the last one with the usage.

        Args:
            ask: what is asked.
            key: it comes with.

        Raises:
            Refused: it is not answered, before the first piece; nothing was charged.
        """
        _allowed(key, ask.model)
        prompt = await self._engines[ask.model.id].count(ask)
        # Where only a bound is known, the engine itself may still find the prompt short enough.
        room = ask.model.context - (prompt.most if prompt.most == prompt.likely else prompt.likely)
        if prompt.guessed:
            room = ask.model.context
        if room < 1:
            raise _too_long(ask, prompt)
        # Whatever a bound says, no engine reads more than its context.
        prompt = replace(prompt, most=min(prompt.most, ask.model.context))
        opened = await self._begin(ask, key, prompt, min(ask.most or room, room))
        try:
            async with aclosing(self._choices(opened)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    yield piece
            # Before it is told: whoever has read an answer's end has paid for it.
            await self._ended(opened)
            yield {**head_of(opened[0]), "choices": [], "usage": usage_of(each.usage for each in opened)}
        except Refused:
            for request in () if ask.stream else opened:
                request.usage = Usage(0)  # nothing of it is told
            raise
        except (asyncio.CancelledError, GeneratorExit):
            for request in opened:
                leave(request)
            raise
        finally:
            # Whoever goes away in the middle, and however: what has come is paid for, and nothing else.
            await self._ended(opened)

    def _choices(self, opened: Sequence[Open]) -> AsyncIterator[dict[str, Any]]:
        """The pieces of all choices, as they come."""
        written: list[AsyncIterator[dict[str, Any]]] = []
        written.append(self._written(opened, written))
        return written[0] if len(opened) == 1 else merged(written)

    async def _written(
        self, opened: Sequence[Open], others: list[AsyncIterator[dict[str, Any]]], *, begun: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """The pieces of as many choices as there is room for at once; the rest goes to the others."""
        async with self._turn(opened, begun=begun) as had:
            if left := opened[had.count :]:
                others.append(self._written(left, others, begun=True))
                yield {}
            pieces = self._pieces(opened[0]) if had.count == 1 else self._together(opened[: had.count], had)
            async with aclosing(pieces) as them:  # type: ignore[type-var]
                async for piece in them:
                    yield piece

    async def _together(self, opened: Sequence[Open], had: Had) -> AsyncIterator[dict[str, Any]]:
        """The pieces of choices that one engine writes at once, which reads their prompt once."""
        first, count = opened[0], len(opened)
        ask = replace(first.ask, body={**first.ask.body, "n": count})
        async with Parted(self._engines[ask.model.id].stream(ask, first.most), count) as parted:
            parts = [self._pieces(each, parted.of(number)) for number, each in enumerate(opened)]
            async with aclosing(merged(parts)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    # The engine has room again by each that ends.
                    had.give(sum(bool(choice["finish_reason"]) for choice in piece["choices"]))
                    yield piece

    @asynccontextmanager
    async def _turn(self, opened: Sequence[Open], *, begun: bool) -> AsyncIterator[Had]:
        """The turns of as many choices as there is room for.

        Where their prompt was not counted for want of an engine, it is now.
        """
        ask, first = opened[0].ask, opened[0]
        engines, turns = self._engines[ask.model.id], self.turns[ask.model.id]
        wish = Wish(first.reads + first.most, len(opened), first.most, lambda: engines.choices, begun)
        async with turns.turn(first.key.account, wish) as had:
            for request in opened[: had.count] if first.guessed else ():
                prompt = await engines.count(ask)
                left = ask.model.context - (prompt.most if prompt.most == prompt.likely else prompt.likely)
                if left < 1:
                    raise _too_long(ask, prompt)
                request.prompt, request.read = min(prompt.likely, request.bound), prompt.tokens
                request.most = min(request.most, left)
            yield had

    async def _begin(self, ask: Ask, key: Key, prompt: Count, most: int) -> list[Open]:
        """Sets aside what each choice can cost: the first one pays for the prompt."""
        if "seed" not in ask.body:
            # So that the receipts say how the answers were drawn.
            ask = replace(ask, body={**ask.body, "seed": secrets.randbelow(2**31)})
        name = f"{'cmpl' if 'prompt' in ask.body else 'chatcmpl'}-{secrets.token_hex(16)}"
        if ask.most is None:
            most = await self._affordable(ask, key, prompt.most, most)
        opened: list[Open] = []
        try:
            opened.append(await self._open(name, ask, key, prompt, most))
            for number in range(1, ask.choices):
                paid, other = replace(prompt, most=0, likely=0), varied(ask, number)
                request = await self._open(f"{name}-{number}", other, key, paid, most, prompt.most)
                request.answer, request.number = name, number
                opened.append(request)
        except BaseException:
            await self._ended(opened)
            raise
        return opened

    async def _open(
        self, name: str, ask: Ask, key: Key, prompt: Count, most: int, reads: int | None = None
    ) -> Open:
        await self._reserve(name, key, ask.model.price.cost(Usage(prompt.most, most)))
        likely = min(prompt.likely, prompt.most)
        read, guessed = prompt.tokens, prompt.guessed
        reads = prompt.most if reads is None else reads
        bound = prompt.most
        return Open(name, ask, key, self._desk.at, likely, bound, reads, most, read=read, guessed=guessed)

    async def _affordable(self, ask: Ask, key: Key, prompt: int, most: int) -> int:
        """How many tokens of each choice can be paid for, where there is no limit."""
        model, others = ask.model, ask.choices - 1
        quota = await self._gate.quota(key.address)
        at, rate = self._desk.at, self._rate()
        funds, room = await self._desk.do(
            lambda books: (books.funds(key.account, quota.dollars, at), books.left(key, at))
        )
        budget = funds.dollars(rate) if room is None else min(room, funds.dollars(rate))
        # Each choice is rounded up by itself.
        pays = model.price.affordable(prompt, budget - others)
        if pays is None:
            return most
        if pays < ask.choices:
            raise unpaid(
                f"{written(budget)} are left, and {prompt:,} tokens of a prompt alone cost"
                f" {written(model.price.cost(Usage(prompt)))}: stake more IO, or pay in"
            )
        return min(most, pays // ask.choices)

    async def _reserve(self, request: str, key: Key, dollars: int) -> None:
        quota = (await self._gate.quota(key.address)).dollars
        at, rate = self._desk.at, self._rate()
        for name, cost in list(self._late.items()):
            await self._settle(name, cost)
        try:
            await self._desk.do(lambda books: books.reserve(request, key, dollars, quota, rate, at))
        except asyncio.CancelledError:
            # The desk does it all the same, and then, in its turn, gives it back.
            with contextlib.suppress(KeyError):
                await self._desk.do(lambda books: books.settle(request, 0, at))
            raise

    async def _settle(self, request: str, cost: int) -> Charge | None:
        """What a request has cost; None: the books cannot be written, and it is settled with the next one."""
        at = self._desk.at
        try:
            charge = await self._desk.do(lambda books: books.settle(request, cost, at))
        except sqlite3.Error as bad:
            # Nothing is lost: it stays set aside, and a process that dies now leaves it as it was noted.
            self._desk.trouble(f"{request} is not settled yet", bad)
            self._late[request] = cost
            return None
        self._late.pop(request, None)
        return charge

    async def _pieces(
        self, request: Open, sent: AsyncIterator[dict[str, Any]] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        ask, seen = request.ask, 0
        pieces = counted(request, sent or self._engines[ask.model.id].stream(ask, request.most))
        async with aclosing(called(pieces) if ask.calls else pieces) as stream:  # type: ignore[type-var]
            async for piece in stream:
                told = told_of(request, piece)
                if told is not None:
                    seen += 1
                    if seen > request.most + _AHEAD:
                        raise away("the model's engine writes more than it was asked for")
                    await self._note(request)
                    if request.first is None:
                        request.first = request.milliseconds
                    yield told
        if not seen:
            raise away("the model's engine ended without an answer")

    async def _note(self, request: Open) -> None:
        """Notes tokens some ahead, before they are told: so many count if this process dies.

        The next ones are noted while there are some left, so that no token waits for the books.
        """
        written = request.usage.completion
        if request.noted < min(request.most, written + _SOON):
            self._begin_note(request, written)
        while request.noted < written or request.noted < 0:
            await self._begin_note(request, written)

    def _begin_note(self, request: Open, written: int) -> asyncio.Task[None]:
        if request.noting is None or request.noting.done():
            upto = min(request.most, written + _AHEAD)
            request.noting = asyncio.create_task(self._noted(request, upto))
            # What went wrong is told to who waits for it; the next one tries again.
            request.noting.add_done_callback(lambda task: task.cancelled() or task.exception())
        return request.noting

    async def _noted(self, request: Open, upto: int) -> None:
        cost = request.ask.model.price.cost(Usage(max(request.usage.prompt, request.prompt), upto))
        await self._desk.do(lambda books: books.seen({request.id: cost}))
        request.noted = upto

    async def _ended(self, opened: Sequence[Open | Embedding]) -> None:
        """Ends requests, each once, also when nobody waits for it any longer."""
        for request in opened:
            if request.end is None:
                request.end = asyncio.create_task(self._end(request))
        await asyncio.shield(asyncio.gather(*(request.end for request in opened if request.end)))

    async def _end(self, request: Open | Embedding) -> None:
        request.charge = await self._settle(request.id, request.ask.model.price.cost(request.usage))
        if self._over is not None:
            await self._over(request)

    async def embed(self, ask: Embed, key: Key) -> Embedding:
        """Returns a request with a vector for each text, and the tokens that were read.

        Raises:
            Refused: it is not answered; nothing was charged.
        """
        model = ask.model
        _allowed(key, model)
        # A token has a byte at least, and each text two more around it; longer ones are cut to the context.
        bound = sum(min(model.context, len(text.encode()) + 2) for text in ask.texts)
        request = Embedding(f"embd-{secrets.token_hex(16)}", ask, key, self._desk.at)
        await self._reserve(request.id, key, model.price.cost(Usage(bound)))
        try:
            async with self.turns[model.id].turn(key.account, Wish(bound)):
                vectors = await self._engines[model.id].embed(ask.texts)
            request.rows = [cut(vector, ask.dimensions) for vector in vectors.rows]
            # Only now: a size that the model has not costs nothing.
            request.usage = Usage(min(vectors.tokens, bound))
            request.node, request.order = vectors.node, vectors.order
            return request
        finally:
            await self._ended([request])


def _allowed(key: Key, model: Model) -> None:
    if key.models is not None and model.id not in key.models:
        said = f"this key is not for {model.id}, only for {', '.join(sorted(key.models))}"
        raise Refused(403, said, param="model", code="model_not_allowed")


def _too_long(ask: Ask, prompt: Count) -> Refused:
    return too_long(ask.model, prompt.likely, "prompt" if "prompt" in ask.body else "messages")
