"""Random walks of customers, banks, jobs and faults, in which the service is killed at every boundary.

The chain is LiteSVM, the card's side the stand-in behind HTTP. After each step the books add up; at the end
of each walk, when nothing is under way, chain and cards say the same as the books, to the last unit.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.payments.stand_in import Refusal
from tests.payments.world import HOUR, World, market, world

from ionet import USD, IonetError
from ionet.payments.amounts import CENT
from ionet.payments.events import Forgiven
from ionet.payments.machine import step
from ionet.payments.payment import CHARGED, ENDED, Payment, State

DAY = 24 * HOUR
#: Boundaries of effects in the longest run of the cashier in these walks, and some more.
BOUNDARIES = 60
KILLS = st.lists(st.integers(0, BOUNDARIES), max_size=3)
#: What a supplier asks for in dollars, and what it becomes between the first quote and its booking.
RATES = ("2.4", "2.5", "2.6")
MOVES = st.sampled_from(("2.5", "2.4", "2.6"))
#: In these a transaction was signed, and was not found dead.
SIGNED = (State.BOOKING, State.BOOKED, State.UNPAID, *CHARGED)
WAYS = st.lists(st.sampled_from(["intent", "checkout"]), min_size=2, max_size=2)


class Walk(RuleBasedStateMachine):
    """Two customers' nodes, and all that can go wrong around them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world: World = self.stack.enter_context(world())
        self.market = market()
        self.before = self.market.purse

    # -- customers

    def _payments(self, *states: State) -> list[Payment]:
        return [each for each in self.world.books.payments() if not states or each.state in states]

    @rule(node=st.integers(0, 1), hours=st.integers(1, 3), way=st.sampled_from(["intent", "checkout"]))
    def buys(self, node: int, hours: int, way: str) -> None:
        with suppress(IonetError):
            self.world.buy(self.world.quote(node, hours * HOUR + 700), way)

    @rule(minutes=st.sampled_from([7, 61]))
    def extends(self, minutes: int) -> None:
        for payment in self._payments(State.RUNNING):
            with suppress(IonetError):
                self.world.buy(self.world.quote(seconds=60 * minutes, job=payment.job))
                return

    @initialize(hours=st.lists(st.integers(1, 3), min_size=2, max_size=2), ways=WAYS, rate=MOVES, kills=KILLS)
    def begins(self, hours: list[int], ways: list[str], rate: str, kills: list[int]) -> None:
        for node, way in enumerate(ways):
            self.buys(node, hours[node], way)
        self.a_supplier_changes_their_price(0, rate)
        self.pays("fp_one", kills)

    @rule(card=st.sampled_from(["fp_one", "fp_two"]), kills=KILLS)
    def pays(self, card: str, kills: list[int]) -> None:
        """The page is made, the card is given, and the booking follows."""
        self.works(kills)
        for payment in self._payments(State.AWAITING):
            with suppress(Refusal):
                self.world.stripe.authorise(payment.intent or payment.session, card)
        self.works(kills)

    @rule(which=st.integers(0, 5))
    def cancels(self, which: int) -> None:
        payments = [each for each in self._payments() if each.state not in ENDED]
        if payments:
            with suppress(IonetError):
                self.world.cashier().give_up(payments[which % len(payments)])

    # -- the service, and what befalls it

    @rule(kills=KILLS)
    def works(self, kills: list[int]) -> None:
        """The service is killed so many boundaries after its start, again and again; then it lives."""
        for kill_at in kills:
            self.world.work(kill_at)
        self.world.work()

    @rule(kill_at=st.integers(0, BOUNDARIES))
    def dies(self, kill_at: int) -> None:
        """The service is killed, and nobody starts it yet."""
        self.world.work(kill_at)

    @rule(moods=st.lists(st.sampled_from(["lose", "drop", "busy", "twice"]), min_size=1, max_size=3))
    def the_cards_side_has_moods(self, moods: list[str]) -> None:
        self.world.stripe.moods.extend(moods)

    @rule()
    def transactions_get_lost(self) -> None:
        self.world.lost = not self.world.lost

    @rule()
    def a_day_passes_for_stripes_keys(self) -> None:
        """What was asked for before is not known by its key any more."""
        self.world.stripe.forget_keys()

    @rule()
    def blockhashes_end(self) -> None:
        self.market.pass_blocks()

    @rule(which=st.integers(0, 30), again=st.booleans())
    def a_message_comes(self, which: int, again: bool) -> None:
        """Any of those that were ever sent: late, twice, and in any order."""
        messages = self.world.stripe.messages
        if messages:
            message = messages[which % len(messages)]
            about = message["data"]["object"]
            intent = about["id"] if about["object"] == "payment_intent" else about["payment_intent"] or ""
            for _ in range(1 + again):
                self.world.books.take(message["id"], message["type"], intent, self.market.now)

    # -- banks

    @rule(refused=st.booleans())
    def captures_are_refused(self, refused: bool) -> None:
        self.world.stripe.refuse_capture = refused

    @rule()
    def an_authorisation_lapses(self) -> None:
        for payment in self._payments(State.AUTHORISED, State.BOOKING, State.BOOKED):
            if self.world.stripe.intents[payment.intent]["status"] == "requires_capture":
                self.world.stripe.lapse(payment.intent)
                return

    @rule(which=st.integers(0, 5))
    def the_operator_forgives(self, which: int) -> None:
        books = self.world.books
        owed = [each for each in books.payments() if each.purse.loss or each.dispute == "lost"]
        if owed:
            payment = owed[which % len(owed)]
            books.record(payment, step(payment, Forgiven("x")), self.market.now)

    @rule(
        which=st.integers(0, 5),
        decision=st.sampled_from(["", "won", "lost"]),
        part=st.sampled_from([20, 100]),
    )
    def a_bank_disputes(self, which: int, decision: str, part: int) -> None:
        stripe, charged = self.world.stripe, self._payments(*CHARGED)
        if not charged:
            return
        payment = charged[which % len(charged)]
        mine = [each for each in stripe.disputes.values() if each["payment_intent"] == payment.intent]
        open_ = [each for each in mine if each["status"] == "needs_response"]
        left = stripe.taken(payment.intent)
        if not open_ and len(mine) < 2 and left:
            stripe.dispute(payment.intent, cents=left if mine else max(1, left * part // 100))
        elif decision and open_:
            stripe.decide(open_[0]["id"], decision)

    # -- the market

    @rule(node=st.integers(0, 1), rate=st.sampled_from(RATES))
    def a_supplier_changes_their_price(self, node: int, rate: str) -> None:
        self.market.as_("alice").jobs.offer(self.market.nodes[node], rate=USD(rate)).send()

    @rule()
    def jobs_start(self) -> None:
        """The supplier is ready, and some time passes."""
        for payment in self._payments(State.BOOKING, State.BOOKED, State.RUNNING):
            if payment.job:
                with suppress(IonetError):
                    self.market.start(payment.job)
        self.time_passes(50)

    @rule(part=st.integers(1, 100))
    def time_passes(self, part: int) -> None:
        self.market.advance(part * 36)
        for job in self._jobs():
            with suppress(IonetError):
                account = self.market.deployer.jobs.get_job(job)
                self.market.attest(str(job), min(self.market.now, account.ends_at) - account.started_at)

    @rule(which=st.integers(0, 3))
    def a_customer_stops_on_chain(self, which: int) -> None:
        if jobs := self._jobs():
            with suppress(IonetError):
                self.market.stop(str(jobs[which % len(jobs)]))

    @rule()
    def anyone_cranks(self) -> None:
        for job in self._jobs():
            self.market.finish(str(job))

    def _jobs(self) -> list:  # type: ignore[type-arg]
        return [
            each.address for each in self.market.deployer.jobs.find_jobs(renter=self.market.renter.pubkey())
        ]

    # -- what has to hold

    @invariant()
    def the_books_add_up(self) -> None:
        self.world.check()

    @invariant()
    def nobody_pays_more_than_was_shown(self) -> None:
        for payment in self._payments():
            if payment.intent:
                intent = self.world.stripe.intents[payment.intent]
                assert intent["amount"] == payment.total
                assert intent["amount_received"] <= payment.total
        assert len([each for each in self.world.stripe.intents.values() if each["amount_received"]]) <= len(
            self._payments(*CHARGED, State.BOOKED)
        ), "a card is charged once for a payment"

    @invariant()
    def nothing_is_booked_that_no_bank_has_held(self) -> None:
        """And what is unpaid all the same is so as the bank has let go of it."""
        for payment in self._payments(*SIGNED):
            intent = self.world.stripe.intents[payment.intent]
            assert intent["latest_charge"], "a card was given for it"
            assert payment.state != State.UNPAID or intent["status"] == "canceled"

    @invariant()
    def the_wallet_pays_once_for_each_payment(self) -> None:
        most = sum(
            each.deposit for each in self._payments() if each.state not in (State.OPENED, State.AWAITING)
        )
        assert self.before - self.market.purse <= most

    def teardown(self) -> None:
        rested = False
        try:
            self._come_to_rest()
            rested = True
        finally:
            self.stack.close()
            if not rested:
                market.cache_clear()  # the next walk begins on a clean one

    def _come_to_rest(self) -> None:
        stripe = self.world.stripe
        self.world.lost, stripe.refuse_capture = False, False
        stripe.moods.clear()
        for dispute in stripe.disputes.values():
            if dispute["status"] == "needs_response":
                stripe.decide(dispute["id"], "won")
        for message in stripe.messages:
            about = message["data"]["object"]
            self.world.books.take(message["id"], message["type"], about.get("payment_intent") or "", 0)
        for node in self.market.nodes:
            self.market.as_("alice").jobs.offer(node, rate=USD("2.5")).send()
        self.world.work()
        for payment in self._payments(State.UNPAID):
            assert self.market.has_ended(payment.job), "nobody computes on what no card pays"
        for _ in range(3):
            self.world.work()
            self.market.pass_blocks()
            self.market.advance(2 * DAY)
            for job in self._jobs():
                self.market.finish(str(job))
        self.world.work()
        self.world.work()
        payments = self._payments()
        assert all(each.state in ENDED for each in payments), [
            (each.state, each.problem) for each in payments
        ]
        self.world.check()
        self.world.check_cards()
        for payment in self._payments(State.CANCELLED):
            assert self.world.is_let_go(payment), "no card is held for nothing"
        spent = sum(each.purse.booked for each in payments)
        assert self.before - self.market.purse == spent, "what the wallet has paid is what the books say"
        # Of a charge of which a bank has taken back a part the operator pays the rest back by hand.
        assert all(each.purse.held < CENT or each.blocked or each.lost for each in payments), (
            "nothing is kept from customers"
        )


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
