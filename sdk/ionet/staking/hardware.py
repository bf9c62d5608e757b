"""Hardware classes and the device names they match, from ``ionet/staking/hardware_classes.json``.

The table's ids are the classes' ids on the chain. On the chain the account decides pool and multiplier; the
table is what a new network starts with, and how a device finds its class.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ionet.chain.errors import IonetError


class UnknownHardware(IonetError, LookupError):
    """The table has no class for the device; it can run, but not register."""


@dataclass(frozen=True, slots=True)
class HardwareClass:
    """One class.

    Attributes:
        id: the class's number on chain, u16.
        name: for people.
        pool: ``gpu`` or ``cpu``.
        multiplier_bps: weight of one processor; 12,500 is 1.25.
        vendor: ``nvidia``, ``apple``, ``amd`` or ``any``.
        match: regular expressions, one of which must match a device's whole name.
        memory_gib: lowest and highest memory in GiB, if two classes share a name; else None.
    """

    id: int
    name: str
    pool: str
    multiplier_bps: int
    vendor: str
    match: tuple[str, ...]
    memory_gib: tuple[int, int] | None = None

    def fits(self, name: str, memory: int | None) -> bool:
        """Whether a device with this name (and memory in bytes, if known) belongs to the class."""
        if not any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in self.match):
            return False
        if self.memory_gib is None:
            return True
        low, high = self.memory_gib
        return memory is not None and low << 30 <= memory <= high << 30


@cache
def hardware_classes() -> tuple[HardwareClass, ...]:
    """All classes, in the order in which they are tried."""
    text = resources.files("ionet.staking").joinpath("hardware_classes.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return tuple(
        HardwareClass(
            **{**row, "match": tuple(row["match"])}
            | ({"memory_gib": tuple(row["memory_gib"])} if "memory_gib" in row else {})
        )
        for row in table["classes"]
    )


def classify(name: str, *, pool: str, memory: int | None = None) -> HardwareClass:
    """The class of a device.

    Args:
        name: as the driver or the operating system names it, for example ``NVIDIA GeForce RTX 4090``.
        pool: ``gpu`` for GPUs and Apple chips, ``cpu`` for other processors.
        memory: the device's memory in bytes, if known.

    Raises:
        UnknownHardware: no class fits; laptop parts and unlisted variants do not share the class of a similar
            device.
    """
    cleaned = " ".join(name.split())
    for item in hardware_classes():
        if item.pool == pool and item.fits(cleaned, memory):
            return item
    raise UnknownHardware(
        f"no hardware class for the {pool} {cleaned!r}; see ionet/staking/hardware_classes.json"
    )
