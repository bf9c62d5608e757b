"""The jobs program: places that are added to a cluster while it runs. Nothing waits for who takes them."""

from __future__ import annotations

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import approve
from spl.token.models import ApproveParams
from tests.programs.market import IO_MINT, TWO_HOURS, Market
from tests.programs.people import TOKEN, Supplier
from tests.programs.support import HOUR, MINUTE
from tests.programs.test_jobs_clusters import state
from tests.programs.test_jobs_money import D_IO, NO_SHOW, SUPPLIER_CANCELLED

from ionet import IO, errors, events, ix, pda, token_account

REPLACED, ADDED = 1, 2


@pytest.fixture
def one(market: Market) -> tuple[Market, Pubkey, Pubkey]:
    """A cluster of alice's node alone that runs, its job, and bob's node beside it."""
    market.join(market.bob, 300 * TOKEN)
    cluster = market.cluster(size=1)
    head = market.book(cluster=cluster)
    market.start(head)
    return market, cluster, head


def growing(cluster: Pubkey, by: Keypair, places: int = 1) -> Instruction:
    return ix.jobs.grow_cluster(booker=by.pubkey(), cluster=cluster, places=places)


def test_a_running_cluster_grows_by_a_job_that_starts_by_itself(one: tuple[Market, Pubkey, Pubkey]) -> None:
    market, cluster, _ = one
    market.world.advance(HOUR)
    event = market.send(growing(cluster, market.renter)).event(events.jobs.ClusterGrown)
    assert event == events.jobs.ClusterGrown(2, cluster, market.renter.pubkey(), 1)
    job = market.book(of=market.bob, cluster=cluster)
    assert (market.job(job).replaces, market.job(job).cluster) == (ADDED, cluster)
    market.set_price()
    market.refused(market.booking(of=market.alice, cluster=cluster), errors.jobs.Leased)
    market.start(job)
    found = state(market, cluster)
    assert (found.size, found.joined, found.waiting, found.places, found.lost) == (1, 1, 0, 0, 0)
    assert found.runs_until == market.job(job).ends_at


def test_a_cluster_of_one_takes_no_second_job_without_a_place(one: tuple[Market, Pubkey, Pubkey]) -> None:
    market, cluster, _ = one
    market.set_price()
    market.refused(market.booking(of=market.bob, cluster=cluster), errors.jobs.ClusterFull)


def test_one_that_was_added_and_is_never_started_touches_nothing_but_itself(
    one: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, head = one
    market.send(growing(cluster, market.renter))
    late = market.book(of=market.bob, cluster=cluster)
    market.world.advance(20 * MINUTE + 1)
    before = market.job(head)
    market.send(market.jobs("expire", late))
    assert market.job(late).reason == NO_SHOW
    found = state(market, cluster)
    assert (found.broken, found.lost, found.places, found.waiting) == (0, 0, 0, 0)
    assert market.job(head) == before
    market.world.advance(TWO_HOURS - 20 * MINUTE)
    market.attest(head, TWO_HOURS, TWO_HOURS)
    market.send(market.jobs("complete", head))
    assert market.job(head).owed_refund == 0


def test_one_that_was_added_leaves_before_its_start_and_the_next_one_comes(
    one: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, _ = one
    market.send(growing(cluster, market.renter, places=2))
    late = market.book(of=market.bob, cluster=cluster)
    market.send(market.jobs("cancel", late, party=market.bob.key))
    assert market.job(late).reason == SUPPLIER_CANCELLED
    market.start(market.book(of=market.bob, cluster=cluster))
    assert (state(market, cluster).places, state(market, cluster).broken) == (0, 0)


def test_an_added_job_whose_node_is_lost_is_replaced_as_any(one: tuple[Market, Pubkey, Pubkey]) -> None:
    market, cluster, _ = one
    market.send(growing(cluster, market.renter))
    late = market.book(of=market.bob, cluster=cluster)
    market.start(late)
    market.send(market.jobs("lose", late))
    assert state(market, cluster).lost == 1
    assert market.job(market.book(of=market.bob, cluster=cluster)).replaces == 1


def test_places_are_added_by_the_renter_alone_and_to_what_runs(
    one: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, _ = one
    renter = market.renter.pubkey()
    market.send(ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=market.dave.pubkey()))
    for other in (market.dave, market.alice.owner):
        market.refused(growing(cluster, other), errors.jobs.NotClusterRenter)
    market.send(growing(cluster, market.renter))
    for wrong in (0, 255):
        market.refused(growing(cluster, market.renter, places=wrong), errors.jobs.ClusterPlaces)
    waiting = market.cluster(number=2)
    market.refused(growing(waiting, market.renter), errors.jobs.ClusterIncomplete)
    market.world.advance(TWO_HOURS)
    market.refused(growing(cluster, market.renter), errors.jobs.ClusterOver)


def test_founders_that_wait_are_neither_held_up_nor_broken_by_an_added_one(market: Market) -> None:
    """One founder has started, and is stopped; the other one still waits."""
    market.join(market.bob, 300 * TOKEN)
    cluster = market.cluster()
    first, second = market.book(cluster=cluster), market.book(of=market.bob, cluster=cluster)
    market.start(first)
    market.send(market.jobs("stop", first))
    market.send(growing(cluster, market.renter))
    late = market.book(cluster=cluster)
    market.send(market.jobs("cancel", late))
    market.start(second)
    assert (state(market, cluster).broken, state(market, cluster).waiting) == (0, 0)


def test_a_session_key_grows_its_cluster_by_what_its_allowance_pays_and_no_more(market: Market) -> None:
    """As Ray's autoscaler does: the key is the renter, and the wallet pays and is paid back."""
    market.join(market.bob, 300 * TOKEN)
    session, wallet = market.actor(), market.renter.pubkey()
    purse = token_account(wallet, IO_MINT)

    def allow(amount: int) -> None:
        market.send(
            approve(
                ApproveParams(
                    program_id=TOKEN_PROGRAM_ID,
                    source=purse,
                    delegate=session.pubkey(),
                    owner=wallet,
                    amount=amount,
                )
            )
        )

    def booking(of: Supplier) -> Instruction:
        market.set_price()
        mine = session.pubkey()
        return market.booking(of=of, cluster=cluster, renter=mine, payer=mine, source=purse, refund_to=wallet)

    opened = ix.jobs.open_cluster(renter=session.pubkey(), id=bytes(32), size=1)
    cluster = pda.jobs.cluster(session.pubkey(), bytes(32))
    allow(2 * D_IO - 1)
    head = market.send(opened, booking(market.alice)).event(events.jobs.Booked).job
    market.start(head)
    before = market.purse(market.renter)
    both = growing(cluster, session), booking(market.bob)
    call = market.world.call(*both, signers=market.signers(*both))
    market.world.refused(call, "InsufficientFunds")
    assert (market.purse(market.renter), state(market, cluster).places) == (before, 0)
    allow(D_IO)
    market.send(*both)
    assert (before - market.purse(market.renter), state(market, cluster).places) == (D_IO, 0)


def test_a_delegate_that_may_spend_nothing_adds_no_node_of_its_own(
    one: tuple[Market, Pubkey, Pubkey],
) -> None:
    """Whoever has the key of a process that replaces lost nodes pays themselves, and takes the refund."""
    market, cluster, _ = one
    session, renter = market.actor(), market.renter.pubkey()
    market.send(ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=session.pubkey()))
    market.world.give_io(session.pubkey(), IO(1_000))
    market.set_price()
    booking = market.booking(of=market.bob, cluster=cluster, payer=session.pubkey())
    both = growing(cluster, session), booking
    call = market.world.call(*both, signers=market.signers(*both))
    market.world.refused(call, errors.jobs.NotClusterRenter)
    # Nor does it take a place that the renter has added.
    market.send(growing(cluster, market.renter))
    market.refused(booking, errors.jobs.ClusterFull)


def test_a_delegate_replaces_a_lost_node_and_leaves_an_added_place_to_the_renter(
    one: tuple[Market, Pubkey, Pubkey],
) -> None:
    market, cluster, head = one
    session, renter = market.actor(), market.renter.pubkey()
    market.world.give_io(session.pubkey(), IO(1_000))
    market.send(ix.jobs.set_delegate(renter=renter, cluster=cluster, delegate=session.pubkey()))
    market.send(growing(cluster, market.renter), market.jobs("lose", head))
    market.set_price()
    booking = market.booking(
        of=market.bob, cluster=cluster, payer=session.pubkey(), refund_to=market.renter.pubkey()
    )
    booked = market.send(booking).event(events.jobs.Booked)
    assert (booked.replaces, market.job(booked.job).replaces) == (REPLACED, REPLACED)
    assert (state(market, cluster).lost, state(market, cluster).places) == (0, 1)
