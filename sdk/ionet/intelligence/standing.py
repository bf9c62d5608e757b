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
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ionet.intelligence.likelihood import Score

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
#: Seconds for which what audits have come to counts.
WINDOW: Final = 30 * DAY
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
#: Answers that cannot be judged, of a node's: so many are no fault, nor twice as many as others have.
_UNJUDGED: Final = 0.02
#: … and answers of another node that were looked at, so that it can be compared with.
_COMPARED: Final = 20


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
class Window:
    """Sums over judged answers, of some time.

    Attributes:
        answers: how many.
        passed: … with nothing to say against them, each by itself.
        score: of all of them.
        tokens: that were charged in them.
        excess: of these, those that are not there.
        long: answers of so many places that they say something by themselves.
        outliers: … of these, those that are out of the ordinary.
    """

    answers: int = 0
    passed: int = 0
    score: Score = field(default_factory=Score)
    tokens: int = 0
    excess: int = 0
    long: int = 0
    outliers: int = 0

    def __add__(self, other: Window) -> Window:
        return Window(
            self.answers + other.answers,
            self.passed + other.passed,
            self.score + other.score,
            self.tokens + other.tokens,
            self.excess + other.excess,
            self.long + other.long,
            self.outliers + other.outliers,
        )

    @classmethod
    def of(cls, judged: Judged) -> Window:
        """That of one answer."""
        long, odd = int(judged.score.places >= PLACES), int(not judged.ordinary)
        return cls(1, int(judged.passed), judged.score, judged.tokens, judged.excess, long, odd)


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
        since: … of these, what they say since the arbiter has judged answers of the model for the last time;
            None: it never has.
        unjudged: its answers that could not be judged, by the reason.
        evades: whether they are far more than those of the model's other nodes.
    """

    model: str
    node: str
    judged: Record
    witnesses: Mapping[str, Record]
    since: Mapping[str, Record] | None = None
    unjudged: Mapping[str, int] = field(default_factory=dict)
    evades: bool = False

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it: as the arbiter says; where it is not asked any more, as most witnesses say.

        And that it says what nobody asked for, or far more than others do of what cannot be judged.
        """
        faults = {*self.judged.faults, *_most(self.witnesses if self.since is None else self.since)}
        if self.unjudged.get("unasked", 0) >= ANSWERS:
            faults.add("unasked")
        if self.evades:
            faults.add("unjudged")
        return tuple(sorted(faults))

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
    return Standing(model, node, record(judged), others, {} if judged else None)


def _most(witnesses: Mapping[str, Record]) -> set[str]:
    """What most witnesses find; a single other node does not count: it may be the one that is wrong."""
    against = [each.faults for each in witnesses.values() if each.faults]
    if len(against) < _WITNESSES or 2 * len(against) <= len(witnesses):
        return set()
    return {fault for faults in against for fault in faults}


def record(judged: Sequence[Judged]) -> Record:
    """What one engine says of a node's answers."""
    windows: dict[tuple[int, int], Window] = defaultdict(Window)
    whole = Window()
    for each in judged:
        window = Window.of(each)
        whole += window
        windows[HOUR, each.at // HOUR] += window
        windows[DAY, each.at // DAY] += window
    return record_of(whole, [fault for window in windows.values() for fault in faults_of(window)])


def record_of(whole: Window, faults: Iterable[str] = ()) -> Record:
    """What one engine says of a node's answers.

    Args:
        whole: all of them.
        faults: of hours and days of them.
    """
    every = tuple(sorted({*faults, *faults_of(whole)}))
    return Record(whole.answers, whole.passed, whole.score, whole.tokens, whole.excess, every)


def evading(counts: Mapping[str, tuple[int, int]]) -> frozenset[str]:
    """Nodes of a model of whose answers far more cannot be judged than of others'.

    Args:
        counts: by node, answers that could not be judged, and all that were to be.
    """
    found = set()
    for node, (unjudged, of) in counts.items():
        shares = [
            bad / every for other, (bad, every) in counts.items() if other != node and every >= _COMPARED
        ]
        if not shares or unjudged < ANSWERS:
            continue
        # By the middle one: others of the same kind hide none, as long as they are the fewer.
        rate = min(max(_UNJUDGED, 2 * statistics.median_low(shares)), 0.99)
        if chance_of(unjudged, of, rate) < _CHANCE:
            found.add(node)
    return frozenset(found)


def faults_of(window: Window) -> list[str]:
    """What is wrong with the answers of one window."""
    if window.answers < ANSWERS:
        return []
    faults, deviations = [], window.score.deviations
    if deviations < -DEVIATIONS:
        faults.append("improbable")
    if deviations > DEVIATIONS:
        faults.append("too_probable")
    if chance_of(window.outliers, window.long, _RATE) < _CHANCE:
        faults.append("outliers")
    if window.excess > max(_SLACK, _SHARE * window.tokens):
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
