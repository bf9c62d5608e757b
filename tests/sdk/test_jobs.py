"""`client.jobs`: offers, quotes, clusters, extensions and disputes, on the programs."""

from __future__ import annotations

from typing import Any

import pytest
from solders.keypair import Keypair
from tests.programs.market import DOLLAR, EVIDENCE, IO_MINT, MANIFEST, RATE, TWO_HOURS, Market
from tests.programs.people import SAMPLES, TOKEN
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import Client, IonetError, accounts, errors, events, types


@pytest.fixture
def market() -> Market:
    """Alice's and bob's nodes are offered."""
    market = Market.new()
    market.join(market.bob, 300 * TOKEN)
    return market


def as_(market: Market, who: Keypair) -> Client:
    return market.world.client.as_(who)


def test_an_offer_keeps_what_is_not_changed(market: Market) -> None:
    alice = as_(market, market.alice.owner)
    before = alice.jobs.get_offer(market.alice.node)
    alice.jobs.set_offer(market.alice.node, usd_per_hour=3 * DOLLAR, taking=False).send()
    after = alice.jobs.get_offer(market.alice.node)
    assert (after.rate, after.open) == (3 * DOLLAR, 0)
    kept = ("min_seconds", "max_seconds", "payout", "currencies")
    assert all(getattr(after, name) == getattr(before, name) for name in kept)
    with pytest.raises(ValueError, match="1 to 4 mints, not 0"):
        alice.jobs.set_offer(market.alice.node, currencies=())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["bob", "alice"]),
        ({"class_": 1}, ["bob", "alice"]),
        ({"class_": 2}, []),
        ({"region": 276}, ["bob", "alice"]),
        ({"region": 1}, []),
        ({"units": 1}, ["bob", "alice"]),
        ({"units": 2}, []),
        ({"max_usd_per_hour": RATE - 1}, ["bob"]),
        ({"mint": IO_MINT}, ["bob", "alice"]),
        ({"seconds": 24 * HOUR}, ["bob", "alice"]),
        ({"seconds": 24 * HOUR + 1}, []),
    ],
    ids=str,
)
def test_offers_are_searched_the_cheapest_first(
    market: Market, wanted: dict[str, Any], found: list[str]
) -> None:
    as_(market, market.bob.owner).jobs.set_offer(market.bob.node, usd_per_hour=DOLLAR).send()
    names = {one.offer: one.name for one in (market.alice, market.bob)}
    assert [names[one.address] for one in market.world.client.jobs.search(**wanted)] == found


def test_what_cannot_be_booked_is_not_found(market: Market) -> None:
    market.book()
    as_(market, market.bob.owner).jobs.set_offer(market.bob.node, taking=False).send()
    assert market.world.client.jobs.search() == []


def test_a_quote_says_what_the_supplier_gets_in_his_currency(market: Market) -> None:
    client = as_(market, market.renter)
    market.set_price(market.usdc)
    quote = client.jobs.quote(market.alice.node, TWO_HOURS, mint=market.usdc)
    assert (quote.price, quote.fee, quote.supplier_fee, quote.supplier_net) == (
        4_000_000,
        90_000,
        90_000,
        3_910_000,
    )
    # Paid out in IO he pays the booking fee alone.
    market.set_offer(payout=0)
    quote = client.jobs.quote(market.alice.node, TWO_HOURS, mint=market.usdc)
    assert (quote.fee, quote.supplier_fee, quote.supplier_net) == (90_000, 10_000, 3_990_000)
    job = client.jobs.book(market.alice.node, TWO_HOURS, MANIFEST, mint=market.usdc).send().result
    assert (client.jobs.get(job).price, client.jobs.get(job).fee) == (quote.price, quote.fee)


def test_a_payout_in_io_goes_where_the_job_says(market: Market) -> None:
    market.set_offer(payout=0)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    vault = market.open_payout(job)
    paid = market.world.client.jobs.settle(job).send().event(events.jobs.Paid)
    assert (paid.destination, paid.amount) == (vault, 1_995_000)


def test_a_cluster_is_booked_and_started_together(market: Market) -> None:
    client = as_(market, market.renter)
    market.set_price()
    calls = client.jobs.book_cluster([market.alice.node, market.bob.node], TWO_HOURS, MANIFEST)
    first, second = (call.send().result for call in calls)
    cluster = client.jobs.get(first).cluster
    assert client.jobs.get_cluster(cluster).waiting == 2
    attester = as_(market, market.attesters[0])
    (attester.jobs.start(first) + attester.jobs.start(second)).send()
    market.world.advance(20 * MINUTE + 1)
    client.jobs.close_cluster(cluster).send()
    # What runs does without the cluster's account.
    market.world.advance(2 * DAY)
    for job in (first, second):
        client.jobs.expire(job).send()


def test_what_is_left_of_a_cluster_is_cancelled_or_expires(market: Market) -> None:
    client = as_(market, market.renter)
    market.set_price()
    calls = client.jobs.book_cluster([market.alice.node, market.bob.node], TWO_HOURS, MANIFEST)
    first, second = (call.send().result for call in calls)
    client.jobs.cancel(first).send()
    with pytest.raises(errors.jobs.ClusterBroken):
        as_(market, market.bob.owner).jobs.start(second).send()
    client.jobs.expire(second).send()
    assert [client.jobs.get(job).owed_fees for job in (first, second)] == [0, 0]


def test_a_job_is_extended_at_the_quote(market: Market) -> None:
    client = as_(market, market.renter)
    job = market.run(mint=market.usdc)
    quote = client.jobs.quote_extension(job, HOUR)
    assert (quote.usd, quote.price, quote.fee, quote.deposit) == (2 * DOLLAR, 2_000_000, 45_000, 2_045_000)
    with pytest.raises(errors.jobs.DepositAboveLimit):
        client.jobs.extend(job, HOUR, max_deposit=quote.deposit - 1).send()
    event = client.jobs.extend(job, HOUR).send().event(events.jobs.Extended)
    assert (event.price, event.fee) == (quote.price, quote.fee)


def test_a_dispute_is_made_decided_and_closed(market: Market) -> None:
    client, resolver = as_(market, market.renter), as_(market, market.people.resolver)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    with pytest.raises(IonetError, match="no dispute of job"):
        resolver.jobs.resolve(job, 0)
    dispute = client.jobs.dispute(job, EVIDENCE).send().result
    (found,) = client.jobs.disputes(job=job)
    assert (found.address, found.account.bond) == (dispute, 204_500)
    resolver.jobs.resolve(job, 1_000_000).send()
    before = market.purse(market.renter, market.usdc)
    client.jobs.close_dispute(dispute).send()
    assert market.purse(market.renter, market.usdc) == before + 204_500
    assert client.jobs.disputes(party=market.renter.pubkey()) == []


def test_a_lost_bond_goes_to_the_fee_vault(market: Market) -> None:
    job = market.run(mint=market.usdc)
    dispute = as_(market, market.renter).jobs.dispute(job, EVIDENCE).send().result
    as_(market, market.people.resolver).jobs.resolve(job, 4_000_000).send()
    vault = market.job(job).fee_vault
    before = market.world.balance(vault)
    market.world.client.jobs.close_dispute(dispute).send()
    assert market.world.balance(vault) == before + 204_500


def test_an_attestation_names_the_samples(market: Market) -> None:
    job, attester = market.run(), as_(market, market.attesters[0])
    market.world.advance(60)
    said = types.jobs.AttestArgs(
        good=60, upto=60, reason=0, proof_digest=bytes(32), timelock=SAMPLES, result_hash=bytes(32)
    )
    event = attester.jobs.attest(job, said).send().event(events.jobs.Attested)
    assert (event.attested, event.timelock) == (60, SAMPLES)


def test_what_is_searched_for_stands_at_fixed_places() -> None:
    """Others filter by these bytes too."""
    places = {"open": 10, "payout": 11, "node": 16, "lease_job": 48, "lease_until": 80, "rate": 96}
    places |= {"min_seconds": 104, "max_seconds": 108, "currencies": 112}
    assert {name: accounts.jobs.Offer.OFFSETS[name] for name in places} == places
    of_node = {"state": 10, "units": 11, "class_": 12, "owner": 16}
    assert {name: accounts.staking.Node.OFFSETS[name] for name in of_node} == of_node
    of_job = {"state": 10, "payout": 13, "offer": 24, "node": 56, "renter": 88, "supplier": 120, "mint": 152}
    of_job |= {"payout_vault": 184, "paid_supplier": 216}
    assert {name: accounts.jobs.Job.OFFSETS[name] for name in of_job} == of_job
