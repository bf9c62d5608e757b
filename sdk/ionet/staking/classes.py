"""Hardware classes as the staking program takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ionet import accounts, types
from ionet.chain.amounts import IO
from ionet.staking.hardware import HardwareClass, hardware_classes

__all__ = [
    "BASE_MINIMUM",
    "MAXIMUM",
    "ClassChange",
    "HardwareClass",
    "class_args",
    "class_changes",
    "hardware_classes",
    "minimum_stake",
]

#: Minimum stake per processor before the multiplier, and a node's maximum as a multiple of its minimum.
BASE_MINIMUM: Final = IO(200)
MAXIMUM: Final = 5


def class_args(kind: HardwareClass, *, enabled: bool = True) -> types.staking.ClassArgs:
    """A class of the shipped table with the default bounds of stake."""
    return types.staking.ClassArgs(
        pool=types.staking.Pool[kind.pool.upper()],
        enabled=enabled,
        maximum=MAXIMUM,
        multiplier_bps=kind.multiplier_bps,
        base_minimum=BASE_MINIMUM.base,
        name=kind.name.encode().ljust(32, b"\0"),
    )


def minimum_stake(kind: HardwareClass, units: int = 1) -> IO:
    """The owner's minimum on so many processors: 200 IO times the multiplier, where that is above one."""
    return BASE_MINIMUM.mul_div(max(10_000, kind.multiplier_bps), 10_000, ceil=True) * units


@dataclass(frozen=True, slots=True)
class ClassChange:
    """How a class of a table stands on the chain.

    Attributes:
        id: the class's number.
        name: its name in the table.
        kind: `create` if it is missing, `update` if it differs, `keep` if it is the same.
        args: what it should be.
        differences: of an update: field, value on the chain, value in the table.
    """

    id: int
    name: str
    kind: Literal["create", "update", "keep"]
    args: types.staking.ClassArgs
    differences: tuple[tuple[str, object, object], ...] = ()


def class_changes(
    table: Sequence[HardwareClass], known: Iterable[accounts.staking.Class]
) -> list[ClassChange]:
    """What is missing or different on the chain, in the table's order.

    Whether a class takes new devices is the authority's choice and stays as it is.
    """
    by_id = {one.id: one for one in known}
    found = []
    for one in table:
        now = by_id.get(one.id)
        if now is None:
            found.append(ClassChange(one.id, one.name, "create", class_args(one)))
            continue
        args = class_args(one, enabled=bool(now.enabled))
        pairs = (
            ("pool", now.pool, args.pool),
            ("multiplier_bps", now.multiplier_bps, args.multiplier_bps),
            ("base_minimum", now.base_minimum, args.base_minimum),
            ("maximum", now.maximum, args.maximum),
            ("name", now.name.rstrip(b"\0").decode(errors="replace"), one.name),
        )
        differing = tuple(pair for pair in pairs if pair[1] != pair[2])
        found.append(ClassChange(one.id, one.name, "update" if differing else "keep", args, differing))
    return found
