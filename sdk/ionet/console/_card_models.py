"""What the console's API says about cards. Amounts are dollars, as text; times are Unix seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ionet.console._models import Asked, Id, Key
from ionet.explorer._models import Model


class AskedPrice(Asked):
    """For what: a plan that is to be booked, or more time of a job that was paid by card."""

    plan: Id | None = None
    job: Key | None = None
    seconds: Annotated[int | None, Field(ge=1, le=31_622_400)] = None
    """How much longer; of `job` only."""


class CardLine(Model):
    """A part of a price."""

    name: str
    text: str
    amount: str


class CardPrice(Model):
    """What a card would be charged. Nothing is paid yet."""

    id: str
    """It names the payment, too."""
    expires: int
    """Until when it can be begun to be paid."""
    node: str
    job: str | None
    """What is extended, or null."""
    seconds: int
    lines: tuple[CardLine, ...]
    """All parts of the total."""
    deposit: str
    """What goes into the job's escrow."""
    total: str


class AskedPayment(Asked):
    """Which price is to be paid."""

    price: Id


class CardMovement(Model):
    """Money that has moved."""

    at: int
    giver: str
    """`card`, `loss`, `booked`, `refunded`, `held`, `fee`; so is `taker`."""
    taker: str
    amount: str
    why: str


class CardPayment(Model):
    """A payment as it stands."""

    id: str
    title: str
    state: str
    """`opened`, `awaiting`: the card is still to be given; `authorised`, `booking`, `booked`, `running`,
    `unpaid`, `settled`, `cancelling`, `cancelled`."""
    problem: str
    """Why it did not go on; empty: it did."""
    over: bool
    node: str
    job: str | None
    """The job, once it is on the chain."""
    seconds: int
    extends: bool
    created: int
    expires: int
    """Until when the card can be given."""
    url: str | None
    """The page where the card is given, while that is waited for."""
    total: str
    charged: str
    booked: str
    refunded: str
    held: str
    card_fee: str
    dispute: str
    movements: tuple[CardMovement, ...]
    """In a receipt; elsewhere empty."""


class CardPayments(Model):
    """Payments, the latest first."""

    payments: tuple[CardPayment, ...]
