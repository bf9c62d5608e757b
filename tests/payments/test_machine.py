"""A payment's states as pure functions: hand-computed money, and what must be impossible."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ionet.payments.amounts import CENT, card_fee, charged, dollars, payable, shares
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
from ionet.payments.machine import Impossible, step
from ionet.payments.payment import Payment, State
from ionet.payments.plan import ATTEMPTS, MARGIN, Action, wanted
from ionet.payments.purse import Account, Posting, Purse, Unbalanced

NOW = 1_800_000_000
WEEK = 7 * 86_400
#: 5.1125 USD go into the escrow, 5.12 are charged, and 0.30 for the card.
DEPOSIT, FEE = 5_112_500, 30
TOTAL = 512 + FEE


def fresh(**more: Any) -> Payment:
    usual: dict[str, Any] = {
        "id": "p1", "customer": "carol", "node": "node", "job": "", "extends": False, "seconds": 7_200,
        "manifest": "07" * 32, "renter": "carol", "deposit": DEPOSIT, "fee": FEE, "total": TOTAL,
        "way": "intent", "back": "", "created": NOW, "expires": NOW + 900,
    }  # fmt: skip
    return Payment(**usual | more)


def after(payment: Payment, *events: Event) -> Payment:
    for event in events:
        payment = step(payment, event).payment
    return payment


AUTHORISED = (IntentMade("pi_1", "", "s"), Authorised("pi_1", TOTAL, "fp", NOW + WEEK))
BOOKED = (*AUTHORISED, Signed("job"), Landed(DEPOSIT))
RUNNING = (*BOOKED, Captured(TOTAL))


# -- cents


@pytest.mark.parametrize(
    ("units", "up", "down"),
    [(0, 0, 0), (1, 1, 0), (9_999, 1, 0), (10_000, 1, 1), (10_001, 2, 1), (5_112_500, 512, 511)],
)
def test_a_charge_is_rounded_up_to_a_cent_and_a_refund_down(units: int, up: int, down: int) -> None:
    assert (charged(units), payable(units)) == (up, down)


def test_the_operators_fee_is_rounded_up_once() -> None:
    # 2.9 % of 5.12 USD are 14.848 cents.
    assert card_fee(512, 290, 30) == 45
    assert card_fee(512, 0, 0) == 0


def test_what_a_job_gives_back_goes_to_the_latest_payment_first() -> None:
    assert shares(0, [50, 30]) == [0, 0]
    assert shares(20, [50, 30]) == [0, 20]
    assert shares(45, [50, 30]) == [15, 30]
    assert shares(100, [50, 30]) == [50, 30], "more than was put in belongs to none of them"


@given(
    st.integers(0, 10**12), st.integers(0, 10**12), st.lists(st.integers(1, 10**9), min_size=1, max_size=5)
)
def test_a_payments_share_never_falls_as_more_comes_back(first: int, more: int, booked: list[int]) -> None:
    before, then = shares(first, booked), shares(first + more, booked)
    assert all(low <= high for low, high in zip(before, then, strict=True))
    assert sum(then) == min(first + more, sum(booked))


def test_amounts_are_written_exactly() -> None:
    assert [dollars(units) for units in (0, 10_000, 5_120_000, 7_500, -2_500_000)] == [
        "0.00", "0.01", "5.12", "0.007500", "-2.50"
    ]  # fmt: skip


# -- money


def test_a_booking_is_charged_to_the_cent_and_the_rest_is_held() -> None:
    payment = after(fresh(), *RUNNING)
    assert payment.purse == Purse(card=5_420_000, booked=5_112_500, held=7_500, fee=300_000)


def test_a_booking_that_became_cheaper_charges_what_was_booked_and_releases_the_rest() -> None:
    payment = after(fresh(), *AUTHORISED, Signed("job"), Landed(4_000_001))
    assert payment.to_capture == 401 + FEE
    payment = after(payment, Captured(431))
    assert payment.purse == Purse(card=4_310_000, booked=4_000_001, held=9_999, fee=300_000)


def test_all_that_the_chain_gives_back_goes_to_the_card_without_a_remainder() -> None:
    payment = after(fresh(), *RUNNING, Returned(DEPOSIT, over=True))
    assert payment.refundable == 512
    payment = after(payment, RefundBegun(512), Refunded(512), Settled())
    assert payment.purse == Purse(card=5_420_000, refunded=5_120_000, fee=300_000)


def test_a_refund_is_cut_to_cents_and_what_is_left_stays_held() -> None:
    payment = after(fresh(), *RUNNING, Returned(1_234_567, over=True))
    # 0.0075 were held before: 1.242067 in all.
    assert payment.refundable == 124
    payment = after(payment, RefundBegun(124), Refunded(124), Settled())
    assert payment.purse == Purse(
        card=5_420_000, booked=3_877_933, refunded=1_240_000, held=2_067, fee=300_000
    )


def test_a_refusal_on_chain_releases_the_card() -> None:
    payment = after(fresh(), *AUTHORISED, Signed("job"), GivenUp("leased"), CardReleased())
    assert (payment.state, payment.purse, payment.problem) == (State.CANCELLED, Purse(), "leased")


def test_a_card_that_cannot_be_charged_after_the_booking_is_the_operators_loss_and_ends_the_job() -> None:
    payment = after(fresh(), *BOOKED, NotCaptured("lapsed"))
    assert payment.purse == Purse(loss=DEPOSIT, booked=DEPOSIT)
    assert wanted(payment, NOW, frozen=False) == Action.STOP_JOB
    payment = after(payment, Returned(5_000_000, over=True))
    assert payment.purse == Purse(loss=112_500, booked=112_500)
    assert wanted(payment, NOW, frozen=False) == Settled()


def test_a_lost_dispute_takes_what_is_held_first_and_the_rest_is_a_loss() -> None:
    payment = after(fresh(), *RUNNING, Returned(1_000_000, over=False), Disputed("lost", TOTAL))
    assert payment.purse == Purse(
        card=5_420_000, loss=4_412_500, booked=4_112_500, refunded=5_420_000, fee=300_000
    )
    payment = after(payment, Returned(3_000_000, over=True))
    assert payment.purse.loss == 2_412_500, "what still comes back makes up for it, and is not refunded twice"
    assert payment.refundable == 0


def test_another_dispute_after_one_that_was_forgiven_counts_for_what_it_takes_more() -> None:
    payment = after(fresh(), *RUNNING, Disputed("lost", 100), Forgiven("settled by hand"))
    # Of 1.00 the held 0.0075 pay a part.
    assert payment.purse == Purse(
        card=5_420_000, forgiven=992_500, booked=DEPOSIT, refunded=1_000_000, fee=300_000
    )
    payment = after(payment, Disputed("open", 442))
    assert payment.dispute == "open"
    assert after(payment, Disputed("forgiven", 100)).dispute == "forgiven", "it was decided for the operator"
    payment = after(payment, Disputed("lost", 542))
    assert (payment.dispute, payment.lost) == ("lost", 542)
    assert payment.purse == Purse(
        card=5_420_000, loss=4_420_000, forgiven=992_500, booked=DEPOSIT, refunded=5_420_000, fee=300_000
    )
    assert after(payment, Disputed("lost", 542), Disputed("won", 1), Disputed("open", 1)) == payment
    assert after(payment, Forgiven("again")).purse.forgiven == 5_412_500


def test_an_authorisation_of_another_amount_is_let_go() -> None:
    payment = after(fresh(), AUTHORISED[0], Authorised("pi_1", TOTAL - 1, "fp", NOW + WEEK))
    assert payment.state == State.CANCELLING
    assert after(payment, CardReleased()).purse == Purse()


# -- what is next


def test_a_payment_asks_for_one_thing_after_the_other() -> None:
    payment = fresh()
    asked: list[object] = []
    for event in (*RUNNING, Returned(DEPOSIT, over=True), RefundBegun(512), Refunded(512), Settled()):
        asked.append(wanted(payment, NOW, frozen=False))
        payment = after(payment, event)
    assert asked == [
        Action.MAKE_INTENT, Action.READ_CARD, Action.SIGN, Action.DELIVER, Action.CAPTURE, Action.WATCH_JOB,
        RefundBegun(512), Action.REFUND_CARD, Settled(),
    ]  # fmt: skip
    assert wanted(payment, NOW, frozen=False) is None


def test_nothing_is_booked_for_a_customer_who_disputes() -> None:
    for events in ((), AUTHORISED[:1], AUTHORISED):
        assert isinstance(wanted(after(fresh(), *events), NOW, frozen=True), GivenUp)
    assert wanted(after(fresh(), *BOOKED), NOW, frozen=True) == Action.CAPTURE, "what is booked is charged"


def test_an_open_dispute_ends_the_job_and_holds_what_comes_back() -> None:
    payment = after(fresh(), *RUNNING, Disputed("open", TOTAL))
    assert wanted(payment, NOW, frozen=True) == Action.STOP_JOB
    payment = after(payment, Returned(DEPOSIT, over=True))
    assert (payment.refundable, wanted(payment, NOW, frozen=True)) == (0, Action.READ_DISPUTE)
    payment = after(payment, Disputed("won", TOTAL))
    assert payment.refundable == 512


def test_a_refund_under_way_is_finished_whatever_the_bank_says() -> None:
    payment = after(fresh(), *RUNNING, Returned(DEPOSIT, over=True), RefundBegun(512), Disputed("open", 30))
    assert wanted(payment, NOW, frozen=True) == Action.REFUND_CARD


def test_nothing_is_booked_on_an_authorisation_that_ends_soon_or_for_ever() -> None:
    payment = after(fresh(), *AUTHORISED)
    assert wanted(payment, payment.capture_by - MARGIN, frozen=False) == Action.SIGN
    assert isinstance(wanted(payment, payment.capture_by - MARGIN + 1, frozen=False), GivenUp)
    for number in range(ATTEMPTS):
        payment = after(payment, Signed(f"job {number}"), NeverLanded())
    assert isinstance(wanted(payment, NOW, frozen=False), GivenUp)


# -- what is impossible


IMPOSSIBLE: list[tuple[tuple[Event, ...], Event]] = [
    ((), Signed("job")),
    ((), Captured(TOTAL)),
    (AUTHORISED, Landed(DEPOSIT)),
    (AUTHORISED, Captured(TOTAL)),
    ((*AUTHORISED, Signed("job")), Signed("another job")),
    ((*AUTHORISED, Signed("job")), Landed(DEPOSIT + 1)),
    ((*AUTHORISED, Signed("job")), CardReleased()),
    (BOOKED, NeverLanded()),
    (BOOKED, GivenUp("too late")),
    (BOOKED, CardReleased()),
    (BOOKED, Captured(TOTAL - 1)),
    (BOOKED, RefundBegun(1)),
    (RUNNING, Captured(TOTAL)),
    (RUNNING, NotCaptured("no")),
    (RUNNING, RefundBegun(1)),
    (RUNNING, Refunded(1)),
    ((*RUNNING, Returned(20_000, over=False)), Returned(19_999, over=False)),
    ((*RUNNING, Returned(DEPOSIT, over=True)), RefundBegun(513)),
    ((*RUNNING, Returned(DEPOSIT, over=True), RefundBegun(512)), RefundBegun(1)),
    ((*RUNNING, Returned(DEPOSIT, over=True), RefundBegun(512)), Refunded(511)),
    ((*AUTHORISED, GivenUp("no"), CardReleased()), Signed("job")),
    ((*RUNNING, Settled()), NotCaptured("no")),
]


@pytest.mark.parametrize(("before", "event"), IMPOSSIBLE)
def test_what_cannot_follow_is_refused(before: tuple[Event, ...], event: Event) -> None:
    payment = after(fresh(), *before)
    with pytest.raises(Impossible):
        step(payment, event)


def test_a_balance_below_nothing_is_refused() -> None:
    with pytest.raises(Unbalanced):
        Purse(card=5, held=5).after([Posting(Account.HELD, Account.BOOKED, 6, "test")])
    with pytest.raises(Unbalanced):
        replace(Purse(), card=1).check()


class Anything(RuleBasedStateMachine):
    """Any events in any order: what is taken keeps the balance, and no card gets more back than it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = fresh()

    def _try(self, event: Event) -> None:
        with suppress(Impossible):
            self.payment = step(self.payment, event).payment

    @rule()
    def shown(self) -> None:
        self._try(AUTHORISED[0])

    @rule(cents=st.sampled_from([TOTAL, TOTAL, TOTAL, TOTAL - 1]))
    def authorised(self, cents: int) -> None:
        self._try(Authorised("pi_1", cents, "fp", NOW + WEEK))

    @rule()
    def signed(self) -> None:
        self._try(Signed("job"))

    @rule(deposit=st.integers(1, DEPOSIT + 1))
    def landed(self, deposit: int) -> None:
        self._try(Landed(deposit))

    @rule(
        event=st.sampled_from([NeverLanded(), GivenUp("x"), CardReleased("x"), NotCaptured("x"), StopAsked()])
    )
    def said(self, event: Event) -> None:
        self._try(event)

    @rule()
    def captured(self) -> None:
        self._try(Captured(self.payment.to_capture))

    @precondition(lambda self: self.payment.purse.booked)
    @rule(part=st.integers(0, 100), over=st.booleans())
    def returned(self, part: int, over: bool) -> None:
        more = self.payment.purse.booked * part // 100
        self._try(Returned(self.payment.returned + more, over))

    @rule()
    def refund(self) -> None:
        self._try(RefundBegun(self.payment.refundable))

    @rule(event=st.sampled_from(["taken", "refused"]))
    def refunded(self, event: str) -> None:
        cents = self.payment.refunding
        self._try(Refunded(cents) if event == "taken" or not cents else RefundRefused("x"))

    @precondition(lambda self: self.may_bounce())
    @rule()
    def bounced(self) -> None:
        self._try(RefundBounced(self._refunded))

    @rule(standing=st.sampled_from(["open", "won", "lost", "forgiven"]), part=st.sampled_from([20, 100]))
    def disputed(self, standing: Any, part: int) -> None:
        left = (self.payment.purse.card - self.payment.purse.refunded) // CENT - self.payment.refunding
        self._try(Disputed(standing, left * part // 100 + self.payment.lost))

    def may_bounce(self) -> bool:
        return self._refunded > 0 and self.payment.dispute not in ("lost", "forgiven")

    @property
    def _refunded(self) -> int:
        return self.payment.purse.refunded // CENT - self.payment.lost

    @rule()
    def forgiven(self) -> None:
        self._try(Forgiven("x"))

    @rule()
    def settled(self) -> None:
        self._try(Settled())

    @invariant()
    def adds_up(self) -> None:
        purse = self.payment.purse
        left = (purse.card, purse.loss, purse.forgiven)
        right = (purse.booked, purse.refunded, purse.held, purse.fee)
        assert sum(left) == sum(right)
        assert min(*left, *right) >= 0
        assert purse.card % CENT == 0
        assert purse.refunded % CENT == 0
        assert purse.refunded <= purse.card
        assert purse.booked + self.payment.returned <= DEPOSIT


TestAnything = Anything.TestCase
