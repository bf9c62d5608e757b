"""The staking program: Hardware classes, devices, nodes, and the stake on them.

Generated from idl/staking.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("ioSuxfpJbUmtnqXzWVV5xuHx2M8wGf5mqGLJmxKm2rY")
