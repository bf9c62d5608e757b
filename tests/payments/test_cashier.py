"""What the cashier does of cards and chain, one fault at a time, on a chain in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey
from tests.payments.world import HOUR, Killed, Market, World, world

from ionet.payments.auditing import differences
from ionet.payments.cards import StripeCards
from ionet.payments.cashier import PATIENCE
from ionet.payments.chain import Wallet
from ionet.payments.events import Forgiven
from ionet.payments.machine import step
from ionet.payments.payment import Payment, State
from ionet.payments.purse import Purse

DAY = 24 * HOUR


@pytest.fixture(scope="module")
def chain() -> Market:
    return Market.make()


@pytest.fixture
def there(chain: Market) -> Iterator[World]:
    with world(chain) as made:
        yield made
        while jobs := chain.deployer.jobs.find_jobs(renter=chain.renter.pubkey()):
            chain.advance(2 * DAY)
            for job in jobs:
                chain.finish(str(job.address))


def authorised(there: World, way: str = "intent", seconds: int = HOUR) -> Payment:
    """A payment whose card was just given."""
    payment = there.buy(there.quote(seconds=seconds), way)
    there.work()
    shown = there.now(payment)
    there.stripe.authorise(shown.intent or shown.session)
    return payment


def test_what_a_customer_does_not_use_goes_back_to_the_card_to_the_cent(there: World) -> None:
    payment = there.booked(seconds=3 * HOUR)
    # 7.50 and 2.25 % of it: 7.66875, charged 7.67.
    assert there.stripe.taken(payment.intent) == 767
    there.market.start(payment.job)
    there.market.advance(HOUR + 1_800)
    there.market.stop(payment.job)
    there.market.attest(payment.job, HOUR + 1_800)
    there.market.finish(payment.job)
    there.work()
    payment = there.now(payment)
    # Half is used: 3.75, and the whole fee of 0.16875; 3.75 come back, and 0.00125 were held.
    assert payment.purse == Purse(card=7_670_000, booked=3_918_750, refunded=3_750_000, held=1_250)
    assert (payment.state, there.stripe.taken(payment.intent)) == (State.SETTLED, 392)


def test_where_the_chain_refuses_the_card_is_let_go(there: World) -> None:
    first, second = authorised(there), authorised(there)
    there.work()
    there.work()
    there.work()
    states = sorted((there.now(each).state, there.now(each).problem[-20:]) for each in (first, second))
    assert [state for state, _ in states] == [State.CANCELLED, State.RUNNING]
    loser = next(each for each in map(there.now, (first, second)) if each.state == State.CANCELLED)
    assert "is booked until" in loser.problem
    assert there.stripe.intents[loser.intent]["status"] == "canceled"


def test_a_price_that_rises_after_the_quote_is_never_charged(there: World) -> None:
    from ionet import USD

    alice, payment = there.market.as_("alice"), authorised(there)
    alice.jobs.offer(there.market.nodes[0], rate=USD("3")).send()
    try:
        there.work()
        there.work()
        assert there.now(payment).state == State.CANCELLED
        assert "the price has risen" in there.now(payment).problem
    finally:
        alice.jobs.offer(there.market.nodes[0], rate=USD("2.5")).send()


def test_a_transaction_that_is_lost_is_sent_again_as_it_was(there: World) -> None:
    payment, there.lost = authorised(there), True
    there.work()
    kept = there.books.out(there.now(payment))
    there.work()
    assert there.books.out(there.now(payment)) == kept
    there.lost = False
    there.work()
    there.work()
    assert there.now(payment).state == State.RUNNING
    landed = there.market.deployer.transaction(kept.signature)
    assert landed.signature == kept.signature


def test_only_what_can_land_no_more_is_signed_anew(there: World) -> None:
    payment, there.lost = authorised(there), True
    there.work()
    first = there.books.out(there.now(payment))
    there.market.pass_blocks()
    there.work()
    assert there.now(payment).attempt == 2
    second = there.books.out(there.now(payment))
    assert second.signature != first.signature
    there.lost = False
    there.work()
    there.work()
    assert there.now(payment).state == State.RUNNING
    # The first one comes after all, from a node that had kept it.
    with suppress(Exception):
        Wallet(there.market.deployer.as_(there.market.wallet)).send(first)
    assert len(there.market.deployer.jobs.find_jobs(renter=there.market.renter.pubkey())) == 1


@pytest.mark.parametrize("way", ["intent", "checkout"])
def test_killed_at_each_boundary_in_turn_it_books_charges_and_refunds_once(there: World, way: str) -> None:
    before = there.market.purse
    payment = there.buy(there.quote(seconds=2 * HOUR), way)

    def killed_until(state: State) -> None:
        kill_at, version = 0, -1
        for _ in range(1_000):
            if (now := there.now(payment)).state == state:
                return
            if now.state == State.AWAITING:
                with suppress(Exception):
                    there.stripe.authorise(now.intent or now.session)
            # After each step that is written down it dies at the first boundary, then at the second …
            kill_at, version = (0 if now.version != version else kill_at + 1), now.version
            there.work(kill_at=kill_at)
            if now.state == State.RUNNING:
                # Stripe knows what it was asked for by a key for a day, and a refund may wait longer.
                there.stripe.forget_keys()
        raise AssertionError(there.now(payment))

    killed_until(State.RUNNING)
    # 5.00, its 2 %, and 0.25 % for booking.
    assert before - there.market.purse == 5_112_500
    assert [each["amount_received"] for each in there.stripe.intents.values()].count(512) == 1
    assert len(there.stripe.intents) == 1
    # Of two hours 65 minutes are used: so much comes back that it could be refunded twice.
    job = there.now(payment).job
    there.market.start(job)
    there.market.advance(65 * 60)
    there.market.stop(job)
    there.market.attest(job, 65 * 60)
    there.market.finish(job)
    killed_until(State.SETTLED)
    assert [each["amount"] for each in there.stripe.refunds.values()] == [229]
    assert not there.now(payment).blocked
    there.check()
    there.check_cards()


def test_an_extension_is_a_charge_of_its_own_and_its_time_comes_back_first(there: World) -> None:
    payment = there.booked(seconds=HOUR)
    there.market.start(payment.job)
    more = there.buy(there.quote(seconds=HOUR, job=payment.job))
    there.work()
    there.stripe.authorise(there.now(more).intent)
    there.work()
    there.work()
    assert there.now(more).state == State.RUNNING
    assert there.now(more).intent != payment.intent
    there.market.advance(HOUR)
    there.market.stop(payment.job)
    there.market.attest(payment.job, HOUR)
    there.market.finish(payment.job)
    there.work()
    first, second = there.now(payment), there.now(more)
    # Of 5.00 half was used; both fees of 0.05625 stay.
    assert (first.returned, second.returned) == (0, 2_500_000)
    assert there.stripe.taken(first.intent) == 256
    assert there.stripe.taken(second.intent) == 6


def test_a_dispute_freezes_its_customer_ends_the_job_and_holds_what_comes_back(there: World) -> None:
    payment = there.booked(seconds=3 * HOUR)
    there.market.start(payment.job)
    dispute = there.stripe.dispute(payment.intent)
    there.books.take("evt_1", "charge.dispute.created", payment.intent, 0)
    there.work()
    job = there.market.deployer.jobs.get_job(Pubkey.from_string(payment.job))
    assert job.reason.name == "RENTER_STOPPED"
    assert there.books.frozen("carol")
    there.market.attest(payment.job, 0)
    there.market.advance(HOUR)
    there.market.finish(payment.job)
    there.work()
    assert there.stripe.refunds == {}
    there.stripe.decide(dispute, "won")
    there.books.take("evt_2", "charge.dispute.closed", payment.intent, 0)
    there.work()
    assert not there.books.frozen("carol")
    assert there.now(payment).state == State.SETTLED
    assert (
        there.stripe.taken(payment.intent) * 10_000
        == there.now(payment).purse.card - there.now(payment).purse.refunded
    )
    assert ("disputed", payment.id, "its dispute is open") in there.told


def test_a_lost_dispute_is_the_operators_loss_less_what_the_chain_gives_back(there: World) -> None:
    payment = there.booked(seconds=3 * HOUR)
    there.stripe.decide(there.stripe.dispute(payment.intent), "lost")
    there.books.take("evt_1", "charge.dispute.closed", payment.intent, 0)
    for _ in range(3):
        there.work()
    payment = there.now(payment)
    # Nobody had started it: of 7.50 the booking fee of a quarter per cent stays, 0.01875.
    assert payment.purse == Purse(card=7_670_000, loss=18_750, booked=18_750, refunded=7_670_000)
    assert there.stripe.taken(payment.intent) == 0


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_a_dispute_after_one_that_was_forgiven_is_told_and_freezes_until_it_is_decided(
    there: World, decision: str
) -> None:
    payment = there.booked(seconds=3 * HOUR)
    there.stripe.decide(there.stripe.dispute(payment.intent, cents=100), "lost")
    there.books.take("evt_1", "charge.dispute.closed", payment.intent, 0)
    for _ in range(3):
        there.work()
    payment = there.now(payment)
    there.books.record(payment, step(payment, Forgiven("settled by hand")), there.market.now)
    there.work()
    assert not there.books.frozen("carol")
    second = there.stripe.dispute(payment.intent, cents=667)
    there.books.take("evt_2", "charge.dispute.created", payment.intent, 0)
    there.work()
    assert there.books.frozen("carol")
    assert there.told[-1] == ("disputed", payment.id, "its dispute is open")
    there.stripe.decide(second, decision)
    there.books.take("evt_3", "charge.dispute.closed", payment.intent, 0)
    there.work()
    payment = there.now(payment)
    assert there.books.frozen("carol") == (decision == "lost")
    assert there.stripe.taken(payment.intent) * 10_000 == payment.purse.card - payment.purse.refunded
    there.check()
    assert differences(there.books) == []


def test_a_charge_that_is_disputed_after_its_refund_costs_the_operator_the_rest_and_is_not_refunded_again(
    there: World,
) -> None:
    payment = there.booked(seconds=3 * HOUR)
    there.cashier().give_up(payment)
    for _ in range(3):
        there.work()
    # Ended before its start, for 0.01875: of 7.67 that were charged 7.65 came back.
    assert (there.now(payment).state, there.stripe.taken(payment.intent)) == (State.SETTLED, 2)
    dispute = there.stripe.dispute(payment.intent, whole=True)
    there.books.take("evt_1", "charge.dispute.created", payment.intent, 0)
    there.work()
    assert there.books.frozen("carol")
    there.stripe.decide(dispute, "lost")
    there.books.take("evt_2", "charge.dispute.closed", payment.intent, 0)
    for _ in range(3):
        there.work()
    purse = there.now(payment).purse
    # The bank takes all of it once more: what is held pays 0.00125 of it, and the operator the rest.
    assert purse == Purse(card=7_670_000, loss=7_668_750, booked=18_750, refunded=15_320_000)
    assert len(there.stripe.refunds) == 1
    there.check()


def test_a_card_that_does_not_pay_after_the_booking_gets_no_compute(there: World) -> None:
    there.stripe.refuse_capture = True
    payment = authorised(there)
    for _ in range(4):
        there.work()
    payment = there.now(payment)
    # Ended before its start, for the booking fee of 0.00625.
    assert (payment.state, payment.purse) == (State.SETTLED, Purse(loss=6_250, booked=6_250))
    assert there.stripe.intents[payment.intent]["status"] == "canceled"
    assert [kind for kind, _, _ in there.told] == ["capture-failed"]


def test_a_card_that_is_closed_while_its_job_runs_costs_the_operator_an_hour(there: World) -> None:
    other = there.booked(node=1)
    payment = authorised(there, seconds=3 * HOUR)
    # It is booked, and Stripe is not reached for the charge.
    there.before = lambda name, *args: there.stripe.moods.append("busy") if name == "capture" else None
    there.work()
    there.work()
    assert there.now(payment).state == State.BOOKED
    there.before = lambda name, *args: None
    there.market.start(there.now(payment).job)
    there.stripe.refuse_capture = True
    there.work()
    assert there.now(payment).state == State.UNPAID
    job = there.market.deployer.jobs.get_job(Pubkey.from_string(there.now(payment).job))
    assert job.reason.name == "RENTER_STOPPED"
    there.market.attest(there.now(payment).job, 0)
    there.market.advance(HOUR)
    there.market.finish(there.now(payment).job)
    there.work()
    payment = there.now(payment)
    # The first hour of three, 2.50, and the fees of all, 2.25 % of 7.50.
    assert (payment.state, payment.purse) == (State.SETTLED, Purse(loss=2_668_750, booked=2_668_750))
    assert there.stripe.taken(payment.intent) == 0
    # What was paid is the customer's, and goes on; more is not sold to them.
    assert (there.now(other).state, there.now(other).stopping) == (State.RUNNING, False)
    assert there.books.frozen("carol")


def test_an_extension_that_a_card_does_not_pay_ends_its_job_and_the_rest_is_refunded(there: World) -> None:
    payment = there.booked(seconds=2 * HOUR)
    there.market.start(payment.job)
    more = there.buy(there.quote(seconds=HOUR, job=payment.job))
    there.work()
    there.stripe.authorise(there.now(more).intent)
    there.stripe.refuse_capture = True
    there.work()
    there.work()
    assert there.now(more).state == State.UNPAID
    there.market.attest(payment.job, 0)
    there.market.advance(HOUR)
    there.market.finish(payment.job)
    for _ in range(3):
        there.work()
    first, second = there.now(payment), there.now(more)
    # Of 7.50 an hour was used. What comes back is that of the extension first, its fees of 0.05625 included:
    # who did not pay it bears them. So 2.44375 are left for the card, and 0.0075 charged beyond 5.1125.
    assert (second.state, second.purse) == (State.SETTLED, Purse())
    assert (first.state, there.stripe.taken(first.intent)) == (State.SETTLED, 512 - 245)
    assert not there.books.frozen("carol"), "nothing is owed"
    there.check()
    there.check_cards()


def test_a_job_does_not_run_for_long_while_the_cards_side_is_silent(there: World) -> None:
    payment = authorised(there)
    there.work()
    there.stripe.moods.extend(["busy"] * 50)
    there.work()
    assert there.now(payment).state == State.BOOKED
    there.market.start(there.now(payment).job)
    there.work()
    job = Pubkey.from_string(there.now(payment).job)
    assert there.market.deployer.jobs.get_job(job).reason.name == "NONE"
    there.market.advance(PATIENCE + 1)
    there.work()
    assert there.market.deployer.jobs.get_job(job).reason.name == "RENTER_STOPPED"
    assert there.now(payment).state == State.BOOKED, "it is still charged for what was used"


def test_a_refund_that_a_card_does_not_take_is_held_and_told(there: World) -> None:
    payment = there.booked()
    there.stripe.refuse_refunds = True
    there.cashier().give_up(payment)
    for _ in range(3):
        there.work()
    payment = there.now(payment)
    assert (payment.state, payment.blocked, payment.purse.refunded) == (State.SETTLED, True, 0)
    # 2.55625 less the booking fee of 0.00625 came back, and 0.00375 were held before.
    assert payment.purse.held == 2_553_750
    assert "refund-refused" in [kind for kind, _, _ in there.told]


def test_a_refund_that_comes_back_is_held_again_and_told(there: World) -> None:
    payment = there.booked()
    there.cashier().give_up(payment)
    for _ in range(3):
        there.work()
    assert there.now(payment).purse.refunded == 2_550_000
    there.stripe.bounce("re_1")
    there.books.take("evt_1", "refund.failed", payment.intent, 0)
    there.work()
    assert there.now(payment).purse.refunded == 0
    assert there.now(payment).purse.held == 2_553_750


def test_an_answer_that_was_lost_does_not_refund_twice(there: World) -> None:
    payment = there.booked()
    there.cashier().give_up(payment)
    there.stripe.moods.extend(["lose", "lose", "twice"])
    for _ in range(4):
        there.work()
    assert there.now(payment).state == State.SETTLED
    assert [each["amount"] for each in there.stripe.refunds.values()] == [255]


def test_that_a_key_may_not_refund_is_known_until_it_may(there: World) -> None:
    payment, cashier = there.booked(), there.cashier()
    cashier.give_up(payment)
    there.stripe.moods.append("forbid")
    seen = []
    for _ in range(6):
        there.books.schedule(there.now(payment), 0, whatever=True)
        cashier.work()
        seen.append(set(cashier.forbidden))
    assert {payment.id} in seen
    assert there.now(payment).state == State.SETTLED
    assert [each["amount"] for each in there.stripe.refunds.values()] == [255]
    assert not cashier.forbidden


def test_a_refund_is_not_made_twice_after_stripe_has_forgotten_its_key(there: World) -> None:
    """Keys are kept for a day; a service may be away for longer."""
    payment = there.booked(seconds=3 * HOUR)
    there.market.start(payment.job)
    there.market.advance(2 * HOUR)
    there.market.stop(payment.job)
    there.market.attest(payment.job, 2 * HOUR)
    there.market.finish(payment.job)
    there.stripe.moods.extend(["lose"])
    there.work()
    assert there.now(payment).refunding == 250
    there.stripe.forget_keys()
    there.work()
    there.work()
    assert there.now(payment).state == State.SETTLED
    assert there.now(payment).purse.refunded == 2_500_000
    assert [each["amount"] for each in there.stripe.refunds.values()] == [250]


def test_one_payment_that_nobody_has_foreseen_does_not_keep_the_others_from_going_on(there: World) -> None:
    strange, plain = there.buy(replace(there.quote(), id="strange")), there.buy(there.quote(node=1))

    def odd(name: str, *args: object) -> None:
        if name == "make" and getattr(args[0], "id", "") == strange.id:
            raise RuntimeError("nobody has foreseen this")

    there.before = odd
    there.work()
    assert there.now(strange).state == State.OPENED
    assert there.now(plain).state == State.AWAITING
    assert [(kind, id_) for kind, id_, _ in there.told] == [("payment-stuck", strange.id)]


def test_the_books_agree_with_both_sides_until_somebody_goes_past_them(there: World) -> None:
    payment = there.booked()
    cards = StripeCards("sk_test_stand_in", there.stripe.url, retries=0)
    wallet = Wallet(there.market.deployer.as_(there.market.wallet))
    assert differences(there.books, cards, wallet) == []
    there.stripe.answer("POST", "/v1/refunds", {"payment_intent": payment.intent, "amount": "7"}, None)
    (found,) = differences(there.books, cards, wallet)
    assert (found.what, found.books, found.other) == ("refunded", "0.00", "0.07")


def test_a_process_that_dies_leaves_no_lock_behind(there: World) -> None:
    there.buy(there.quote())
    with suppress(Killed):
        there.work(kill_at=3)
    assert there.work()
