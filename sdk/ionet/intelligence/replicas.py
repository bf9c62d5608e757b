"""Several engines of one model: each request goes to the one with the most room, and on if that is away.

An engine that fails before its first piece is passed over, and the request goes to the next one; nobody
notices. After the first piece a request cannot move: what has come is told and paid for, and the rest is an
error. An engine that was away is asked again after a while, and one that is drained gets no new requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ionet.intelligence.engine import NODE, READS, Count, Engine, HttpEngine, bound, speaks
from ionet.intelligence.errors import Refused, away
from ionet.intelligence.orders import ORDER, Order
from ionet.intelligence.requests import Ask
from ionet.intelligence.vectors import Vectors

#: Seconds for which an engine that has failed gets no request, at first and at most.
_PAUSES: Final = (1.0, 60.0)
_AWAY: Final = 503
#: Seconds after which engines that have failed are tried again by a request that waits for one.
_AGAIN: Final = 2.0
#: Pieces without a word that are held back until there is one.
_GREETINGS: Final = 64


@dataclass(slots=True)
class Replica:
    """One engine.

    Attributes:
        node: that it runs on.
        engine: it.
        order: what its node was ordered to run; None: it is not leased.
        at_work: requests that it answers now.
        drained: whether it gets no new ones.
        idle: set while it answers none.
    """

    node: str
    engine: HttpEngine
    order: Order | None = None
    at_work: int = 0
    drained: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _until: float = field(default=0.0)
    _pause: float = field(default=_PAUSES[0])

    @contextmanager
    def work(self, count: int = 1) -> Iterator[Callable[[int], None]]:
        """Counts so many requests as long as it is entered; yields what counts some of them no more."""
        left = count

        def over(ended: int) -> None:
            nonlocal left
            ended = min(ended, left - 1)
            left -= ended
            self.at_work -= ended

        self.at_work += count
        self.idle.clear()
        try:
            yield over
        finally:
            self.at_work -= left
            if not self.at_work:
                self.idle.set()

    def failed(self, now: float) -> None:
        """Passes it over for a while, longer each time."""
        self._until, self._pause = now + self._pause, min(2 * self._pause, _PAUSES[1])

    def answered(self) -> None:
        """Counts on it again."""
        self._until, self._pause = 0.0, _PAUSES[0]

    def rests(self, now: float) -> bool:
        """Whether it has failed a moment ago."""
        return now < self._until


class Replicas:
    """All engines of a model, as one.

    Args:
        replicas: at first.
        clock: seconds that only grow.
        elastic: whether engines come when there is something to do: requests wait where there is none.
        patience: seconds that a request waits at most for another engine, where those that there are fail.
    """

    def __init__(
        self,
        replicas: Sequence[Replica] = (),
        clock: Callable[[], float] = time.monotonic,
        *,
        elastic: bool = False,
        patience: float = 300.0,
    ) -> None:
        self._replicas = list(replicas)
        self._clock = clock
        self._elastic = elastic
        self._patience = patience
        self._came = asyncio.Event()
        self._barred: frozenset[str] = frozenset()

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """All of them."""
        return tuple(self._replicas)

    @property
    def there(self) -> tuple[Replica, ...]:
        """Those that get requests."""
        return tuple(each for each in self._replicas if not each.drained and each.node not in self._barred)

    @property
    def barred(self) -> frozenset[str]:
        """Nodes that get no requests."""
        return self._barred

    def bar(self, nodes: Iterable[str]) -> None:
        """Has these nodes get no requests, and all others some; engines without a node's name always do."""
        self._barred = frozenset(nodes) - {""}
        self._came.set()

    def add(self, replica: Replica) -> None:
        """Adds an engine, which is warm."""
        self._replicas.append(replica)
        self._came.set()

    async def drain(self, node: str) -> None:
        """Takes the engine of a node away, once its requests are answered."""
        for replica in [each for each in self._replicas if each.node == node]:
            await self.let_go(replica)

    async def let_go(self, replica: Replica, seconds: float | None = None) -> None:
        """Takes an engine away, once its requests are answered, or when so many seconds have passed."""
        replica.drained = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if replica.at_work:
                    await replica.idle.wait()
        self._replicas.remove(replica)
        await replica.engine.close()

    def _in_order(self) -> list[Replica]:
        """Those with the most room first; those that have failed a moment ago last: one may be back."""
        now = self._clock()
        if not self.there:
            raise away("no engine of this model is there at the moment", 30)
        return sorted(self.there, key=lambda each: (each.rests(now), each.at_work))

    @property
    def choices(self) -> int:
        """See `Engine.choices`: as many as the engine that comes next has room for."""
        if not self.there:
            return 1
        following = self._in_order()[0]
        return max(1, following.engine.choices - following.at_work)

    async def count(self, ask: Ask) -> Count:
        """See `Engine.count`."""
        if self._elastic and not self.there:
            return replace(bound(ask), guessed=True)
        last = away("no engine of this model answers")
        for replica in self._in_order():
            try:
                counted = await replica.engine.count(ask)
            except Refused as bad:
                if bad.status != _AWAY:
                    raise
                replica.failed(self._clock())
                last = bad
                continue
            replica.answered()
            return counted
        if self._elastic:
            return replace(bound(ask), guessed=True)
        raise last

    async def _rounds(self) -> AsyncIterator[list[Replica]]:
        """Engines to be tried, in their order; where others may come, again for as long as one waits."""
        if not self._elastic or self.there:
            yield self._in_order()
        end = self._clock() + self._patience
        while self._elastic and self._clock() < end:
            self._came.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    await self._came.wait()
            if self.there:
                yield self._in_order()

    async def stream(self, ask: Ask, most: int) -> AsyncIterator[dict[str, Any]]:
        """See `Engine.stream`; each piece says its node, and what that was ordered to run."""
        last = away("no engine of this model answers")
        async for replicas in self._rounds():
            for replica in replicas:
                begun = False
                try:
                    async with aclosing(self._of(replica, ask, most)) as pieces:  # type: ignore[type-var]
                        async for piece in pieces:
                            begun = begun or READS not in piece
                            yield piece
                except Refused as bad:
                    if begun or bad.status != _AWAY:
                        raise
                    last = bad
                if begun:
                    replica.answered()
                    return
                replica.failed(self._clock())
        raise last

    async def _of(self, replica: Replica, ask: Ask, most: int) -> AsyncIterator[dict[str, Any]]:
        """The pieces of one engine, from the first on that says something."""
        begun, held = False, list[dict[str, Any]]()
        stream = replica.engine.stream(ask, most)
        with replica.work(ask.body.get("n", 1)) as over:
            async with aclosing(stream) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    if READS in piece:
                        yield piece
                        continue
                    # As turns are given back: by each choice that ends.
                    over(sum(bool(each.get("finish_reason")) for each in piece.get("choices") or ()))
                    held.append(piece)
                    if begun or _says_something(piece) or len(held) > _GREETINGS:
                        begun = True
                        for each in held:
                            yield {**each, NODE: replica.node, ORDER: replica.order}
                        held = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`; they say their node."""
        last = away("no engine of this model answers")
        async for replicas in self._rounds():
            for replica in replicas:
                try:
                    with replica.work():
                        vectors = await replica.engine.embed(texts)
                except Refused as bad:
                    if bad.status != _AWAY:
                        raise
                    replica.failed(self._clock())
                    last = bad
                    continue
                replica.answered()
                return replace(vectors, node=replica.node, order=replica.order)
        raise last

    async def close(self) -> None:
        """Closes all."""
        for replica in self._replicas:
            await replica.engine.close()


def _says_something(piece: dict[str, Any]) -> bool:
    """Whether a piece is more than a greeting: engines send one before they have written a token."""
    if any(choice.get("finish_reason") or speaks(choice) for choice in piece.get("choices") or ()):
        return True
    return bool(piece.get("usage"))


_: type[Engine] = Replicas
