"""What payments come to, for limits, and whose they may no longer be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from ionet.payments import schema
from ionet.payments.payment import State
from ionet.payments.purse import Account

_PROMISED: Final = (State.AUTHORISED.value, State.BOOKING.value)
_OUT_OF_LIMITS: Final = (State.CANCELLED.value, State.CANCELLING.value)


@dataclass(frozen=True, slots=True)
class Spent:
    """What payments come to, for limits.

    Attributes:
        connection: in whose transaction it is read.
    """

    connection: sa.Connection

    def cents(self, since: int, **of: str) -> int:
        """Cents of payments since a time that were not cancelled, of a `customer` or a `card`.

        Of all customers together those count for which a card was given: else anybody could use up the
        others' limit for nothing.
        """
        table = schema.payments.c
        out = _OUT_OF_LIMITS if of else (*_OUT_OF_LIMITS, State.OPENED.value, State.AWAITING.value)
        asked = sa.select(sa.func.coalesce(sa.func.sum(table.total), 0)).where(
            table.created >= since,
            table.state.not_in(out),
            *(table[name] == value for name, value in of.items()),
        )
        return int(self.connection.execute(asked).scalar_one())

    def frozen(self, customer: str, card: str = "") -> bool:
        """Whether a charge of a customer or card is disputed, or the operator has a loss by one, unforgiven.

        Of the card as well: wallets cost nothing.
        """
        table, moved = schema.payments.c, schema.postings.c
        theirs = (table.customer == customer) | ((table.card == card) & (table.card != ""))
        disputed = sa.select(table.id).where(theirs, table.dispute.in_(("open", "lost")))
        if self.connection.execute(disputed.limit(1)).first() is not None:
            return True
        loss = Account.LOSS.value
        lost = sa.case((moved.giver == loss, moved.units), (moved.taker == loss, -moved.units), else_=0)
        asked = sa.select(sa.func.coalesce(sa.func.sum(lost), 0)).where(
            theirs, moved.payment == table.id, (moved.giver == loss) | (moved.taker == loss)
        )
        return int(self.connection.execute(asked).scalar_one()) > 0

    def waiting(self, customer: str) -> int:
        """A customer's payments that wait for a card."""
        table = schema.payments.c
        asked = sa.select(sa.func.count()).where(
            table.customer == customer, table.state.in_((State.OPENED.value, State.AWAITING.value))
        )
        return int(self.connection.execute(asked).scalar_one())

    def promised(self) -> int:
        """Cents of payments for which the wallet has yet to pay."""
        table = schema.payments.c
        asked = sa.select(sa.func.coalesce(sa.func.sum(table.total), 0)).where(table.state.in_(_PROMISED))
        return int(self.connection.execute(asked).scalar_one())
