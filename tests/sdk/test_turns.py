"""Seats' turns with a device: none keeps it from the others, and none loses it without their asking."""

from __future__ import annotations

import pytest

from ionet.worker._turns import ASKED_AGAIN, KEPT_FOR, TURN, Turns

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


class Now:
    """A clock that stands until it is told."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def turns(now: Now) -> Turns:
    return Turns(now)


def passed(
    now: Now, turns: Turns, seconds: float, *polling: bytes, greedy: tuple[bytes, ...] = ()
) -> list[bytes]:
    """Lets time pass; some seats ask every two seconds, greedy ones without a pause.

    Returns who got the device, in turn; who has waited for it gives it back at once.
    """
    got: list[bytes] = []
    for _ in range(round(seconds)):
        now.seconds += 1
        for seat in (*greedy, *(polling if now.seconds % 2 == 0 else ())):
            if turns.take(seat) and seat not in got[-1:]:
                got.append(seat)
                if seat in polling:
                    turns.free()
    return got


def test_a_seat_that_asks_again_and_again_keeps_the_device_from_nobody(now: Now, turns: Turns) -> None:
    assert turns.take(A)
    assert passed(now, turns, 3 * KEPT_FOR, greedy=(A,)) == [A], "nobody else wants it"
    assert passed(now, turns, TURN - 2, B, greedy=(A,)) == [A]
    assert passed(now, turns, 6, B, greedy=(A,)) == [A, B, A], "by then the other one had its turn"


def test_several_seats_that_hand_the_device_to_each_other_come_in_their_turn_alone(
    now: Now, turns: Turns
) -> None:
    assert turns.take(A)
    got = passed(now, turns, 3 * TURN, B, greedy=(A, C))
    assert got[:3] == [A, C, B], "after those who waited before it"


def test_a_seat_works_on_while_nobody_waits_and_ends_what_it_computes(now: Now, turns: Turns) -> None:
    assert turns.take(A)
    now.seconds += 10 * KEPT_FOR
    with turns.step(A) as mine:
        assert mine
        assert not turns.take(B)
        for _ in range(round(TURN / 2) + 1):
            now.seconds += 2
            assert not turns.take(B), "the device still works"
        with turns.step(A) as again:
            assert not again, "nothing more is begun"
    assert turns.take(B)
    with turns.step(A) as late:
        assert not late


def test_a_seat_that_has_waited_and_gone_holds_nobody_up(now: Now, turns: Turns) -> None:
    assert turns.take(A)
    assert not turns.take(B)
    turns.free()
    assert not turns.take(C), "B was there before"
    now.seconds += ASKED_AGAIN["reserve"] + 1
    assert turns.take(C)


def test_what_is_made_once_for_all_seats_comes_before_the_next_turn(now: Now, turns: Turns) -> None:
    assert turns.take(A)
    turns.wait(B, "product")
    turns.wait(C, "product")
    now.seconds += TURN + 1
    assert not turns.take(A)
    assert not turns.taken, "so that the product can be made"
    turns.served(B, "product")
    turns.served(C, "product")
    assert turns.take(A)


def test_a_seat_that_asks_for_what_is_there_takes_no_place_of_who_still_waits(now: Now, turns: Turns) -> None:
    """A hostile seat keeps the device, and has its own small product, or memory, whenever it likes."""
    for what in ("product", "hold"):
        turns.free()
        assert turns.take(A)
        for _ in range(2):
            turns.wait(B, what)
            now.seconds += TURN + 1
            turns.served(A, what)
            assert not turns.take(A), "B is next, who asks once a minute"
        assert not turns.taken
        turns.served(B, what)


def test_a_seat_that_has_the_device_waits_for_nothing(now: Now, turns: Turns) -> None:
    assert turns.take(A)
    turns.wait(A, "product")
    turns.free()
    assert turns.take(B)
