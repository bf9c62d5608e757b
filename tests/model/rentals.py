"""A market of rentals: offers with their leases, clusters, escrows, bonds, payouts and fee vaults, and whose
money moves between them. Rules 10 to 15; one job's escrow is `tests.model.escrow`, one vault's sales
`tests.model.auction`. Amounts are base units of IO or USDC, times Unix seconds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tests.model import escrow
from tests.model.auction import Sale, Vault
from tests.model.escrow import DAY, MICRO, START_WINDOW, Ending, Job, Price, Segment, Terms, bps
from tests.model.refusal import Refused, refuse

T = TypeVar("T")
IO, USDC = "IO", "USDC"
SHARDS: Final = 8
BOND_BPS: Final = 500
#: p of each currency (rule 10).
PAYMENT_BPS: Final = {IO: 0, USDC: 200}
#: From so many dollars a day on, two attesters have to agree.
LARGE: Final = 1_000 * MICRO
VERDICT_AGE: Final = 6 * escrow.HOUR
#: Of the verdict in the report at the head (rule 8).
HEAD_VERDICT_AGE: Final = 48 * escrow.HOUR


@dataclass(frozen=True, slots=True)
class Proof:
    """A node's latest compute proof (rule 8).

    Attributes:
        passed: whether it passed.
        age: seconds since its hour ended.
        head_age: seconds since the hour of the report at the head ended; None if there is none.
    """

    passed: bool = True
    age: int = 0
    head_age: int | None = None

    @property
    def is_old(self) -> bool:
        return self.age > (HEAD_VERDICT_AGE if self.age == self.head_age else VERDICT_AGE)


FRESH: Final = Proof()


@dataclass(slots=True)
class Offer:
    """What a supplier asks for, and who has the lease of the node until when (rule 13)."""

    supplier: str
    rate: int
    shortest: int
    longest: int
    is_open: bool = True
    in_io: bool = False
    lease: int | None = None
    until: int = 0


@dataclass(slots=True)
class Cluster:
    """Jobs that start only when all are booked (rule 14).

    Attributes:
        broken: whether the renter was the first to leave it before the start, and when.
        lost: jobs whose node was lost, and that nobody has replaced.
        places: that were added while it ran, and that nobody has booked.
        delegate: books and extends for it besides the renter.
        runs_until: the latest end of what it has started.
    """

    renter: str
    size: int
    opened_at: int
    joined: int = 0
    waiting: int = 0
    broken: tuple[bool, int] | None = None
    lost: int = 0
    places: int = 0
    delegate: str | None = None
    runs_until: int = 0


@dataclass(slots=True)
class Dispute:
    """A party's bond, until when nobody has decided, and whether it comes back."""

    bond: int
    until: int
    upheld: bool | None = None


@dataclass(slots=True)
class Rental:
    """A job in its market.

    Attributes:
        offer: of which node.
        shard: of the fee vault.
        is_exchanged: whether the supplier's part buys IO for him.
        rate: of the booking, and of what extends it.
        surplus: what others sent to the escrow.
        payout: where it is sold, once that was opened.
        refund_to: who gets what is given back.
        replaces: whether it replaces a lost job of its cluster.
        added: whether it came into a place that was added to its cluster.
    """

    offer: str
    renter: str
    refund_to: str
    supplier: str
    currency: str
    shard: int
    is_exchanged: bool
    rate: int
    job: Job
    cluster: int | None = None
    surplus: int = 0
    is_closed: bool = False
    disputes: dict[str, Dispute] = field(default_factory=dict)
    payout: Vault | None = None
    replaces: bool = False
    added: bool = False

    def is_renting(self, who: str) -> bool:
        """Whether somebody ends it as its renter does (rule 10a)."""
        return who in (self.renter, self.refund_to)


class Rentals:
    """All of it.

    Args:
        purses: by owner and currency.

    Attributes:
        shut: token accounts that are closed or frozen, by owner and currency: the error of paying into them.
        burned: IO.
    """

    def __init__(self, purses: dict[tuple[str, str], int]) -> None:
        self.purses = purses
        self.shut: dict[tuple[str, str], str] = {}
        self.offers: dict[str, Offer] = {}
        self.clusters: dict[int, Cluster] = {}
        self.jobs: list[Rental] = []
        self.fees = {IO: [Vault(8) for _ in range(SHARDS)], USDC: [Vault(6) for _ in range(SHARDS)]}
        self.burned = 0

    @property
    def tokens(self) -> dict[str, int]:
        """All there is of each currency, and what was burned of it."""
        found = dict.fromkeys((IO, USDC), 0)
        found[IO] += self.burned
        for (_, currency), amount in self.purses.items():
            found[currency] += amount
        for currency, vaults in self.fees.items():
            found[currency] += sum(one.held for one in vaults)
        for one in self.jobs:
            found[one.currency] += sum(bond.bond for bond in one.disputes.values())
            found[one.currency] += 0 if one.is_closed else one.job.escrow + one.surplus
            found[one.currency] += 0 if one.payout is None else one.payout.held
        return found

    # -- token accounts

    def _spends(self, who: str, currency: str, amount: int) -> dict[str, bool]:
        """Rules against paying out of somebody's account, true where broken."""
        error = self.shut.get((who, currency))
        # The token program looks at a closed account itself.
        named = {"InvalidAccountData": True} if error == "AccountNotInitialized" else {}
        frozen = {"AccountFrozen": True} if error == "AccountFrozen" else {}
        return {"InsufficientFunds": amount > self.purses[who, currency], **named, **frozen}

    def _takes(self, who: str, currency: str, amount: int) -> dict[str, bool]:
        """Rules against paying into it; nothing can be paid into a frozen one."""
        error = self.shut.get((who, currency))
        if error is None or (error == "AccountFrozen" and amount == 0):
            return {}
        return {error: True}

    # -- booking

    def _priced(self, currency: str, usd: int, price: Price) -> tuple[int, dict[str, bool]]:
        convert = escrow.in_io if currency == IO else escrow.in_usdc
        try:
            return convert(usd, price), {}
        except Refused as refused:
            return 0, dict.fromkeys(refused.reasons, True)

    def book(
        self,
        offer: str,
        renter: str,
        currency: str,
        seconds: int,
        price: Price,
        now: int,
        shard: int,
        cluster: int | None = None,
        limit: int | None = None,
        payer: str | None = None,
        refund_to: str | None = None,
        proof: Proof = FRESH,
        seats: int = 3,
    ) -> Rental:
        """Takes the deposit, and gives the job the lease.

        Args:
            offer: whose.
            renter: whose job it becomes.
            currency: that it is paid in.
            seconds: how long.
            price: of the currency.
            now: the time.
            shard: of the fee vault.
            cluster: that it is part of.
            limit: the most that may be taken.
            payer: default: the renter.
            refund_to: default: the payer.
            proof: the node's latest compute proof.
            seats: that have an attester.
        """
        pays = payer or renter
        of = self.offers[offer]
        usd = escrow.dollars(of.rate, 1, seconds)
        amount, unpriced = self._priced(currency, usd, price)
        terms = Terms(25, PAYMENT_BPS[currency], PAYMENT_BPS[IO if of.in_io else currency])
        k = 2 if escrow.dollars(of.rate, 1, DAY) >= LARGE else 1
        job = Job([Segment(seconds, amount)], terms, now, k)
        refuse(
            OfferClosed=not of.is_open,
            Leased=self._is_leased(of, now),
            DurationOutOfBounds=not of.shortest <= seconds <= of.longest,
            DepositAboveLimit=limit is not None and job.deposit > limit,
            NoVerdict=not proof.passed,
            VerdictTooOld=proof.is_old,
            TooFewSeats=k > seats,
            **self._joining(cluster, renter, pays),
            **unpriced,
            **self._spends(pays, currency, job.deposit),
        )
        late, added = False, False
        if cluster is not None:
            joined = self.clusters[cluster]
            late = joined.joined == joined.size
            added = late and joined.places > 0 and pays == renter
            joined.places -= added
            joined.lost -= late and not added
            joined.joined += not late
            joined.waiting += 1
        self.purses[pays, currency] -= job.deposit
        of.lease, of.until = len(self.jobs), now + START_WINDOW + 1
        exchanged = of.in_io and currency != IO
        back = refund_to or pays
        made = Rental(offer, renter, back, of.supplier, currency, shard, exchanged, of.rate, job, cluster)
        made.replaces, made.added = late and not added, added
        self.jobs.append(made)
        return made

    def _is_leased(self, offer: Offer, now: int) -> bool:
        return offer.lease is not None and now < offer.until

    def _joining(self, number: int | None, renter: str, payer: str) -> dict[str, bool]:
        if number is None:
            return {}
        one = self.clusters[number]
        return {
            "WrongCluster": one.renter != renter,
            # In these walks a renter signs only as the payer.
            "NotClusterBooker": payer not in (renter, one.delegate),
            "ClusterBroken": one.broken is not None,
            "ClusterFull": one.joined >= one.size and not one.lost and not (one.places and payer == renter),
        }

    def grow_cluster(self, number: int, by: str, places: int, now: int) -> None:
        """Adds places to a cluster that runs, for jobs that nothing waits for."""
        one = self.clusters[number]
        refuse(
            NotClusterRenter=by != one.renter,
            ClusterBroken=one.broken is not None,
            ClusterIncomplete=one.joined < one.size,
            ClusterOver=now >= one.runs_until,
            ClusterPlaces=not 0 < places <= 255 - one.places,
        )
        one.places += places

    def set_delegate(self, number: int, by: str, delegate: str) -> None:
        """Names who books and extends for a cluster besides its renter."""
        refuse(NotClusterRenter=by != self.clusters[number].renter)
        self.clusters[number].delegate = delegate

    def open_cluster(self, number: int, renter: str, size: int, now: int) -> None:
        """Opens a cluster."""
        refuse(ClusterSize=size < 1, AccountAlreadyInUse=number in self.clusters)
        self.clusters[number] = Cluster(renter, size, now)

    def close_cluster(self, number: int, now: int) -> None:
        """Closes it when no job waits, and 20 minutes have passed."""
        one = self.clusters[number]
        refuse(
            ClusterWaits=one.waiting > 0,
            ClusterYoung=now <= one.opened_at + START_WINDOW,
            ClusterRuns=now < one.runs_until,
        )
        del self.clusters[number]

    def extend(
        self,
        number: int,
        by: str,
        seconds: int,
        price: Price,
        now: int,
        limit: int | None = None,
        payer: str | None = None,
    ) -> Segment:
        """Adds a segment at the rate of the booking and today's price; `payer` pays, by default who asks."""
        one, pays = self.jobs[number], payer or by
        cluster = self.clusters.get(-1 if one.cluster is None else one.cluster)
        may = one.is_renting(by) or (cluster is not None and cluster.delegate == by)
        of = self.offers[one.offer]
        amount, unpriced = self._priced(one.currency, escrow.dollars(one.rate, 1, seconds), price)
        made = Segment(seconds, amount)
        deposit = amount + made.fee(one.job.terms)
        also(
            one.job,
            lambda job: job.extend(made, now),
            **self._clustered(one),
            NotRenter=not may,
            OfferClosed=not of.is_open,
            DurationOutOfBounds=seconds == 0 or one.job.seconds + seconds > of.longest,
            LeaseLost=of.lease != number,
            DepositAboveLimit=limit is not None and deposit > limit,
            **unpriced,
            **self._spends(pays, one.currency, deposit),
        )
        self.purses[pays, one.currency] -= deposit
        of.until = one.job.ends_at
        if cluster is not None:
            cluster.runs_until = max(cluster.runs_until, of.until)
        return made

    # -- work

    def start(self, number: int, may: bool, now: int) -> None:
        """Begins the booked time; `may`: whether supplier, device or an attester says so."""
        one = self.jobs[number]
        of = self.offers[one.offer]
        rules = {"MayNotStart": not may, "LeaseLost": of.lease != number, **self._clustered(one)}
        if one.cluster is not None and one.job.is_booked:
            cluster = self.clusters[one.cluster]
            rules["ClusterBroken"] = cluster.broken is not None
            rules["ClusterIncomplete"] = cluster.joined < cluster.size
        also(one.job, lambda job: job.start(now), **rules)
        if one.cluster is not None:
            joined = self.clusters[one.cluster]
            joined.waiting -= 1
            joined.runs_until = max(joined.runs_until, one.job.ends_at)
        of.until = one.job.ends_at

    def attest(
        self,
        number: int,
        seat: int | None,
        good: int,
        upto: int,
        says_why: bool,
        now: int,
        key: object = None,
    ) -> None:
        """What an attester saw; `says_why`: whether it gives a reason for time that was not good."""
        job = self.jobs[number].job
        before = job.seats.get(seat or 0, escrow.Seat())
        lost = (upto - before.upto) > (good - before.good)
        also(
            job,
            lambda job: job.attest(seat or 0, good, upto, now, key),
            NotAttester=seat is None,
            BreakWithoutReason=lost != says_why,
        )

    def lose(self, number: int, seat: int | None, now: int, key: object = None) -> None:
        """An attester finds the node gone."""
        one = self.jobs[number]
        rules = {"NotAttester": seat is None, **self._clustered(one)}
        ends = also(one.job, lambda job: job.lose(seat or 0, now, key), **rules)
        if ends:
            if one.cluster is not None:
                self.clusters[one.cluster].lost += 1
            self._release(number, now)

    def confirm_manifest(self, number: int, seat: int | None, now: int) -> None:
        """An attester has what is to be run."""
        one = self.jobs[number]
        rules = {"NotAttester": seat is None, **self._clustered(one)}
        if one.cluster is not None and one.job.is_booked:
            cluster = self.clusters[one.cluster]
            rules["ClusterBroken"] = cluster.broken is not None
            rules["ClusterIncomplete"] = cluster.joined < cluster.size
        also(one.job, lambda job: job.confirm_manifest(now), **rules)

    def stop(self, number: int, by: str, now: int) -> None:
        """Ends the work; the lease ends with it."""
        one = self.jobs[number]
        also(one.job, lambda job: job.stop(one.is_renting(by), now), NotAParty=by not in self._ending(one))
        self._release(number, now)

    def cancel(self, number: int, by: str, now: int) -> None:
        """Ends it before its start."""
        one = self.jobs[number]
        rules = {"NotAParty": by not in self._ending(one), **self._clustered(one)}
        also(one.job, lambda job: job.cancel(one.is_renting(by), now), **rules)
        self._left(one, now)
        self._release(number, now)

    def expire(self, number: int, now: int) -> None:
        """Ends what cannot start any more, or what nobody attests."""
        one = self.jobs[number]
        waits = one.job.is_booked
        broken = self.clusters[one.cluster].broken if waits and one.cluster is not None else None
        one.job.expire(now, broken)
        if waits:
            self._left(one, now)
        self._release(number, now)

    def complete(self, number: int, now: int) -> None:
        """Ends what was looked at to its end."""
        self.jobs[number].job.complete(now)
        self._release(number, now)

    def _clustered(self, one: Rental) -> dict[str, bool]:
        """A cluster that is closed has outlived the times of its jobs."""
        return {"AccountOwnedByWrongProgram": one.cluster is not None and one.cluster not in self.clusters}

    def _ending(self, one: Rental) -> tuple[str, ...]:
        return *self._parties(one), one.refund_to

    def _parties(self, one: Rental) -> tuple[str, str]:
        return one.renter, one.supplier

    def _left(self, one: Rental, now: int) -> None:
        if one.cluster is None:
            return
        cluster = self.clusters[one.cluster]
        cluster.waiting -= 1
        if one.replaces:
            cluster.lost += 1
        elif not one.added and cluster.broken is None:
            cluster.broken = one.job.ending is Ending.RENTER_CANCELLED, now

    def _release(self, number: int, now: int) -> None:
        of = self.offers[self.jobs[number].offer]
        if of.lease == number:
            of.lease, of.until = None, now

    # -- money

    def settle(self, number: int, now: int) -> int:
        """Pays the supplier, or into the payout that buys IO for him."""
        one = self.jobs[number]
        if one.is_exchanged:
            amount = also(one.job, lambda job: job.settle(now), AccountNotInitialized=one.payout is None)
            assert one.payout is not None
            one.payout.held += amount
            return amount
        return self._pays(one, one.supplier, lambda job: job.settle(now))

    def refund(self, number: int, now: int) -> int:
        """Gives back to whom the booking named, in the currency that was paid."""
        one = self.jobs[number]
        return self._pays(one, one.refund_to, lambda job: job.refund(now))

    def _pays(self, one: Rental, who: str, call: Callable[[Job], int]) -> int:
        try:
            due = call(copy.deepcopy(one.job))
        except Refused:
            due = 0
        amount = also(one.job, call, **self._takes(who, one.currency, due))
        self.purses[who, one.currency] += amount
        return amount

    def collect_fees(self, number: int, now: int) -> int:
        """Pays the fee vault."""
        one = self.jobs[number]
        amount = one.job.collect_fees(now)
        self.fees[one.currency][one.shard].held += amount
        return amount

    def close(self, number: int) -> int:
        """Closes the job; what others sent to the escrow goes to the fee vault."""
        one = self.jobs[number]
        one.job.close()
        one.is_closed = True
        surplus, one.surplus = one.surplus, 0
        self.fees[one.currency][one.shard].held += surplus
        return surplus

    # -- disputes

    def dispute(self, number: int, by: str, now: int) -> Dispute:
        """Freezes what is not paid, for a bond."""
        one = self.jobs[number]
        bond = bps(one.job.escrow, BOND_BPS)
        also(
            one.job,
            lambda job: job.dispute(by, now),
            NotAParty=by not in self._parties(one),
            AccountAlreadyInUse=by in one.disputes,
            **self._spends(by, one.currency, bond),
        )
        self.purses[by, one.currency] -= bond
        one.disputes[by] = made = Dispute(bond, one.job.frozen_until)
        return made

    def resolve(self, number: int, party: str, whole: int, now: int) -> bool:
        """Decides; whether it gives the party more than the attested split."""
        one = self.jobs[number]
        found = one.disputes[party]
        change = also(
            one.job,
            lambda job: job.resolve(whole, now),
            WrongDispute=found.until != one.job.frozen_until,
        )
        found.upheld = change < 0 if party == one.renter else change > 0
        self._release(number, now)
        return found.upheld

    def close_dispute(self, number: int, party: str, now: int) -> int:
        """The bond goes back, or to the fee vault where it is lost."""
        one = self.jobs[number]
        found = one.disputes[party]
        lost = found.upheld is False
        to = {} if lost else self._takes(party, one.currency, found.bond)
        refuse(DisputeOpen=found.upheld is None and now < found.until, **to)
        if lost:
            self.fees[one.currency][one.shard].held += found.bond
        else:
            self.purses[party, one.currency] += found.bond
        del one.disputes[party]
        return found.bond

    # -- payouts and auctions

    def open_payout(self, number: int) -> None:
        """Opens what the supplier's part is paid into."""
        one = self.jobs[number]
        refuse(
            NotAJob=one.is_closed,
            NotPaidOutInIo=not one.is_exchanged,
            AccountAlreadyInUse=one.payout is not None,
        )
        one.payout = Vault(6, capped=False)

    def withdraw_payout(self, number: int) -> tuple[int, int]:
        """Gives the supplier what is left as it is, for the payment fee; both parts."""
        one = self.jobs[number]
        payout = _open(one)
        fee = bps(payout.held, PAYMENT_BPS[one.currency])
        refuse(NothingToSell=payout.held == 0, **self._takes(one.supplier, one.currency, payout.held - fee))
        amount, payout.held, payout.left = payout.held - fee, 0, 0
        self.purses[one.supplier, one.currency] += amount
        self.fees[one.currency][one.shard].held += fee
        return amount, fee

    def close_payout(self, number: int) -> None:
        """Closes it when it is empty and the job is gone."""
        one = self.jobs[number]
        refuse(JobIsOpen=not one.is_closed, PayoutNotEmpty=_open(one).held > 0)
        one.payout = None

    def start_payout(self, number: int, price: Price, now: int) -> None:
        """Offers what a job's payout holds, at a price that may be used."""
        self._starts(_open(self.jobs[number]), price, now)

    def start_auction(self, shard: int, price: Price, now: int) -> None:
        """Offers fees in dollars, at a price that may be used."""
        self._starts(self.fees[USDC][shard], price, now)

    def _starts(self, vault: Vault, price: Price, now: int) -> None:
        broken: set[str] = set()
        checks: tuple[Callable[[], None], ...] = (price.check, lambda: copy.deepcopy(vault).start(now))
        for check in checks:
            try:
                check()
            except Refused as refused:
                broken |= refused.reasons
        if broken:
            raise Refused(*broken)
        vault.start(now)

    def sell_to_supplier(self, number: int, seller: str, most: int, price: Price, now: int) -> Sale:
        """Sells IO to a job's supplier."""
        one = self.jobs[number]
        credit = self._takes(one.supplier, IO, 1)
        made = self._sells(_open(one), seller, most, price, now, credit)
        self.purses[one.supplier, IO] += made.io
        return made

    def sell_io(self, shard: int, seller: str, most: int, price: Price, now: int) -> Sale:
        """Sells IO for fees; it is burned."""
        made = self._sells(self.fees[USDC][shard], seller, most, price, now, {})
        self.burned += made.io
        return made

    def _sells(
        self, vault: Vault, seller: str, most: int, price: Price, now: int, rules: Mapping[str, bool]
    ) -> Sale:
        broken = {name for name, is_broken in rules.items() if is_broken}
        found: Sale | None = None
        for check in (price.check, lambda: copy.deepcopy(vault).sell(most, 0, price.price, now)):
            try:
                found = check()
            except Refused as refused:
                broken |= refused.reasons
        if found is not None and found.io > self.purses[seller, IO]:
            broken.add("InsufficientFunds")
        if broken:
            raise Refused(*broken)
        made = vault.sell(most, 0, price.price, now)
        self.purses[seller, IO] -= made.io
        self.purses[seller, USDC] += made.out
        return made

    def burn_fees(self, shard: int) -> int:
        """Burns the IO of a fee vault."""
        vault = self.fees[IO][shard]
        amount, vault.held = vault.held, 0
        self.burned += amount
        return amount


def _open(one: Rental) -> Vault:
    assert one.payout is not None
    return one.payout


def also(job: Job, call: Callable[[Job], T], **rules: bool) -> T:
    """Does something to a job, unless further rules are broken; all that are, are named."""
    broken: set[Any] = {name for name, is_broken in rules.items() if is_broken}
    if not broken:
        return call(job)
    try:
        call(copy.deepcopy(job))
    except Refused as refused:
        broken |= refused.reasons
    raise Refused(*broken)
