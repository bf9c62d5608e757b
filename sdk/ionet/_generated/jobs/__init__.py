"""The jobs program: Offers, leases, jobs and their escrows.

Generated from idl/jobs.json by scripts/codegen; do not edit.
"""

from typing import Final

from solders.pubkey import Pubkey

PROGRAM_ID: Final = Pubkey.from_string("ioJ3q1D96XiecZbvgCoH1c5hehvLWw1F1yKD6oCykpA")
