"""The buyback program: Fee vaults, the burning of IO, and the auctions that buy it.

Generated from idl/buyback.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("ioBtFpfDmKyGmc4baQQPDfYDY4xmst2G3J577yHjhC8")
