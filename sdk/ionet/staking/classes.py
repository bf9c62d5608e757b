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
    """The arguments that create a class of the table, with the default bounds of stake."""
    return types.staking.ClassArgs(
        pool=types.staking.Pool[kind.pool.upper()],
        enabled=enabled,
        maximum=MAXIMUM,
        multiplier_bps=kind.multiplier_bps,
        base_minimum=BASE_MINIMUM.base,
        name=kind.name.encode().ljust(32, b"\0"),
    )


def minimum_stake(kind: HardwareClass, units: int = 1) -> IO:
    """The owner's minimum for a number of processors: 200 IO each, times a multiplier above one."""
    return BASE_MINIMUM.mul_div(max(10_000, kind.multiplier_bps), 10_000, ceil=True) * units


@dataclass(frozen=True, slots=True)
class ClassChange:
    """How a class of the table compares with the chain.

    Attributes:
        id: the class's number.
        name: its name in the table.
        kind: `create` if it is missing, `update` if it differs, `keep` if it is the same.
        args: what the table says.
        differences: field, value on the chain and value in the table, for an update.
    """

    id: int
    name: str
    kind: Literal["create", "update", "keep"]
    args: types.staking.ClassArgs
    differences: tuple[tuple[str, object, object], ...] = ()


def class_changes(
    table: Sequence[HardwareClass], known: Iterable[accounts.staking.Class]
) -> list[ClassChange]:
    """Compares a table of classes with the chain, in the table's order.

    Whether a class takes new devices is the authority's choice and not compared.
    """
    by_id = {class_.id: class_ for class_ in known}
    changes = []
    for row in table:
        account = by_id.get(row.id)
        if account is None:
            changes.append(ClassChange(row.id, row.name, "create", class_args(row)))
            continue
        args = class_args(row, enabled=bool(account.enabled))
        pairs = (
            ("pool", account.pool, args.pool),
            ("multiplier_bps", account.multiplier_bps, args.multiplier_bps),
            ("base_minimum", account.base_minimum, args.base_minimum),
            ("maximum", account.maximum, args.maximum),
            ("name", account.name.rstrip(b"\0").decode(errors="replace"), row.name),
        )
        differing = tuple(pair for pair in pairs if pair[1] != pair[2])
        changes.append(ClassChange(row.id, row.name, "update" if differing else "keep", args, differing))
    return changes
