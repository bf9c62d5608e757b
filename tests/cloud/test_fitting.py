"""Which offered nodes fit together: given offers, what nodes have measured, and wishes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from ionet.cloud.fitting import Offer, Together, fit, newest
from ionet.formats.links import bits_of, microseconds_of, rate_text, trip_text
from ionet.overlay import Measurement

#: 2027-01-15 14:00 UTC.
NOW = 1_800_021_600
GIGABIT = Together(min_bits=1_000_000_000)


class Site:
    """Nodes A, B, C, … and what they have measured."""

    def __init__(self, count: int) -> None:
        self.keys = sorted((Keypair() for _ in range(count)), key=lambda key: bytes(key.pubkey()))
        self.offers = [
            Offer(Pubkey([number + 1] * 32), bytes(key.pubkey())) for number, key in enumerate(self.keys)
        ]

    def said(self, left: int, right: int, mbits: int, micros: int = 1_000, at: int = NOW) -> Measurement:
        first, second = self.keys[left], self.keys[right]
        # A direction of 1 s, and a faster one.
        forth, back = (mbits * 125_000, 10**9), (mbits * 250_000, 10**9)
        pair = bytes(first.pubkey()), bytes(second.pubkey())
        said = Measurement(*pair, "g:443", micros, forth, back, at, bytes(32))
        both = (bytes(first.sign_message(said.text)), bytes(second.sign_message(said.text)))
        return replace(said, signatures=both)

    def nodes(self, *numbers: int) -> tuple[Pubkey, ...]:
        return tuple(self.offers[number].node for number in numbers)


def test_the_cheapest_nodes_that_fit_are_chosen_and_the_others_reasons_are_said() -> None:
    site = Site(3)
    known = newest([site.said(0, 1, 80, 42_000), site.said(0, 2, 2_000), site.said(1, 2, 3_000)], NOW)
    chosen = fit(site.offers, 2, GIGABIT, known)
    assert chosen.nodes == site.nodes(0, 2)
    a, b, c = site.nodes(0, 1, 2)
    day = "2027-01-15 14:00 UTC"
    slow = "too slow for --min-bandwidth 1 Gbit/s"
    assert chosen.reasons == (
        f"{a} and {c}: 1 ms, 2 Gbit/s measured {day} by both",
        f"{a} and {b}: 42 ms, 80 Mbit/s measured {day} by both; {slow}",
    )
    assert fit(site.offers, 3, GIGABIT, known).nodes == ()


def test_every_two_of_a_cluster_have_to_fit() -> None:
    site = Site(5)
    fast = [(0, 1), (0, 2), (1, 3), (2, 3), (2, 4), (3, 4)]
    known = newest([site.said(left, right, 1_000) for left, right in fast], NOW)
    assert fit(site.offers, 3, GIGABIT, known).nodes == site.nodes(2, 3, 4)


def test_who_joins_others_has_to_fit_with_each_of_them() -> None:
    site = Site(5)
    fast = [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (3, 4)]
    known = newest([site.said(left, right, 1_000) for left, right in fast], NOW)
    there, free = site.offers[:2], site.offers[2:]
    # The first of them is near to one of those that are there alone.
    chosen = fit(free, 1, GIGABIT, known, there)
    assert chosen.nodes == site.nodes(3)
    b, c = site.nodes(1, 2)
    assert chosen.reasons == (
        f"{b} and {c}: not measured within a day, which is not known to be good enough",
    )
    assert fit(free, 2, GIGABIT, known, there).nodes == site.nodes(3, 4)
    assert fit(free, 3, GIGABIT, known, there).nodes == ()


def test_what_is_not_known_is_never_good_enough() -> None:
    site = Site(2)
    good = site.said(0, 1, 2_000)
    one_sided = replace(good, signatures=(good.signatures[0], bytes(64)))
    other_sided = replace(good, signatures=(bytes(64), good.signatures[1]))
    stale, later = site.said(0, 1, 2_000, at=NOW - 86_401), site.said(0, 1, 2_000, at=NOW + 301)
    for known in ([], [one_sided], [other_sided], [stale], [later]):
        chosen = fit(site.offers, 2, GIGABIT, newest(known, NOW))
        assert chosen.nodes == ()
        (why,) = chosen.reasons
        assert why.endswith("not measured within a day, which is not known to be good enough")
    assert fit(site.offers, 2, GIGABIT, newest([good], NOW)).nodes == site.nodes(0, 1)
    assert fit(site.offers, 2, GIGABIT, newest([site.said(0, 1, 2_000, at=NOW - 86_400)], NOW)).nodes
    # A newer statement counts, and one of nobody's does not replace it.
    slow = site.said(0, 1, 10, at=NOW + 1)
    assert not fit(site.offers, 2, GIGABIT, newest([slow, good], NOW)).nodes
    forged = replace(slow, at=NOW + 2)
    assert fit(site.offers, 2, GIGABIT, newest([good, forged], NOW)).nodes


def test_a_round_trip_may_be_too_long() -> None:
    site = Site(2)
    known = newest([site.said(0, 1, 100, 50_001)], NOW)
    assert fit(site.offers, 2, Together(max_microseconds=50_001), known).nodes
    chosen = fit(site.offers, 2, Together(10**9, 50_000), known)
    assert chosen.nodes == ()
    assert chosen.reasons[0].endswith(
        "51 ms, 100 Mbit/s measured 2027-01-15 14:00 UTC by both;"
        " too slow for --min-bandwidth 1 Gbit/s and too far for --max-latency 50 ms"
    )


def test_without_a_wish_the_cheapest_are_taken_and_it_is_said_what_is_known() -> None:
    site = Site(3)
    chosen = fit(site.offers, 2, Together(), {})
    assert chosen.nodes == site.nodes(0, 1)
    assert chosen.reasons == (f"{site.offers[0].node} and {site.offers[1].node}: not measured within a day",)
    assert fit(site.offers, 4, Together(), {}).nodes == ()


def test_a_search_without_an_end_is_given_up() -> None:
    site = Site(40)
    # Two halves, any two nodes of different halves fit: no three do.
    known = newest([site.said(left, right, 1_000) for left in range(20) for right in range(20, 40)], NOW)
    assert fit(site.offers, 3, GIGABIT, known).nodes == ()
    assert len(fit(site.offers, 2, GIGABIT, known).nodes) == 2


def test_rates_and_round_trips_are_read_and_written() -> None:
    assert [bits_of(text) for text in ("80Mbit/s", "1Gbit/s", "2.5 Gbit", "500kbit/s")] == [
        80_000_000,
        1_000_000_000,
        2_500_000_000,
        500_000,
    ]
    assert microseconds_of("50ms") == 50_000
    for text in ("", "80", "80MB/s", "0Gbit/s", "-1Gbit/s", "1e3kbit"):
        with pytest.raises(ValueError, match="write 80Mbit/s or 1Gbit/s"):
            bits_of(text)
    with pytest.raises(ValueError, match="write 50ms"):
        microseconds_of("0ms")
    assert [rate_text(bits) for bits in (999, 1_500_000, 80_999_999, 10**9)] == [
        "999 bit/s",
        "1.5 Mbit/s",
        "80 Mbit/s",
        "1 Gbit/s",
    ]
    assert [trip_text(micros) for micros in (1, 9_901, 42_000, 42_001)] == [
        "0.1 ms",
        "10 ms",
        "42 ms",
        "43 ms",
    ]
