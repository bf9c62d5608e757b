"""What the chain says classes are judged by: a table of speeds that a proposal changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from ionet import types
from ionet.chain.errors import ConfigError
from ionet.staking.speeds import GRACE_NS, SLACK_BPS, ClassSpeeds, MemorySpeed, RateSpeed, Speeds

#: Products of different sizes that a class's account has room for.
_PRODUCTS: Final = 2


class ClassAccount(Protocol):
    """A class's account."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def reference(self) -> types.staking.Reference:
        """Its measured times; zeros for none."""
        ...


def reference_of(speeds: ClassSpeeds) -> types.staking.Reference:
    """Returns a class's speeds as its account has them.

    Raises:
        ConfigError: there are more than its account has room for, or they leave another time for the way.
    """
    if len(speeds.rate) > _PRODUCTS or len(speeds.memory) > 1:
        raise ConfigError(
            f"class {speeds.class_id} has {len(speeds.rate)} products and {len(speeds.memory)} memories; the"
            f" chain has room for {_PRODUCTS} products and one memory"
        )
    timed: tuple[RateSpeed | MemorySpeed, ...] = (*speeds.rate, *speeds.memory)
    if any((item.slack_bps, item.grace_ns) != (SLACK_BPS, GRACE_NS) for item in timed):
        raise ConfigError(
            f"class {speeds.class_id} leaves answers another time than the chain's rule: half as long again,"
            " and half a second"
        )
    products = [types.staking.ProductTime(item.m, item.k, item.nanoseconds) for item in speeds.rate]
    products += [types.staking.ProductTime(0, 0, 0)] * (_PRODUCTS - len(products))
    memories = [
        types.staking.MemoryTime(item.blocks, item.rounds, item.chains, item.reads, item.nanoseconds)
        for item in speeds.memory
    ]
    return types.staking.Reference(tuple(products), (*memories, types.staking.MemoryTime(0, 0, 0, 0, 0))[0])


def speeds_of(class_: ClassAccount) -> ClassSpeeds | None:
    """Returns what the chain says a class is judged by; None where it says nothing."""
    reference = class_.reference
    rate = tuple(
        RateSpeed(item.m, item.k, item.nanoseconds) for item in reference.products if item.nanoseconds
    )
    memory = tuple(
        MemorySpeed(item.blocks, item.rounds, item.chains, item.reads, item.nanoseconds)
        for item in (reference.memory,)
        if item.nanoseconds
    )
    if not rate and not memory:
        return None
    return ClassSpeeds(class_.id, "the chain, where a proposal changes it", rate, memory)


def with_the_chains(speeds: Speeds, classes: Iterable[ClassAccount]) -> Speeds:
    """Returns a table in which the chain's entries have replaced those of the same classes."""
    table = {item.class_id: item for item in speeds.classes}
    table |= {item.class_id: item for item in map(speeds_of, classes) if item is not None}
    return Speeds(tuple(table[class_id] for class_id in sorted(table)))
