"""Every event of the programs in a database, from the first one: what anyone can rebuild from a node.

`open_ledger` opens or makes a ledger, in SQLite or PostgreSQL; `Follower` fills it and follows the chain;
`Database.open` reads it, also while another process writes. Needs the extra `ledger`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.jobs.receipt import Leases
    from ionet.ledger.database import Database
    from ionet.ledger.errors import HourNotFinal, LedgerError, LedgerInUse
    from ionet.ledger.follower import Follower, Progress, open_ledger, read_ledger
    from ionet.ledger.hours import HourFacts, Hours, settled
    from ionet.ledger.records import Cut, Entry, Gap, Landed, Marks, Place, Signed, Total
    from ionet.ledger.replay.state import State
    from ionet.ledger.verifying import Check, Verified, verify, verify_at
else:
    from ionet._lazy import lazy

    _NAMES = {
        "database": ("Database",),
        "errors": ("HourNotFinal", "LedgerError", "LedgerInUse"),
        "follower": ("Follower", "Progress", "open_ledger", "read_ledger"),
        "hours": ("HourFacts", "Hours", "settled"),
        "replay.state": ("State",),
        "verifying": ("Check", "Verified", "verify", "verify_at"),
        "records": ("Cut", "Entry", "Gap", "Landed", "Marks", "Place", "Signed", "Total"),
    }
    __getattr__, __dir__ = lazy(
        __name__,
        {name: f"ionet.ledger.{module}:{name}" for module, names in _NAMES.items() for name in names}
        | {"Leases": "ionet.jobs.receipt:Leases"},
    )

__all__ = [
    "Check",
    "Cut",
    "Database",
    "Entry",
    "Follower",
    "Gap",
    "HourFacts",
    "HourNotFinal",
    "Hours",
    "Landed",
    "Leases",
    "LedgerError",
    "LedgerInUse",
    "Marks",
    "Place",
    "Progress",
    "Signed",
    "State",
    "Total",
    "Verified",
    "open_ledger",
    "read_ledger",
    "settled",
    "verify",
    "verify_at",
]
