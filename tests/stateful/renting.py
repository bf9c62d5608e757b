"""A walk's market of rentals: bookings, clusters, and the work until it ends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.model import escrow, rentals
from tests.model.escrow import Price
from tests.model.refusal import Refused, refuse
from tests.model.rentals import FRESH, IO, USDC, Proof, Rental, Rentals
from tests.programs.auctions import Auctions
from tests.programs.market import ANYTHING, IO_MINT, RATE
from tests.programs.people import Supplier, attestation
from tests.programs.support import DAY, HOUR, make_hireable
from tests.stateful.arena import THRESHOLD, WEIGHTS, Arena, _actor, built
from tests.stateful.receipts import Receipts
from tests.stateful.walk import Actions, Driver, Step, check_event
from tests.stateful.worth import gains, worth

from ionet import USDC as DOLLARS
from ionet import Sent, events, ix, pda, token_account, types

NODES: Final = ("alice", "bob", "erin")
RENTERS: Final = ("renter", "dave")
#: Sells IO.
SELLER: Final = "carol"
#: Who has a purse in both currencies.
PEOPLE: Final = (*NODES, *RENTERS, SELLER)
#: Keys that leave seats in a week, at most.
MAX_DEPARTED: Final = 16
#: Dollars an hour; from the third on, two attesters have to agree.
RATES: Final = (RATE, 1_234_567, 41_666_667, 50_000_000)

action = Actions()
a_node = st.sampled_from(NODES)
a_renter = st.sampled_from((*RENTERS[:1] * 3, *RENTERS))
a_currency = st.sampled_from((IO, USDC))
#: Which of those that there are; the latest one most often.
a_number = st.one_of(st.just(0), st.integers(0, 5))
#: One of the two parties of a job, a stranger, or who gets the refund.
a_party = st.sampled_from((0, 0, 1, 1, 2, 3))
a_length = st.sampled_from((HOUR, HOUR, 2 * HOUR, 3_601, 5_000, 24 * HOUR, HOUR - 1, 24 * HOUR + 1))
a_quote = st.sampled_from(("usable", "usable", "usable", "again", "old"))
#: Most are of now; the others at the limits, as the head's and as another report's.
a_proof = st.sampled_from(
    (
        *[FRESH] * 8,
        Proof(passed=False),
        Proof(age=6 * HOUR),
        Proof(age=6 * HOUR + 1),
        Proof(age=6 * HOUR + 1, head_age=6 * HOUR),
        Proof(age=2 * DAY, head_age=2 * DAY),
        Proof(age=2 * DAY + 1, head_age=2 * DAY + 1),
    )
)
some_seconds = st.sampled_from((0, 1, 59, 60, 61, 600, HOUR, HOUR, 2 * HOUR, DAY, 2 * DAY))


@dataclass(slots=True)
class Quote:
    """A currency's price account: 10^-8 dollars, as of a time."""

    price: int
    confidence: int
    ema: int
    at: int

    def seen(self, now: int) -> Price:
        """In the model, at a time."""
        price, confidence, ema = (Fraction(n, 10**8) for n in (self.price, self.confidence, self.ema))
        return Price(price, confidence, ema, now - self.at)


@functools.cache
def bazaar() -> tuple[Arena, Auctions]:
    """The one market of rentals of this process: three offers, all fee vaults with their auctions."""
    made = built()
    auctions = Auctions(made.market)
    for shard in range(1, rentals.SHARDS):
        call = ix.buyback.open_auction(payer=made.market.world.deployer, mint=made.market.usdc, shard=shard)
        made.market.world.send(call)
    made.people["renter"] = made.market.renter
    for name in NODES:
        make_hireable(made.market.world.client, made.nodes[name].node)
    for who in PEOPLE:
        made.market.world.give_usdc(made.people[who].pubkey(), DOLLARS(2_000))
    for vault in (pda.buyback.vault(IO_MINT, 0), auctions.vault):
        assert made.balance(vault) == 0
    made.keep()
    return made, auctions


def any_open(walk: Renting) -> bool:
    return bool(walk.open_jobs())


def any_booked(walk: Renting) -> bool:
    return any(one.job.is_booked for one in walk.open_jobs())


def any_running(walk: Renting) -> bool:
    return any(one.job.is_running for one in walk.open_jobs())


class Renting(Driver):
    """Offers, bookings, and what is done until a job has ended."""

    actions = action

    def set_up(self) -> None:
        """Puts programs and model back to the beginning."""
        self.arena, self.auctions = bazaar()
        self.arena.reset()
        self.market = self.arena.market
        self.world = self.market.world
        self.mints = {IO: IO_MINT, USDC: self.market.usdc}
        self.quotes: dict[str, Quote] = {}
        self.quote(IO)
        self.quote(USDC)
        self.model = Rentals({(who, one): self.purse(who, one) for who in PEOPLE for one in self.mints})
        for name in NODES:
            self.model.offers[name] = rentals.Offer(name, RATE, HOUR, 24 * HOUR)
        self.addresses: list[Pubkey] = []
        self.clusters: dict[int, Pubkey] = {}
        self.opened = 0
        self.receipts = Receipts()
        #: Who holds each seat now; the arena's attesters at first.
        self.seated = list(self.arena.attesters)
        self.seats, self.departed = 0, [0] * 0
        #: Of token accounts, before the walk.
        self.beginning = {one: self.arena.balance(one) for one in self.token_accounts()}
        self.tokens = self.model.tokens
        self.saved: dict[tuple[str, str], Any] = {}
        self.has = worth(self.model)

    # -- trying

    def attempt(self, *steps: Step) -> bool:
        """Tries steps; nobody gains by what he signs alone, or by what nobody has to sign."""
        before = self.has
        if not super().attempt(*steps):
            return False
        self.has = worth(self.model)
        signers = {one.pubkey for step in steps for one in step.instruction.accounts if one.is_signer}
        for who in PEOPLE:
            if signers <= {self.person(who).pubkey()}:
                assert not gains(before, self.has, who), f"{who}: {before}, then {self.has}"
        return True

    # -- what the driver asks

    def modelled(self) -> Any:
        return self.model

    def put_back(self, before: Any) -> None:
        self.model = before

    def happened(self, event: Any) -> None:
        if isinstance(event, events.buyback.IoSold):
            shard = next(n for n in range(rentals.SHARDS) if self.auction(n) == event.auction)
            self.receipts.sold(event, self.fee_vault(USDC, shard), self.market.usdc)
        else:
            self.receipts.apply(event)

    # -- names

    def token_accounts(self) -> list[Pubkey]:
        """All that are there for good: purses and fee vaults."""
        purses = [self.wallet(who, one) for who in PEOPLE for one in self.mints]
        return purses + [self.fee_vault(one, n) for one in self.mints for n in range(rentals.SHARDS)]

    def person(self, who: str) -> Keypair:
        return self.arena.people[who]

    def wallet(self, who: str, currency: str) -> Pubkey:
        return token_account(self.person(who).pubkey(), self.mints[currency])

    def purse(self, who: str, currency: str) -> int:
        return self.arena.balance(self.wallet(who, currency))

    def fee_vault(self, currency: str, shard: int) -> Pubkey:
        return pda.buyback.vault(self.mints[currency], shard)

    def auction(self, shard: int) -> Pubkey:
        return pda.buyback.auction(self.market.usdc, shard)

    def node(self, name: str) -> Supplier:
        return self.arena.nodes[name]

    def open_jobs(self) -> list[Rental]:
        return [one for one in self.model.jobs if not one.is_closed]

    def pick(self, pick: int, when: Callable[[Rental], bool] = lambda _: True) -> int:
        """An open job by how many are newer; of those that `when` is true of, where there is one."""
        every = [n for n, one in enumerate(self.model.jobs) if not one.is_closed]
        some = [n for n in every if when(self.model.jobs[n])] if pick < 5 else []
        return (some or every)[-1 - pick % len(some or every)]

    def party(self, number: int, side: int) -> str:
        one = self.model.jobs[number]
        return (one.renter, one.supplier, SELLER, one.refund_to)[side]

    def about(self, name: str, number: int, **given: Any) -> Any:
        """An instruction of the jobs program about a job."""
        return self.market.jobs(name, self.addresses[number], **given)

    # -- prices

    def quote(self, currency: str, per_mille: int = 1_000, confidence: int = 0, ema: int = 1_000) -> None:
        """Publishes a price as of now, in thousandths of 2 and 1 dollar; so are confidence and average."""
        unit = 200_000 if currency == IO else 100_000
        price = per_mille * unit
        one = Quote(price, price * confidence // 1_000, price * ema // 1_000, self.now)
        self.quotes[currency] = one
        self.market.set_price(self.mints[currency], price, confidence=one.confidence, ema_price=one.ema)

    def again(self, currency: str) -> None:
        """The same price, as of now."""
        one = self.quotes[currency]
        one.at = self.now
        mint = self.mints[currency]
        self.market.set_price(mint, one.price, confidence=one.confidence, ema_price=one.ema)

    def usable(self, currency: str) -> None:
        """The same price as of now, or the usual one where nobody may use that."""
        self.again(currency)
        try:
            convert = escrow.in_io if currency == IO else escrow.in_usdc
            convert(1, self.price(currency))
        except Refused:
            self.quote(currency)

    def renew(self, currency: str, how: str) -> None:
        """`usable`, `again`, or nothing."""
        if how != "old":
            getattr(self, how)(currency)

    def price(self, currency: str) -> Price:
        return self.quotes[currency].seen(self.now)

    @action(
        currency=a_currency,
        per_mille=st.sampled_from((1_000, 1_000, 989, 990, 999, 1_013, 437, 2_718)),
        confidence=st.sampled_from((0, 3, 10, 10, 10, 11)),
        ema=st.sampled_from((1_000, 1_000, 1_000, 1_052, 1_053, 953, 952)),
    )
    def move_price(self, currency: str, per_mille: int, confidence: int, ema: int) -> None:
        self.quote(currency, per_mille, confidence, ema)

    # -- offers

    @action(
        weight=1,
        node=a_node,
        rate=st.sampled_from(RATES),
        longest=st.sampled_from((24 * HOUR, 24 * HOUR, 2 * HOUR)),
        is_open=st.sampled_from((True, True, True, False)),
        in_io=st.booleans(),
    )
    def set_offer(self, node: str, rate: int, longest: int, is_open: bool, in_io: bool) -> None:
        of, terms = self.node(node), {"rate": rate, "max_seconds": longest, "open": is_open}
        args = self.market.offer_args(payout=0 if in_io else 1, **terms)

        def done(_: Sent[None] | None) -> None:
            offer = self.model.offers[node]
            offer.rate, offer.longest, offer.is_open, offer.in_io = rate, longest, is_open, in_io

        self.attempt(Step(ix.jobs.set_offer(owner=of.key, node=of.node, args=args), done))

    # -- booking

    @action(
        weight=4,
        node=a_node,
        renter=a_renter,
        currency=a_currency,
        seconds=a_length,
        quote=a_quote,
        limit=st.sampled_from((None, None, None, 1_000_000)),
        payer=st.sampled_from((None, None, SELLER, *RENTERS)),
        refund_to=st.sampled_from((None, None, None, *RENTERS)),
        proof=a_proof,
    )
    def book(
        self,
        node: str,
        renter: str,
        currency: str,
        seconds: int,
        quote: str,
        limit: int | None,
        payer: str | None,
        refund_to: str | None,
        proof: Proof,
    ) -> None:
        self.renew(currency, quote)
        more: dict[str, Any] = {"payer": payer, "refund_to": refund_to, "proof": proof}
        self.booked(node, renter, currency, seconds, limit=limit, **more)

    def booked(
        self,
        node: str,
        renter: str,
        currency: str,
        seconds: int,
        cluster: int | None = None,
        limit: int | None = None,
        payer: str | None = None,
        refund_to: str | None = None,
        proof: Proof = FRESH,
    ) -> bool:
        of, pays = self.node(node), payer or renter
        job = pda.jobs.job(of.offer, self.market.offer(of).nonce + 1)
        call = self.market.booking(
            seconds,
            of=of,
            mint=self.mints[currency],
            by=self.person(renter),
            max_deposit=ANYTHING if limit is None else limit,
            cluster=None if cluster is None else self.clusters[cluster],
            payer=self.person(pays).pubkey(),
            refund_to=self.person(refund_to or pays).pubkey(),
        )
        self.market.prove(of, passed=proof.passed, at=self.now - proof.age)
        end = 0 if proof.head_age is None else self.now - proof.head_age
        self.market.set_head_end(end)

        def done(sent: Sent[None] | None) -> None:
            rate = self.model.offers[node].rate
            made = self.model.book(
                node,
                renter,
                currency,
                seconds,
                self.price(currency),
                self.now,
                escrow.fee_shard(bytes(job)),
                cluster,
                limit,
                payer,
                refund_to,
                proof,
            )
            self.addresses.append(job)
            first, terms = made.job.segments[0], made.job.terms
            stated = {"price": first.price, "fee": first.fee(terms), "attesters": made.job.attesters}
            usd = escrow.dollars(rate, 1, seconds)
            check_event(sent, events.jobs.Booked, job=job, usd=usd, seconds=seconds, **stated)

        return self.attempt(Step(call, done))

    @action(
        weight=3,
        renter=a_renter,
        size=st.sampled_from((2, 2, 2, 3, 1)),
        nodes=st.lists(a_node, min_size=1, max_size=3, unique=True),
        currency=a_currency,
        seconds=st.sampled_from((HOUR, 2 * HOUR)),
        other=st.sampled_from((False, False, False, True)),
        then=st.sampled_from(("wait", "start", "start", "lose", "lose", "grow", "grow", "cancel", "cancel")),
        late=st.sampled_from((0, 121)),
        side=st.sampled_from((0, 1)),
    )
    def book_cluster(
        self,
        renter: str,
        size: int,
        nodes: list[str],
        currency: str,
        seconds: int,
        other: bool,
        then: str,
        late: int,
        side: int,
    ) -> None:
        """A cluster, and some of its jobs or all; maybe started together, or left by one, so that all end."""
        number = self.opened = self.opened + 1
        chosen, key = number.to_bytes(32, "little"), self.person(renter).pubkey()
        call = ix.jobs.open_cluster(renter=key, id=chosen, size=size)
        if not self.attempt(Step(call, lambda _: self.model.open_cluster(number, renter, size, self.now))):
            return
        self.clusters[number] = pda.jobs.cluster(key, chosen)
        self.usable(currency)
        made = []
        for node in nodes:
            who = RENTERS[1] if other and node == nodes[-1] else renter
            if self.booked(node, who, currency, seconds, number):
                made.append(len(self.addresses) - 1)
        if then in ("start", "lose", "grow") and made:
            steps = (self.starting(one, self.model.jobs[one].supplier) for one in made)
            if self.attempt(*steps) and then != "start":
                goes_on = self._replaces if then == "lose" else self._grows
                goes_on(number, made[0], late, side)
        if then == "cancel" and made:
            self.world.advance(late)
            self._leaves("cancel", made[0], side)
            for one in made[1:]:
                self.attempt(self.starting(one, self.model.jobs[one].supplier))
                self.expired(one)

    def _replaces(self, number: int, lost: int, late: int, side: int) -> None:
        """A job of a running cluster is lost, and its renter or a delegate books another one in its place."""
        one = self.model.jobs[lost]
        self.world.advance(late)
        for seat in (0, 1):
            if one.job.owed is None:
                self.lost(lost, seat)
        if side:
            self.delegated(number, one.renter, SELLER)
        self.usable(one.currency)
        who = SELLER if side else None
        if self.booked(one.offer, one.renter, one.currency, HOUR, number, payer=who, refund_to=one.renter):
            new = len(self.addresses) - 1
            if late:
                self._leaves("cancel", new, 1)
            else:
                self.attempt(self.starting(new, one.supplier))

    def _grows(self, number: int, freed: int, late: int, side: int) -> None:
        """A node leaves a running cluster, and comes back into an added place: starts, leaves, or waits."""
        one = self.model.jobs[freed]
        self._leaves("stop", freed, 0)
        if side:
            self.delegated(number, one.renter, SELLER)
        who = SELLER if side else one.renter
        self._adds(number, who, 1)
        self.usable(one.currency)
        if self.booked(one.offer, one.renter, one.currency, HOUR, number, payer=who, refund_to=one.renter):
            new = len(self.addresses) - 1
            if not late:
                self.attempt(self.starting(new, one.supplier))
            elif side:
                self._leaves("cancel", new, 1)

    def _adds(self, number: int, by: str, places: int) -> bool:
        signer = self.person(by).pubkey()
        call = ix.jobs.grow_cluster(booker=signer, cluster=self.clusters[number], places=places)
        return self.attempt(Step(call, lambda _: self.model.grow_cluster(number, by, places, self.now)))

    def delegated(self, number: int, by: str, delegate: str) -> None:
        call = ix.jobs.set_delegate(
            renter=self.person(by).pubkey(),
            cluster=self.clusters[number],
            delegate=self.person(delegate).pubkey(),
        )
        self.attempt(Step(call, lambda _: self.model.set_delegate(number, by, delegate)))

    @action(
        weight=1,
        when=lambda walk: bool(walk.model.clusters),
        pick=a_number,
        by=a_renter,
        delegate=st.sampled_from((SELLER, *RENTERS)),
    )
    def set_delegate(self, pick: int, by: str, delegate: str) -> None:
        number = sorted(self.model.clusters)[-1 - pick % len(self.model.clusters)]
        self.delegated(number, by, delegate)

    @action(
        weight=1,
        when=lambda walk: bool(walk.model.clusters),
        pick=a_number,
        by=st.sampled_from((*RENTERS, SELLER)),
        places=st.sampled_from((1, 1, 1, 2, 0, 255)),
    )
    def grow_cluster(self, pick: int, by: str, places: int) -> None:
        number = sorted(self.model.clusters)[-1 - pick % len(self.model.clusters)]
        self._adds(number, by, places)

    @action(weight=1, when=lambda walk: bool(walk.model.clusters), pick=a_number)
    def close_cluster(self, pick: int) -> None:
        number = sorted(self.model.clusters)[-1 - pick % len(self.model.clusters)]
        renter = self.person(self.model.clusters[number].renter).pubkey()
        call = ix.jobs.close_cluster(renter=renter, cluster=self.clusters[number])
        self.attempt(Step(call, lambda _: self.model.close_cluster(number, self.now)))

    @action(
        weight=3,
        when=any_running,
        pick=a_number,
        seconds=st.sampled_from((1, 1_800, HOUR, HOUR, 7_001, 24 * HOUR, 0)),
        by=st.sampled_from((0, 0, 0, 1, 2)),
        payer=st.sampled_from((None, None, SELLER)),
        quote=a_quote,
        limit=st.sampled_from((None, None, None, None, None, 1_000_000)),
        times=st.sampled_from((1, 1, 1, 5)),
    )
    def extend(
        self,
        pick: int,
        seconds: int,
        by: int,
        quote: str,
        limit: int | None,
        times: int,
        payer: str | None = None,
    ) -> None:
        number = self.pick(pick, lambda one: one.job.is_running)
        one, who = self.model.jobs[number], self.party(number, by)
        self.renew(one.currency, quote)
        pays = payer or who
        source = self.wallet(pays, one.currency)
        most = ANYTHING if limit is None else limit
        for _ in range(times):
            given = {"seconds": seconds, "max_deposit": most, "source": source}
            people = {"party": self.person(who).pubkey(), "payer": self.person(pays).pubkey()}
            call = self.about("extend", number, **people, **given)

            def done(sent: Sent[None] | None) -> None:
                price = self.price(one.currency)
                made = self.model.extend(number, who, seconds, price, self.now, limit, pays)
                fee, ends_at = made.fee(one.job.terms), one.job.ends_at
                check_event(sent, events.jobs.Extended, price=made.price, fee=fee, ends_at=ends_at)

            self.attempt(Step(call, done))

    # -- work

    @action(weight=3, when=any_booked, pick=a_number, by=st.sampled_from(("supplier",) * 3 + (0, SELLER)))
    def start(self, pick: int, by: str | int) -> None:
        number = self.pick(pick, lambda one: one.job.is_booked)
        who = self.model.jobs[number].supplier if by == "supplier" else by
        self.attempt(self.starting(number, who))

    def starting(self, number: int, who: str | int) -> Step:
        operator = self.seated[who] if isinstance(who, int) else self.person(who)
        call = self.about("start", number, operator=operator.pubkey())
        may = who != SELLER
        return Step(call, lambda _: self.model.start(number, may, self.now))

    @action(
        weight=4,
        node=a_node,
        renter=a_renter,
        currency=a_currency,
        seconds=a_length,
        more=st.lists(st.sampled_from((1, HOUR, 7_001)), max_size=2),
    )
    def run(self, node: str, renter: str, currency: str, seconds: int, more: list[int]) -> None:
        """Books and starts, and books more."""
        self.usable(currency)
        if self.booked(node, renter, currency, seconds):
            self.attempt(self.starting(len(self.addresses) - 1, node))
            for one in more:
                self.extend(0, one, 0, "usable", None, 1)

    @action(
        weight=6,
        when=any_running,
        pick=a_number,
        seat=st.sampled_from((0, 0, 1, 2, None)),
        looked=st.integers(0, 100),
        fine=st.sampled_from((100, 100, 0, 50, 99)),
        off=st.sampled_from(((0, 0),) * 5 + ((1, 0), (0, 1), (-1, 0), (0, -1))),
        honest=st.sampled_from((True, True, True, True, False)),
    )
    def attest(
        self, pick: int, seat: int | None, looked: int, fine: int, off: tuple[int, int], honest: bool
    ) -> None:
        """A seat has looked at a part of the time that passed, of which a part was good."""
        number = self.pick(pick, lambda one: one.job.is_running)
        self.attested(number, seat, looked, fine, off, honest)

    def attested(
        self,
        number: int,
        seat: int | None,
        looked: int = 100,
        fine: int = 100,
        off: tuple[int, int] = (0, 0),
        honest: bool = True,
    ) -> None:
        job = self.model.jobs[number].job
        before = job.seats.get(seat or 0, escrow.Seat())
        passed = min(self.now, job.ends_at) - job.started_at if job.started_at is not None else 0
        new = max(0, passed - before.upto) * looked // 100
        upto = max(0, before.upto + new + off[0])
        good = max(0, before.good + new * fine // 100 + off[1])
        lost = upto - before.upto > good - before.good
        says_why = lost == honest
        args = attestation(good, upto, reason=7 if says_why else 0)
        attester = self.market.carol if seat is None else self.seated[seat]
        call = self.about("attest", number, attester=attester.pubkey(), args=args)

        def done(sent: Sent[None] | None) -> None:
            self.model.attest(number, seat, good, upto, says_why, self.now, attester.pubkey())
            check_event(sent, events.jobs.Attested, seat=seat, attested=job.attested)

        self.attempt(Step(call, done))

    @action(weight=1, when=any_running, pick=a_number, seat=st.sampled_from((0, 1, 2, None)))
    def lose(self, pick: int, seat: int | None) -> None:
        """A seat finds the node of a job gone."""
        self.lost(self.pick(pick, lambda one: one.job.is_running), seat)

    def lost(self, number: int, seat: int | None) -> None:
        attester = self.market.carol if seat is None else self.seated[seat]
        call = self.about("lose", number, attester=attester.pubkey())
        self.attempt(Step(call, lambda _: self.model.lose(number, seat, self.now, attester.pubkey())))

    @action(
        weight=1,
        when=any_running,
        pick=a_number,
        seat=st.sampled_from((0, 1)),
        left=st.sampled_from((100, 50, 0)),
        times=st.sampled_from((1, 1, 2)),
    )
    def succeed(self, pick: int, seat: int, left: int, times: int) -> None:
        """A seat gets another key, which takes a part of what it has called good back; or tries so twice."""
        number = self.pick(pick, lambda one: one.job.is_running)
        for _ in range(times):
            self.seats += 1
            heir = _actor(self.market, f"heir {self.seats}")
            seats = [
                types.proofs.Seat(one.pubkey(), weight)
                for one, weight in zip(self.seated, WEIGHTS, strict=True)
            ]
            seats[seat] = types.proofs.Seat(heir.pubkey(), WEIGHTS[seat])
            call = ix.proofs.set_attesters(authority=self.world.deployer, seats=seats, threshold=THRESHOLD)
            self.departed = [one for one in self.departed if one > self.now]
            full = len(self.departed) == MAX_DEPARTED

            def done(_: Sent[None] | None, full: bool = full) -> None:
                refuse(TooManyDeparted=full)
                self.departed.append(self.now + 7 * DAY)

            if self.attempt(Step(call, done)):
                self.seated[seat] = heir
            job = self.model.jobs[number].job
            before = job.seats.get(seat, escrow.Seat())
            args = attestation(before.good * left // 100, before.upto, reason=0 if left == 100 else 7)
            key = self.seated[seat].pubkey()
            saying = self.about("attest", number, attester=key, args=args)

            def said(_: Sent[None] | None, said: Any = args, who: Pubkey = key) -> None:
                self.model.attest(number, seat, said.good, said.upto, left != 100, self.now, who)

            self.attempt(Step(saying, said))

    @action(weight=1, when=any_booked, pick=a_number, seat=st.sampled_from((0, 0, 1, None)))
    def confirm_manifest(self, pick: int, seat: int | None) -> None:
        number = self.pick(pick, lambda one: one.job.is_booked)
        attester = self.market.carol if seat is None else self.seated[seat]
        call = self.about("confirm_manifest", number, attester=attester.pubkey())
        self.attempt(Step(call, lambda _: self.model.confirm_manifest(number, seat, self.now)))

    @action(weight=3, when=any_running, pick=a_number, fine=st.sampled_from((100, 100, 60, 0)))
    def work_on(self, pick: int, fine: int) -> None:
        """Time passes, to the end where that is near, and two seats have looked at all of it."""
        number = self.pick(pick, lambda one: one.job.is_running)
        job = self.model.jobs[number].job
        if job.started_at is not None:
            self.world.advance(min(max(0, job.ends_at - self.now), 2 * HOUR))
        for seat in (0, 1):
            self.attested(number, seat, 100, fine)
        self.complete(pick)

    @action(when=any_running, pick=a_number, side=a_party)
    def stop(self, pick: int, side: int) -> None:
        self._leaves("stop", self.pick(pick, lambda one: one.job.is_running), side)

    @action(when=any_booked, pick=a_number, side=a_party)
    def cancel(self, pick: int, side: int) -> None:
        self._leaves("cancel", self.pick(pick, lambda one: one.job.is_booked), side)

    def _leaves(self, name: str, number: int, side: int) -> None:
        who = self.party(number, side)
        call = self.about(name, number, party=self.person(who).pubkey())
        leave = self.model.stop if name == "stop" else self.model.cancel
        self.attempt(Step(call, lambda _: leave(number, who, self.now)))

    @action(when=any_running, pick=a_number)
    def complete(self, pick: int) -> None:
        number = self.pick(pick, lambda one: one.job.is_running)
        self.attempt(Step(self.about("complete", number), lambda _: self.model.complete(number, self.now)))

    @action(when=any_open, pick=a_number)
    def expire(self, pick: int) -> None:
        self.expired(self.pick(pick, lambda one: one.job.owed is None))

    def expired(self, number: int) -> None:
        self.attempt(Step(self.about("expire", number), lambda _: self.model.expire(number, self.now)))
