"""What the judged answers of a node say together: whether it may well serve what it says.

Answers are pooled over each hour, each day, and all that is kept, so that short ones count too, and good ones
of long ago hide no bad ones of today. Of each window, three things are looked at:

* the sum of all answers, which is standard normal for the claimed model: low for another one, high for one
  that is drawn colder than was asked for;
* how many answers are out of the ordinary by themselves: also of a node that serves only some of them badly;
* how many tokens were charged that are not there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ionet.intelligence.likelihood import Score

_HOUR: Final = 3_600
DAY: Final = 24 * _HOUR
#: Witnesses that have to find fault with a node where there is no arbiter, and of these more than half.
_WITNESSES: Final = 2
#: A window's sum beyond so many deviations, over so many answers at least: by chance 6 of 10 million.
DEVIATIONS: Final = 5.0
ANSWERS: Final = 3
#: An answer beyond so many is out of the ordinary, if it has so many places: by chance 2 of 1,000.
ORDINARY: Final = 3.09
PLACES: Final = 12
#: … and not more than so many, whatever the tails are like.
_RATE: Final = 0.004
#: Chance of as many answers out of the ordinary as there are, at which they are too many.
_CHANCE: Final = 1e-6
#: Tokens that are too many, and of how many: two ways to cut a text may differ a little.
_SLACK: Final = 16
_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer that was judged.

    Attributes:
        at: when, Unix seconds.
        score: how probable it is.
        tokens: that were charged.
        excess: of these, those that are not there.
    """

    at: int
    score: Score
    tokens: int = 0
    excess: int = 0

    @property
    def ordinary(self) -> bool:
        """Whether it looks as the claimed model's answers do, by itself."""
        return self.score.places < PLACES or abs(self.score.deviations) <= ORDINARY

    @property
    def passed(self) -> bool:
        """Whether there is nothing to say against it."""
        return self.ordinary and self.excess <= _SLACK


@dataclass(frozen=True, slots=True)
class Record:
    """Answers of a node that were judged by the same engine.

    Attributes:
        answers: how many.
        passed: … with nothing to say against them, each by itself.
        score: of all of them.
        tokens: that were charged in them.
        excess: of these, those that are not there.
        faults: in any hour, any day, or all together: `improbable`, `too_probable`, `outliers`, `tokens`.
    """

    answers: int
    passed: int
    score: Score
    tokens: int
    excess: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What audits say of a node.

    Attributes:
        model, node: which.
        judged: by the arbiter.
        witnesses: … by other nodes, by their names.
    """

    model: str
    node: str
    judged: Record
    witnesses: Mapping[str, Record]

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it: as the arbiter says; where it was not asked, as most witnesses say.

        A single other node does not count: it may be the one that is wrong.
        """
        if self.judged.answers:
            return self.judged.faults
        against = [each.faults for each in self.witnesses.values() if each.faults]
        if len(against) < _WITNESSES or 2 * len(against) <= len(self.witnesses):
            return ()
        return tuple(sorted({fault for faults in against for fault in faults}))

    @property
    def holds(self) -> bool:
        """Whether the node may well serve what it says."""
        return not self.faults


def standing(
    model: str, node: str, judged: Sequence[Judged], witnessed: Mapping[str, Sequence[Judged]] | None = None
) -> Standing:
    """What audits say of a node.

    Args:
        model: that it says it serves.
        node: itself.
        judged: its answers, by the arbiter.
        witnessed: its answers, by other nodes.
    """
    others = {witness: record(each) for witness, each in (witnessed or {}).items()}
    return Standing(model, node, record(judged), others)


def record(judged: Sequence[Judged]) -> Record:
    """What one engine says of a node's answers."""
    windows: dict[tuple[int, int], list[Judged]] = defaultdict(list)
    for each in judged:
        windows[_HOUR, each.at // _HOUR].append(each)
        windows[DAY, each.at // DAY].append(each)
    faults = {fault for window in [*windows.values(), judged] for fault in faults_of(window)}
    return Record(
        len(judged),
        sum(each.passed for each in judged),
        _pooled(judged),
        sum(each.tokens for each in judged),
        sum(each.excess for each in judged),
        tuple(sorted(faults)),
    )


def faults_of(judged: Sequence[Judged]) -> list[str]:
    """What is wrong with the answers of one window."""
    if len(judged) < ANSWERS:
        return []
    faults, deviations = [], _pooled(judged).deviations
    if deviations < -DEVIATIONS:
        faults.append("improbable")
    if deviations > DEVIATIONS:
        faults.append("too_probable")
    long = [each for each in judged if each.score.places >= PLACES]
    if chance_of(sum(not each.ordinary for each in long), len(long), _RATE) < _CHANCE:
        faults.append("outliers")
    if sum(each.excess for each in judged) > max(_SLACK, _SHARE * sum(each.tokens for each in judged)):
        faults.append("tokens")
    return faults


def chance_of(count: int, of: int, rate: float) -> float:
    """The chance that so many or more of so many happen, each at this rate."""
    if not count:
        return 1.0
    # From the largest term on, they fall faster than by half; from far below it, all is as good as 1.
    terms = range(count, min(of, max(count, round(rate * of)) + 1_000) + 1)
    return min(1.0, math.fsum(math.exp(_log_binomial(number, of, rate)) for number in terms))


def _log_binomial(number: int, of: int, rate: float) -> float:
    ways = math.lgamma(of + 1) - math.lgamma(number + 1) - math.lgamma(of - number + 1)
    return ways + number * math.log(rate) + (of - number) * math.log1p(-rate)


def _pooled(judged: Iterable[Judged]) -> Score:
    total = Score()
    for each in judged:
        total += each.score
    return total
