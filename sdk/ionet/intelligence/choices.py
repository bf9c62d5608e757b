"""Several answers to one request: each is billed by itself, and all are told as one.

Engines that can write some of them at once are asked to, and read the prompt once for these.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, Self

from ionet.intelligence.engine import READS
from ionet.intelligence.errors import away
from ionet.intelligence.requests import Ask

#: Pieces of a choice that wait for whoever reads them.
_AHEAD: Final = 2


def varied(ask: Ask, number: int) -> Ask:
    """What is asked for a choice after the first: drawn of a seed of its own.

    Args:
        ask: the request.
        number: of the choice.
    """
    seed = ask.body.get("seed")
    if seed is None:
        return ask
    # Of 64 bits, as clients may say them.
    return replace(ask, body={**ask.body, "seed": (seed + number + 2**63) % 2**64 - 2**63})


class Parted:
    """The pieces of an engine that writes several choices at once, by choice.

    A piece without a choice is of the one that was told last, as usages are; what is said of reading the
    prompt is of the first one, who pays for it. Whoever does not read them keeps the engine waiting.

    Args:
        pieces: of all choices.
        count: how many there are.
    """

    def __init__(self, pieces: AsyncIterator[dict[str, Any]], count: int) -> None:
        self._pieces = pieces
        self._told: list[asyncio.Queue[dict[str, Any] | BaseException | None]] = [
            asyncio.Queue(_AHEAD) for _ in range(count)
        ]
        self._passing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begins to read them."""
        self._passing = asyncio.create_task(self._pass_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the engine's work."""
        if self._passing is not None:
            self._passing.cancel()
            await asyncio.gather(self._passing, return_exceptions=True)

    async def _pass_on(self) -> None:
        end: BaseException | None = None
        last = 0
        try:
            async with aclosing(self._pieces) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    if READS in piece:
                        await self._told[0].put(piece)
                        continue
                    for number in _numbers(piece, len(self._told)) or (last,):
                        last = number
                        await self._told[number].put(_only(piece, number))
        except Exception as bad:  # raised again by who reads
            end = bad
        for each in self._told:
            await each.put(end)

    async def of(self, number: int) -> AsyncIterator[dict[str, Any]]:
        """The pieces of one choice."""
        while (piece := await self._told[number].get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece


def _numbers(piece: Mapping[str, Any], count: int) -> list[int]:
    """Choices of which a piece has something, in their order."""
    numbers = [choice.get("index", 0) for choice in piece.get("choices") or ()]
    if any(type(number) is not int or not 0 <= number < count for number in numbers):
        raise away("the model's engine sent what nobody asked")
    return sorted(set(numbers))


def _only(piece: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What of a piece is of one choice."""
    choices = [choice for choice in piece.get("choices") or () if choice.get("index", 0) == number]
    return {**piece, "choices": choices}


async def merged(
    written: Sequence[AsyncIterator[dict[str, Any]]],
) -> AsyncIterator[dict[str, Any]]:
    """The pieces of all choices in the order in which they come.

    Whoever does not read them keeps all of them waiting. Where one fails, the others are ended.

    Args:
        written: the pieces of each choice, or of several. More may be added to it while these are read; an
            empty piece has them begun.

    Raises:
        Refused: what ended one of them.
    """
    told: asyncio.Queue[dict[str, Any] | BaseException | None] = asyncio.Queue(1)

    async def pass_on(number: int) -> None:
        end: BaseException | None = None
        try:
            async with aclosing(written[number]) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    await told.put(piece)
        except Exception as bad:  # raised again by who reads
            end = bad
        await told.put(end)

    passing: list[asyncio.Task[None]] = []
    ended = 0
    try:
        while ended < len(written):
            passing += [asyncio.create_task(pass_on(number)) for number in range(len(passing), len(written))]
            piece = await told.get()
            if isinstance(piece, BaseException):
                raise piece
            if piece is None:
                ended += 1
            elif piece:
                yield piece
    finally:
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
