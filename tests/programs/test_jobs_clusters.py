"""The jobs program: several nodes booked together. None starts until all are booked."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.programs.market import IO_MINT, MANIFEST, TWO_HOURS, Market
from tests.programs.people import TOKEN
from tests.programs.support import HOUR, MINUTE
from tests.programs.test_jobs_money import (
    D_IO,
    NO_SHOW,
    RENTER_CANCELLED,
    SUPPLIER_CANCELLED,
    ended,
)

from ionet import accounts, errors, events, ix, pda, token_account

CLUSTER_BROKEN = 10
NOBODY = Pubkey.default()
#: ⌈P · 25 / 10⁴⌉ of two hours in IO.
BOOKING_FEE = 505_051


@pytest.fixture
def two(market: Market) -> tuple[Market, Pubkey]:
    """Alice's and bob's nodes, and an open cluster of two."""
    market.join(market.bob, 300 * TOKEN)
    return market, market.cluster()


def booked(two: tuple[Market, Pubkey]) -> tuple[Market, Pubkey, Pubkey, Pubkey]:
    market, cluster = two
    first = market.book(cluster=cluster)
    return market, cluster, first, market.book(of=market.bob, cluster=cluster)


def state(market: Market, cluster: Pubkey) -> accounts.jobs.Cluster:
    return market.world.client.fetch(accounts.jobs.Cluster, cluster)


def test_no_job_of_a_cluster_starts_before_all_are_booked(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    first = market.book(cluster=cluster)
    found = market.refused(market.jobs("start", first), errors.jobs.ClusterIncomplete)
    assert found.compared == ("1", "2")
    second = market.book(of=market.bob, cluster=cluster)
    assert (state(market, cluster).joined, state(market, cluster).waiting) == (2, 2)
    for job in (second, first):
        market.start(job)
    assert (state(market, cluster).waiting, market.job(first).state, market.job(second).state) == (0, 1, 1)


def test_each_job_carries_its_cluster_and_its_size(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    market.set_price()
    event = market.send(market.booking(cluster=cluster)).event(events.jobs.Booked)
    assert (event.cluster, event.cluster_size) == (cluster, 2)
    found = market.job(event.job)
    assert (found.cluster, found.cluster_size) == (cluster, 2)
    alone = market.job(market.book(of=market.bob))
    assert (alone.cluster, alone.cluster_size) == (NOBODY, 1)


def test_both_start_in_one_transaction(two: tuple[Market, Pubkey]) -> None:
    market, _, first, second = booked(two)
    market.send(market.jobs("start", first), market.jobs("start", second))
    assert market.job(first).started_at == market.job(second).started_at


def test_a_cluster_is_opened_with_its_size(market: Market) -> None:
    renter, chosen = market.renter.pubkey(), b"\x07" * 32
    none = ix.jobs.open_cluster(renter=renter, id=chosen, size=0)
    market.refused(none, errors.jobs.ClusterSize)
    event = market.send(ix.jobs.open_cluster(renter=renter, id=chosen, size=255)).event(
        events.jobs.ClusterOpened
    )
    address = pda.jobs.cluster(renter, chosen)
    assert event == events.jobs.ClusterOpened(1, address, renter, chosen, 255)
    found = state(market, address)
    assert (found.size, found.joined, found.waiting, found.opened_at) == (255, 0, 0, market.world.now)
    market.refused(ix.jobs.open_cluster(renter=renter, id=chosen, size=2), "AccountAlreadyInUse")


def test_nobody_books_into_the_cluster_of_another(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    market.set_price()
    market.refused(market.booking(by=market.dave, cluster=cluster), errors.jobs.WrongCluster)


def test_a_cluster_takes_as_many_jobs_as_it_has_room_for(two: tuple[Market, Pubkey]) -> None:
    market, cluster, first, _ = booked(two)
    market.start(first)
    market.world.advance(TWO_HOURS)
    market.set_price()
    market.refused(market.booking(cluster=cluster), errors.jobs.ClusterFull)


def test_all_jobs_of_a_cluster_run_one_manifest(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    market.book(cluster=cluster)
    market.set_price()
    call = market.booking(of=market.bob, cluster=cluster)
    other = bytearray(bytes(call.data))
    at = bytes(call.data).index(MANIFEST)
    other[at : at + 32] = bytes(32)
    changed = type(call)(call.program_id, bytes(other), call.accounts)
    market.refused(changed, errors.jobs.ClusterManifest)
    market.send(call)


def test_the_cluster_is_neither_left_out_nor_replaced(two: tuple[Market, Pubkey]) -> None:
    market, _, first, _ = booked(two)
    other = market.cluster(number=2)
    for wrong in (None, other):
        for name in ("start", "cancel"):
            market.refused(market.jobs(name, first, cluster=wrong), errors.jobs.WrongCluster)
    market.world.advance(20 * MINUTE + 1)
    for wrong in (None, other):
        market.refused(market.jobs("expire", first, cluster=wrong), errors.jobs.WrongCluster)
    market.send(market.jobs("expire", first))


def test_a_job_that_stands_alone_takes_no_cluster(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    job = market.book()
    for name in ("start", "cancel"):
        market.refused(market.jobs(name, job, cluster=cluster), errors.jobs.WrongCluster)
    market.start(job)


# -- when one leaves


def test_when_a_supplier_leaves_the_others_end_at_once_and_cost_the_time_held(
    two: tuple[Market, Pubkey],
) -> None:
    market, cluster, first, second = booked(two)
    market.refused(market.jobs("expire", first), errors.jobs.StartWindowOpen)
    market.world.advance(15 * MINUTE)
    market.send(market.jobs("cancel", second, party=market.bob.key))
    market.refused(market.jobs("start", first), errors.jobs.ClusterBroken)
    market.send(market.jobs("expire", first))
    # ⌈P · 900 / 7,200⌉: else a renter and one supplier hold the other nodes for nothing.
    held = 25_252_526
    ended(market, first, CLUSTER_BROKEN, (0, held, D_IO - held))
    assert market.job(second).reason == SUPPLIER_CANCELLED
    assert market.offer().lease_job == NOBODY
    assert market.pay_out(first) == (0, held, D_IO - held)
    assert market.pay_out(second) == (0, 0, D_IO)
    assert state(market, cluster).waiting == 0


def test_what_could_be_started_when_a_supplier_leaves_costs_the_time_held(two: tuple[Market, Pubkey]) -> None:
    """Else a renter whose accomplice is among the suppliers holds all the others for nothing."""
    market, _, first, second = booked(two)
    market.send(market.jobs("confirm_manifest", first))
    market.world.advance(15 * MINUTE)
    market.send(market.jobs("cancel", second, party=market.bob.key))
    market.send(market.jobs("expire", first))
    # ⌈P · 900 / 7,200⌉.
    ended(market, first, CLUSTER_BROKEN, (0, 25_252_526, D_IO - 25_252_526))


def test_an_accomplice_whose_node_does_not_answer_makes_no_other_job_free(
    two: tuple[Market, Pubkey],
) -> None:
    """Where the accomplice's manifest alone is confirmed, as its node does not answer, and nobody starts."""
    market, _, first, second = booked(two)
    market.send(market.jobs("confirm_manifest", second))
    market.world.advance(20 * MINUTE + 1)
    market.send(market.jobs("expire", second))
    market.send(market.jobs("expire", first))
    # ⌈P · 1,200 / 7,200⌉.
    ended(market, first, CLUSTER_BROKEN, (0, 33_670_034, D_IO - 33_670_034))
    ended(market, second, NO_SHOW, (0, 0, D_IO))


def test_a_job_that_waits_for_its_cluster_could_not_be_started(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    first = market.book(cluster=cluster)
    confirm = market.jobs("confirm_manifest", first)
    market.refused(confirm, errors.jobs.ClusterIncomplete)
    market.refused(market.jobs("confirm_manifest", first, cluster=None), errors.jobs.WrongCluster)
    second = market.book(of=market.bob, cluster=cluster)
    market.send(confirm)
    market.send(market.jobs("cancel", second, party=market.bob.key))
    market.refused(confirm, errors.jobs.ClusterBroken)


@pytest.mark.parametrize(
    ("seconds", "fee", "later"),
    # ⌈P · held / 7,200⌉, or the booking fee; ten minutes later 1 + 600 and 121 + 600 s were held.
    [(1, BOOKING_FEE, 16_863_076), (121, 3_395_062, 20_230_079)],
)
def test_a_renter_who_cancels_one_job_cancels_its_cluster(
    two: tuple[Market, Pubkey], seconds: int, fee: int, later: int
) -> None:
    market, _, first, second = booked(two)
    market.send(market.jobs("confirm_manifest", second))
    market.world.advance(seconds)
    market.send(market.jobs("cancel", first))
    ended(market, first, RENTER_CANCELLED, (0, fee, D_IO - fee))
    # Anyone may end the other one at once; its node is held until then.
    market.world.advance(10 * MINUTE)
    market.send(market.jobs("expire", second))
    ended(market, second, RENTER_CANCELLED, (0, later, D_IO - later))


def test_a_cluster_that_is_not_filled_costs_the_time_that_its_nodes_were_held(
    two: tuple[Market, Pubkey],
) -> None:
    market, cluster = two
    job = market.book(cluster=cluster)
    market.world.advance(20 * MINUTE)
    market.refused(market.jobs("expire", job), errors.jobs.StartWindowOpen)
    market.world.advance(1)
    market.send(market.jobs("expire", job))
    # A sixth of the price.
    ended(market, job, NO_SHOW, (0, 33_670_034, D_IO - 33_670_034))
    market.set_price()
    market.refused(market.booking(of=market.bob, cluster=cluster), errors.jobs.ClusterBroken)


def test_a_supplier_leaves_a_cluster_that_is_not_filled(two: tuple[Market, Pubkey]) -> None:
    market, cluster = two
    job = market.book(cluster=cluster)
    market.send(market.jobs("cancel", job, party=market.alice.key))
    assert market.offer().lease_job == NOBODY
    assert market.pay_out(job) == (0, 0, D_IO)


def test_what_runs_goes_on_when_another_does_not_start(two: tuple[Market, Pubkey]) -> None:
    market, _, first, second = booked(two)
    market.start(first)
    market.world.advance(20 * MINUTE + 1)
    market.send(market.jobs("expire", second))
    ended(market, second, NO_SHOW, (0, 33_670_034, D_IO - 33_670_034))
    market.world.advance(TWO_HOURS)
    market.attest(first, TWO_HOURS)
    market.send(market.jobs("complete", first))
    # ⌈P · 25 / 10⁴⌉ on both sides, as of any job.
    assert market.pay_out(first) == (D_IO - 2 * BOOKING_FEE, 2 * BOOKING_FEE, 0)


# -- the account


def test_a_cluster_closes_when_none_waits_and_its_rent_goes_back(two: tuple[Market, Pubkey]) -> None:
    market, cluster, first, second = booked(two)
    close = ix.jobs.close_cluster(renter=market.renter.pubkey(), cluster=cluster)
    market.refused(close, errors.jobs.ClusterWaits)
    market.start(first)
    market.refused(close, errors.jobs.ClusterWaits)
    market.start(second)
    market.refused(close, errors.jobs.ClusterYoung)
    market.world.advance(20 * MINUTE + 1)
    # What runs may be lost, and replaced.
    found = market.refused(close, errors.jobs.ClusterRuns)
    assert found.compared == (str(market.world.now), str(market.job(first).ends_at))
    market.world.advance(TWO_HOURS - 20 * MINUTE - 1)
    thief = ix.jobs.close_cluster(renter=market.dave.pubkey(), cluster=cluster)
    market.refused(thief, errors.jobs.WrongRentPayer)
    before, rent = market.world.client.balance(market.renter.pubkey()), market.world.raw(cluster).lamports
    # Anyone may; what is over needs it no more.
    event = market.world.call(close).paid_by(market.actor()).send().event(events.jobs.ClusterClosed)
    assert (event.cluster, event.seq) == (cluster, 2)
    assert market.world.client.balance(market.renter.pubkey()).base == before.base + rent
    assert market.world.client.account(cluster) is None
    for job in (first, second):
        market.attest(job, TWO_HOURS)
    market.send(market.jobs("complete", first))
    market.world.advance(25 * HOUR)
    market.send(market.jobs("expire", second))
    for job in (first, second):
        market.pay_out(job)


def test_nobody_closes_a_cluster_before_its_first_booking(market: Market) -> None:
    cluster = market.cluster()
    close = ix.jobs.close_cluster(renter=market.renter.pubkey(), cluster=cluster)
    market.world.advance(20 * MINUTE)
    market.refused(close, errors.jobs.ClusterYoung)
    market.world.advance(1)
    market.send(close)


def test_a_cluster_is_no_other_account(two: tuple[Market, Pubkey]) -> None:
    market, cluster, first, _ = booked(two)
    forged = Keypair().pubkey()
    data = bytes(market.world.raw(cluster).data)
    market.world.client.network.set_account(forged, data=data, owner=market.world.deployer)
    market.refused(market.jobs("start", first, cluster=forged), "AccountOwnedByWrongProgram")
    wrong = market.jobs("start", first, cluster=market.alice.offer)
    market.refused(wrong, "AccountDiscriminatorMismatch")
    assert market.world.balance(token_account(market.renter.pubkey(), IO_MINT)) > 0
