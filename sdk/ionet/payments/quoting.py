"""What a card is charged, line by line, before anybody pays."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ionet.chain.errors import IonetError
from ionet.payments.amounts import CENT, LEAST, MOST, card_fee, charged, dollars

if TYPE_CHECKING:
    from ionet.jobs.quotes import Quote


class NotForCards(IonetError):
    """A price that no card is charged: too small, or too large."""


@dataclass(frozen=True, slots=True)
class CardQuote:
    """What is offered, and every part of its price; amounts of the chain are base units of USDC.

    Attributes:
        id: random.
        customer: for whom.
        made: Unix seconds.
        expires: until when it can be taken, Unix seconds.
        node: address of what is to be booked.
        job: address of the job to be extended, or empty.
        seconds: how long.
        price: of the work.
        booking_fee: the market's fee for booking.
        payment_fee: the market's fee for paying in USDC.
        deposit: these three together: what goes into the job's escrow.
        rounding: what is missing to a whole cent; it is held for the customer.
        fee: the operator's fee for the card, cents.
        total: what the card is charged, cents.
    """

    id: str
    customer: str
    made: int
    expires: int
    node: str
    job: str
    seconds: int
    price: int
    booking_fee: int
    payment_fee: int
    deposit: int
    rounding: int
    fee: int
    total: int

    def dumped(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def loaded(cls, body: str) -> CardQuote:
        """From JSON."""
        values: dict[str, Any] = json.loads(body)
        return cls(**values)

    def told(self) -> dict[str, Any]:
        """For the customer: amounts in dollars, as texts."""
        lines = [
            ("price", "the work", self.price),
            ("booking_fee", "the market's fee for booking", self.booking_fee),
            ("payment_fee", "the market's fee for paying in USDC", self.payment_fee),
            ("card_fee", "the fee for paying by card; it is not refunded", self.fee * CENT),
            (
                "rounding",
                "up to a whole cent; held for you, and refunded with what comes back",
                self.rounding,
            ),
        ]
        return {
            "id": self.id,
            "expires": self.expires,
            "node": self.node,
            "job": self.job or None,
            "seconds": self.seconds,
            "currency": "usd",
            "lines": [{"name": name, "text": text, "amount": dollars(units)} for name, text, units in lines],
            "deposit": dollars(self.deposit),
            "total": dollars(self.total * CENT),
            "total_cents": self.total,
        }


def for_card(
    quote: Quote, *, id_: str, customer: str, now: int, lasts: int, bps: int, fixed: int, job: str = ""
) -> CardQuote:
    """The price of a rental for a card.

    Args:
        quote: the chain's price, in USDC.
        id_: of the new quote.
        customer: for whom.
        now: Unix seconds.
        lasts: seconds for which it can be taken.
        bps: the operator's fee, of the charge, in ten thousandths.
        fixed: the operator's fee for each charge, cents.
        job: the job to be extended, or empty.

    Raises:
        NotForCards: no card is charged so little, or so much.
    """
    deposit = quote.deposit.base
    cents = charged(deposit)
    fee = card_fee(cents, bps, fixed)
    total = cents + fee
    if not LEAST <= total <= MOST:
        raise NotForCards(
            f"a card is charged from {dollars(LEAST * CENT)} to {dollars(MOST * CENT)} USD, not"
            f" {dollars(total * CENT)}; book more time, or several parts"
        )
    return CardQuote(
        id=id_,
        customer=customer,
        made=now,
        expires=now + lasts,
        node=str(quote.node),
        job=job,
        seconds=quote.seconds,
        price=quote.price.base,
        booking_fee=quote.booking_fee.base,
        payment_fee=quote.payment_fee.base,
        deposit=deposit,
        rounding=cents * CENT - deposit,
        fee=fee,
        total=total,
    )
