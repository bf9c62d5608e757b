"""The market's listings, read once for all who ask."""

from __future__ import annotations

import asyncio
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
        #: Anybody asks, at once as well: nobody has it read once more meanwhile.
        self._reading = asyncio.Lock()

    async def listings(self, client: AsyncClient) -> list[Listing]:
        """All live nodes with an open offer, the cheapest first."""
        async with self._reading:
            if time.monotonic() - self._read >= _FRESH:
                self._listings = await client.jobs.search(booked=True)
                self._read = time.monotonic()
            return self._listings

    async def leases(
        self, client: AsyncClient, ledger: JobHistory | None, nodes: list[Pubkey]
    ) -> dict[Pubkey, Leases]:
        """How leases of nodes ended."""
        async with self._reading:
            now = time.monotonic()
            new = [node for node in nodes if self._leases.get(node, (float("-inf"),))[0] < now - _KNOWN]
            found = await client.jobs.leases(new, ledger=ledger)
            self._leases |= {node: (now, leases) for node, leases in found.items()}
            return {node: self._leases[node][1] for node in nodes if node in self._leases}
