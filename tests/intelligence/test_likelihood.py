"""How probable an answer is: by distributions that are known."""

from __future__ import annotations

import math
import random

import pytest

from ionet.intelligence.likelihood import Place, Score, score

#: Of four tokens.
LIKELY = {0: 0.5, 1: 0.25, 2: 0.125, 3: 0.125}
LOGS = {token: math.log(each) for token, each in LIKELY.items()}


def drawn(weights: dict[int, float], count: int, seed: int = 5) -> list[Place]:
    chance = random.Random(seed)
    tokens = chance.choices(list(weights), list(weights.values()), k=count)
    return [Place(token, LOGS) for token in tokens]


def test_one_place_by_hand() -> None:
    # ln 1/2, 1/4, 1/8, 1/8: mean -1.75 ln 2, variance (0.75² / 2 + 0.25² / 4 + 2 · 1.25² / 8) ln² 2.
    result = score([Place(1, LOGS)], 1.0)
    assert result.surprise == pytest.approx(-0.25 * math.log(2))
    assert result.variance == pytest.approx(0.6875 * math.log(2) ** 2)


@pytest.mark.parametrize("temperature", [1.0, 0.5, 1.5])
def test_what_was_drawn_as_claimed_is_as_probable_as_it_should_be(temperature: float) -> None:
    weights = {token: each ** (1 / temperature) for token, each in LIKELY.items()}
    assert abs(score(drawn(weights, 20_000), temperature).deviations) < 3


def test_what_was_drawn_of_a_nucleus_is_as_probable_as_it_should_be() -> None:
    # 0.5 and 0.25 reach 0.7 together.
    assert abs(score(drawn({0: 2.0, 1: 1.0}, 20_000), 1.0, 0.7).deviations) < 3


def test_what_another_model_has_drawn_is_less_probable() -> None:
    other = {0: 0.4, 1: 0.25, 2: 0.175, 3: 0.175}
    assert score(drawn(other, 2_000), 1.0).deviations < -5


def test_a_token_that_the_claimed_model_would_not_write_weighs_at_any_temperature() -> None:
    certain = {0: math.log(0.999999), 1: math.log(0.000001)}
    assert score([Place(1, certain)] * 3, 0.0).deviations < -10
    assert score([Place(0, certain)] * 100, 0.0).deviations == pytest.approx(0, abs=0.01)


def test_tokens_beyond_the_candidates_move_nothing_by_themselves() -> None:
    """A hundred equally probable tokens, of which four are told."""
    told = dict.fromkeys(range(4), math.log(0.01))
    chance = random.Random(3)
    places = [Place(chance.randrange(100), told) for _ in range(1_000)]
    assert abs(score(places, 1.0).surprise) < 1e-6


def test_scores_add_up() -> None:
    places = drawn(LIKELY, 10)
    first, second = score(places[:4], 1.0), score(places[4:], 1.0)
    whole = score(places, 1.0)
    together = first + second
    assert together.places == 10
    assert together.surprise == pytest.approx(whole.surprise)
    assert Score().deviations == 0


@pytest.mark.parametrize(("sigmas", "normal"), [(-3.09, 0.001), (-2.33, 0.01)])
def test_few_tokens_are_beyond_a_number_of_deviations_as_seldom_as_a_normal_variate(
    sigmas: float, normal: float
) -> None:
    """Of twelve tokens, each one of ten with a chance of a tenth: by the exact chances of a binomial."""
    logs = {0: math.log(0.9), 1: math.log(0.1)}
    usual, rare = (score([Place(token, logs)], 1.0) for token in (0, 1))
    below = 0.0
    for count in range(13):
        total = sum([rare] * count + [usual] * (12 - count), Score())
        if total.deviations < sigmas:
            below += math.comb(12, count) * 0.1**count * 0.9 ** (12 - count)
    # Without the third cumulants, it would be four times as often as it should be.
    assert normal / 4 < below < normal * 2
