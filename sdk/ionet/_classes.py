"""The hardware classes that ship with the SDK."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from ionet import types
from ionet._amounts import IO

#: Minimum stake per processor before the multiplier, and a node's maximum as a multiple of its minimum.
BASE_MINIMUM: Final = IO(200)
MAXIMUM: Final = 5

_POOLS: Final = {"gpu": 0, "cpu": 1}


@dataclass(frozen=True, slots=True)
class HardwareClass:
    """A kind of hardware.

    Attributes:
        id: number, 16 bits.
        name: at most 32 bytes of UTF-8.
        pool: `gpu` (with Apple M-series) or `cpu`.
        multiplier_bps: weight of a processor, in basis points of the reference.
    """

    id: int
    name: str
    pool: str
    multiplier_bps: int

    def args(self, *, enabled: bool = True) -> types.staking.ClassArgs:
        """As the staking program takes it, with the default bounds of stake."""
        return types.staking.ClassArgs(
            pool=_POOLS[self.pool],
            enabled=enabled,
            maximum=MAXIMUM,
            multiplier_bps=self.multiplier_bps,
            base_minimum=BASE_MINIMUM.base,
            name=self.name.encode().ljust(32, b"\0"),
        )

    def minimum_stake(self, units: int = 1) -> IO:
        """The owner's minimum on so many processors: 200 IO times the multiplier, where that is above one."""
        return BASE_MINIMUM.mul_div(max(10_000, self.multiplier_bps), 10_000, ceil=True) * units


@cache
def hardware_classes() -> tuple[HardwareClass, ...]:
    """All classes of the shipped table, by number."""
    table = json.loads(files("ionet").joinpath("data/hardware_classes.json").read_text())
    return tuple(
        HardwareClass(one["id"], one["name"], one["pool"], one["multiplier_bps"]) for one in table["classes"]
    )
