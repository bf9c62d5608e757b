"""What the chain did with accounts that are gone, and a ledger does not have.

An account that stays shows by its number that no event of it is missing, one that was closed does not: of a
job of which a node has kept back every single transaction nothing stays that counts it, nor of an hour's
draw. But a node also lists transactions by every other account in them. Each booking names its currency, each
hour of compute proofs that begins the mint's configuration, and whatever is done with that hour names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from solders.pubkey import Pubkey

from ionet import events, pda
from ionet.chain._async.reader import AsyncReader
from ionet.chain.following import PAGE, ListedTransaction
from ionet.ledger.database import Database
from ionet.ledger.follower import PROGRAMS_BY_ID, Follower, Listed
from ionet.ledger.records import Place
from ionet.ledger.subjects import subjects

#: Hours asked for at once.
_AT_ONCE: Final = 16
#: Events of transactions that name a witness; others of these are looked up one by one.
_OF_WITNESSES: Final = (
    "jobs.Booked",
    "jobs.Extended",
    "mint.Emitted",
    "proofs.HourTicked",
    "proofs.ReportMade",
    "buyback.IoCredited",
    "buyback.PayoutStarted",
    "buyback.PayoutWithdrawn",
)


async def withheld(client: AsyncReader, database: Database, slot: int, *, since: int = -1) -> list[str]:
    """Looks for transactions of closed hours and of jobs that the node shows, and the ledger does not have.

    Args:
        client: asks the node.
        database: the ledger; it has come to that slot.
        slot: up to its end.
        since: only transactions, and hours that were closed, after this slot.

    Returns:
        Each of them in words, with its events.

    Raises:
        LedgerError: the node lists a transaction that it does not show.
        RpcError, TransportError: the node cannot be read.
    """
    look = _Look(client, database, slot, since)
    told = [line for witness in look.witnesses() async for line in look.of_witness(witness)]
    hours = [*look.hours()]
    for start in range(0, len(hours), _AT_ONCE):
        part = hours[start : start + _AT_ONCE]
        for lines in await asyncio.gather(*(look.of_hour(hour) for hour in part)):
            told += lines
    return [*dict.fromkeys(told)]


class _Look:
    def __init__(self, client: AsyncReader, database: Database, slot: int, since: int) -> None:
        self._client = client
        self._database = database
        self._slot = slot
        self._since = since
        self._after = Place(since, 1 << 30, 0, 0, 0)
        self._follower = Follower(client, database)

    def witnesses(self) -> list[Pubkey]:
        """The mint's configuration, and all currencies that there ever were."""
        entries = self._database.entries(names=["jobs.CurrencySet"], slot=self._slot)
        mints = {entry.event.mint for entry in entries if isinstance(entry.event, events.jobs.CurrencySet)}
        return [pda.mint.CONFIG, *map(pda.jobs.currency, sorted(mints, key=str))]

    def hours(self) -> list[Pubkey]:
        """Those that were closed."""
        closed = self._database.entries(names=["proofs.HourClosed"], slot=self._slot, after=self._after)
        return [entry.event.hour for entry in closed if isinstance(entry.event, events.proofs.HourClosed)]

    async def of_hour(self, hour: Pubkey) -> list[str]:
        """Transactions of an hour of which the ledger has no event of it."""
        has = {told.signature for told in self._database.watched(about=hour)}
        return [
            line
            async for part in self._listed(hour, -1)
            for listed in part
            if listed.signature not in has
            for line in await self._lacking(listed, hour)
        ]

    async def of_witness(self, witness: Pubkey) -> AsyncIterator[str]:
        """Transactions with an account that the ledger does not have."""
        async for part in self._listed(witness, self._since):
            first, last = min(each.slot for each in part), max(each.slot for each in part)
            known = self._database.watched(names=_OF_WITNESSES, after=first - 1, slot=last)
            has = {told.signature for told in known}
            for listed in part:
                if listed.signature not in has and self._database.transaction(listed.signature) is None:
                    for line in await self._lacking(listed, None):
                        yield line

    async def _listed(self, address: Pubkey, since: int) -> AsyncIterator[Sequence[ListedTransaction]]:
        """What the node lists of an account after a slot, newest first, page by page."""
        part: list[ListedTransaction] = []
        async for listed in self._client.listed(address):
            if listed.slot <= since:
                break
            if listed.slot <= self._slot:
                part.append(listed)
            if len(part) == PAGE:
                yield part
                part = []
        if part:
            yield part

    async def _lacking(self, listed: ListedTransaction, about: Pubkey | None) -> list[str]:
        """A transaction of the programs, in words, with its events of an account; None: all of them.

        Whoever likes may name an account in a transaction that has nothing to do with it.
        """
        sent = await self._follower.shown(Listed(listed.signature, listed.slot, listed.index))
        names = []
        for emitted in sent.log.emitted:
            event = emitted.event
            subject = subjects().get(type(event))
            if subject is None or emitted.program_id not in PROGRAMS_BY_ID:
                continue
            its = {subject.account(event), subject.also(event) if subject.also else None}
            if about is None or about in its:
                names.append(f"{subject.name} of {about or subject.account(event)}")
        if not names:
            return []
        which = f"transaction {listed.signature} of slot {listed.slot}"
        return [f"the node shows {which}, and the ledger does not have its {', '.join(names)}"]
