"""What is news of an account or an address, whatever order it is heard in."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from ionet.chain.following import MARGIN, PAGE, Backoff, LatestStates, SeenTransactions, matcher

KEY = Pubkey(bytes(range(32)))


def at(lamports: int) -> Account:
    return Account(lamports, b"", Pubkey.default(), False, 0)


def test_the_first_state_is_told_even_if_there_is_nothing() -> None:
    states = LatestStates((KEY,))
    assert states.read(5, {KEY: None}, whole=True) == [(KEY, None)]
    assert states.read(6, {KEY: None}, whole=True) == []


def test_what_is_announced_is_newer_than_what_was_read_in_its_slot() -> None:
    states = LatestStates((KEY,))
    states.read(5, {KEY: at(1)}, whole=True)
    assert states.notified(KEY, 5, at(2))
    assert states.read(5, {KEY: at(1)}, whole=True) == []
    assert not states.ties


def test_what_was_read_of_an_earlier_slot_is_no_news() -> None:
    states = LatestStates((KEY,))
    states.read(7, {KEY: at(2)}, whole=True)
    assert states.read(6, {KEY: at(1)}, whole=True) == []
    assert states.read(6, {}, whole=True) == []
    assert states.read(8, {KEY: at(2)}, whole=True) == []


def test_an_old_announcement_is_not_told_and_makes_look() -> None:
    states = LatestStates((KEY,))
    states.read(7, {KEY: at(2)}, whole=True)
    assert not states.notified(KEY, 6, at(1))
    assert states.ties == {KEY: 7}
    assert states.urgent
    assert states.read(8, {KEY: at(2)}, whole=False) == []
    assert not states.ties


def test_an_old_announcement_of_the_same_content_says_nothing() -> None:
    states = LatestStates((KEY,))
    states.read(7, {KEY: at(2)}, whole=True)
    assert not states.notified(KEY, 6, at(2))
    assert not states.ties


def test_a_repetition_is_no_hurry() -> None:
    states = LatestStates((KEY,))
    assert states.notified(KEY, 6, at(1))
    assert states.notified(KEY, 7, at(2))
    assert not states.notified(KEY, 6, at(1))
    assert not states.urgent
    assert states.notified(KEY, 8, at(3))
    assert not states.ties


def test_two_announcements_of_a_slot_are_settled_by_a_later_reading() -> None:
    states = LatestStates()
    assert states.notified(KEY, 6, at(1))
    assert not states.notified(KEY, 6, at(2))
    assert states.read(6, {KEY: at(2)}, whole=False) == []
    assert states.ties
    assert states.read(7, {KEY: at(2)}, whole=False) == [(KEY, at(2))]
    assert not states.ties


def test_two_readings_of_a_slot_are_settled_by_the_next_one() -> None:
    states = LatestStates((KEY,))
    states.read(6, {KEY: at(1)}, whole=True)
    assert states.read(6, {KEY: at(2)}, whole=True) == []
    assert states.ties
    assert states.read(6, {KEY: at(2)}, whole=True) == [(KEY, at(2))]


def test_what_is_gone_is_told_once_and_does_not_come_back_by_an_old_announcement() -> None:
    states = LatestStates()
    assert states.read(5, {KEY: at(1)}, whole=True) == [(KEY, at(1))]
    assert states.read(8, {}, whole=True) == [(KEY, None)]
    assert states.read(9, {}, whole=True) == []
    assert not states.notified(KEY, 7, at(1))
    assert states.notified(KEY, 10, at(3))


def test_a_part_that_was_read_says_nothing_of_the_rest() -> None:
    states = LatestStates()
    other = Pubkey(bytes(32))
    states.read(5, {KEY: at(1), other: at(1)}, whole=True)
    assert states.read(8, {KEY: at(2)}, whole=False) == [(KEY, at(2))]
    assert states.notified(other, 7, at(2))


@pytest.mark.parametrize("seed", range(50))
def test_slots_never_go_back_whatever_is_heard(seed: int) -> None:
    source = random.Random(seed)
    states, told = LatestStates((KEY,)), [(-1, 0)]
    for _ in range(200):
        slot = source.randrange(40)
        if source.random() < 0.5:
            news = states.notified(KEY, slot, at(slot))
        else:
            news = bool(states.read(slot, {KEY: at(slot)}, whole=True))
        if news:
            assert slot > told[-1][0]
            told.append((slot, slot))
    assert told[-1][0] == 39


def test_filters_are_those_of_the_node() -> None:
    part = {"memcmp": {"offset": 1, "bytes": "AQI=", "encoding": "base64"}}
    matches = matcher([part])
    assert matches(b"\0\1\2\3")
    assert not matches(b"\1\2")
    assert matcher([])(b"")


# --- transactions ---------------------------------------------------------------------------------


def listing(*slots: int) -> list[tuple[str, int]]:
    """Newest first: a signature a slot, named after it."""
    return [(f"s{slot}", slot) for slot in sorted(slots, reverse=True)]


def test_what_was_there_before_is_not_told() -> None:
    seen = SeenTransactions()
    assert seen.listed(listing(1, 2, 3)) == []
    assert seen.listed(listing(1, 2, 3, 4, 5)) == ["s4", "s5"]
    assert seen.listed(listing(1, 2, 3, 4, 5)) == []


def test_it_may_begin_behind_a_transaction() -> None:
    seen = SeenTransactions("s2")
    seen.begin_at(2)
    assert seen.listed(listing(1, 2, 3, 4)) == ["s3", "s4"]
    assert seen.listed(listing(1, 2, 3, 4, 5)) == ["s5"]
    with pytest.raises(LookupError, match="does not list s9"):
        SeenTransactions("s9").listed(listing(1, 2))


def test_a_listing_that_lacks_what_was_announced_tells_nothing_behind_it() -> None:
    seen = SeenTransactions()
    seen.listed(listing(1))
    assert seen.announce("s3", 3)
    assert seen.listed(listing(1, 2, 4)) == ["s2"]
    assert seen.announced == {"s3": 3}
    assert seen.listed(listing(1, 2, 3, 4)) == ["s3", "s4"]
    assert not seen.announced


def test_what_a_node_never_lists_is_told_in_the_end() -> None:
    seen = SeenTransactions()
    seen.listed(listing(1))
    seen.announce("s3", 3)
    assert seen.listed(listing(1, 2, 4), impatient=True) == ["s2", "s3", "s4"]
    assert seen.listed(listing(1, 2, 3, 4)) == []


def test_what_was_told_is_not_announced_again() -> None:
    seen = SeenTransactions()
    seen.listed(listing(1))
    seen.listed(listing(1, 2))
    assert not seen.announce("s2", 2)
    assert not seen.announce("s1", 1)


def test_a_transaction_that_is_indexed_late_is_told_late() -> None:
    seen = SeenTransactions()
    seen.listed(listing(100))
    assert seen.listed(listing(100, 102)) == ["s102"]
    assert seen.listed(listing(100, 101, 102)) == ["s101"]
    assert seen.listed(listing(100, 101, 102, 200)) == ["s200"]
    assert seen.floor == 200 - MARGIN


def test_a_full_page_at_the_beginning_is_not_looked_behind() -> None:
    seen = SeenTransactions()
    seen.listed([(f"s{number}", 50) for number in range(PAGE - 1)] + [("old", 49)])
    assert seen.floor == 50
    assert seen.listed([("new", 51), ("older", 49)]) == ["new"]


@pytest.mark.parametrize(("order", "impatient"), [*product(permutations([3, 4, 5]), [False, True])])
def test_any_order_of_announcements_gives_the_chains(order: tuple[int, ...], impatient: bool) -> None:
    seen = SeenTransactions()
    seen.listed(listing(1, 2))
    told: list[str] = []
    for slot in order:
        seen.announce(f"s{slot}", slot)
    told += seen.listed(listing(1, 2, 3))
    told += seen.listed(listing(1, 2, 3, 4, 5), impatient=impatient)
    assert told == ["s3", "s4", "s5"]


def test_pauses_grow_to_a_limit_with_jitter() -> None:
    backoff = Backoff(1.0, 8.0)
    pauses = [backoff.pause() for _ in range(2_000)]
    for expected, pause in zip((1, 2, 4, 8, 8), pauses, strict=False):
        assert expected / 2 <= pause <= expected
    assert len(set(pauses[5:])) > 1_900
    backoff.reset()
    assert backoff.pause() <= 1
