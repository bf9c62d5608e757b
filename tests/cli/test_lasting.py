"""A run that is followed to its end while lost nodes are replaced: in which order what is ended is ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest
from solders.pubkey import Pubkey

from ionet.cli.job import lasting
from ionet.cloud import NotRun
from ionet.cloud.running import AsyncClusterRun


class Ended(AsyncClusterRun):
    """A cluster whose first node has left, and what was done with it and its guard, in order."""

    def __init__(self, done: list[str]) -> None:
        self.done = done

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.done.append("left")

    async def end_rest(self) -> bool:
        self.done.append("the rest is ended")
        return False


class Guard:
    replaced = 0

    def __init__(self, done: list[str]) -> None:
        self.done = done

    async def end(self) -> None:
        self.done.append("the guard has ended")


@pytest.mark.parametrize("lost", [True, False])
async def test_nothing_is_booked_any_more_when_jobs_are_ended(
    monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    done: list[str] = []

    @asynccontextmanager
    async def guarded(*_: Any) -> AsyncIterator[Guard]:
        yield Guard(done)

    async def follow(run: Any, offered: Any, enough: Callable[[], Awaitable[None]]) -> int:
        if lost:
            raise NotRun(Pubkey.default(), "its node has left")
        await enough()
        done.append("all is ended")
        return 0

    monkeypatch.setattr(lasting, "_guarded", guarded)
    nothing: Any = None
    run = lasting.Lasting(nothing, nothing, nothing, nothing, None, 0, nothing, nothing)
    if lost:
        with pytest.raises(NotRun):
            await run.reached(Ended(done), nothing, follow)
        assert done == ["the guard has ended", "the rest is ended", "left"]
    else:
        assert await run.reached(Ended(done), nothing, follow) == 0
        assert done == ["the guard has ended", "all is ended", "left"]
