"""Hardware classes as the staking program takes them."""

from __future__ import annotations

from typing import Final

from ionet import types
from ionet._amounts import IO
from ionet.worker._classes import HardwareClass, hardware_classes

__all__ = ["BASE_MINIMUM", "MAXIMUM", "HardwareClass", "class_args", "hardware_classes", "minimum_stake"]

#: Minimum stake per processor before the multiplier, and a node's maximum as a multiple of its minimum.
BASE_MINIMUM: Final = IO(200)
MAXIMUM: Final = 5

_POOLS: Final = {"gpu": 0, "cpu": 1}


def class_args(kind: HardwareClass, *, enabled: bool = True) -> types.staking.ClassArgs:
    """A class of the shipped table with the default bounds of stake."""
    return types.staking.ClassArgs(
        pool=_POOLS[kind.pool],
        enabled=enabled,
        maximum=MAXIMUM,
        multiplier_bps=kind.multiplier_bps,
        base_minimum=BASE_MINIMUM.base,
        name=kind.name.encode().ljust(32, b"\0"),
    )


def minimum_stake(kind: HardwareClass, units: int = 1) -> IO:
    """The owner's minimum on so many processors: 200 IO times the multiplier, where that is above one."""
    return BASE_MINIMUM.mul_div(max(10_000, kind.multiplier_bps), 10_000, ceil=True) * units
