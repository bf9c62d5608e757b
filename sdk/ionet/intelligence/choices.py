"""Several answers to one request: each is written and billed by itself, and all are told as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ionet.intelligence.requests import Ask


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


async def merged(
    written: Sequence[AsyncIterator[dict[str, Any]]], head: Mapping[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """The pieces of all choices in the order in which they come, each with its choice's number.

    Whoever does not read them keeps all of them waiting. Where one fails, the others are ended.

    Args:
        written: the pieces of each choice.
        head: of the answer.

    Raises:
        Refused: what ended one of them.
    """
    told: asyncio.Queue[tuple[int, dict[str, Any] | BaseException | None]] = asyncio.Queue(1)

    async def pass_on(number: int) -> None:
        end: BaseException | None = None
        try:
            async with aclosing(written[number]) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    await told.put((number, piece))
        except Exception as bad:  # raised again by who reads
            end = bad
        await told.put((number, end))

    passing = [asyncio.create_task(pass_on(number)) for number in range(len(written))]
    try:
        left = len(written)
        while left:
            number, piece = await told.get()
            if isinstance(piece, BaseException):
                raise piece
            if piece is None:
                left -= 1
                continue
            yield {**head, "choices": [{**choice, "index": number} for choice in piece["choices"]]}
    finally:
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
