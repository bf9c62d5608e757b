"""Cards: what something costs by card, payments, and where their money is."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from ionet.console import _card_models as m
from ionet.console._card_book import KeptCard
from ionet.console._mine import mine
from ionet.console._parts import Have
from ionet.console._paying import Cards, Payment
from ionet.console._who import Reader, Renter
from ionet.explorer._market import Absent
from ionet.explorer._values import BadQuestion
from ionet.payments.client import Priced

cards: Final = APIRouter()
_Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def _taken(parts: Have) -> Cards:
    if parts.cards is None:
        raise Absent("this console takes no cards")
    return parts.cards


_Taken = Annotated[Cards, Depends(_taken)]


@cards.post("/cards/prices", summary="What a plan, or more time of a job, costs by card; nothing is paid")
async def price(renter: Renter, taken: _Taken, parts: Have, asked: m.AskedPrice) -> m.CardPrice:
    """A price, with every fee."""
    if (asked.plan is None) == (asked.job is None) or (asked.job is None) != (asked.seconds is None):
        raise BadQuestion("name a plan to be booked, or a job and the seconds that it is to last longer")
    if asked.plan is not None:
        return _price(*await taken.price(renter, parts.plans.get(asked.plan, renter.wallet)))
    address, account = await mine(parts, renter, asked.job or "")
    return _price(*await taken.price_of_more(renter, address, account.node, asked.seconds or 0))


@cards.post("/cards/payments", summary="Begins to pay a price; asked again, it is the same payment")
async def pay(renter: Renter, taken: _Taken, asked: m.AskedPayment) -> m.CardPayment:
    """A payment, with the page where the card is given."""
    return _shown(taken, await taken.pay(renter, asked.price))


@cards.get("/cards/payments", summary="The wallet's payments by card, the latest first")
async def payments(reader: Reader, taken: _Taken) -> m.CardPayments:
    """Payments that were begun here."""
    return m.CardPayments(payments=tuple(_payment(each, None) for each in await taken.all(reader)))


@cards.get("/cards/payments/{payment}", summary="Where a payment stands")
async def payment(reader: Reader, taken: _Taken, payment: _Id) -> m.CardPayment:
    """A payment."""
    return _shown(taken, await taken.look(reader, payment))


@cards.get("/cards/payments/{payment}/receipt", summary="Where the money of a payment has gone")
async def receipt(reader: Reader, taken: _Taken, payment: _Id) -> m.CardPayment:
    """A payment with its movements."""
    return _shown(taken, await taken.receipt(reader, payment))


@cards.post("/cards/payments/{payment}/end", summary="Lets the card go, or ends the job and has it refunded")
async def end(renter: Renter, taken: _Taken, payment: _Id) -> m.CardPayment:
    """The payment as it then stands."""
    return _shown(taken, await taken.end(renter, payment))


def _price(card: KeptCard, priced: Priced) -> m.CardPrice:
    return m.CardPrice(
        id=card.id,
        expires=priced.expires,
        node=priced.node,
        job=priced.job,
        seconds=priced.seconds,
        lines=tuple(m.CardLine(name=each.name, text=each.text, amount=each.amount) for each in priced.lines),
        deposit=priced.deposit,
        total=priced.total,
    )


def _shown(taken: Cards, it: Payment) -> m.CardPayment:
    return _payment(it, taken.page_of(it.paid))


def _payment(it: Payment, url: str | None) -> m.CardPayment:
    paid = it.paid
    movements = tuple(
        m.CardMovement(at=each.at, giver=each.giver, taker=each.taker, amount=each.amount, why=each.why)
        for each in paid.movements
    )
    return m.CardPayment(
        id=it.kept.id,
        title=it.kept.title,
        state=paid.state.value,
        problem=paid.problem,
        over=paid.over,
        node=paid.node,
        job=paid.job,
        seconds=paid.seconds,
        extends=paid.extends,
        created=paid.created,
        expires=paid.expires,
        url=url,
        total=paid.total,
        charged=paid.charged,
        booked=paid.booked,
        refunded=paid.refunded,
        held=paid.held,
        card_fee=paid.card_fee,
        dispute=paid.dispute,
        movements=movements,
    )
