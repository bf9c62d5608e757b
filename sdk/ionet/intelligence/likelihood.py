"""How probable an answer is under the model that is claimed, if it was written as its receipt says.

For each token that was written, the claimed model says how probable each token was at that place. Sampled as
claimed, the mean of ``log p(token)`` is that of the distribution itself, with a variance that the same
distribution gives: the sum over many tokens, less its mean, in units of its deviation, is standard normal.
Of another model's tokens it is lower, by the divergence of the two at each place; of tokens that were drawn
at a lower temperature it is higher, and no other sum tells temperatures apart better. No seed is needed, and
hardware that rounds in another way changes little.

Few tokens are far from normal, as improbable ones weigh much. The third cumulants, which add up as means and
variances do, say how far, and the sum is read as a variate of Pearson's third type with the same three
moments, by the cube root of Wilson and Hilferty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Greedy writing takes the first of two that are as good as equal; so does one at this temperature, nearly.
COLDEST: Final = 0.05
#: The least probability that counts: a token that rounding has moved out of the nucleus is no proof alone.
FLOOR: Final = 1e-4
#: Less skewness than this is none.
_STRAIGHT: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Place:
    """What the claimed model says of one token.

    Attributes:
        token: that was written.
        candidates: natural logarithms of probabilities, of the most probable tokens, by their numbers.
    """

    token: int
    candidates: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over places.

    Attributes:
        places: how many.
        surprise: of ``log p(token)``, less its mean.
        variance: of it.
        skew: its third central moment.
    """

    places: int = 0
    surprise: float = 0.0
    variance: float = 0.0
    skew: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.places + other.places,
            self.surprise + other.surprise,
            self.variance + other.variance,
            self.skew + other.skew,
        )

    @property
    def deviations(self) -> float:
        """As many deviations as a normal variate has that is as seldom: about 0 if all is as claimed."""
        # Where every token was as good as certain, a wrong one still counts.
        unit = math.sqrt(max(self.variance, 1.0))
        far, skew = self.surprise / unit, self.skew / unit**3
        if abs(skew) < _STRAIGHT:
            return far
        return 6 / skew * (math.cbrt(1 + skew * far / 2) - 1) + skew / 6


def score(places: Iterable[Place], temperature: float, top_p: float = 1.0) -> Score:
    """Scores an answer.

    Args:
        places: of it, any selection.
        temperature: at which it was written.
        top_p: the nucleus that it was written from.
    """
    total = Score()
    for place in places:
        total += _one(place, max(temperature, COLDEST), top_p)
    return total


def _one(place: Place, temperature: float, top_p: float) -> Score:
    tokens = sorted(place.candidates, key=lambda token: -place.candidates[token])
    if not tokens:
        return Score()
    likely, rest = _tempered([place.candidates[token] for token in tokens], temperature, top_p)
    logs = [math.log(max(each, FLOOR)) for each in likely]
    # All others count as the last candidate does, in what is expected and in what was written: no bias.
    last = logs[-1]
    mean = sum(each * log for each, log in zip(likely, logs, strict=True)) + rest * last
    variance = sum(each * (log - mean) ** 2 for each, log in zip(likely, logs, strict=True))
    variance += rest * (last - mean) ** 2
    skew = sum(each * (log - mean) ** 3 for each, log in zip(likely, logs, strict=True))
    skew += rest * (last - mean) ** 3
    written = logs[tokens.index(place.token)] if place.token in place.candidates else last
    return Score(1, written - mean, variance, skew)


def _tempered(logs: Sequence[float], temperature: float, top_p: float) -> tuple[list[float], float]:
    """Probabilities as the token was drawn from, of the candidates and of all others together.

    First the nucleus, then the temperature, as llama.cpp does it.
    """
    raw = [math.exp(log) for log in logs]
    kept, mass = len(raw), 0.0
    for number, each in enumerate(raw):
        mass += each
        if mass >= top_p:
            kept = number + 1
            break
    highest = logs[0]
    weights = [
        math.exp((log - highest) / temperature) if number < kept else 0.0 for number, log in enumerate(logs)
    ]
    # Others are as many as the last candidate's probability goes into what is left.
    left = max(0.0, min(1.0, top_p) - sum(raw))
    rest = left / raw[-1] * weights[-1] if raw[-1] > 0.0 else 0.0
    whole = sum(weights) + rest
    return [weight / whole for weight in weights], rest / whole
