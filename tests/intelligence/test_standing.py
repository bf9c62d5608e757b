"""What many judged answers say together, by chance and otherwise."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from ionet.intelligence.likelihood import Score
from ionet.intelligence.standing import Judged, chance_of, standing

HOUR = 3_600


def answers(deviations: Sequence[float], *, places: int = 24, at: int = 0, every: int = 60) -> list[Judged]:
    """Answers so many deviations from what is to be expected, one a minute."""
    unit = math.sqrt(places)
    return [
        Judged(at + every * number, Score(places, each * unit, float(places)), tokens=places)
        for number, each in enumerate(deviations)
    ]


def normal(count: int, seed: int, shift: float = 0.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(shift, 1) for _ in range(count)]


def faults(judged: Sequence[Judged]) -> tuple[str, ...]:
    return standing("small", "node", judged).faults


def test_of_two_thousand_honest_nodes_at_most_two_are_wronged_in_an_hour() -> None:
    wronged = [seed for seed in range(2_000) if faults(answers(normal(40, seed)))]
    assert len(wronged) <= 2


def test_a_month_of_honest_answers_has_no_fault() -> None:
    assert faults(answers(normal(7_200, 5), every=360)) == ()


@pytest.mark.parametrize(("shift", "fault"), [(-1.0, "improbable"), (1.0, "too_probable")])
def test_small_shifts_of_all_answers_are_told_within_an_hour(shift: float, fault: str) -> None:
    assert fault in faults(answers(normal(60, 3, shift)))


def test_answers_of_few_tokens_are_pooled() -> None:
    """None of them says anything by itself."""
    judged = answers(normal(60, 3, -1.0), places=4)
    assert all(each.ordinary for each in judged)
    assert faults(judged) == ("improbable",)


def test_some_bad_answers_are_told_where_all_together_are_not() -> None:
    judged = answers([*normal(54, 8), *[-4.5] * 6], every=30)
    assert abs(standing("small", "node", judged).judged.score.deviations) < 5
    assert faults(judged) == ("outliers",)


def test_a_good_month_hides_no_bad_hour() -> None:
    good = answers(normal(2_000, 5), every=1_200)
    bad = answers(normal(40, 6, -1.5), at=2_000 * 1_200)
    assert standing("small", "node", [*good, *bad]).judged.score.deviations > -5
    assert faults([*good, *bad]) == ("improbable",)


def test_two_answers_prove_nothing() -> None:
    assert faults(answers([-9.0, -9.0])) == ()


@pytest.mark.parametrize(("excess", "fault"), [(0, ()), (5, ()), (6, ("tokens",))])
def test_a_few_tokens_more_are_no_fault_and_many_are(excess: int, fault: tuple[str, ...]) -> None:
    judged = [Judged(0, Score(24, 0.0, 24.0), tokens=25, excess=excess) for _ in range(3)]
    assert faults(judged) == fault


@pytest.mark.parametrize(("count", "of"), [(1, 3), (3, 10), (5, 20), (20, 500), (3, 3)])
def test_the_chance_of_so_many_is_the_sum_of_all_ways(count: int, of: int) -> None:
    rate = 0.004  # by exact numbers of ways
    exact = math.fsum(
        math.comb(of, number) * rate**number * (1 - rate) ** (of - number) for number in range(count, of + 1)
    )
    assert chance_of(count, of, rate) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    ("shifts", "blamed"),
    [
        ([-1.5], False),
        ([-1.5, 0.0], False),
        ([-1.5, -1.5], True),
        ([-1.5, -1.5, 0.0], True),
        ([-1.5, -1.5, 0.0, 0.0], False),
    ],
)
def test_without_an_arbiter_more_than_half_of_the_witnesses_blame_a_node_and_never_one_alone(
    shifts: Sequence[float], blamed: bool
) -> None:
    witnessed = {str(seed): answers(normal(60, seed, shift)) for seed, shift in enumerate(shifts, 1)}
    assert standing("small", "node", [], witnessed).holds is not blamed


def test_what_an_arbiter_says_counts_and_not_what_witnesses_say() -> None:
    against = {str(seed): answers(normal(60, seed, -1.5)) for seed in (1, 2, 3)}
    assert standing("small", "node", answers(normal(60, 4)), against).holds
    agreeing = {str(seed): answers(normal(60, seed)) for seed in (1, 2, 3)}
    assert not standing("small", "node", answers(normal(60, 4, -1.5)), agreeing).holds
