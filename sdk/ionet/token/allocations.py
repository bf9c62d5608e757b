"""The genesis allocations."""

from __future__ import annotations

from enum import IntEnum


class Allocation(IntEnum):
    """A part of the 500,000,000 IO that exist at genesis, by the mint program's number."""

    COMMUNITY = 0
    RESEARCH = 1
    SEED = 2
    SERIES_A = 3
    CORE = 4
