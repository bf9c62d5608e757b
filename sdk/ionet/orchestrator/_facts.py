"""The ledger that a seat takes the facts of hours from, open for as long as the seat's process runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ionet import AsyncClient
from ionet.chain.errors import EmissionUnknown

if TYPE_CHECKING:
    from ionet.ledger import Database, Follower, HourFacts, Hours


class HourLedger:
    """Facts of hours by a ledger.

    Args:
        client: asks the node.
        where: file or URL of the ledger; it is brought up to date here, unless another process writes to it.

    Attributes:
        filled: whether it has been up to date once.
    """

    def __init__(self, client: AsyncClient, where: str) -> None:
        self._client = client
        self._where = where
        self._opened: tuple[Database, Follower | None, Hours] | None = None
        #: One at a time opens and fills it.
        self._filling = asyncio.Lock()
        self.filled = False

    def close(self) -> None:
        """Closes the ledger."""
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    async def open(self) -> None:
        """Opens it, if it is not open.

        Raises:
            LedgerError: it is of another chain or version, or cannot be used.
            IonetError: the node cannot be read, or has no programs.
        """
        async with self._filling:
            await self._ledger()

    async def fill(self) -> None:
        """Brings it up to date, if nobody else does.

        Raises:
            LedgerError: see `open`; or the node cannot show the past, or the disk is full.
        """
        async with self._filling:
            _, follower, _ = await self._ledger()
            if follower is not None:
                await follower.catch_up()
            self.filled = True

    async def facts(self, end: int) -> HourFacts:
        """The facts of an hour.

        Args:
            end: of the hour, Unix seconds.

        Raises:
            HourNotFinal: the chain or the ledger has not come that far.
            LedgerError: there is no ledger to be had.
        """
        from ionet.ledger import settled

        async with self._filling:
            database, follower, hours = await self._ledger()
            await settled(self._client, database, follower, end)
        return await asyncio.to_thread(hours.facts, end)

    async def emission(self, seq: int) -> tuple[int, int]:
        """What an hour was paid, and the most that its report may give in all, base units.

        Raises:
            EmissionUnknown: the ledger does not have its emission yet.
        """
        async with self._filling:
            _, follower, hours = await self._ledger()

            def read() -> tuple[int, int]:
                return hours.emissions.hour(seq), hours.emissions.most(seq)

            try:
                return await asyncio.to_thread(read)
            except EmissionUnknown:
                # It was emitted after the hour's last second, up to which facts need the ledger.
                if follower is None:
                    raise
                await follower.catch_up()
                return await asyncio.to_thread(read)

    async def _ledger(self) -> tuple[Database, Follower | None, Hours]:
        from ionet.ledger import Follower, Hours, LedgerInUse, open_ledger, read_ledger

        if self._opened is None:
            try:
                database = await open_ledger(self._client, self._where)
            except LedgerInUse:
                # Whoever writes to it keeps it up to date.
                database = await read_ledger(self._client, self._where)
                self._opened = database, None, Hours(database)
            else:
                self._opened = database, Follower(self._client, database), Hours(database)
        return self._opened
