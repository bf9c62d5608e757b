"""How many engines of a model there should be, and which nodes they fit on: decisions without any doing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Policy:
    """How many engines a model has.

    Attributes:
        least: at all times; 0: none while nobody asks.
        most: at any time.
        target: requests at work or waiting that one engine is for.
        idle: seconds for which what was needed last stays.
    """

    least: int = 0
    most: int = 1
    target: int = 4
    idle: float = 900.0

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most or self.most < 1 or self.target < 1 or self.idle < 0:
            raise ValueError("there are 0 or more engines at least, 1 at most, for 1 or more requests each")

    def needs(self, requests: int) -> int:
        """Engines for so many requests at work and waiting."""
        return max(self.least, min(self.most, -(-requests // self.target)))


@dataclass(slots=True)
class Demand:
    """What was needed of a model lately.

    Args:
        policy: of the model.
    """

    policy: Policy
    #: When so many were needed, each with fewer than the one before it.
    _peaks: deque[tuple[float, int]] = field(default_factory=deque)

    def wanted(self, requests: int, now: float) -> int:
        """Engines that there should be: more at once, fewer once none more were needed for a while.

        Args:
            requests: at work and waiting.
            now: seconds that only grow.
        """
        needs = self.policy.needs(requests)
        while self._peaks and self._peaks[-1][1] <= needs:
            self._peaks.pop()
        self._peaks.append((now, needs))
        while len(self._peaks) > 1 and now - self._peaks[0][0] >= self.policy.idle:
            self._peaks.popleft()
        return self._peaks[0][1]


@dataclass(frozen=True, slots=True)
class Space:
    """A node that is leased.

    Attributes:
        node: names it.
        memory: bytes that it gives.
        holds: the models whose weights it has.
        runs: the models that run on it.
    """

    node: str
    memory: int
    holds: frozenset[str]
    runs: frozenset[str]


def placed(model: str, memory: Mapping[str, int], nodes: Iterable[Space]) -> str | None:
    """The node on which a model starts; None: on none of these, another has to be leased.

    It is the one that it leaves the least room on, so that large models find room on others.

    Args:
        model: that starts.
        memory: bytes that each model takes.
        nodes: that are leased.
    """
    rooms = {
        space.node: space.memory - sum(memory[each] for each in space.runs)
        for space in nodes
        if model in space.holds and model not in space.runs
    }
    fits = {node: room for node, room in rooms.items() if room >= memory[model]}
    return min(fits, key=lambda node: (fits[node], node)) if fits else None


def together(model: str, memory: Mapping[str, int], node: int) -> list[str]:
    """The models whose weights a new node is sent: the one it is leased for, and what fits beside it.

    Args:
        model: that it is leased for.
        memory: bytes that each model takes.
        node: bytes that it gives.
    """
    sent, room = [model], node - memory[model]
    for each in sorted(memory.keys() - {model}, key=lambda name: (-memory[name], name)):
        if memory[each] <= room:
            sent.append(each)
            room -= memory[each]
    return sent


def left(budget: int | None, rates: Sequence[int]) -> int | None:
    """What one more node may cost an hour; None: as much as it likes.

    Args:
        budget: for all nodes, an hour; None: there is none.
        rates: of the nodes that are leased, in the same unit.
    """
    return None if budget is None else max(0, budget - sum(rates))
