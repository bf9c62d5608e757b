"""Constants of the distributor program.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

#: Prefix of an airdrop's leaf in its hash, after a zero byte.
AIRDROP_DOMAIN: Final = b"ionet:airdrop"
#: Seed of an airdrop: `["airdrop", id]`, the id in 8 bytes, little endian.
AIRDROP_SEED: Final = b"airdrop"
#: Leaves whose claims one account marks.
CHUNK: Final = 8_192
#: Seed of an account of claims: `["claims", airdrop, number]`, the number in 4 bytes, little endian.
CLAIMS_SEED: Final = b"claims"
#: Seed of the configuration: `["config"]`.
CONFIG_SEED: Final = b"config"
#: Seed of a grant: `["grant", id]`, the id in 8 bytes, little endian.
GRANT_SEED: Final = b"grant"
#: Longest time from a grant's creation to its start, seconds.
MAX_AHEAD: Final = 31_536_000
#: Longest time from a grant's start to its creation, seconds.
MAX_BEHIND: Final = 631_152_000
#: Longest time in which an airdrop can be claimed, seconds.
MAX_CLAIMING: Final = 126_230_400
#: Longest time between tranches, seconds.
MAX_TRANCHE: Final = 31_557_600
#: Shortest time in which an airdrop can be claimed, seconds.
MIN_CLAIMING: Final = 604_800
#: Shortest time between tranches, seconds.
MIN_TRANCHE: Final = 1_800
#: Pause bit: creating airdrops.
PAUSE_AIRDROP: Final = 2
#: Pause bit: creating grants.
PAUSE_GRANT: Final = 1
#: Seed of the token account of a grant or an airdrop: `["vault", grant or airdrop]`.
VAULT_SEED: Final = b"vault"


__all__ = [
    "AIRDROP_DOMAIN",
    "AIRDROP_SEED",
    "CHUNK",
    "CLAIMS_SEED",
    "CONFIG_SEED",
    "GRANT_SEED",
    "MAX_AHEAD",
    "MAX_BEHIND",
    "MAX_CLAIMING",
    "MAX_TRANCHE",
    "MIN_CLAIMING",
    "MIN_TRANCHE",
    "PAUSE_AIRDROP",
    "PAUSE_GRANT",
    "VAULT_SEED",
]
