"""What an event makes of a payment, and which money moves: pure functions.

Repeating an event moves nothing. So whoever was killed between an effect and its event looks again, and tells
the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ionet.chain.errors import IonetError
from ionet.payments.amounts import CENT
from ionet.payments.events import (
    Authorised,
    Captured,
    CardReleased,
    Disputed,
    Event,
    Forgiven,
    GivenUp,
    IntentMade,
    Landed,
    NeverLanded,
    NotCaptured,
    RefundBegun,
    RefundBounced,
    Refunded,
    RefundRefused,
    Returned,
    Settled,
    Signed,
    StopAsked,
)
from ionet.payments.payment import BEFORE, CHARGED, ENDED, Dispute, Payment, State
from ionet.payments.purse import Account, Posting


class Impossible(IonetError):
    """An event that cannot follow on the state of a payment; nothing is changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an event makes of a payment.

    Attributes:
        payment: afterwards.
        postings: the money that moves.
    """

    payment: Payment
    postings: tuple[Posting, ...] = ()


def step(payment: Payment, event: Event) -> Step:
    """What an event makes of a payment.

    Raises:
        Impossible: it cannot follow on the payment's state.
        Unbalanced: the money would not add up.
    """
    match event:
        case IntentMade() | Authorised() | GivenUp() | CardReleased():
            changed = _before(payment, event)
        case Signed() | Landed() | NeverLanded():
            changed = _on_chain(payment, event)
        case Captured() | NotCaptured():
            changed = _capture(payment, event)
        case Returned():
            changed = _returned(payment, event)
        case RefundBegun() | Refunded() | RefundRefused() | RefundBounced():
            changed = _refund(payment, event)
        case Disputed():
            changed = _disputed(payment, event)
        case Forgiven():
            changed = _forgiven(payment, event)
        case StopAsked():
            changed = _moved(payment, event, stopping=True)
        case Settled():
            _expect(payment, event, State.RUNNING, State.UNPAID)
            changed = _moved(payment, event, state=State.SETTLED)
    return changed


def _expect(payment: Payment, event: Event, *states: State) -> None:
    if payment.state not in states:
        raise Impossible(
            f"payment {payment.id} is {payment.state}: no {type(event).__name__} follows on that"
        )


def _moved(payment: Payment, event: Event, *moves: tuple[Account, Account, int], **changes: object) -> Step:
    """The payment with changes, after movements; those of nothing are left out."""
    why = type(event).__name__
    postings = tuple(Posting(giver, taker, units, why) for giver, taker, units in moves if units)
    purse = payment.purse.after(postings)
    changed = replace(payment, purse=purse, version=payment.version + 1, **changes)  # type: ignore[arg-type]
    return Step(changed, postings)


def _before(payment: Payment, event: IntentMade | Authorised | GivenUp | CardReleased) -> Step:
    """Until a transaction is signed, or after the chain has refused it."""
    match event:
        case IntentMade(intent, session, secret):
            _expect(payment, event, State.OPENED)
            return _moved(payment, event, state=State.AWAITING, intent=intent, session=session, secret=secret)
        case Authorised(intent, cents, card, capture_by):
            _expect(payment, event, State.AWAITING)
            state, problem = State.AUTHORISED, ""
            if cents != payment.total:
                state, problem = State.CANCELLING, "the card was authorised for another amount than was asked"
            move = (Account.CARD, Account.HELD, cents * CENT)
            return _moved(
                payment,
                event,
                move,
                state=state,
                intent=intent,
                card=card,
                capture_by=capture_by,
                problem=problem,
            )
        case GivenUp(why):
            _expect(payment, event, *BEFORE, State.BOOKING)
            return _moved(payment, event, state=State.CANCELLING, problem=why)
        case CardReleased(why):
            _expect(payment, event, *BEFORE, State.CANCELLING)
            release = (Account.HELD, Account.CARD, payment.purse.held)
            return _moved(
                payment, event, release, state=State.CANCELLED, secret="", problem=payment.problem or why
            )


def _on_chain(payment: Payment, event: Signed | Landed | NeverLanded) -> Step:
    match event:
        case Signed(job):
            _expect(payment, event, State.AUTHORISED)
            return _moved(payment, event, state=State.BOOKING, job=job, attempt=payment.attempt + 1)
        case Landed(deposit):
            _expect(payment, event, State.BOOKING)
            if not 0 < deposit <= payment.deposit:
                raise Impossible(f"payment {payment.id} has booked {deposit}, of {payment.deposit} at most")
            return _moved(payment, event, (Account.HELD, Account.BOOKED, deposit), state=State.BOOKED)
        case NeverLanded():
            _expect(payment, event, State.BOOKING)
            job = payment.job if payment.extends else ""
            return _moved(payment, event, state=State.AUTHORISED, job=job)


def _capture(payment: Payment, event: Captured | NotCaptured) -> Step:
    _expect(payment, event, State.BOOKED)
    purse = payment.purse
    if isinstance(event, Captured):
        if event.cents != payment.to_capture:
            raise Impossible(f"payment {payment.id}: {event.cents} cents charged, not {payment.to_capture}")
        return _moved(
            payment,
            event,
            (Account.HELD, Account.CARD, purse.card - event.cents * CENT),
            (Account.HELD, Account.FEE, payment.fee * CENT),
            state=State.RUNNING,
            secret="",
        )
    return _moved(
        payment,
        event,
        (Account.HELD, Account.CARD, purse.held),
        (Account.LOSS, Account.CARD, purse.booked),
        state=State.UNPAID,
        stopping=True,
        problem=event.why,
        secret="",
    )


def _returned(payment: Payment, event: Returned) -> Step:
    """Money is back from the chain: the customer's, or what makes up for a loss."""
    if payment.state in ENDED and event.units == payment.returned:
        return Step(payment)
    _expect(payment, event, State.RUNNING, State.UNPAID)
    more = event.units - payment.returned
    if more < 0:
        raise Impossible(
            f"payment {payment.id}: the chain gave {payment.returned} back, and now {event.units}"
        )
    lost = min(more, payment.purse.loss)
    forgiven = min(more - lost, payment.purse.forgiven)
    return _moved(
        payment,
        event,
        (Account.BOOKED, Account.HELD, more),
        (Account.HELD, Account.LOSS, lost),
        (Account.HELD, Account.FORGIVEN, forgiven),
        returned=event.units,
        over=event.over,
    )


def _refund(payment: Payment, event: RefundBegun | Refunded | RefundRefused | RefundBounced) -> Step:
    match event:
        case RefundBegun(cents):
            _expect(payment, event, State.RUNNING)
            if payment.refunding or not 0 < cents <= payment.refundable:
                raise Impossible(
                    f"payment {payment.id} has {payment.refundable} cents to refund, not {cents}"
                )
            return _moved(payment, event, refunding=cents, refunds=payment.refunds + 1)
        case Refunded(cents):
            if not payment.refunding or cents != payment.refunding:
                raise Impossible(f"payment {payment.id}: no refund of {cents} cents is under way")
            return _moved(payment, event, (Account.HELD, Account.REFUNDED, cents * CENT), refunding=0)
        case RefundRefused(why):
            if not payment.refunding:
                raise Impossible(f"payment {payment.id}: no refund is under way")
            return _moved(payment, event, refunding=0, blocked=True, problem=why)
        case RefundBounced(cents):
            _expect(payment, event, *CHARGED)
            back = (Account.REFUNDED, Account.HELD, cents * CENT)
            said = "the card's bank has sent a refund back"
            return _moved(payment, event, back, blocked=True, problem=said)


def _disputed(payment: Payment, event: Disputed) -> Step:
    more = event.cents - payment.lost
    if not (more > 0 if event.standing == "lost" else _follows(payment, event.standing)) or _untold(payment):
        return Step(payment)
    _expect(payment, event, *CHARGED)
    if event.standing != "lost":
        return _moved(
            payment, event, dispute=event.standing, stopping=event.standing == "open" or payment.stopping
        )
    # A refund that is under way is the customer's already, whatever becomes of it.
    own = min(more * CENT, payment.purse.held - payment.refunding * CENT)
    return _moved(
        payment,
        event,
        (Account.HELD, Account.REFUNDED, own),
        (Account.LOSS, Account.REFUNDED, more * CENT - own),
        dispute="lost",
        lost=event.cents,
        stopping=True,
        problem="the card's bank has taken the charge back",
    )


def _follows(payment: Payment, standing: Dispute) -> bool:
    """Whether a dispute that is not lost is news: what is lost stays so until it is forgiven."""
    if payment.lost:
        return (payment.dispute, standing) in (("forgiven", "open"), ("open", "forgiven"))
    return standing not in (payment.dispute, "forgiven")


def _untold(payment: Payment) -> bool:
    """Whether its dispute was lost when the books did not yet say of how much."""
    return payment.dispute in ("lost", "forgiven") and not payment.lost


def _forgiven(payment: Payment, event: Forgiven) -> Step:
    lost = payment.dispute == "lost"
    if not (payment.purse.loss or lost):
        why = "is disputed, undecided" if payment.dispute == "open" else "has cost the operator nothing"
        raise Impossible(f"payment {payment.id}: there is nothing to forgive, as it {why}")
    return _moved(
        payment,
        event,
        (Account.FORGIVEN, Account.LOSS, payment.purse.loss),
        dispute="forgiven" if lost else payment.dispute,
        forgiven=event.why,
    )
