"""Does what a payment asks of cards and chain, one step at a time, and writes down what came of it.

It can be killed anywhere. A signed transaction is in the books before it is sent, and until it is known to be
dead no other one is signed; all else is looked up before it is done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ionet.payments.amounts import CENT, shares
from ionet.payments.books import NEVER, Books, BooksDown, Out, Stale
from ionet.payments.cards import CardRefused, Cards, CardsDown, Charge, KeyRefused, Taken
from ionet.payments.chain import Chain, ChainDown, ChainRefused
from ionet.payments.events import (
    Authorised,
    Captured,
    CardReleased,
    Disputed,
    Event,
    GivenUp,
    Landed,
    NeverLanded,
    NotCaptured,
    RefundBounced,
    Refunded,
    RefundRefused,
    Returned,
    Signed,
    StopAsked,
)
from ionet.payments.limits import Limits
from ionet.payments.machine import Impossible, step
from ionet.payments.payment import BEFORE, CHARGED, Payment, State
from ionet.payments.plan import Action, wanted
from ionet.payments.purse import Unbalanced

_log = logging.getLogger(__name__)
#: Steps of one payment at a time.
_STEPS: Final = 16
#: Seconds until a payment is looked at again, by what it waits for: a transaction, a card, a job, a bank.
_LANDING: Final = 1
_PAYING: Final = 15
_WORKING: Final = 30
_DECIDING: Final = 3_600
#: Seconds for which a job may run before its card could be charged.
PATIENCE: Final = 1_800
#: After an answer that did not come, and after one that makes no sense.
_AGAIN: Final = 10
_PUZZLED: Final = 600


@dataclass(frozen=True, slots=True)
class _Later:
    """Nothing to write down yet: look again after so many seconds."""

    seconds: int


class Cashier:
    """Works on the payments of the books.

    Args:
        books: what there is.
        cards: the card's side.
        chain: the chain's side.
        limits: of cards.
        now: Unix seconds.
        tell: told of what the operator has to know: a kind, a payment's id, a sentence.

    Attributes:
        forbidden: payments that wait since Stripe's key may not do what they need, and what it said.
    """

    def __init__(
        self,
        books: Books,
        cards: Cards,
        chain: Chain,
        limits: Limits,
        *,
        now: Callable[[], int],
        tell: Callable[[str, str, str], None] = lambda kind, payment, text: None,
    ) -> None:
        self._books = books
        self._cards = cards
        self._chain = chain
        self._limits = limits
        self._now = now
        self._tell = tell
        self.forbidden: dict[str, str] = {}

    def work(self) -> int:
        """Looks at all payments that are due; gives their number.

        Raises:
            BooksDown: the books take nothing at present; what was not written down is looked up later.
        """
        due = self._books.due(self._now())
        for payment, _ in due:
            self.advance(payment.id)
        return len(due)

    def advance(self, id_: str) -> None:
        """Takes a payment as far as it goes now.

        Raises:
            BooksDown: see `work`.
        """
        try:
            for _ in range(_STEPS):
                if not self._next(id_):
                    break
            self.forbidden.pop(id_, None)
        except Stale:
            return  # somebody else is at it
        except BooksDown:
            raise  # no payment's fault
        except (CardsDown, ChainDown) as bad:
            _log.warning("payment %s waits: %s", id_, bad)
            if isinstance(bad, KeyRefused):
                self.forbidden[id_] = str(bad)
            self._put_off(id_, _AGAIN)
            self._not_for_nothing(id_)
        except (Impossible, Unbalanced, CardRefused, ChainRefused) as bad:
            _log.error("payment %s needs a person: %s", id_, bad)
            self._tell("payment-stuck", id_, str(bad))
            self._put_off(id_, _PUZZLED)
        except Exception:
            # One payment that nobody has foreseen does not keep the others from going on.
            _log.exception("payment %s needs a person", id_)
            self._tell("payment-stuck", id_, "something went wrong that nobody has foreseen; see the log")
            self._put_off(id_, _PUZZLED)

    def give_up(self, payment: Payment) -> None:
        """Ends a payment for its customer: before the booking by letting the card go, after it by its job."""
        event = GivenUp("cancelled") if payment.state in BEFORE else StopAsked()
        self._record(payment, event)

    # -- one step

    def _next(self, id_: str) -> bool:
        """Takes one step; whether there may be another one now."""
        payment = self._books.payment(id_)
        assert payment is not None, "it is in the books"
        if news := self._books.news(id_):
            self._look(payment)
            self._books.looked(id_, news)
            return True
        frozen = self._books.frozen(payment.customer, payment.card)
        todo = wanted(payment, self._now(), frozen=frozen)
        if todo is None:
            self._books.schedule(payment, NEVER)
            return False
        if not isinstance(todo, Action):
            self._record(payment, todo)
            return True
        if todo == Action.SIGN:
            event, out = self._sign(payment)
            self._record(payment, event, out)
            return True
        done = self._do(todo, payment)
        if isinstance(done, _Later):
            self._books.schedule(payment, self._now() + done.seconds)
            return False
        self._record(payment, done)
        return True

    def _do(self, action: Action, payment: Payment) -> Event | _Later:
        match action:
            case Action.MAKE_INTENT:
                try:
                    return self._cards.make(payment)
                except CardRefused as bad:
                    return GivenUp(str(bad))
            case Action.READ_CARD:
                return self._read(payment)
            case Action.DELIVER:
                return self._deliver(payment)
            case Action.CAPTURE:
                return self._capture(payment)
            case Action.CANCEL_CARD:
                return self._cancel(payment)
            case Action.REFUND_CARD:
                try:
                    return Refunded(self._cards.refund(payment))
                except CardRefused as bad:
                    self._tell("refund-refused", payment.id, str(bad))
                    return RefundRefused(str(bad))
            case Action.READ_DISPUTE:
                self._look(payment)
                return _Later(_DECIDING)
            case Action.STOP_JOB:
                self._chain.stop(payment.job)
                return self._watch(payment)
            case _:
                return self._watch(payment)

    def _record(self, payment: Payment, event: Event, out: Out | None = None) -> None:
        after = step(payment, event)
        self._books.record(payment, after, self._now(), out)
        _log.info("payment %s: %s, %s", payment.id, type(event).__name__, after.payment.state)
        if isinstance(event, NotCaptured):
            self._tell("capture-failed", payment.id, f"the booking stands and is being ended: {event.why}")

    def _put_off(self, id_: str, seconds: int) -> None:
        payment = self._books.payment(id_)
        if payment is not None:
            self._books.schedule(payment, self._now() + seconds, whatever=True)

    def _not_for_nothing(self, id_: str) -> None:
        """Ends the job of a payment that the card's side could not be asked for in all this time."""
        payment = self._books.payment(id_)
        if payment is None or payment.state != State.BOOKED:
            return
        if self._now() - self._books.signed_at(payment) > PATIENCE:
            self._tell("capture-waits", id_, "the card's side does not answer; its job is being ended")
            with suppress(ChainDown, ChainRefused):
                self._chain.stop(payment.job)

    # -- cards

    def _read(self, payment: Payment) -> Event | _Later:
        charge = self._cards.read(payment)
        if charge.standing == "authorised":
            return Authorised(charge.intent, charge.cents, charge.card, charge.capture_by)
        if charge.standing == "gone":
            return CardReleased(charge.why)
        if charge.standing == "charged":
            return GivenUp("the card was charged before anything was booked")
        if self._now() > payment.expires:
            return GivenUp("the time to pay is over")
        return _Later(_PAYING)

    def _capture(self, payment: Payment) -> Event:
        try:
            charge = self._cards.capture(payment, payment.to_capture)
        except CardRefused as bad:
            _log.warning("payment %s is not captured: %s", payment.id, bad)
            charge = self._cards.cancel(payment)
        if charge.standing == "charged":
            return Captured(charge.cents)
        return NotCaptured(charge.why or "the card's authorisation is gone")

    def _cancel(self, payment: Payment) -> Event:
        if not (payment.intent or payment.session):
            return CardReleased()  # nobody was ever shown it
        charge: Charge = self._cards.cancel(payment)
        if charge.standing != "gone":
            raise CardRefused(f"charge {charge.intent} was captured by somebody else; refund it by hand")
        return CardReleased(charge.why)

    def _look(self, payment: Payment) -> None:
        """Reads what a message may have been about; messages themselves are never believed."""
        if payment.state not in CHARGED:
            return  # its next step reads the charge anyway
        taken = self._cards.later(payment)
        news = _disputed(payment, taken)
        if news is not None and step(payment, news).payment != payment:
            decided = news.standing == "forgiven"
            said = "decided, and takes no more" if decided else news.standing
            self._tell("disputed", payment.id, f"its dispute is {said}")
            self._record(payment, news)
            return
        missing = payment.purse.refunded // CENT - payment.lost - taken.refunded
        if payment.dispute not in ("lost", "forgiven") and not payment.refunding and missing > 0:
            self._tell("refund-bounced", payment.id, f"{missing} cents have come back")
            self._record(payment, RefundBounced(missing))

    # -- the chain

    def _sign(self, payment: Payment) -> tuple[Event, Out | None]:
        why = self._limits.over(self._books.spent, payment.card, self._now())
        if why is not None:
            return GivenUp(why), None
        try:
            out = self._chain.sign(payment)
        except ChainRefused as bad:
            return GivenUp(str(bad)), None
        return Signed(out.job), out

    def _deliver(self, payment: Payment) -> Event | _Later:
        out = self._books.out(payment)
        fate = self._chain.fate(out)
        match fate.standing:
            case "landed":
                return Landed(fate.deposit)
            case "failed":
                return GivenUp(fate.why)
            case "dead":
                return NeverLanded()
            case _:
                self._chain.send(out)
                return _Later(_LANDING)

    def _watch(self, payment: Payment) -> Event | _Later:
        facts = self._chain.job(payment.job)
        if facts.standing == "ended" and not facts.over:
            self._chain.pay_back(payment.job)
            facts = self._chain.job(payment.job)
        on_job = self._books.payments(job=payment.job)
        if facts.returned and any(each.state == State.BOOKING for each in on_job):
            return _Later(_LANDING)  # nobody's share is known before it is known whether that one has landed
        mine = _share(payment, on_job, facts.returned)
        if mine == payment.returned and facts.over == payment.over:
            return _Later(_WORKING)
        return Returned(mine, facts.over)


def _disputed(payment: Payment, taken: Taken) -> Disputed | None:
    """What banks say of a payment; of several disputes the one that matters most."""
    if taken.lost > payment.lost:
        return Disputed("lost", taken.lost)
    if taken.open:
        return Disputed("open", taken.open)
    if payment.lost:
        return Disputed("forgiven", taken.lost)
    return Disputed("won", taken.won) if taken.won else None


#: Something of these is, or was, in a job's escrow.
_ON_CHAIN: Final = (State.BOOKED, State.RUNNING, State.UNPAID, State.SETTLED)


def _share(payment: Payment, on_job: Sequence[Payment], returned: int) -> int:
    """A payment's part of what its job has given back."""
    there = [each for each in on_job if each.state in _ON_CHAIN]
    place = next(at for at, each in enumerate(there) if each.id == payment.id)
    return shares(returned, [each.purse.booked + each.returned for each in there])[place]
