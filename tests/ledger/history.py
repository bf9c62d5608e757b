"""A market's history from its first transaction, and what a ledger of it has to hold."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from tests.programs.market import TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import DAY
from tests.stateful.arena import Arena, built

from ionet import Client
from ionet.chain.transactions import sent_from_record
from ionet.ledger import Database, Landed, schema
from ionet.ledger.follower import PROGRAMS_BY_ID

_PROGRAMS: Final = frozenset(map(str, PROGRAMS_BY_ID))


def market() -> Arena:
    """A market in which something of most kinds has happened."""
    arena = built()
    busy(arena.market, 3)
    return arena


def busy(of: Market, times: int, first: int = 1) -> None:
    """Stakes, books, attests, settles, pays; a day passes each time."""
    for number in range(first, first + times):
        published = of.publish({of.alice.node: number * TOKEN})
        of.send(of.credit(published))
        of.send(of.staking("owner_claim"))
        if number > 1:
            of.send(of.staking("activate", by=of.carol))
        of.co_stake(of.carol, 7 * TOKEN)
        of.send(of.staking("unstake", by=of.carol, amount=2 * TOKEN))
        job = of.run(TWO_HOURS, mint=of.usdc)
        of.world.advance(TWO_HOURS)
        of.attest(job, TWO_HOURS)
        of.send(of.jobs("complete", job))
        of.world.advance(DAY)
        of.pay_out(job)


def truth(client: Client) -> list[Landed]:
    """What the programs did, by the network's own history."""
    records = client.network._history.values()
    return [
        Landed(one.slot, 0, one.signature, one.time, sent_from_record(one, None).event_log)
        for one in records
        if one.error is None and _PROGRAMS & set(one.keys)
    ]


def rows(database: Database, *, numbers: bool = True) -> dict[str, list[Any]]:
    """Everything in a ledger, but how far it has come; `numbers`: the numbers of kinds and currencies too."""
    found = {}
    with database._engine.connect() as connection:
        for name, table in schema.metadata.tables.items():
            if name != "meta" and (numbers or name not in ("kinds", "mints")):
                content = connection.execute(sa.select(table)).all()
                # A sum is the same however it is split into billions and units.
                split = name.startswith("by_")
                found[name] = sorted(
                    (*row[:-2], row[-2] * 10**9 + row[-1]) if split else tuple(row) for row in content
                )
    # What is known of a node or job stays, when the transaction that said so has gone.
    if not numbers:
        found.pop("places")
    return found
