"""A payment, and the states that it can be in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from ionet.payments.amounts import charged, payable
from ionet.payments.purse import NOTHING, Purse


class State(StrEnum):
    """Where a payment stands."""

    OPENED = "opened"
    AWAITING = "awaiting"
    AUTHORISED = "authorised"
    BOOKING = "booking"
    BOOKED = "booked"
    RUNNING = "running"
    UNPAID = "unpaid"
    SETTLED = "settled"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


#: In these nothing more happens, unless a bank says so.
ENDED: Final = (State.SETTLED, State.CANCELLED)
#: In these a card has not been charged, and nothing has been booked.
BEFORE: Final = (State.OPENED, State.AWAITING, State.AUTHORISED)
#: In these a card has been charged.
CHARGED: Final = (State.RUNNING, State.SETTLED)

Dispute: TypeAlias = Literal["none", "open", "won", "lost", "forgiven"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One charge of one card: a booking, or an extension of one.

    Attributes:
        id: random; whoever knows another's learns nothing by it.
        customer: who pays.
        node: address of what is booked.
        job: address of the job; empty before it is signed for.
        extends: whether it extends that job.
        seconds: how long.
        manifest: sha256 of what is to run, hexadecimal; empty for an extension.
        renter: address of the key whose job it is.
        deposit: the most that is put into the escrow, base units.
        fee: the operator's fee, cents.
        total: what the card is charged at most, cents.
        way: `intent`: the card's form is in the customer's page; `checkout`: it is Stripe's own page.
        back: where Stripe's own page leads back to.
        created: Unix seconds.
        expires: until when the card may be authorised, Unix seconds.
        state: where it stands.
        intent: Stripe's name of the charge, or empty.
        session: Stripe's name of its own page, or empty.
        secret: what the customer's page confirms the charge with, or the address of Stripe's own page.
        card: Stripe's fingerprint of the card, or empty.
        capture_by: until when the authorisation holds, Unix seconds.
        attempt: transactions that were signed so far.
        purse: where its money is.
        returned: what the chain has given back, base units.
        refunds: refunds to the card that were begun.
        refunding: cents of the one that is under way; 0: none is.
        blocked: whether the card takes no refund, so that a person has to see to it.
        stopping: whether the customer wants the job to end.
        over: whether the chain gives nothing more back.
        dispute: what the card's bank says; `forgiven`: it is lost, and the operator has forgiven that.
        lost: cents that banks have taken back by disputes.
        forgiven: why the operator has forgiven what it has cost; empty: they have not.
        problem: why it did not go on, for the customer; empty: it did.
        version: of this record.
    """

    id: str
    customer: str
    node: str
    job: str
    extends: bool
    seconds: int
    manifest: str
    renter: str
    deposit: int
    fee: int
    total: int
    way: Literal["intent", "checkout"]
    back: str
    created: int
    expires: int
    state: State = State.OPENED
    intent: str = ""
    session: str = ""
    secret: str = ""
    card: str = ""
    capture_by: int = 0
    attempt: int = 0
    purse: Purse = NOTHING
    returned: int = 0
    refunds: int = 0
    refunding: int = 0
    blocked: bool = False
    stopping: bool = False
    over: bool = False
    dispute: Dispute = "none"
    lost: int = 0
    forgiven: str = ""
    problem: str = ""
    version: int = 0

    @property
    def to_capture(self) -> int:
        """Cents that the card is charged: what was booked, and the fee."""
        return charged(self.purse.booked) + self.fee

    @property
    def refundable(self) -> int:
        """Cents that go back to the card now."""
        fits = self.state == State.RUNNING and not self.blocked and self.dispute in ("none", "won")
        return payable(self.purse.held) if fits else 0

    @property
    def counts(self) -> bool:
        """Whether it counts for limits."""
        return self.state not in (State.CANCELLED, State.CANCELLING)


def dumped(payment: Payment) -> str:
    """A payment as JSON.

    What is not so yet is left out where earlier software does not know it, which reads all others.
    """
    values = asdict(payment)
    for values_of, name in ((values, "lost"), (values, "forgiven"), (values["purse"], "forgiven")):
        if not values_of[name]:
            del values_of[name]
    return json.dumps(values, separators=(",", ":"))


def loaded(body: str) -> Payment:
    """A payment from JSON."""
    values: dict[str, Any] = json.loads(body)
    values["purse"] = Purse(**values["purse"])
    values["state"] = State(values["state"])
    return Payment(**values)
