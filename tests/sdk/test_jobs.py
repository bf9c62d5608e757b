"""`client.jobs` on the market of the programs' tests: payouts, clusters, extensions, disputes, layouts."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair
from tests.programs.market import EVIDENCE, MANIFEST, TWO_HOURS, Market
from tests.programs.people import SAMPLES, TOKEN
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import USD, Client, IonetError, accounts, errors, events, types


@pytest.fixture
def market() -> Market:
    """Alice's and bob's nodes are offered, and have shown to compute."""
    market = Market.new()
    market.join(market.bob, 300 * TOKEN)
    for one in (market.alice, market.bob):
        market.prove(one)
    return market


def as_(market: Market, who: Keypair) -> Client:
    return market.world.client.as_(who)


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
    made = client.jobs.book_cluster([market.alice.node, market.bob.node], TWO_HOURS, MANIFEST)
    (first, second), cluster = made.jobs, made.cluster
    assert client.jobs.get_job(first).cluster == cluster
    assert client.jobs.get_cluster(cluster).waiting == 2
    attester = as_(market, market.attesters[0])
    (attester.jobs.start(first) + attester.jobs.start(second)).send()
    market.world.advance(20 * MINUTE + 1)
    # What runs may be lost, and replaced.
    with pytest.raises(errors.jobs.ClusterRuns):
        client.jobs.close_cluster(cluster).send()
    market.world.advance(2 * DAY)
    client.jobs.close_cluster(cluster).send()
    for job in (first, second):
        client.jobs.expire(job).send()


def test_what_is_left_of_a_cluster_is_cancelled_or_expires(market: Market) -> None:
    client = as_(market, market.renter)
    market.set_price()
    made = client.jobs.book_cluster([market.alice.node, market.bob.node], TWO_HOURS, MANIFEST)
    first, second = made.jobs
    client.jobs.cancel(first).send()
    with pytest.raises(errors.jobs.ClusterBroken):
        as_(market, market.bob.owner).jobs.start(second).send()
    client.jobs.expire(second).send()
    assert market.world.client.account(first) is None
    # The booking fee of two hours.
    assert client.jobs.get_job(second).owed_fees == 505_051


def test_a_job_is_extended_at_the_quote(market: Market) -> None:
    client = as_(market, market.renter)
    job = market.run(mint=market.usdc)
    quote = client.jobs.quote_extension(job, HOUR)
    assert (quote.usd, quote.price.base, quote.fee.base) == (USD(2), 2_000_000, 45_000)
    assert quote.deposit.base == quote.limit.base == 2_045_000
    with pytest.raises(errors.jobs.DepositAboveLimit):
        client.jobs.extend(job, HOUR, max_deposit=quote.deposit.base - 1).send()
    event = client.jobs.extend(job, HOUR).send().event(events.jobs.Extended)
    assert (event.price, event.fee) == (quote.price.base, quote.fee.base)


def test_a_dispute_is_made_decided_and_closed(market: Market) -> None:
    client, resolver = as_(market, market.renter), as_(market, market.people.resolver)
    job = market.run(mint=market.usdc)
    market.world.advance(HOUR)
    market.attest(job, HOUR)
    with pytest.raises(IonetError, match="no dispute of job"):
        resolver.jobs.resolve(job, 0)
    dispute = client.jobs.dispute(job, EVIDENCE).send().result
    (found,) = client.jobs.disputes(job)
    assert (found.address, found.bond.base) == (dispute, 204_500)
    resolver.jobs.resolve(job, 1_000_000).send()
    before = market.purse(market.renter, market.usdc)
    client.jobs.close_dispute(dispute).send()
    assert market.purse(market.renter, market.usdc) == before + 204_500
    assert client.jobs.disputes(job) == []


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
