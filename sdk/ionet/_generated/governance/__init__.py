"""The governance program: Proposals, votes by stake, and the treasury.

Generated from idl/governance.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("iogC7NKioP1989xDJ7kgkT1H4vizYuy5UduYNquSX7E")
