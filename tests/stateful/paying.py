"""Who is paid: escrows, disputes and their bonds, payouts, fees and their auctions, and shut accounts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from solders.pubkey import Pubkey
from tests.model import rentals
from tests.model.rentals import IO, USDC
from tests.model.rentals import Rental as Of
from tests.programs.support import HOUR, MINUTE
from tests.stateful.renting import (
    NODES,
    RENTERS,
    SELLER,
    Renting,
    a_currency,
    a_number,
    a_party,
    a_quote,
    action,
    any_open,
)
from tests.stateful.walk import Step, check_event

from ionet import Sent, events, ix, pda

#: Where the state of a token account stands, and what it is when frozen.
STATE, FROZEN = 108, 2


def any_ended(walk: Paying) -> bool:
    return any(one.job.owed is not None for one in walk.open_jobs())


def any_dispute(walk: Paying) -> bool:
    return any(one.disputes for one in walk.model.jobs)


def any_exchanged(walk: Paying) -> bool:
    return any(one.is_exchanged for one in walk.model.jobs)


def any_payout(walk: Paying) -> bool:
    return any(one.payout is not None for one in walk.model.jobs)


def any_fees(walk: Paying) -> bool:
    return any(one.held for vaults in walk.model.fees.values() for one in vaults)


class Paying(Renting):
    """What moves money out of escrows and vaults, and what holds it back."""

    # -- escrows

    @action(weight=4, when=any_open, pick=a_number)
    def settle(self, pick: int) -> None:
        self.settled(self.pick(pick, lambda one: one.job.started_at is not None))

    def settled(self, number: int) -> None:
        self._pay("settle", 0, number)

    @action(weight=3, when=any_ended, pick=a_number)
    def refund(self, pick: int) -> None:
        self._pay("refund", 2, self.pick(pick, _ended))

    @action(weight=3, when=any_ended, pick=a_number)
    def collect_fees(self, pick: int) -> None:
        self._pay("collect_fees", 1, self.pick(pick, _ended))

    def _pay(self, name: str, party: int, number: int) -> None:
        def done(sent: Sent[None] | None) -> None:
            amount = getattr(self.model, name)(number, self.now)
            check_event(sent, events.jobs.Paid, party=party, amount=amount)

        self.attempt(Step(self.about(name, number), done))

    @action(weight=2, when=any_ended, pick=a_number)
    def close(self, pick: int) -> None:
        self.closed(self.pick(pick, _ended))

    def closed(self, number: int) -> None:
        def done(sent: Sent[None] | None) -> None:
            check_event(sent, events.jobs.JobClosed, surplus=self.model.close(number))

        self.attempt(Step(self.about("close", number), done))

    @action(
        weight=4,
        pick=st.integers(0, 2),
        currency=st.sampled_from((IO, USDC, USDC)),
        seconds=st.sampled_from((HOUR, 3_601, 2 * HOUR)),
        fine=st.sampled_from((100, 100, 77)),
        pay=st.booleans(),
    )
    def earn(self, pick: int, currency: str, seconds: int, fine: int, pay: bool) -> None:
        """A job to its end, on a node that is free if one is; its supplier and the fees are paid, or wait."""
        free = [one for one in NODES if self.now >= self.model.offers[one].until] or list(NODES)
        count = len(self.model.jobs)
        self.run(free[pick % len(free)], RENTERS[0], currency, seconds, [])
        if len(self.model.jobs) == count:
            return
        self.world.advance(seconds)
        for seat in (0, 1):
            self.attested(count, seat, 100, fine)
        self.complete(0)
        if self.model.jobs[count].is_exchanged:
            self.opened_payout(count)
        if pay:
            self.settled(count)
            self._pay("collect_fees", 1, count)

    @action(
        weight=3,
        pick=st.integers(0, 2),
        currency=a_currency,
        wait=st.sampled_from((0, 600, HOUR - 1, HOUR, 4_000)),
        fine=st.sampled_from((100, 100, 40)),
        side=st.sampled_from((0, 0, 1)),
        settle=st.booleans(),
    )
    def leave_early(self, pick: int, currency: str, wait: int, fine: int, side: int, settle: bool) -> None:
        """A job that a party stops; its supplier may be paid before the account ends."""
        free = [one for one in NODES if self.now >= self.model.offers[one].until] or list(NODES)
        count = len(self.model.jobs)
        self.run(free[pick % len(free)], RENTERS[0], currency, 2 * HOUR, [])
        if len(self.model.jobs) == count:
            return
        self.world.advance(wait)
        self._leaves("stop", count, side)
        for seat in (0, 1):
            self.attested(count, seat, 100, fine)
        if settle:
            self.world.advance(max(0, HOUR - wait))
            self.settled(count)
        self.complete(0)

    @action(weight=2, when=any_ended, pick=a_number, order=st.permutations((0, 1, 2)))
    def pay_out(self, pick: int, order: list[int]) -> None:
        """Everybody is paid, in any order, and the job closes."""
        number = self.pick(pick, _ended)
        self.paid_out(number, order)

    def paid_out(self, number: int, order: list[int]) -> None:
        one = self.model.jobs[number]
        if one.is_exchanged and one.payout is None:
            self.opened_payout(number)
        for party in order:
            self._pay(("settle", "collect_fees", "refund")[party], party, number)
        self.closed(number)

    @action(weight=1, when=any_open, pick=a_number, amount=st.integers(1, 1_000))
    def gift(self, pick: int, amount: int) -> None:
        """Somebody sends IO to an escrow."""
        number = self.pick(pick, lambda one: one.currency == IO)
        if self.model.jobs[number].currency == IO:
            address = pda.jobs.escrow(self.addresses[number])
            self.world.pay_io(self.world.io_account(self.world.deployer), address, amount)
            self.model.jobs[number].surplus += amount
            self.receipts.flows[address] += amount
            self.tokens[IO] += amount

    # -- disputes

    @action(weight=3, when=any_open, pick=a_number, side=a_party)
    def dispute(self, pick: int, side: int) -> None:
        number = self.pick(pick, lambda one: one.job.started_at is not None)
        self.disputed(number, self.party(number, side))

    def disputed(self, number: int, who: str) -> bool:
        call = self.about("dispute", number, party=self.person(who).pubkey())

        def done(sent: Sent[None] | None) -> None:
            made = self.model.dispute(number, who, self.now)
            check_event(sent, events.jobs.DisputeMade, bond=made.bond, until=made.until)

        return self.attempt(Step(call, done))

    def of_dispute(self, pick: int) -> tuple[int, str]:
        found = [(n, who) for n, one in enumerate(self.model.jobs) for who in one.disputes]
        return found[-1 - pick % len(found)]

    def bond_of(self, number: int, who: str) -> Pubkey:
        """The account of a party's dispute."""
        return pda.jobs.dispute(self.addresses[number], self.person(who).pubkey())

    @action(
        weight=3,
        when=any_ended,
        pick=a_number,
        side=st.sampled_from((0, 1)),
        before=st.lists(st.sampled_from((0, 1, 2)), max_size=2, unique=True),
        part=st.sampled_from((0, 33, 99, 100, "paid", "attested")),
        off=st.sampled_from((-1, 0, 0, 1)),
    )
    def contest(self, pick: int, side: int, before: list[int], part: int | str, off: int) -> None:
        """Some are paid, a party disputes the rest, and it is decided."""
        number = self.pick(pick, lambda one: _ended(one) and one.job.escrow > 0)
        who = self.party(number, side)
        for party in before:
            self._pay(("settle", "collect_fees", "refund")[party], party, number)
        if self.disputed(number, who):
            self.resolved(number, who, part, off)

    @action(
        weight=3,
        when=any_dispute,
        pick=a_number,
        part=st.sampled_from((0, 1, 33, 50, 99, 100, 101, "paid", "attested")),
        off=st.sampled_from((-1, 0, 0, 1)),
    )
    def resolve(self, pick: int, part: int | str, off: int) -> None:
        """A decision: any part of the price, or one near what was paid or attested."""
        number, who = self.of_dispute(pick)
        if not self.model.jobs[number].is_closed:
            self.resolved(number, who, part, off)

    def resolved(self, number: int, who: str, part: int | str, off: int) -> None:
        one = self.model.jobs[number]
        price = sum(each.price for each in one.job.segments)
        if isinstance(part, int):
            whole = price * part // 100
        else:
            net = one.job.paid["supplier"] if part == "paid" else one.job.due
            whole = net * 10_000 // (10_000 - one.job.terms.booking - one.job.terms.supplier)
        whole = max(0, whole + off)
        call = self.about("resolve", number, gross=whole, dispute=self.bond_of(number, who))

        def done(sent: Sent[None] | None) -> None:
            outcome = 1 if self.model.resolve(number, who, whole, self.now) else 2
            check_event(sent, events.jobs.DisputeResolved, gross=whole, outcome=outcome)

        self.attempt(Step(call, done))

    @action(weight=2, when=any_dispute, pick=a_number)
    def close_dispute(self, pick: int) -> None:
        number, who = self.of_dispute(pick)
        call = self.market.closing(self.bond_of(number, who))

        def done(sent: Sent[None] | None) -> None:
            bond = self.model.close_dispute(number, who, self.now)
            check_event(sent, events.jobs.DisputeClosed, amount=bond)

        self.attempt(Step(call, done))

    # -- payouts

    def _payout(self, name: str, number: int, **given: Any) -> Any:
        return self.auctions.payouts(name, self.addresses[number], **given)

    def pick_payout(self, pick: int) -> int:
        found = [n for n, one in enumerate(self.model.jobs) if one.payout is not None]
        full = [n for n in found if self.balance_of(n)] if pick < 5 else []
        return (full or found)[-1 - pick % len(full or found)]

    def balance_of(self, number: int) -> int:
        """What a job's payout holds."""
        payout = self.model.jobs[number].payout
        return 0 if payout is None else payout.held

    @action(weight=3, when=any_exchanged, pick=a_number, any_job=st.sampled_from((False, False, False, True)))
    def open_payout(self, pick: int, any_job: bool) -> None:
        found = [n for n, one in enumerate(self.model.jobs) if one.is_exchanged or any_job]
        self.opened_payout(found[-1 - pick % len(found)])

    def opened_payout(self, number: int) -> None:
        mint = self.mints[self.model.jobs[number].currency]
        call = self._payout("open_payout", number, mint=mint)
        self.attempt(Step(call, lambda _: self.model.open_payout(number)))

    @action(weight=3, when=any_payout, pick=a_number, quote=a_quote)
    def start_payout(self, pick: int, quote: str) -> None:
        number = self.pick_payout(pick)
        self.renew(IO, quote)
        call = self._payout("start_payout", number, fresh=False)
        self.attempt(Step(call, lambda _: self.model.start_payout(number, self.price(IO), self.now)))

    @action(
        weight=4,
        when=any_exchanged,
        pick=a_number,
        io=st.sampled_from((10**12, 10**12, 3 * 10**9, 10**8, 1, 0)),
        quote=a_quote,
        wait=st.sampled_from((0, 0, 36 * MINUTE)),
        start=st.sampled_from((True, True, False)),
    )
    def sell_to_supplier(self, pick: int, io: int, quote: str, wait: int, start: bool) -> None:
        """A sale; before it, what is due comes in and its lot is started."""
        if start:
            number = [n for n, one in enumerate(self.model.jobs) if one.is_exchanged][-1]
            if not self.model.jobs[number].is_closed:
                if self.model.jobs[number].payout is None:
                    self.opened_payout(number)
                self.settled(number)
        if not any_payout(self):
            return
        if start:
            self.start_payout(pick, "usable")
        self.world.advance(wait)
        number = self.pick_payout(pick)
        self.renew(IO, quote)
        credit = self.wallet(self.model.jobs[number].supplier, IO)
        call = self.auctions.crediting(self.addresses[number], io, credit=credit)

        def done(sent: Sent[None] | None) -> None:
            sale = self.model.sell_to_supplier(number, SELLER, io, self.price(IO), self.now)
            check_event(sent, events.buyback.IoCredited, out=sale.out, io=sale.io)

        self.attempt(Step(call, done))

    @action(weight=2, when=any_payout, pick=a_number)
    def withdraw_payout(self, pick: int) -> None:
        self.withdrawn(self.pick_payout(pick))

    def withdrawn(self, number: int) -> None:
        supplier = self.model.jobs[number].supplier
        key, to = self.person(supplier).pubkey(), self.wallet(supplier, USDC)
        call = self._payout("withdraw_payout", number, supplier=key, destination=to)

        def done(sent: Sent[None] | None) -> None:
            amount, fee = self.model.withdraw_payout(number)
            check_event(sent, events.buyback.PayoutWithdrawn, amount=amount, fee=fee)

        self.attempt(Step(call, done))

    @action(weight=1, when=any_payout, pick=a_number)
    def close_payout(self, pick: int) -> None:
        self.closed_payout(self.pick_payout(pick))

    def closed_payout(self, number: int) -> None:
        call = self._payout("close_payout", number)
        self.attempt(Step(call, lambda _: self.model.close_payout(number)))

    # -- fees

    def pick_vault(self, currency: str, pick: int) -> int:
        """The shard of a vault that holds something that can be sold, where there is one."""
        vaults = self.model.fees[currency]
        full = [n for n, one in enumerate(vaults) if one.held and (currency == IO or one.allowed(self.now))]
        return full[pick % len(full)] if full else pick % rentals.SHARDS

    @action(weight=2, when=any_fees, pick=a_number)
    def burn_fees(self, pick: int) -> None:
        shard = self.pick_vault(IO, pick)

        def done(sent: Sent[None] | None) -> None:
            amount = self.model.burn_fees(shard)
            if amount:
                check_event(sent, events.buyback.FeesBurned, amount=amount)

        self.attempt(Step(ix.buyback.burn_fees(shard=shard), done))

    @action(weight=2, when=any_fees, pick=a_number, quote=a_quote)
    def start_auction(self, pick: int, quote: str) -> None:
        self.started_auction(self.pick_vault(USDC, pick), quote)

    def started_auction(self, shard: int, quote: str) -> None:
        self.renew(IO, quote)
        call = self.auctions.starting(
            fresh=False, auction=self.auction(shard), vault=self.fee_vault(USDC, shard)
        )
        self.attempt(Step(call, lambda _: self.model.start_auction(shard, self.price(IO), self.now)))

    @action(
        weight=3,
        when=any_fees,
        pick=a_number,
        io=st.sampled_from((10**12, 10**12, 10**8, 1)),
        quote=a_quote,
        start=st.sampled_from((True, True, False)),
        wait=st.sampled_from((0, 0, 36 * MINUTE)),
    )
    def sell_io(self, pick: int, io: int, quote: str, start: bool, wait: int) -> None:
        shard = self.pick_vault(USDC, pick)
        if start:
            self.started_auction(shard, "usable")
        self.world.advance(wait)
        self.renew(IO, quote)
        call = self.auctions.selling(io, auction=self.auction(shard), vault=self.fee_vault(USDC, shard))

        def done(sent: Sent[None] | None) -> None:
            sale = self.model.sell_io(shard, SELLER, io, self.price(IO), self.now)
            check_event(sent, events.buyback.IoSold, out=sale.out, io=sale.io)

        self.attempt(Step(call, done))

    # -- token accounts

    @action(weight=1, who=st.sampled_from((*NODES, *RENTERS)), currency=a_currency, freeze=st.booleans())
    def shut(self, who: str, currency: str, freeze: bool) -> None:
        """Somebody's account is closed, or frozen by the issuer of dollars; or it is as it was again."""
        if (who, currency) in self.model.shut:
            self.reopen(who, currency)
            return
        wallet, network = self.wallet(who, currency), self.world.client.network
        self.arena.touch(wallet)
        found = self.world.raw(wallet)
        self.saved[who, currency] = found
        if freeze and currency == USDC:
            data = bytearray(found.data)
            data[STATE] = FROZEN
            network.set_account(wallet, lamports=found.lamports, data=bytes(data), owner=found.owner)
            self.model.shut[who, currency] = "AccountFrozen"
        else:
            network.set_account(wallet, lamports=0)
            self.model.shut[who, currency] = "AccountNotInitialized"

    def reopen(self, who: str, currency: str) -> None:
        """What it holds is what it held: nothing goes in or out meanwhile."""
        found = self.saved.pop((who, currency))
        wallet, data = self.wallet(who, currency), bytes(found.data)
        network = self.world.client.network
        network.set_account(wallet, lamports=found.lamports, data=data, owner=found.owner)
        del self.model.shut[who, currency]


def _ended(one: Of) -> bool:
    return one.job.owed is not None
