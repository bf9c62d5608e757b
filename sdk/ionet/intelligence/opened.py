"""A request at work: what of it was read and written so far, as its engine says and as is believed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ionet.intelligence.engine import NODE, READS, beside, speaks, text_of
from ionet.intelligence.orders import ORDER, Order
from ionet.intelligence.prices import Usage
from ionet.intelligence.records import Charge, Key
from ionet.intelligence.requests import Ask, Embed


@dataclass(slots=True)
class Open:
    """A request at work.

    Attributes:
        id: it is billed under.
        ask: what it is.
        key: it came with.
        at: when it began, Unix seconds.
        prompt: tokens that it reads, as far as is known before its engine says so.
        bound: … that were set aside for.
        reads: … that its engine reads for it at most, whoever pays for them.
        most: tokens that may be written.
        noted: … that count if this process dies; -1: none, not even those that are read.
        noting: notes more of them.
        usage: so far.
        tokens: numbers of those that were written, as far as the engine says them.
        charge: what it has cost, once it is over.
        read: numbers of the tokens that were read, as far as the engine says them.
        said: the text that was written.
        node: that has written it.
        order: what that node was ordered to run; None: it is not leased.
        guessed: whether its prompt was not counted yet, for want of an engine.
        begun: whether an engine reads the prompt.
        seen: tokens of it that are read at most; None: the engine does not say.
        plain: whether all that was written is in its text; else there is what is beside it, such as calls.
        end: settles it.
        since: when it began, in seconds that only grow.
        first: milliseconds until its first piece was told; None: none was.
        answer: id that clients know it by; empty: its own. All choices of a request have the first one's.
        number: of the choice, among those of one request.
    """

    id: str
    ask: Ask
    key: Key
    at: int
    prompt: int
    bound: int
    reads: int
    most: int
    noted: int = -1
    noting: asyncio.Task[None] | None = None
    usage: Usage = field(default_factory=lambda: Usage(0))
    tokens: list[int] = field(default_factory=list)
    charge: Charge | None = None
    read: tuple[int, ...] = ()
    said: list[str] = field(default_factory=list)
    node: str = ""
    order: Order | None = None
    plain: bool = True
    end: asyncio.Task[None] | None = None
    guessed: bool = False
    begun: bool = False
    seen: int | None = 0
    since: float = field(default_factory=time.monotonic)
    first: int | None = None
    answer: str = ""
    number: int = 0

    @property
    def chat(self) -> bool:
        """Whether it answers a chat; otherwise it goes on with a text."""
        return "messages" in self.ask.body

    @property
    def milliseconds(self) -> int:
        """Since it began."""
        return int(1_000 * (time.monotonic() - self.since))


@dataclass(slots=True)
class Embedding:
    """A request for vectors at work.

    Attributes:
        id: it is billed under.
        ask: what it is.
        key: it came with.
        at: when it began, Unix seconds.
        usage: what was read; nothing, as long as it is not answered.
        rows: the vectors.
        node: that has made them.
        order: what that node was ordered to run; None: it is not leased.
        charge: what it has cost, once it is over.
        end: settles it.
        since: when it began, in seconds that only grow.
    """

    id: str
    ask: Embed
    key: Key
    at: int
    usage: Usage = field(default_factory=lambda: Usage(0))
    rows: list[list[float]] = field(default_factory=list)
    node: str = ""
    order: Order | None = None
    charge: Charge | None = None
    end: asyncio.Task[None] | None = None
    since: float = field(default_factory=time.monotonic)

    @property
    def milliseconds(self) -> int:
        """Since it began."""
        return int(1_000 * (time.monotonic() - self.since))


async def counted(request: Open, pieces: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """The pieces as the engine sends them, counted: also of what is told only at its end."""
    async with aclosing(pieces):  # type: ignore[type-var]
        async for piece in pieces:
            if READS in piece:
                request.begun, request.seen = True, piece[READS]
                continue
            _count(request, piece)
            yield piece


def leave(request: Open) -> None:
    """Whoever goes away while the prompt is read has had as much of it read."""
    if request.begun and request.usage == Usage(0):
        read = request.prompt if request.seen is None else min(request.seen, request.prompt)
        request.usage = Usage(min(read, request.bound))


def _count(request: Open, piece: Mapping[str, Any]) -> None:
    """Counts what a piece has of tokens: as the engine says, and from the first piece on the prompt, too.

    No engine makes it more than was set aside.
    """
    request.node = piece.get(NODE, request.node)
    request.order = piece.get(ORDER, request.order)
    completion = request.usage.completion
    for choice in choices_of(piece):
        request.tokens += _numbers(choice)
        if said := text_of(choice, chat=request.chat):
            request.said.append(said)
        if beside(choice, chat=request.chat):
            request.plain = False
        completion += max(len(_listed(choice)), int(speaks(choice)))
    prompt, usage = request.prompt, piece.get("usage")
    if isinstance(usage, dict):
        read, written = _whole(usage.get("prompt_tokens")), _whole(usage.get("completion_tokens"))
        if read is not None and written is not None:
            # Who says of what it has written that it is nothing is not out of audits by that.
            prompt, completion = read, max(written, min(completion, 1))
    request.usage = Usage(min(prompt, request.bound), min(completion, request.most))


def _whole(value: Any) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
    return value if good else None


def choices_of(piece: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choices of a piece, those that are some."""
    choices = piece.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _listed(choice: Mapping[str, Any]) -> list[Any]:
    """What an engine tells of each token; completions of old have another shape for it."""
    logprobs = choice.get("logprobs")
    listed = (logprobs.get("content") or logprobs.get("tokens")) if isinstance(logprobs, dict) else None
    return listed if isinstance(listed, list) else []


def _numbers(choice: Mapping[str, Any]) -> list[int]:
    return [
        number
        for each in _listed(choice)
        if isinstance(each, dict) and (number := _whole(each.get("id"))) is not None and number < 2**32
    ]
