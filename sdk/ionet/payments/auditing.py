"""Compares the books with themselves, with the card's side, and with the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ionet.payments import schema
from ionet.payments.amounts import CENT, dollars
from ionet.payments.books import Books, balances
from ionet.payments.cards import CardRefused, Cards, CardsDown
from ionet.payments.chain import Chain, ChainDown, ChainRefused
from ionet.payments.payment import CHARGED, Payment, State
from ionet.payments.purse import LEFT, Account, Purse, Unbalanced

_IN_ESCROW = (State.BOOKED, State.RUNNING, State.UNPAID, State.SETTLED)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two statements about the same that differ, or one that could not be had.

    Attributes:
        payment: of which payment.
        what: what is compared.
        books: what the books say.
        other: what else says.
    """

    payment: str
    what: str
    books: str
    other: str


def differences(books: Books, cards: Cards | None = None, chain: Chain | None = None) -> list[Difference]:
    """What is not as the books say.

    Args:
        books: the books.
        cards: the card's side; None: it is not asked.
        chain: the chain's side; None: it is not asked.
    """
    found: list[Difference] = []
    payments = books.payments()
    for payment in payments:
        found += _within(books, payment)
        if cards is not None and payment.state in CHARGED:
            found += _charged(cards, payment)
    if chain is not None:
        jobs: dict[str, list[Payment]] = {}
        for payment in payments:
            if payment.state in _IN_ESCROW:
                jobs.setdefault(payment.job, []).append(payment)
        for job, on_job in jobs.items():
            found += _booked(chain, job, on_job)
    return found


def _within(books: Books, payment: Payment) -> list[Difference]:
    """The postings beside the balances."""
    try:
        purse = balances(books.entries(payment.id))
        payment.purse.check()
    except Unbalanced as bad:
        return [Difference(payment.id, "balance", str(payment.purse), str(bad))]
    if purse != payment.purse:
        return [Difference(payment.id, "postings", str(payment.purse), str(purse))]
    return []


def _charged(cards: Cards, payment: Payment) -> list[Difference]:
    try:
        charge, later = cards.read(payment), cards.later(payment)
    except (CardsDown, CardRefused) as bad:
        return [Difference(payment.id, "charge", payment.intent, str(bad))]
    told = {
        "charged": (payment.purse.card, charge.cents * CENT if charge.standing == "charged" else 0),
        "refunded": (payment.purse.refunded, (later.refunded + later.lost) * CENT),
    }
    return [
        Difference(payment.id, what, dollars(ours), dollars(theirs))
        for what, (ours, theirs) in told.items()
        if ours != theirs
    ]


def _booked(chain: Chain, job: str, on_job: Sequence[Payment]) -> list[Difference]:
    name = ", ".join(payment.id for payment in on_job)
    try:
        facts = chain.job(job)
    except (ChainDown, ChainRefused) as bad:
        return [Difference(name, "job", job, str(bad))]
    put_in = sum(payment.purse.booked + payment.returned for payment in on_job)
    returned = sum(payment.returned for payment in on_job)
    told = {"deposit": (put_in, facts.deposit), "returned": (returned, min(facts.returned, put_in))}
    return [
        Difference(name, what, dollars(ours), dollars(theirs))
        for what, (ours, theirs) in told.items()
        if ours != theirs
    ]


def totals(books: Books) -> tuple[dict[str, int], Purse]:
    """How many payments there are by state, and what all of them come to, by the database's own sums."""
    counts = dict.fromkeys((state.value for state in State), 0)
    balances = dict.fromkeys((account.value for account in Account), 0)
    states, moved = schema.payments.c.state, schema.postings.c
    with books._engine.connect() as connection:
        counts |= {
            str(state): int(count)
            for state, count in connection.execute(sa.select(states, sa.func.count()).group_by(states))
        }
        # In one statement: a movement that comes between two would be in one half of the sums alone.
        sums = sa.select(moved.giver, moved.taker, sa.func.sum(moved.units))
        for giver, taker, units in connection.execute(sums.group_by(moved.giver, moved.taker)):
            for account, sign in ((giver, -1), (taker, 1)):
                left = account in LEFT
                balances[account] += int(units) * (-sign if left else sign)
    return counts, Purse(**balances)
