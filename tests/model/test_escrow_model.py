"""The escrow model against examples worked by hand: 2 USD an hour, IO at 2.00 ± 0.02, two hours."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model import escrow
from tests.model.escrow import IN_IO, IN_USDC, USDC_FOR_IO, Ending, Job, Price, Segment, Split, Terms
from tests.model.refusal import Refused

NOW = 1_800_000_000
HOUR = 3_600
T = 2 * HOUR
#: P = ⌈4 / 1.98⌉ IO and 4 USDC; F = ⌈505,050.5075⌉ and 90,000.
IO, USDC = Segment(T, 202_020_203), Segment(T, 4_000_000)
P_IO, F_IO = 202_020_203, 505_051


def refused(call: object, *given: object) -> frozenset[str]:
    assert callable(call)
    with pytest.raises(Refused) as found:
        call(*given)
    return found.value.reasons


# -- prices


def test_dollars_are_rounded_up_and_become_either_currency() -> None:
    assert escrow.dollars(2_000_000, 1, T) == 4_000_000
    assert escrow.dollars(2_000_000, 8, 90 * 60) == 24_000_000
    # 1.234567 USD an hour for 3,601 s are 1.23490993….
    assert escrow.dollars(1_234_567, 1, 3_601) == 1_234_910
    price = Price(Fraction(2), Fraction(2, 100))
    assert escrow.in_io(4_000_000, price) == P_IO
    assert escrow.in_usdc(4_000_000, Price(Fraction(99, 100))) == 4_000_000
    assert refused(escrow.in_usdc, 1, Price(Fraction(98_999, 100_000))) == {"BelowPar"}


@pytest.mark.parametrize(
    ("price", "error"),
    [
        (Price(Fraction(2), age=61), "StalePrice"),
        (Price(Fraction(2), Fraction(201, 10_000)), "UncertainPrice"),
        (Price(Fraction(2), ema=Fraction(190, 100)), "VolatilePrice"),
        (Price(Fraction(0)), "UnusablePrice"),
    ],
)
def test_a_price_that_cannot_be_used_is_refused(price: Price, error: str) -> None:
    assert error in refused(price.check)


def test_a_price_at_its_limits_can_be_used() -> None:
    Price(Fraction(2), Fraction(2, 100), Fraction(2) / Fraction(105, 100), 60).check()


def test_fees_are_of_each_sides_own_currency() -> None:
    assert (IO.fee(IN_IO), USDC.fee(IN_USDC)) == (F_IO, 90_000)
    # ⌈1,234,910 · 225 / 10⁴⌉ = ⌈27,785.475⌉.
    assert Segment(3_601, 1_234_910).fee(IN_USDC) == 27_786


# -- splits


@pytest.mark.parametrize(
    ("segments", "terms", "ending", "attested", "elapsed", "owed"),
    [
        # All good: G = P, both fees.
        ([IO], IN_IO, Ending.COMPLETED, T, T, (P_IO - F_IO, 2 * F_IO, 0)),
        ([USDC], IN_USDC, Ending.COMPLETED, T, T, (3_910_000, 180_000, 0)),
        # The supplier takes IO: his fee is ⌈4,000,000 · 25 / 10⁴⌉ = 10,000.
        ([USDC], USDC_FOR_IO, Ending.COMPLETED, T, T, (3_990_000, 100_000, 0)),
        ([USDC], IN_USDC, Ending.COMPLETED, 0, T, (0, 90_000, 4_000_000)),
        # B = 500 + 3,000: G = ⌊98,204,265.3⌋, fee ⌈245,510.66⌉.
        (
            [IO],
            IN_IO,
            Ending.RENTER_STOPPED,
            500,
            600,
            (98_204_265 - 245_511, 245_511 + F_IO, P_IO - 98_204_265),
        ),
        # G = ⌊2,722,222.2⌋, fee ⌈61,249.995⌉.
        ([USDC], IN_USDC, Ending.RENTER_STOPPED, 4_900, 5_000, (2_660_972, 151_250, 1_277_778)),
        ([USDC], IN_USDC, Ending.SUPPLIER_STOPPED, 3_599, 3_599, (0, 0, 4_090_000)),
        # Half: G = 2,000,000, fee 45,000, E = ⌈90,000 / 2⌉.
        ([USDC], IN_USDC, Ending.SUPPLIER_STOPPED, HOUR, HOUR, (1_955_000, 90_000, 2_045_000)),
        ([USDC], IN_USDC, Ending.SILENT, HOUR, T, (1_955_000, 90_000, 2_045_000)),
        ([USDC], IN_USDC, Ending.UNDECIDED, HOUR, T, (1_955_000, 90_000, 2_045_000)),
        ([USDC], IN_USDC, Ending.NO_START, 0, 0, (0, 0, 4_090_000)),
        ([USDC], IN_USDC, Ending.SUPPLIER_CANCELLED, 0, 0, (0, 0, 4_090_000)),
        # ⌈4,000,000 · 25 / 10⁴⌉ at least.
        ([USDC], IN_USDC, Ending.RENTER_CANCELLED, 0, 0, (0, 10_000, 4_080_000)),
        ([IO], IN_IO, Ending.RENTER_CANCELLED, 0, 0, (0, F_IO, P_IO)),
        # Half of everything, without the first hour.
        ([USDC], IN_USDC, Ending.LOST, HOUR, HOUR, (1_955_000, 90_000, 2_045_000)),
        ([USDC], IN_USDC, Ending.LOST, 0, 60, (0, 0, 4_090_000)),
        # Two segments, 3,600 s for 1,000,001 and 1,800 s for 999,999; 4,000 s were good:
        # G = 1,000,001 + ⌊222,222⌋ = 1,222,223, fee ⌈27,500.02⌉; F = 22,501 + 22,500; E = ⌈45,001 · G / P⌉
        # = ⌈27,500.6⌉ = 27,501.
        (
            [Segment(3_600, 1_000_001), Segment(1_800, 999_999)],
            IN_USDC,
            Ending.SILENT,
            4_000,
            5_400,
            (1_222_223 - 27_501, 27_501 + 27_501, 2_045_001 - 1_222_223 - 27_501),
        ),
    ],
)
def test_who_gets_what(
    segments: list[Segment],
    terms: Terms,
    ending: Ending,
    attested: int,
    elapsed: int,
    owed: tuple[int, int, int],
) -> None:
    assert escrow.split(segments, terms, ending, attested, elapsed) == Split(*owed)


a_segment = st.builds(Segment, st.integers(1, 10**6), st.integers(0, 10**15))


@given(st.lists(a_segment, min_size=1, max_size=4), st.sampled_from(Ending), st.data())
def test_a_split_is_the_deposit_and_nobody_owes(
    segments: list[Segment], ending: Ending, data: st.DataObject
) -> None:
    seconds = sum(one.seconds for one in segments)
    elapsed = data.draw(st.integers(0, seconds))
    attested = data.draw(st.integers(0, elapsed))
    if ending is Ending.RENTER_STOPPED and attested + max(0, HOUR - elapsed) > seconds:
        return
    for terms in (IN_IO, IN_USDC, USDC_FOR_IO):
        found = escrow.split(segments, terms, ending, attested, elapsed)
        assert found.deposit == sum(one.price + one.fee(terms) for one in segments)
        assert min(found.supplier, found.fees, found.refund) >= 0


# -- over time


def job(segment: Segment = USDC, terms: Terms = IN_USDC, attesters: int = 1, started: bool = True) -> Job:
    made = Job([segment], terms, NOW, attesters)
    if started:
        made.start(NOW)
    return made


def test_a_job_starts_within_twenty_minutes_or_expires() -> None:
    one = job(started=False)
    assert refused(one.expire, NOW + 1_200) == {"StartWindowOpen"}
    assert refused(one.start, NOW + 1_201) == {"StartWindowOver"}
    assert one.expire(NOW + 1_201) == Split(0, 666_667, 4_090_000 - 666_667)
    two = job(started=False)
    two.start(NOW + 1_200)
    assert refused(two.start, NOW + 1_200) == {"NotBooked"}


def test_attested_time_is_paid_in_any_rhythm_from_the_first_hour_on() -> None:
    one = job()
    one.attest(0, 3_599, 3_599, NOW + 3_599)
    assert refused(one.settle, NOW + 3_599) == {"FirstHour"}
    # ⌊1,999,444.4⌋ less ⌈44,987.49⌉.
    assert one.settle(NOW + HOUR) == 1_999_444 - 44_988
    assert one.settle(NOW + HOUR) == 0
    one.attest(0, 7_200, 7_200, NOW + T)
    one.complete(NOW + T)
    assert one.settle(NOW + T) == 3_910_000 - 1_999_444 + 44_988
    assert refused(one.close) == {"NotSettled"}
    assert (one.collect_fees(NOW + T), one.refund(NOW + T), one.escrow) == (180_000, 0, 0)
    one.close()


def test_a_second_counts_when_k_seats_saw_it() -> None:
    one = job(attesters=2)
    one.attest(0, HOUR, HOUR, NOW + HOUR)
    assert one.attested == 0
    one.attest(5, 1_800, HOUR, NOW + HOUR)
    assert (one.attested, one.seen) == (1_800, HOUR)
    one.attest(0, T, T, NOW + T)
    assert refused(one.complete, NOW + T) == {"NotAttestedToItsEnd"}


def test_attestations_neither_fall_nor_overlap_nor_run_ahead() -> None:
    one = job()
    one.attest(0, 100, 200, NOW + 200)
    assert refused(one.attest, 0, 99, 200, NOW + 200) == {"AttestationFalls"}
    assert refused(one.attest, 0, 201, 300, NOW + 300) == {"AttestationOverlaps"}
    assert refused(one.attest, 0, 100, 301, NOW + 300) == {"AttestationAhead"}
    one.stop(True, NOW + 300)
    assert refused(one.attest, 0, 100, 301, NOW + 400) == {"AttestationAhead"}


def test_a_stop_ends_the_lease_at_once_and_the_account_later() -> None:
    one = job()
    one.stop(False, NOW + HOUR)
    assert not one.leased
    assert refused(one.stop, True, NOW + HOUR) == {"Over"}
    assert refused(one.complete, NOW + HOUR) == {"NotAttestedToItsEnd"}
    one.attest(0, HOUR, HOUR, NOW + HOUR)
    assert one.complete(NOW + HOUR) == Split(1_955_000, 90_000, 2_045_000)


def test_a_supplier_who_stops_in_the_first_hour_is_paid_nothing_meanwhile() -> None:
    one = job()
    one.attest(0, 3_000, 3_000, NOW + 3_000)
    one.stop(False, NOW + 3_000)
    assert one.settle(NOW + T) == 0


def test_silence_is_counted_from_the_last_word_and_the_end_at_the_latest() -> None:
    one = job(Segment(86_400, 10**6))
    one.attest(0, 10, 72_000, NOW + 72_000)
    assert refused(one.expire, NOW + 72_000 + 86_400) == {"NotSilent"}
    one.expire(NOW + 72_000 + 86_401)
    two = job(attesters=2)
    two.attest(0, T, T, NOW + 2 * T)
    assert refused(two.expire, NOW + T + 86_400) == {"NotSilent"}
    assert two.expire(NOW + T + 86_401) == Split(0, 0, 4_090_000)


def test_extensions_are_at_most_four_further_segments() -> None:
    one = job()
    for _ in range(4):
        one.extend(Segment(HOUR, 2_000_000), NOW + HOUR)
    assert refused(one.extend, USDC, NOW + HOUR) == {"TooManyExtensions"}
    assert (one.seconds, one.deposit) == (T + 4 * HOUR, 4_090_000 + 4 * 2_045_000)
    assert refused(one.complete, NOW + T) == {"NotOver", "NotAttestedToItsEnd"}
    end = NOW + T + 4 * HOUR
    assert refused(one.extend, USDC, end) == {"Over", "TooManyExtensions"}


@pytest.mark.parametrize(
    ("held", "seen", "renter", "nobody"),
    # ⌈4,000,000 · held / 7,200⌉, at least ⌈4,000,000 · 25 / 10⁴⌉ where the renter ends it.
    [
        (0, False, 10_000, 0),
        (120, False, 66_667, 66_667),
        (1_200, False, 666_667, 666_667),
        (120, True, 66_667, 0),
    ],
)
def test_a_node_is_not_held_for_nothing(held: int, seen: bool, renter: int, nobody: int) -> None:
    for ending, fees in (
        (Ending.RENTER_CANCELLED, renter),
        (Ending.NO_START, nobody),
        (Ending.CLUSTER_BROKEN, nobody),
        (Ending.SUPPLIER_CANCELLED, 0),
    ):
        found = escrow.split([USDC], IN_USDC, ending, 0, 0, held, seen)
        assert found == Split(0, fees, 4_090_000 - fees)


def test_cancelling_costs_the_time_held() -> None:
    assert job(started=False).cancel(True, NOW).fees == 10_000
    assert job(started=False).cancel(True, NOW + 120).fees == 66_667
    assert job(started=False).cancel(True, NOW + 1_200).fees == 666_667
    # Behind the window it is a job that nobody started.
    one = job(started=False)
    assert one.cancel(True, NOW + 1_201).fees == 666_667
    assert one.ending is Ending.NO_START
    assert job(started=False).cancel(False, NOW + 999).fees == 0
    assert refused(job().cancel, True, NOW) == {"NotBooked"}


def test_who_waits_in_a_broken_cluster_ends_at_once_for_the_time_held() -> None:
    # 130 s of 7,200.
    held = Split(0, 72_223, 4_090_000 - 72_223)
    assert job(started=False).expire(NOW + 130, (False, NOW + 121)) == held
    assert job(started=False).expire(NOW + 130, (True, NOW + 120)) == held
    assert refused(job().expire, NOW + 130, (True, NOW + 121)) == {"NotSilent"}


def test_a_stop_of_the_renter_is_paid_with_the_first_hour_before_the_account_ends() -> None:
    one = job()
    one.attest(0, 500, 600, NOW + 600)
    one.stop(True, NOW + 600)
    # B = 500 + 3,000: G = ⌊1,944,444.4⌋, fee ⌈43,749.99⌉.
    assert one.settle(NOW + HOUR) == 1_944_444 - 43_750


# -- disputes


def test_a_dispute_freezes_what_is_not_paid_for_14_days() -> None:
    one = job()
    one.attest(0, HOUR, HOUR, NOW + HOUR)
    one.settle(NOW + HOUR)
    assert one.dispute("renter", NOW + HOUR) == 2_135_000
    end = NOW + HOUR + 14 * 86_400
    assert refused(one.settle, end - 1) == {"Disputed"}
    assert refused(one.extend, USDC, NOW + HOUR) == {"Disputed"}
    assert refused(one.dispute, "supplier", end - 1) == {"Disputed"}
    one.expire(NOW + T + 2 * 86_400)
    assert refused(one.refund, end - 1) == {"Disputed"}
    # Undecided: the attested split, half of everything.
    assert (one.settle(end), one.collect_fees(end), one.refund(end)) == (0, 90_000, 2_045_000)
    assert refused(one.dispute, "renter", end) == {"DisputedBefore", "DisputeWindowOver", "NothingToDispute"}


def test_a_decision_names_the_gross_and_takes_nothing_back() -> None:
    one = job()
    one.attest(0, HOUR, HOUR, NOW + HOUR)
    one.settle(NOW + HOUR)
    assert refused(one.resolve, 2_000_000, NOW + HOUR) == {"NotDisputed"}
    one.dispute("renter", NOW + HOUR)
    assert "SplitAbovePrice" in refused(one.resolve, 4_000_001, NOW + HOUR)
    # 1,999,999 less ⌈44,999.98⌉ is one unit below what was paid.
    assert refused(one.resolve, 1_999_999, NOW + HOUR) == {"SplitBelowPaid"}
    # G = 3 dollars: fee 67,500, E = ⌈90,000 · 3 / 4⌉.
    assert one.resolve(3_000_000, NOW + HOUR) == 2_932_500 - 1_955_000
    assert one.owed == Split(2_932_500, 135_000, 1_022_500)
    assert one.ends_at == NOW + HOUR
    assert refused(one.dispute, "supplier", NOW + HOUR) == {"AlreadyDecided"}


def test_collected_fees_stay_at_the_renters_expense() -> None:
    one = job()
    one.attest(0, T, T, NOW + T)
    one.complete(NOW + T)
    assert one.collect_fees(NOW + T) == 180_000
    one.dispute("renter", NOW + T)
    assert one.resolve(0, NOW + T) == -3_910_000
    assert one.owed == Split(0, 180_000, 3_910_000)


def test_a_lost_node_ends_its_job_when_enough_seats_say_so_within_an_hour() -> None:
    one = job(attesters=2)
    one.attest(0, 600, 600, NOW + 600)
    one.attest(1, 600, 600, NOW + 600)
    assert not one.lose(0, NOW + 700)
    assert not one.lose(1, NOW + 700 + HOUR + 1)
    one.attest(1, 600, 700, NOW + 700 + HOUR + 1)
    assert not one.lose(0, NOW + 700 + HOUR + 1)
    assert one.lose(1, NOW + 700 + HOUR + 2)
    # 600 of 7,200 s: G = 333,333, fee ⌈7,499.99⌉, E = ⌈90,000 · G / P⌉.
    assert one.owed == Split(325_833, 15_000, 4_090_000 - 333_333 - 7_500)


def test_a_successor_lowers_a_seat_once_and_not_what_was_paid() -> None:
    one = job()
    one.attest(0, 4_000, 4_000, NOW + 4_000)
    one.settle(NOW + 4_000)
    one.attest(0, 5_000, 5_000, NOW + 5_000)
    assert refused(one.attest, 0, 4_500, 5_000, NOW + 5_000) == {"AttestationFalls"}
    assert refused(one.attest, 0, 3_999, 5_000, NOW + 5_000, "heir") == {"LoweredBelowPaid"}
    one.attest(0, 4_200, 5_000, NOW + 5_000, "heir")
    assert one.attested == 4_200
    assert refused(one.attest, 0, 4_100, 5_000, NOW + 5_000) == {"LoweredBefore"}
    assert refused(one.attest, 1, 0, 0, NOW + 5_000, "heir") == {"SeatMoved"}
