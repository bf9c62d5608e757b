"""Replacements of lost nodes by a session key: within the limits, and why not beyond them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.sdk.test_jobs_api import HOUR, MANIFEST, NOW, Market

import ionet
from ionet import SOL, USD, USDC, AsyncClient, TransactionFailed
from ionet.cli.localnet import PEOPLE, set_up
from ionet.cloud.replacing import AsyncGuard, Limits, Looked, affordable, most_needed
from ionet.localnet.dollars import add_usdc


@pytest.fixture
def market() -> Market:
    people = {name: Keypair() for name in PEOPLE}
    deployer = ionet.Client.local(signer=people["deployer"], now=NOW)
    set_up(deployer, people)
    return Market(
        deployer, people, add_usdc(deployer, [key.pubkey() for key in people.values()], USDC(1_000))
    )


class Rented:
    """A running cluster of three nodes at 2.5 USD, and a session key.

    Attributes:
        jobs: the head's first.
        session: the key, which has SOL for rent and fees.
    """

    def __init__(self, market: Market, allowed: ionet.Amount | None = None) -> None:
        self.market, self.session = market, Keypair()
        nodes = [market.offered() for _ in range(3)]
        quotes = market.renter.jobs.quotes(nodes, 4 * HOUR, currency="USDC")
        self.booked = market.renter.jobs.book_cluster(
            nodes, 4 * HOUR, MANIFEST, currency="USDC", quotes=quotes
        )
        for job in self.booked.jobs:
            market.as_("alice").jobs.start(job).send()
        keyed = market.renter.jobs.cluster_jobs(self.booked.cluster)
        self.jobs = [job.address for job in keyed]
        market.deployer.network.airdrop(self.session.pubkey(), SOL(1).base)
        self.allowed = allowed or most_needed(quotes, Limits(1, USD("2.6")))
        key = self.session.pubkey()
        call = market.renter.jobs.set_delegate(self.booked.cluster, key)
        (call + market.renter.jobs.approve_session_key(key, market.usdc, self.allowed)).send()
        # The start and a booking lie in different seconds.
        market.advance(60)

    @property
    def client(self) -> AsyncClient:
        return AsyncClient.local(network=self.market.deployer.network, signer=self.session)

    def guard(self, replace: int = 1, rate: str = "2.6") -> AsyncGuard:
        return AsyncGuard(self.client, self.booked.cluster, Limits(replace, USD(rate)))

    def lose(self, job: Pubkey) -> None:
        self.market.as_("attester").jobs.lose(job).send()


async def test_a_lost_node_is_replaced_within_the_limits_and_no_second_one(market: Market) -> None:
    rented = Rented(market)
    guard = rented.guard()
    assert await guard.look() == Looked("no node is lost")
    dear, near = market.offered("2.7"), market.offered("2.6")
    before = market.purse("renter", market.usdc)
    rented.lose(rented.jobs[1])
    looked = await guard.look()
    assert looked.booked is not None
    account = market.renter.jobs.get_job(looked.booked)
    assert (account.node, account.renter) == (near, market.key("renter"))
    assert account.cluster == rented.booked.cluster
    assert account.refund_to == market.key("renter")
    # Until the end of the others: four hours less the minute that has passed.
    assert account.seconds == 4 * HOUR - 60
    usd = -(-2_600_000 * (4 * HOUR - 60) // HOUR)
    assert (account.price, account.fee) == (usd, -(-usd * 225 // 10_000))
    assert before - market.purse("renter", market.usdc) == account.price + account.fee
    assert looked.why.startswith(f"a node is lost: {near} is booked in its place for 3 h 59 min")
    assert await guard.look() == Looked("no node is lost")
    # Another loss is beyond the limit, which a guard that begins anew sees as well.
    market.as_("alice").jobs.start(looked.booked).send()
    rented.lose(rented.jobs[2])
    said = "1 node is lost, and 1 of 1 were replaced: the limit --replace is reached"
    for each in (guard, rented.guard()):
        assert await each.look() == Looked(said)
    # And so is what is left of the allowance, whatever it is told.
    market.as_("alice").jobs.offer(dear, rate=USD("2.6")).send()
    looked = await rented.guard(replace=2).look()
    assert looked.booked is None
    assert f"and the session key may spend {_left(rented)} more" in looked.why
    async with rented.client as client:
        call = client.jobs.replace_lost(rented.booked.cluster, dear, 3 * HOUR, currency="USDC")
        with pytest.raises(TransactionFailed):
            await call.send()


async def test_who_has_a_guard_end_waits_for_what_it_books_and_nothing_comes_after(market: Market) -> None:
    rented, books, may = Rented(market), asyncio.Event(), asyncio.Event()
    market.offered("2.6"), market.offered("2.6")

    class Slow(AsyncGuard):
        async def _book(self, cluster: Any, want: Any) -> Looked:
            books.set()
            await may.wait()
            return await super()._book(cluster, want)

    guard = Slow(rented.client, rented.booked.cluster, Limits(2, USD("2.6")))
    rented.lose(rented.jobs[1])
    rented.lose(rented.jobs[2])
    watching = asyncio.create_task(guard.run())
    await books.wait()
    ending = asyncio.create_task(guard.end())
    await asyncio.sleep(0)
    assert not ending.done()
    may.set()
    await ending
    assert "is booked in its place" in await watching
    # Another one was lost, and its place stays free.
    assert guard.replaced == 1
    assert len(market.renter.jobs.cluster_jobs(rented.booked.cluster)) == 4


def _left(rented: Rented) -> ionet.Amount:
    purse = ionet.token_account(rented.market.key("renter"), rented.market.usdc)
    account = rented.market.renter.token_account(purse)
    assert account.delegate == rented.session.pubkey()
    assert 0 < account.delegated_amount < 1_000_000
    return USDC.from_base(account.delegated_amount)


def test_a_low_rate_of_more_processors_does_not_use_an_allowance_up(market: Market) -> None:
    node = market.offered("2.6")
    (plain,) = (item for item in market.renter.jobs.search() if item.node == node)
    large = replace(plain, units=8, rate=USD("2.5"))
    assert affordable([large, plain], USD("2.6")) == [plain, large]
    assert affordable([large, plain], USD("2.5")) == [large]


async def test_nothing_dearer_than_the_limit_is_booked(market: Market) -> None:
    rented = Rented(market)
    market.offered("2.61")
    before = market.purse("renter", market.usdc)
    rented.lose(rented.jobs[2])
    looked = await rented.guard().look()
    assert looked == Looked(
        "a node is lost, and no other of its class is free for 2.6 USD per processor and hour or less,"
        " the limit --max-rate; the cheapest costs 2.61 USD"
    )
    assert market.purse("renter", market.usdc) == before


async def test_a_rate_that_is_raised_between_two_looks_at_it_is_not_paid(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    rented = Rented(market)
    near = market.offered("2.5")
    before = market.purse("renter", market.usdc)
    rented.lose(rented.jobs[2])
    guard = rented.guard()
    jobs = guard._client.jobs
    search = jobs.search

    async def searched(**what: Any) -> Any:
        found = await search(**what)
        market.as_("alice").jobs.offer(near, rate=USD("2.61")).send()
        return found

    monkeypatch.setattr(jobs, "search", searched)
    assert await guard.look() == Looked(
        f"a node is lost, and none is booked: {near} asks for 2.61 USD now, which is more than 2.6 USD, the"
        " limit --max-rate"
    )
    assert market.purse("renter", market.usdc) == before


async def test_a_node_that_was_lost_is_not_booked_again(market: Market) -> None:
    rented = Rented(market)
    rented.lose(rented.jobs[1])
    # Its offer stands, and it is the only one.
    assert (await rented.guard().look()).why.endswith("the limit --max-rate")


async def test_a_replacement_that_does_not_start_counts_as_none(market: Market) -> None:
    rented = Rented(market)
    guard = rented.guard()
    first, second = market.offered("2.5"), market.offered("2.6")
    rented.lose(rented.jobs[1])
    booked = (await guard.look()).booked
    assert booked is not None
    market.advance(1_201)
    market.renter.jobs.expire(booked).send()
    market.renter.jobs.refund(booked).send()
    market.renter.jobs.approve_session_key(rented.session.pubkey(), market.usdc, rented.allowed).send()
    again = (await guard.look()).booked
    assert again is not None
    assert market.renter.jobs.get_job(again).node == second
    assert guard.replaced == 1
    assert first != second


@pytest.mark.parametrize("end", ["lose", "stop"])
async def test_without_its_head_a_cluster_is_over(market: Market, end: str) -> None:
    rented = Rented(market)
    guard = rented.guard()
    await guard.look()
    market.offered()
    if end == "lose":
        rented.lose(rented.jobs[0])
    else:
        market.renter.jobs.stop(rented.jobs[0]).send()
    looked = await guard.look()
    assert looked.over
    assert "there is nothing to join" in looked.why
    for job in rented.jobs[1:]:
        market.renter.jobs.stop(job).send()
    assert await guard.look() == Looked("none of its jobs runs any more", over=True)


async def test_who_is_not_the_delegate_books_nothing(market: Market) -> None:
    rented = Rented(market)
    market.offered()
    rented.lose(rented.jobs[1])
    market.renter.jobs.set_delegate(rented.booked.cluster, None).send()
    looked = await rented.guard().look()
    assert looked.booked is None
    assert "is not the cluster's delegate" in looked.why


def test_an_allowance_is_what_the_replacements_may_cost(market: Market) -> None:
    nodes = [market.offered(rate) for rate in ("2.5", "2")]
    quotes = market.renter.jobs.quotes(nodes, HOUR, currency="USDC")
    # An hour at 3 USD: 3 USDC and 2.25 %, twice; a base unit each for what divisions round.
    assert most_needed(quotes, Limits(2, USD(3))).base == 2 * (3_067_500 + 1)


async def test_a_session_key_that_rents_replaces_what_it_loses_until_its_end(market: Market) -> None:
    """It pays from its wallet, which gets the refund; no delegate is named (decision 64)."""
    session, wallet = Keypair(), market.key("renter")
    market.deployer.network.airdrop(session.pubkey(), SOL(1).base)
    # Three times two hours at 2.5 USD, with 2.25 % of fees.
    market.renter.jobs.approve_session_key(session.pubkey(), market.usdc, USDC("15.3375")).send()
    hot = market.deployer.as_(session).spending_for(wallet)
    nodes = [market.offered() for _ in range(2)]
    booked = hot.jobs.book_cluster(nodes, 2 * HOUR, MANIFEST, currency="USDC")
    jobs = [item.address for item in hot.jobs.cluster_jobs(booked.cluster)]
    for job in jobs:
        market.as_("alice").jobs.start(job).send()
    market.advance(1)
    market.offered()
    market.as_("attester").jobs.lose(jobs[1]).send()
    local = AsyncClient.local(network=market.deployer.network, signer=session)
    client = local.spending_for(wallet)

    def guard(until: int) -> AsyncGuard:
        return AsyncGuard(client, booked.cluster, Limits(1, USD("2.5"), until))

    looked = await guard(market.now).look()
    assert looked == Looked("a node is lost, and the session has ended: nothing more is booked")
    before = market.purse("renter", market.usdc)
    looked = await guard(market.now + 1).look()
    assert looked.booked is not None
    account = market.renter.jobs.get_job(looked.booked)
    assert (account.renter, account.refund_to) == (session.pubkey(), wallet)
    assert before - market.purse("renter", market.usdc) == account.price + account.fee
