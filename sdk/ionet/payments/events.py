"""What can happen to a payment. Events state what is so now, not what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ionet.payments.payment import Dispute


@dataclass(frozen=True, slots=True)
class IntentMade:
    """The card's side has a charge, which waits for its card."""

    intent: str
    session: str
    secret: str


@dataclass(frozen=True, slots=True)
class Authorised:
    """A card has been authorised."""

    intent: str
    cents: int
    card: str
    capture_by: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It is not to go on: the customer, a limit, the time, or the chain says no."""

    why: str


@dataclass(frozen=True, slots=True)
class CardReleased:
    """The card's side has ended the charge; nothing was taken."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction is kept, and may be sent."""

    job: str


@dataclass(frozen=True, slots=True)
class Landed:
    """The transaction has put this much into the escrow, base units."""

    deposit: int


@dataclass(frozen=True, slots=True)
class NeverLanded:
    """The transaction did not land, and no longer can."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The card has been charged."""

    cents: int


@dataclass(frozen=True, slots=True)
class NotCaptured:
    """The card cannot be charged any more, though the booking stands."""

    why: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What the chain has given back in all, base units, and whether that is everything."""

    units: int
    over: bool


@dataclass(frozen=True, slots=True)
class RefundBegun:
    """A refund is going to be asked for."""

    cents: int


@dataclass(frozen=True, slots=True)
class Refunded:
    """The refund that was under way has been taken on."""

    cents: int


@dataclass(frozen=True, slots=True)
class RefundRefused:
    """The refund that was under way is refused."""

    why: str


@dataclass(frozen=True, slots=True)
class RefundBounced:
    """A refund that had been taken on has come back, this many cents of all in all."""

    cents: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """What the card's bank says of the charge, and the cents: when lost, all that were ever taken back of it.

    `forgiven`: one that came after a loss that was forgiven is decided, and nothing more is lost.
    """

    standing: Dispute
    cents: int


@dataclass(frozen=True, slots=True)
class Forgiven:
    """The operator bears what it has cost, and sells to its customer and for its card again."""

    why: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The customer wants the job to end."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is left to be done."""


Event: TypeAlias = (
    IntentMade
    | Authorised
    | GivenUp
    | CardReleased
    | Signed
    | Landed
    | NeverLanded
    | Captured
    | NotCaptured
    | Returned
    | RefundBegun
    | Refunded
    | RefundRefused
    | RefundBounced
    | Disputed
    | Forgiven
    | StopAsked
    | Settled
)
