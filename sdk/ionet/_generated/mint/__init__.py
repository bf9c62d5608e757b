"""The mint program: The IO mint: genesis and emission.

Generated from idl/mint.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("iomcaX8pJmF55yH6XR6JR7DVSSpkGYaRFXJhKb9sAyV")
