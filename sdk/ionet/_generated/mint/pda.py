"""Addresses of the mint program.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

BUYBACK_CONFIG: Final = Pubkey.from_string("7KpLmarC9kYDW8S7yjmmWq6qoqHNUgTZkyRzsuD3W4Ee")
CONFIG: Final = Pubkey.from_string("DQeQh3YPjjByfjYGbTBy2X8cpvF8Q8hGkQitSwUypXeM")
EMISSION_LEDGER: Final = Pubkey.from_string("66BJs5yuyhy6PmAGFzXTE2DS1Cw3VNyHjVvHMDCL6vTT")
EMISSION_VAULT: Final = Pubkey.from_string("5sWA5bKRB28weDNCbG7S9ya9eLgVQTy94UfsACHvsmEZ")
EVENT_AUTHORITY: Final = Pubkey.from_string("9ddXv5HnN1vFua2qpwuqyfCvdErpEkKpbNGapTe4ACVm")
MINT: Final = Pubkey.from_string("8xuhg7nNXvEYivfARtf8CEHBUKf7SebKfQfeJD6fPf3G")
PROGRAM_DATA: Final = Pubkey.from_string("2vbTabBC67vGe4sPRnzdWCqiQEQMugwCv2fx84caxzdT")
RESERVE_VAULT: Final = Pubkey.from_string("6euKTJWx6meSh5nnBShR2YXL1TVy4VHXqRsc82zntbxn")


__all__ = [
    "BUYBACK_CONFIG",
    "CONFIG",
    "EMISSION_LEDGER",
    "EMISSION_VAULT",
    "EVENT_AUTHORITY",
    "MINT",
    "PROGRAM_DATA",
    "RESERVE_VAULT",
]
