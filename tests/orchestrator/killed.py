"""Effects that end the process, for the crash tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from ionet.orchestrator import Orchestrator


class Killed(BaseException):
    """The process is gone; nothing catches this on purpose."""


class Bomb:
    """Kills before or after a chosen effect: point 2 k is before effect k, 2 k + 1 right after it.

    After it went off every further effect raises too, since a dead process has none.
    """

    def __init__(self, point: int | None) -> None:
        self.point = point
        self.count = 0
        self.gone = False
        self.where = ""
        #: What each point before this one was.
        self.kinds: list[str] = []
        #: Called when it goes off.
        self.went: Callable[[], None] = lambda: None

    def tick(self, name: str) -> None:
        if self.gone or self.count == self.point:
            self.where = self.where or name
            if not self.gone:
                self.gone = True
                self.went()
            raise Killed(name)
        self.count += 1
        self.kinds.append(name)


async def buried(orchestrator: Orchestrator) -> None:
    """Waits until nothing of a dead process moves any more: tasks end at their next effect."""
    await asyncio.gather(*orchestrator._serving.values(), return_exceptions=True)
    await orchestrator.runs_finished()
    orchestrator.journal.close()


class Ticking(Protocol):
    """What counts effects, and ends the process at one of them."""

    def tick(self, name: str) -> None: ...


class Wired:
    """An object whose effects go through a bomb."""

    def __init__(self, real: Any, bomb: Ticking, *effects: str) -> None:
        self._real, self._bomb, self._effects = real, bomb, effects

    def __contains__(self, item: object) -> bool:
        return item in self._real

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in self._effects:
            return found
        return self._async(name, found) if asyncio.iscoroutinefunction(found) else self._sync(name, found)

    def _sync(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._bomb.tick(f"before {name}")
            answer = real(*arguments, **named)
            self._bomb.tick(f"after {name}")
            return answer

        return call

    def _async(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            self._bomb.tick(f"before {name}")
            answer = await real(*arguments, **named)
            self._bomb.tick(f"after {name}")
            return answer

        return call
