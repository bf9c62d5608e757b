"""What attesters have measured of an hour, each by itself: uptime and verdicts on compute proofs.

What an attester has measured is a list of lines, one for each node (`ionet.rewards._said`), with one
signature of the attester's over the root of the tree of these lines (`ionet.formats.merkle`): so each line is
proved by a path, and none can be left out without its hash. What counts is the median by the weights of those
who have measured; see `medians` and `counted`.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeVar

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.formats.merkle import Tree, empty_hash
from ionet.rewards._leaf import Verdict
from ionet.rewards._statement import Statement
from ionet.rewards._words import Word

T = TypeVar("T")
#: Keeps the tree of what was measured, and its signature, apart from all others.
DOMAIN: Final = b"ionet:measured"
_SEALED: Final = struct.Struct("<qI")


@dataclass(slots=True)
class Seal:
    """An attester's signature over all that it has measured of an hour.

    Attributes:
        leaves: the hash of each line in its order, 32 bytes each; also of those that do not count.
        signature: the attester's, 64 bytes, over `sealed_bytes`.
    """

    leaves: bytes
    signature: bytes = bytes(64)

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self.leaves) // 32

    def holds(self, attester: bytes, period_end: int) -> bool:
        """Whether the attester has signed these lines for the hour with this end."""
        message = sealed_bytes(period_end, self.lines, root_of(self.leaves))
        return Signature.from_bytes(self.signature).verify(Pubkey(attester), message)


def root_of(leaves: bytes) -> bytes:
    """The root of the tree of lines' hashes."""
    return Tree(leaves, DOMAIN).root if leaves else empty_hash(DOMAIN)


def sealed_bytes(period_end: int, lines: int, root: bytes) -> bytes:
    """What an attester signs: ``b"ionet:measured" || end || lines || root``; i64 and u32, little-endian."""
    return DOMAIN + _SEALED.pack(period_end, lines) + root


@dataclass(frozen=True, slots=True)
class Measure:
    """What one attester has measured of one node in an hour.

    Attributes:
        attester: its key, 32 bytes.
        node: the node's address, 32 bytes.
        word: the device's statement that the attester has; None: none.
        verdict: on its compute proofs; None: it was not judged.
        up_hours: hours in a row that it was up by the attester's heartbeats; None: it has not counted them.
        seal: the attester's signature over all that it has measured; None: in evidence of an older format.
    """

    attester: bytes
    node: bytes
    word: Word | None
    verdict: Verdict | None
    up_hours: int | None = None
    seal: Seal | None = field(default=None, compare=False, repr=False)


class Signatures:
    """Checks devices' signatures of an hour, each of them once: every attester names the same statements.

    Args:
        period_end: end of the hour, Unix seconds.
    """

    def __init__(self, period_end: int) -> None:
        self._end = period_end
        self._stated: set[tuple[bytes, int, Statement]] = set()

    def stated(self, node: bytes, up_hours: int, statement: Statement) -> bool:
        """Whether the device has signed a statement."""
        key = (node, up_hours, statement)
        if key not in self._stated:
            if not statement.verify(node, self._end, up_hours):
                return False
            self._stated.add(key)
        return True

    def keep(self, measure: Measure) -> None:
        """Keeps the statement of a measurement, which was checked when the device gave it."""
        if measure.word is not None:
            self._stated.add((measure.node, measure.word.up_hours, measure.word.statement))


def medians(
    measures: Iterable[Measure],
    weights: Mapping[bytes, int],
    is_credible: Callable[[Word], bool],
) -> tuple[dict[bytes, Word], dict[bytes, Verdict]]:
    """What counts of each node: statement and verdict, by node.

    Ordered by hours, and by passed, speed, reason and evidence, each is the first one with which half of the
    weight of those who have measured it is reached: so one attester of three moves it no further than to
    what another has found. A verdict counts where at least half of all weight has judged.

    Args:
        measures: of any nodes; those of keys without a weight count for nothing, nor does a second one.
        weights: of the attesters' keys.
        is_credible: whether the node's device can have said this.
    """
    words: defaultdict[bytes, dict[bytes, Word]] = defaultdict(dict)
    verdicts: defaultdict[bytes, dict[bytes, Verdict]] = defaultdict(dict)
    # Attesters share the words that they have heard alike.
    seen, credible = None, False
    for measure in measures:
        attester, node, word = measure.attester, measure.node, measure.word
        if not weights.get(attester):
            continue
        if word is not None:
            if word is not seen:
                seen, credible = word, is_credible(word)
            if credible:
                words[node].setdefault(attester, word)
        if measure.verdict is not None:
            verdicts[node].setdefault(attester, measure.verdict)
    total = sum(weights.values())
    return (
        {node: _median(said, weights, _by_hours) for node, said in words.items()},
        {
            node: _median(said, weights, _by_speed)
            for node, said in verdicts.items()
            if 2 * sum([weights[attester] for attester in said]) >= total
        },
    )


def counted(measures: Iterable[Measure], weights: Mapping[bytes, int]) -> dict[bytes, int] | None:
    """Hours in a row that nodes were up, by attesters' heartbeats; None where too few have counted.

    The median, as in `medians`, by the weights of those who have counted any node's: of one that they do not
    name they have counted none. They need at least half of all weight.

    Args:
        measures: of any nodes; those of keys without a weight count for nothing, nor does a second one.
        weights: of the attesters' keys.
    """
    said: defaultdict[bytes, dict[bytes, int]] = defaultdict(dict)
    for measure in measures:
        if measure.up_hours is not None and weights.get(measure.attester):
            said[measure.attester].setdefault(measure.node, measure.up_hours)
    if not said or 2 * sum(weights[attester] for attester in said) < sum(weights.values()):
        return None
    nodes = {node for hours in said.values() for node in hours}
    return {
        node: _median({key: hours.get(node, 0) for key, hours in said.items()}, weights, lambda up: (up,))
        for node in nodes
    }


def apart(
    measures: Iterable[Measure],
    words: Mapping[bytes, Word],
    verdicts: Mapping[bytes, Verdict],
    hours: Mapping[bytes, int] | None = None,
) -> list[tuple[Measure, str]]:
    """Measurements that differ from what counts, with what differs, in words.

    Args:
        measures: of attesters.
        words: what counts, by node; and so are the others.
        verdicts: on compute proofs.
        hours: in a row that nodes were up, by heartbeats; None where too few have counted.
    """
    found = []
    for measure in sorted(measures, key=lambda each: (each.node, each.attester)):
        word, verdict = words.get(measure.node), verdicts.get(measure.node)
        if hours is not None:
            # Whoever began to count later has fewer; only the hour itself is the same for all.
            if measure.up_hours is not None and bool(measure.up_hours) != bool(hours.get(measure.node)):
                texts = ("up", "not up") if measure.up_hours else ("not up", "up")
                found.append((measure, f"{texts[0]}, and {texts[1]} counts"))
        elif measure.word is not None and word is not None and measure.word.up_hours != word.up_hours:
            found.append((measure, f"up {measure.word.up_hours} h in a row, and {word.up_hours} h count"))
        if measure.verdict is not None and verdict is not None and measure.verdict.passed != verdict.passed:
            theirs, ours = (_found(each) for each in (measure.verdict, verdict))
            found.append((measure, f"{theirs}, and {ours} counts"))
    return found


def _found(verdict: Verdict) -> str:
    return "passed" if verdict.passed else f"failed ({verdict.reason.explain()})"


_by_hours: Final = attrgetter("up_hours", "statement.signature", "statement.good", "statement.samples")
_by_speed: Final = attrgetter("passed", "score_bps", "reason", "evidence_hash")


def _median(
    said: Mapping[bytes, T], weights: Mapping[bytes, int], order: Callable[[T], tuple[Any, ...]]
) -> T:
    """The first value in order with which half of the weight is reached."""
    values = iter(said.values())
    first = next(values)
    # Nearly always they agree.
    if all(value is first for value in values):
        return first
    total, so_far = sum([weights[attester] for attester in said]), 0
    for attester, value in sorted(said.items(), key=lambda item: order(item[1])):
        so_far += weights[attester]
        if 2 * so_far >= total:
            return value
    raise AssertionError("weights are positive")
