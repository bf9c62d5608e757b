"""Where the money of a payment is, and how it moves: postings from one account of the books to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from ionet.chain.errors import IonetError


class Account(StrEnum):
    """An account of the books: those of `LEFT` stand on the left of the balance, the rest on the right."""

    CARD = "card"
    LOSS = "loss"
    FORGIVEN = "forgiven"
    BOOKED = "booked"
    REFUNDED = "refunded"
    HELD = "held"
    FEE = "fee"


LEFT: Final = (Account.CARD, Account.LOSS, Account.FORGIVEN)


class Unbalanced(IonetError):
    """Books that do not add up; nothing is written then."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement.

    Attributes:
        giver: the account that it comes from.
        taker: the account that it goes to.
        units: base units of USDC, above 0.
        why: the event that it follows from.
    """

    giver: Account
    taker: Account
    units: int
    why: str


@dataclass(frozen=True, slots=True)
class Purse:
    """Balances of a payment, base units of USDC, none of them ever below nothing.

    Attributes:
        card: authorised, and not released; after the capture, charged.
        loss: what the operator bears, since a card has taken back what was spent.
        forgiven: what they bear for good, and hold against nobody any more.
        booked: in the job's escrow, or spent from it.
        refunded: gone back to the card.
        held: the customer's, and in neither place: on its way, or less than a cent.
        fee: the operator's fee for the charge.
    """

    card: int = 0
    loss: int = 0
    booked: int = 0
    refunded: int = 0
    held: int = 0
    fee: int = 0
    forgiven: int = 0

    def after(self, postings: Iterable[Posting]) -> Purse:
        """The balances after movements.

        Raises:
            Unbalanced: one of them would be below nothing, or the sides would differ.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for posting in postings:
            if posting.units <= 0:
                raise Unbalanced(f"a posting moves something: {posting}")
            values[posting.giver] += posting.units if posting.giver in LEFT else -posting.units
            values[posting.taker] -= posting.units if posting.taker in LEFT else -posting.units
        purse = replace(self, **values)
        purse.check()
        return purse

    def check(self) -> None:
        """Checks that card + loss + forgiven = booked + refunded + held + fee, and none is below nothing.

        Raises:
            Unbalanced: they do not add up.
        """
        values = [getattr(self, field.name) for field in fields(self)]
        if min(values) < 0 or self.difference:
            raise Unbalanced(f"these balances do not add up: {self}")

    @property
    def difference(self) -> int:
        """How much the left side has more than the right one."""
        left = self.card + self.loss + self.forgiven
        return left - self.booked - self.refunded - self.held - self.fee


#: Of a payment to which nothing has happened.
NOTHING: Final = Purse()
