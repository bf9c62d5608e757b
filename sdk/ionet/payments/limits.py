"""How much may be bought: by one card, one customer, and all together, within any 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from ionet.chain.errors import IonetError
from ionet.payments.amounts import CENT, dollars

DAY: Final = 86_400


class OverLimit(IonetError):
    """A payment that goes beyond a limit; nothing was begun."""


class Sums(Protocol):
    """Who knows what payments come to."""

    def __call__(self, since: int, **of: str) -> int:
        """Cents since a time, of a `customer`, a `card`, or all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits, in cents.

    Attributes:
        payment: of one payment.
        card: of one card in 24 hours.
        customer: of one customer in 24 hours.
        day: of all customers in 24 hours.
    """

    payment: int
    card: int
    customer: int
    day: int

    def check(self, spent: Sums, cents: int, customer: str, now: int) -> None:
        """Checks a payment before it begins.

        Raises:
            OverLimit: it is too large, or would be with those of the last 24 hours.
        """
        since = now - DAY
        self._within("one payment", self.payment, 0, cents)
        self._within("a customer in 24 hours", self.customer, spent(since, customer=customer), cents)
        if spent(since) + cents > self.day:
            # What others spend is nobody's business.
            raise OverLimit("no more is sold by card today; try again later, or pay in USDC")

    def over(self, spent: Sums, card: str, now: int) -> str | None:
        """Why nothing is booked for a card that has been authorised; None: it is.

        Args:
            spent: knows sums, which contain this payment's.
            card: the card's fingerprint; empty: nobody knows it.
            now: Unix seconds.
        """
        if spent(now - DAY) > self.day:
            return "no more is sold by card today"
        if not card:
            return "the card cannot be told from others"
        sum_ = spent(now - DAY, card=card)
        if sum_ <= self.card:
            return None
        return f"a card pays {dollars(self.card * CENT)} USD in 24 hours at most"

    @staticmethod
    def _within(what: str, limit: int, before: int, cents: int) -> None:
        if before + cents > limit:
            left = dollars(max(0, limit - before) * CENT)
            raise OverLimit(f"the limit of {what} is {dollars(limit * CENT)} USD, of which {left} is left")
