"""`client.jobs` on the market of the programs' tests: payouts, clusters, extensions, disputes, layouts."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair
from tests.programs.market import EVIDENCE, IO_MINT, MANIFEST, TWO_HOURS, Market
from tests.programs.people import SAMPLES, TOKEN
from tests.programs.support import DAY, HOUR, MINUTE

from ionet import IO, USD, Client, IonetError, NotBookable, ProgramError, accounts, errors, events, pda, types


@pytest.fixture
def market() -> Market:
    """Alice's and bob's nodes are offered, and have shown to compute."""
    market = Market.new()
    market.join(market.bob, 300 * TOKEN)
    for one in (market.alice, market.bob):
        market.prove(one)
    return market


#: How old the compute proof may be that a node is booked on, in words.
SIX = "may be 6 h at most"


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


def test_who_only_gets_the_refund_does_not_dispute(market: Market) -> None:
    renter = Keypair()
    booking = market.booking(renter=renter.pubkey(), refund_to=market.renter.pubkey())
    market.send(booking)
    job = pda.jobs.job(market.alice.offer, market.offer().nonce)
    market.start(job)
    with pytest.raises(IonetError, match=f"its renter {renter.pubkey()} or its supplier disputes"):
        as_(market, market.renter).jobs.dispute(job, EVIDENCE).send()
    assert market.job(job).disputes == 0


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


# -- payers, session keys, and nodes that are gone


def test_somebody_else_pays_for_a_renter_and_gets_back_what_is_left(market: Market) -> None:
    renter, payer = as_(market, market.renter), market.dave
    market.set_price()
    before = market.purse(payer), market.purse(market.renter)
    job = renter.jobs.book(market.alice.node, TWO_HOURS, MANIFEST, payer=payer).send().result
    status = renter.jobs.status(job)
    found = (status.renter, status.payer, status.refund_to)
    assert found == (market.renter.pubkey(), payer.pubkey(), payer.pubkey())
    # The payer may end it, too; both fees of P = 2.02020203 are as shown.
    as_(market, payer).jobs.cancel(job).send()
    assert before[0] - market.purse(payer) == status.cancel_cost.base == 505_051
    assert market.purse(market.renter) == before[1]


def test_who_books_for_another_one_pays_and_the_other_need_not_sign(market: Market) -> None:
    payer = as_(market, market.dave)
    market.set_price()
    call = payer.jobs.book(market.alice.node, TWO_HOURS, MANIFEST, renter=market.renter.pubkey())
    job = call.send().result
    assert payer.jobs.get_job(job).renter == market.renter.pubkey()
    attester = as_(market, market.attesters[0])
    attester.jobs.start(job).send()
    market.set_price()
    # Its refund goes to the payer, who therefore may extend it as the renter may; and pay for the renter.
    payer.jobs.extend(job, HOUR).send()
    before = market.purse(market.dave)
    as_(market, market.renter).jobs.extend(job, HOUR, payer=market.dave).send()
    # An hour at 2 USD and 1.98: 1.01010102 and ⌈0.2525252…⌉ %.
    assert before - market.purse(market.dave) == 101_010_102 + 252_526
    with pytest.raises(IonetError, match="who gets its refund, or its cluster's delegate"):
        as_(market, market.carol).jobs.extend(job, HOUR, max_deposit=10**9).ix()


def test_a_delegate_replaces_a_lost_node_with_a_session_key(market: Market) -> None:
    renter, attester = as_(market, market.renter), as_(market, market.attesters[0])
    session = as_(market, market.carol)
    market.set_price()
    made = renter.jobs.book_cluster([market.alice.node, market.bob.node], TWO_HOURS, MANIFEST)
    (attester.jobs.start(made.jobs[0]) + attester.jobs.start(made.jobs[1])).send()
    with pytest.raises(IonetError, match=r"no job of cluster .* is lost"):
        session.jobs.replace_lost(made.cluster, market.alice.node, HOUR).ix()
    attester.jobs.lose(made.jobs[0]).send()
    assert renter.jobs.get_cluster(made.cluster).lost == 1
    with pytest.raises(IonetError, match="or its delegate books for cluster"):
        session.jobs.replace_lost(made.cluster, market.alice.node, HOUR).ix()
    limit = IO.from_base(101_010_102 + 252_526)
    allowing = renter.jobs.set_delegate(made.cluster, market.carol.pubkey())
    (allowing + renter.jobs.approve_session_key(market.carol.pubkey(), IO_MINT, limit)).send()
    before = market.purse(market.renter)
    job = session.jobs.replace_lost(made.cluster, market.alice.node, HOUR).send().result
    assert before - market.purse(market.renter) == limit.base
    found = renter.jobs.status(job)
    assert (found.renter, found.refund_to) == (market.renter.pubkey(), market.renter.pubkey())
    assert renter.jobs.get_cluster(made.cluster).delegate == market.carol.pubkey()
    attester.jobs.confirm_manifest(job).send()
    assert renter.jobs.status(job).manifest_seen
    attester.jobs.start(job).send()
    renter.jobs.revoke_session_key(IO_MINT).send()
    with pytest.raises(ProgramError, match="OwnerMismatch"):
        session.jobs.extend(job, HOUR).send()
    renter.jobs.set_delegate(made.cluster, None).send()
    assert renter.jobs.get_cluster(made.cluster).delegate is None


@pytest.mark.parametrize(
    ("field", "value", "reason", "words"),
    [
        ("banned", b"\x01", "NodeBanned", "has a banned device"),
        (
            "owner",
            bytes(32),
            "FormerOwnersOffer",
            "has changed hands, and its owner has not set the offer since",
        ),
        ("own", bytes(8), "StakeBelowMinimum", "has 0 IO of its owner's active stake, and needs 200 IO"),
        ("last_proof", bytes(48), "NoVerdict", "has not passed a compute proof yet"),
        ("last_proof", b"\x01" + bytes(47), "NoVerdict", "has failed its latest compute proof"),
        ("last_proof", b"\x01" + bytes(44) + b"\x01\0\0", "VerdictTooOld", "which may be 6 h at most"),
    ],
)
def test_a_node_that_nobody_can_book_says_why_and_is_not_found(
    market: Market, field: str, value: bytes, reason: str, words: str
) -> None:
    client, node = as_(market, market.renter), market.alice.node
    market.set_price()
    market.poke(node, accounts.staking.Node, field, value)
    with pytest.raises(NotBookable) as caught:
        client.jobs.quote(node, HOUR)
    assert caught.value.reason == reason
    assert words in str(caught.value)
    assert [one.node for one in client.jobs.search()] == [market.bob.node]
    (found,) = (one for one in client.jobs.search(booked=True) if one.node == node)
    assert found.obstacle in str(caught.value)


@pytest.mark.parametrize(
    ("age", "head_age", "words"),
    [
        (6 * HOUR, None, None),
        (6 * HOUR + 1, None, SIX),
        (6 * HOUR + 1, 6 * HOUR + 1, None),
        (6 * HOUR + 1, 6 * HOUR + 2, f"{SIX}; that of the report at the head, once shown, may be 2 d"),
        (6 * HOUR + 1, 6 * HOUR, f"{SIX}; that of the report at the head, once shown, may be 2 d"),
        (6 * HOUR + 1, 2 * DAY + 1, SIX),
        (2 * DAY, 2 * DAY, None),
        (2 * DAY + 1, 2 * DAY + 1, "may be 2 d at most"),
    ],
    ids=str,
)
def test_the_client_judges_a_compute_proofs_age_as_the_program_does(
    market: Market, age: int, head_age: int | None, words: str | None
) -> None:
    client, node, now = as_(market, market.renter), market.alice.node, market.world.now
    market.set_price()
    booking = market.booking()
    market.prove(at=now - age)
    market.set_head_end(0 if head_age is None else now - head_age)
    if words is None:
        assert client.jobs.quote(node, HOUR).node == node
        assert node in [listing.node for listing in client.jobs.search()]
        market.send(booking)
        return
    with pytest.raises(NotBookable) as caught:
        client.jobs.quote(node, HOUR)
    assert caught.value.reason == "VerdictTooOld"
    assert str(caught.value).endswith(f"ago, which {words}")
    assert [listing.node for listing in client.jobs.search()] == [market.bob.node]
    market.refused(booking, errors.jobs.VerdictTooOld)


@pytest.mark.parametrize(("age", "named"), [(5 * HOUR, False), (5 * HOUR + 1, True), (DAY, True)], ids=str)
def test_a_cluster_names_the_head_only_where_the_compute_proofs_are_old(
    market: Market, age: int, named: bool
) -> None:
    """Without it three of its jobs are booked in a transaction, not two."""
    client, nodes, end = (
        as_(market, market.renter),
        [market.alice.node, market.bob.node],
        market.world.now - age,
    )
    market.set_price()
    for supplier in (market.alice, market.bob):
        market.prove(supplier, at=end)
    market.set_head_end(end)
    (call,) = client.jobs.cluster_calls(nodes, TWO_HOURS, MANIFEST, cluster_id=bytes(32))
    keys = {meta.pubkey for instruction in call.ix() for meta in instruction.accounts}
    assert (pda.proofs.CONFIG in keys) is named
    assert len(call.send().result) == 2
