"""The distributor program: Vesting grants and airdrops of IO.

Generated from idl/distributor.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("ioD6AuCTSDUE4Ujet18uvMf7hEtqjEZRVuXHu3qV5Qs")
