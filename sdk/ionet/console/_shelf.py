"""The market's listings, read once for all who ask."""

from __future__ import annotations

import time
from typing import Final

from solders.pubkey import Pubkey

from ionet import AsyncClient, Listing
from ionet.jobs.receipt import JobHistory, Leases

#: Seconds for which listings, and how leases ended, are not read again.
_FRESH: Final = 3.0
_KNOWN: Final = 300.0


class Shelf:
    """The market's listings, read once for all who ask."""

    def __init__(self) -> None:
        self._read = float("-inf")
        self._listings: list[Listing] = []
        self._leases: dict[Pubkey, tuple[float, Leases]] = {}

    async def listings(self, client: AsyncClient) -> list[Listing]:
        """All live nodes with an open offer, the cheapest first."""
        if time.monotonic() - self._read >= _FRESH:
            self._read = time.monotonic()
            self._listings = await client.jobs.search(booked=True)
        return self._listings

    async def leases(
        self, client: AsyncClient, ledger: JobHistory | None, nodes: list[Pubkey]
    ) -> dict[Pubkey, Leases]:
        """How leases of nodes ended."""
        now = time.monotonic()
        new = [node for node in nodes if self._leases.get(node, (float("-inf"),))[0] < now - _KNOWN]
        found = await client.jobs.leases(new, ledger=ledger)
        self._leases |= {node: (now, leases) for node, leases in found.items()}
        return {node: self._leases[node][1] for node in nodes if node in self._leases}
