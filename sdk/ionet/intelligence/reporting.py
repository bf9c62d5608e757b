"""The books for their keeper: what they say, whether the chain holds as much, and sending the surplus."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ionet.chain.errors import IonetError
from ionet.intelligence.books import Books
from ionet.intelligence.config import IntelligenceConfig
from ionet.intelligence.desk import Desk
from ionet.intelligence.onchain import Till, Tills, moved_by
from ionet.intelligence.records import Currency
from ionet.intelligence.settling import Settling
from ionet.intelligence.treasury import Treasury

if TYPE_CHECKING:
    from ionet import AsyncClient, Client

#: Seconds for which it is waited that a surplus lands, and from one look to the next.
_LANDS: Final = 120.0
_LOOK: Final = 2.0


def compare(
    books: Books, config: IntelligenceConfig, chain: Client | None
) -> tuple[dict[Currency, dict[str, int]], list[str]]:
    """What the books say of each currency, base units, and where they differ.

    Args:
        books: of a service.
        config: its settings.
        chain: reads the chain; None: they are compared with themselves only.
    """
    shown: dict[Currency, dict[str, int]] = {}
    wrong: list[str] = []
    tills = dict(config.tills)
    for currency in sorted({each for _, each in books.balances()} | tills.keys()):
        said = Treasury(books).statement(currency)
        shown[currency] = {**asdict(said), "waiting": said.waiting, "spent": said.spent, "till": said.till}
        wrong += [f"{currency}: {text}" for text in said.differences()]
        if (account := tills.get(currency)) is not None and chain is not None:
            wrong += [f"{currency}: {text}" for text in _with_chain(books, Till(currency, account), chain)]
    if total := {each for each in shown if sum(_all(books, each)) != 0}:
        wrong.append(f"postings of {', '.join(sorted(total))} do not add up to nothing")
    return shown, wrong


def _all(books: Books, currency: Currency) -> list[int]:
    return [units for (_, each), units in books.balances().items() if each == currency]


def _with_chain(books: Books, till: Till, chain: Client) -> list[str]:
    """Differences between the books and what a till held after the last transaction that was seen."""
    said, wrong = Treasury(books).statement(till.currency), []
    last = books.mark(f"till {till.account}")
    if last is None:
        return [] if said.till == 0 else [f"the books say {said.till}, and no transaction was seen"]
    landed = [send for send in Treasury(books).sends() if send.signature == last and send.state == "signed"]
    config = {"encoding": "base64", "commitment": "finalized", "maxSupportedTransactionVersion": 0}
    answer = chain.request("getTransaction", last, config)
    if answer is None:
        return [f"the node does not know the transaction {last}, which was seen last: ask another node"]
    held = moved_by(till, last, answer, 0).after
    if held != said.till - sum(send.units for send in landed):
        wrong.append(f"the till held {held} after {last}, and the books say {said.till}")
    wrong += [
        f"{gap.units} base units were not seen before {gap.before}: whose they are is unknown"
        for gap in books.gaps(str(till.account))
    ]
    if said.till < said.accounts + said.held:
        wrong.append(
            f"the till holds {said.till}, less than the {said.accounts + said.held} that accounts have:"
            " leases were paid of it; pay as much in"
        )
    return wrong


async def settled(
    books: Books, config: IntelligenceConfig, client: AsyncClient, reader: AsyncClient
) -> list[dict[str, Any]]:
    """Sends what is left over of hours that are past, and waits until it has landed.

    Args:
        books: of a service; closed afterwards.
        config: its settings.
        client: its signer may spend from the tills.
        reader: reads what is final.

    Raises:
        IonetError: it could not be sent, or the chain could not be read.
    """
    desk = Desk(books)
    try:
        settling = Settling(client, reader, desk, Tills(reader, desk, dict(config.tills)))
        known = {send.signature for send in await desk.do(lambda it: Treasury(it).sends())}
        end = asyncio.get_running_loop().time() + _LANDS
        while True:
            await settling.look()
            if settling.fault:
                raise IonetError(settling.fault)
            waiting = await desk.do(lambda it: Treasury(it).sends("signed"))
            if not waiting or asyncio.get_running_loop().time() > end:
                break
            await asyncio.sleep(_LOOK)
        sends = await desk.do(lambda it: Treasury(it).sends())
    finally:
        desk.close()
    return [
        {
            "currency": send.currency,
            "units": send.units,
            "vault": send.vault,
            "state": send.state,
            "signature": send.signature,
        }
        for send in sends
        if send.signature not in known
    ]
