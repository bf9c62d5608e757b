"""The market around escrows, by hand: 2 USD an hour, USDC at par, two hours: P = 4.00, F = 0.09."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.model.escrow import DAY, HOUR, START_WINDOW, Price
from tests.model.refusal import Refused
from tests.model.rentals import IO, USDC, Cluster, Offer, Proof, Rentals

NOW = 1_800_000_000
T = 2 * HOUR
PAR = Price(Fraction(1))
#: Of IO, in dollars.
TWO = Price(Fraction(2))
PEOPLE = ("alice", "bob", "renter", "carol")


def refused(call: object, *given: object) -> frozenset[str]:
    assert callable(call)
    with pytest.raises(Refused) as found:
        call(*given)
    return found.value.reasons


def market(in_io: bool = False) -> Rentals:
    made = Rentals({(who, currency): 10**9 for who in PEOPLE for currency in (IO, USDC)})
    for who in ("alice", "bob"):
        made.offers[who] = Offer(who, 2_000_000, HOUR, DAY, in_io=in_io)
    return made


def run(made: Rentals, node: str = "alice") -> int:
    made.book(node, "renter", USDC, T, PAR, NOW, 0)
    made.start(len(made.jobs) - 1, True, NOW)
    return len(made.jobs) - 1


def test_a_lease_lasts_for_the_start_window_then_for_the_work() -> None:
    made = market()
    made.book("alice", "renter", USDC, T, PAR, NOW, 0)
    assert made.purses["renter", USDC] == 10**9 - 4_090_000
    assert refused(made.book, "alice", "renter", USDC, T, PAR, NOW + 1_200, 0) == {"Leased"}
    made.book("alice", "renter", USDC, T, PAR, NOW + 1_201, 0)
    assert refused(made.start, 0, True, NOW + 1_201) == {"StartWindowOver", "LeaseLost"}
    made.start(1, True, NOW + 1_201)
    made.stop(1, "alice", NOW + 1_301)
    made.book("alice", "renter", USDC, T, PAR, NOW + 1_301, 0)


def test_who_leaves_a_cluster_breaks_it_for_the_others() -> None:
    made = market()
    made.clusters[1] = Cluster("renter", 2, NOW)
    made.book("alice", "renter", USDC, T, PAR, NOW, 0, 1)
    assert refused(made.start, 0, True, NOW) == {"ClusterIncomplete"}
    made.book("bob", "renter", USDC, T, PAR, NOW, 0, 1)
    made.cancel(0, "renter", NOW + 121)
    assert refused(made.start, 1, True, NOW + 121) == {"ClusterBroken"}
    made.expire(1, NOW + 121)
    # Each for the time that its node was held: ⌈4.00 · 121 / 7,200⌉.
    assert [one.job.owed and one.job.owed.fees for one in made.jobs] == [67_223, 67_223]
    assert refused(made.close_cluster, 1, NOW + 1_200) == {"ClusterYoung"}
    made.close_cluster(1, NOW + 1_201)


def test_a_bond_is_5_per_cent_and_lost_where_the_decision_gives_no_more() -> None:
    for whole, upheld, to in ((1_000_000, True, "renter"), (2_000_000, False, "fees")):
        made = market()
        number = run(made)
        made.attest(number, 0, HOUR, T, True, NOW + T)
        made.complete(number, NOW + T)
        purse = made.purses["renter", USDC]
        assert made.dispute(number, "renter", NOW + T).bond == 204_500
        assert refused(made.close_dispute, number, "renter", NOW + T) == {"DisputeOpen"}
        assert made.resolve(number, "renter", whole, NOW + T) is upheld
        assert made.close_dispute(number, "renter", NOW + T) == 204_500
        back = made.purses["renter", USDC] - purse, made.fees[USDC][0].held
        assert back == ((0, 0) if to == "renter" else (-204_500, 204_500))


def test_what_a_supplier_is_owed_in_io_is_sold_or_taken_for_the_fee() -> None:
    made = market(in_io=True)
    number = run(made)
    made.attest(number, 0, T, T, False, NOW + T)
    made.complete(number, NOW + T)
    assert refused(made.settle, number, NOW + T) == {"AccountNotInitialized"}
    made.open_payout(number)
    # His fee is that of IO: ⌈4.00 · 25 / 10⁴⌉.
    assert made.settle(number, NOW + T) == 3_990_000
    payout = made.jobs[number].payout
    assert payout is not None
    payout.start(NOW + T)
    # At 1.94 half an IO buys 0.97 of 3.99; 2,160 s later the price is 2.00, and all of it costs 1.995.
    with pytest.raises(Refused, match="SaleTooSmall"):
        made.sell_to_supplier(number, "carol", 5 * 10**7, TWO, NOW + T)
    assert made.sell_to_supplier(number, "carol", 10**9, TWO, NOW + T + 2_160).io == 199_500_000
    assert made.purses["alice", IO] == 10**9 + 199_500_000
    payout.held += 1_001
    # ⌈1,001 · 200 / 10⁴⌉.
    assert made.withdraw_payout(number) == (980, 21)
    assert refused(made.close_payout, number) == {"JobIsOpen"}


def test_a_shut_account_blocks_only_what_goes_to_it() -> None:
    made = market()
    number = run(made)
    made.attest(number, 0, HOUR, T, True, NOW + T)
    made.complete(number, NOW + T)
    made.shut["alice", USDC] = "AccountFrozen"
    before = made.tokens
    assert refused(made.settle, number, NOW + T) == {"AccountFrozen"}
    assert (made.refund(number, NOW + T), made.collect_fees(number, NOW + T)) == (2_000_000, 135_000)
    assert refused(made.close, number) == {"NotSettled"}
    del made.shut["alice", USDC]
    assert made.settle(number, NOW + T) == 1_955_000
    made.close(number)
    assert made.tokens == before


def test_a_lost_job_of_a_cluster_is_replaced_by_the_delegate_who_pays() -> None:
    made = market()
    made.clusters[1] = Cluster("renter", 2, NOW)
    for node in ("alice", "bob"):
        made.book(node, "renter", USDC, T, PAR, NOW, 0, 1)
    for number in (0, 1):
        made.start(number, True, NOW)
    made.lose(0, 0, NOW + 60)
    again = ("alice", "renter", USDC, T, PAR, NOW + 60, 0, 1, None)
    assert refused(made.book, *again, "carol") == {"NotClusterBooker"}
    made.set_delegate(1, "renter", "carol")
    made.book(*again, "carol", "renter")
    assert (made.jobs[2].replaces, made.jobs[2].refund_to, made.clusters[1].lost) == (True, "renter", 0)
    made.cancel(2, "alice", NOW + 70)
    assert (made.clusters[1].lost, made.clusters[1].broken) == (1, None)
    assert refused(made.close_cluster, 1, NOW + T - 1) == {"ClusterRuns"}


def test_a_cluster_grows_by_a_job_that_breaks_and_holds_up_nothing() -> None:
    made = market()
    made.clusters[1] = Cluster("renter", 1, NOW)
    made.book("alice", "renter", USDC, T, PAR, NOW, 0, 1)
    assert refused(made.grow_cluster, 1, "renter", 1, NOW) == {"ClusterOver"}
    made.start(0, True, NOW)
    assert refused(made.grow_cluster, 1, "carol", 0, NOW) == {"NotClusterRenter", "ClusterPlaces"}
    assert refused(made.grow_cluster, 1, "renter", 1, NOW + T) == {"ClusterOver"}
    made.set_delegate(1, "renter", "carol")
    assert refused(made.grow_cluster, 1, "carol", 1, NOW + 60) == {"NotClusterRenter"}
    made.grow_cluster(1, "renter", 1, NOW + 60)
    before = made.tokens
    by_delegate = ("bob", "renter", USDC, T, PAR, NOW + 60, 0, 1, None, "carol", "renter")
    assert refused(made.book, *by_delegate) == {"ClusterFull"}
    made.book("bob", "renter", USDC, T, PAR, NOW + 60, 0, 1)
    assert (made.jobs[1].added, made.jobs[1].replaces, made.clusters[1].places) == (True, False, 0)
    assert refused(made.book, "bob", "renter", USDC, T, PAR, NOW + 60, 0, 1) >= {"ClusterFull"}
    made.expire(1, NOW + 60 + START_WINDOW + 1)
    one = made.clusters[1]
    assert (one.broken, one.lost, one.places, one.waiting, one.joined) == (None, 0, 0, 0, 1)
    assert made.jobs[0].job.is_running
    # 4,090,000 less ⌈4,000,000 · 1,200 s / 7,200 s⌉, as nobody has confirmed the manifest.
    assert made.refund(1, NOW + T) == 4_090_000 - 666_667
    assert made.tokens == before


def test_who_pays_for_a_renter_gets_back_what_is_given_back() -> None:
    made = market()
    made.book("alice", "renter", USDC, T, PAR, NOW, 0, payer="carol")
    made.cancel(0, "carol", NOW)
    before = made.purses["carol", USDC]
    assert made.refund(0, NOW) == 4_080_000
    assert made.purses["carol", USDC] == before + 4_080_000


@pytest.mark.parametrize(
    ("age", "head_age", "old"),
    [
        (6, None, False),
        (6 + 1, None, True),
        (6 + 1, 6, True),
        (6 + 1, 6 + 1, False),
        (48, 48, False),
        (48 + 1, 48 + 1, True),
    ],
)
def test_a_proof_is_old_after_six_hours_and_the_heads_after_two_days(
    age: int, head_age: int | None, old: bool
) -> None:
    made, head = market(), None if head_age is None else head_age * HOUR
    proof = Proof(age=age * HOUR, head_age=head)

    def book() -> None:
        made.book("alice", "renter", USDC, T, PAR, NOW, 0, proof=proof)

    if old:
        assert refused(book) == {"VerdictTooOld"}
    else:
        book()
