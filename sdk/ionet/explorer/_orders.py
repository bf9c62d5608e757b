"""Nodes that take co-stake, in the order of each of what co-stakers choose by, kept node by node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from solders.pubkey import Pubkey
from sortedcontainers import SortedList

#: What nodes are ordered by: the most of it first, but the least commission and the least slashed.
Sort = Literal["reward", "rate", "room", "co", "own", "commission", "slashed"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
#: More changes at once than one of so many nodes are made by sorting anew.
_PART: Final = 8
#: … but so many are made one by one in any case.
_FEW: Final = 200


class Standing(NamedTuple):
    """What a node is ordered by; what is better is less. Of `Sort`, in its order."""

    reward: int
    rate: int
    room: int
    co: int
    own: int
    commission: int
    slashed: int


#: A `Standing`, and the address.
_Its: TypeAlias = tuple[Any, ...]


class Rank(NamedTuple):
    """Where a node stands in an order: by what that is of, then by less reward, then by its address."""

    worse: int
    less: int
    address: Pubkey


class Orders:
    """The orders, each made when it is first asked for, and then changed node by node.

    They are plain tuples of numbers and bytes, which no collection of garbage looks at twice. The bytes of a
    node's address are one object in all of them.
    """

    def __init__(self) -> None:
        self._standings: dict[Pubkey, _Its] = {}
        self._made: dict[Sort, Any] = {}

    def __len__(self) -> int:
        return len(self._standings)

    def change(self, changes: Mapping[Pubkey, Standing | None]) -> None:
        """Takes what has changed; None: a node that is ordered no more."""
        if len(changes) > max(_FEW, len(self) // _PART):
            self._made.clear()
        for address, standing in changes.items():
            before = self._standings.get(address)
            after = (
                None if standing is None else (*standing, bytes(address) if before is None else before[-1])
            )
            if before == after:
                continue
            if after is None:
                del self._standings[address]
            else:
                self._standings[address] = after
            for sort, ranks in self._made.items():
                if before is not None:
                    ranks.remove(_rank(sort, before))
                if after is not None:
                    ranks.add(_rank(sort, after))

    def make(self, sort: Sort) -> Any:
        """An order, which is made if it is not there."""
        if (made := self._made.get(sort)) is None:
            ranks = (_rank(sort, its) for its in self._standings.values())
            made = self._made[sort] = SortedList(ranks)
        return made

    def by(self, sort: Sort, skip: int = 0, limit: int | None = None) -> list[Rank]:
        """Some nodes of an order, the best first.

        Args:
            sort: which one.
            skip: how many are left out at its beginning.
            limit: how many at most; None: all that follow.
        """
        some = self.make(sort)[skip : None if limit is None else skip + limit]
        return [Rank(worse, less, Pubkey.from_bytes(key)) for worse, less, key in some]


def _rank(sort: Sort, its: _Its) -> tuple[int, int, bytes]:
    return its[_PLACE[sort]], its[0], its[-1]


_PLACE: Final = {sort: Standing._fields.index(sort) for sort in SORTS}
