"""What can be wrong with a ledger."""

from __future__ import annotations

from ionet.chain.errors import IonetError


class LedgerError(IonetError):
    """The ledger cannot be used or filled: another chain, a node without the past, a full disk."""


class LedgerInUse(LedgerError):
    """Another process writes to the ledger."""


class TooRare(LedgerError):
    """So much of old hours was read for nothing that no more is: ask for less time."""


class HourNotFinal(LedgerError):
    """Events of an hour may still come, or the ledger does not have them yet."""
