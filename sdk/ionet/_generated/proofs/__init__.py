"""The proofs program: Attesters and their hourly reports of what nodes have earned.

Generated from idl/proofs.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("ioPaT9RX9Bc2iv5uidz6Ah2K8y3NWmkcvPe7FenwbjF")
