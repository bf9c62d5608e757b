"""Constants of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: What each genesis allocation mints, base units, by the number of the `Allocation`; 500,000,000 IO in all.
ALLOCATIONS: Final = (
    10_000_000_000_000_000,
    12_800_000_000_000_000,
    10_000_000_000_000_000,
    8_160_000_000_000_000,
    9_040_000_000_000_000,
)
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: How many of the latest cranks of emission are remembered.
CRANKS: Final = 24
#: Decimals of IO.
DECIMALS: Final = 8
#: Longest time between initialisation and the start of emission, seconds.
MAX_AHEAD: Final = 31_536_000
#: Most that a demand-linked policy pays for what was burned, bps of it: no more than was burned, so that
#: burning what was never a fee gains nothing.
MAX_PER_BURNED_BPS: Final = 10_000
#: The most that is ever minted, base units.
MAX_SUPPLY: Final = 80_000_000_000_000_000
#: Seed of the IO mint: `["mint"]`.
MINT_SEED: Final = b"mint"
#: Pause bit: emission, and setting a policy. What a pause delays is emitted afterwards.
PAUSE_EMIT: Final = 1


__all__ = [
    "ALLOCATIONS",
    "CONFIG_SEED",
    "CRANKS",
    "DECIMALS",
    "MAX_AHEAD",
    "MAX_PER_BURNED_BPS",
    "MAX_SUPPLY",
    "MINT_SEED",
    "PAUSE_EMIT",
]
