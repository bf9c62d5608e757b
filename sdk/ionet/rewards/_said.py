"""What attesters have measured, in evidence: where many name the same statement, it is written once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, ClassVar, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet._generated.staking.types import ProofReason
from ionet.formats import canonical
from ionet.formats.merkle import leaf_hash
from ionet.rewards._leaf import Verdict
from ionet.rewards._lines import (
    digest_from,
    line_text,
    measure_line,
    number,
    stated_text,
    verdict_and_text,
    word_from,
    word_text,
)
from ionet.rewards._measured import DOMAIN, Measure, Seal
from ionet.rewards._nodelines import DIGEST, KEY, NUMBER, STATEMENT, key_of, object_of
from ionet.rewards._statement import Statement
from ionet.rewards._words import Word

_LEAF: Final = b"\x00" + DOMAIN
_PASSED: Final = str(int(ProofReason.PASSED))
_REASONS: Final = {str(int(reason)): reason for reason in ProofReason}
_ENTRY: Final = rf'\[{NUMBER},(null|{NUMBER[1:-1]}),([01]),(?:null|\[{NUMBER},{NUMBER},"{DIGEST}"\])\]'
_ENTRIES: Final = re.compile(_ENTRY)
_STATEMENT: Final = object_of({**STATEMENT, "up_hours": NUMBER})
_EACH: Final = re.sub(r"(?<!\\)\((?!\?)", "(?:", _ENTRY)


@dataclass(slots=True)
class Saying:
    """What attesters have measured, as evidence has it.

    Its header has under ``seals``, in the order of their keys::

        {"attester": "..", "lines": 2, "signature": "..", "skipped": {"<place>": "<hash>", ..}}

    ``skipped`` has the hashes of lines that do not count; with them everybody computes the root that was
    signed. For each node that any of them has measured follows, in the order of their keys::

        {"node": "..", "said": [[0, 5, 1, [9000, 0, "<evidence>"]], [2, null, 0, null]],
         "statements": [{"device", "good", "proof", "samples", "signature", "up_hours"}]}

    Each of ``said`` is an attester's place among the seals, its ``up_hours``, the statement that it has (from
    1 on, 0: none), and its verdict's score, reason and evidence.

    Attributes:
        end: end of the hour, Unix seconds.
        measures: what was read.
        seals: by attester.
    """

    #: A node's line with its line feed, in the text that nearly all have, with one statement or none.
    USUAL: ClassVar = re.compile(
        rf'\{{"node":"{KEY}","said":\[({_EACH}(?:,{_EACH})*)\],"statements":\[({_STATEMENT})?\]\}}\n'
    )

    end: int
    measures: list[Measure] = field(default_factory=list)
    seals: dict[bytes, Seal] = field(default_factory=dict)
    _skipped: list[dict[int, bytes]] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    _leaves: list[list[bytes]] = field(default_factory=list)
    _places: list[tuple[bytes, Seal]] = field(default_factory=list)

    def begin(self, value: list[dict[str, Any]]) -> None:
        """Takes the header's ``seals``.

        Raises:
            ValueError, TypeError, KeyError: they are none.
        """
        for each in value:
            attester = bytes(Pubkey.from_string(each["attester"]))
            if self.seals and attester <= next(reversed(self.seals)):
                raise ValueError("its attesters are not in ascending order")
            self.seals[attester] = Seal(b"", bytes(Signature.from_string(each["signature"])))
            self._lines.append(number(each["lines"], 31))
            self._skipped.append({int(at): digest_from(leaf) for at, leaf in each["skipped"].items()})
            self._leaves.append([])
        self._places = list(self.seals.items())

    def take(self, value: dict[str, Any]) -> None:
        """Takes a node's line.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        name, seals = value["node"], self._places
        node = bytes(Pubkey.from_string(name))
        if self.measures and node <= self.measures[-1].node:
            raise ValueError("its measurements are not in ascending order")
        words = [word_from(node, each) for each in value["statements"]]
        texts = ["null", *map(stated_text, value["statements"])]
        last, used = -1, 1
        for place, up_hours, nth, found in value["said"]:
            if not last < number(place, 31) < len(seals):
                raise ValueError("its attesters are not in ascending order")
            if not number(nth, 31) < len(texts):
                raise ValueError(f"there is no statement {nth}")
            if up_hours is not None:
                number(up_hours, 31)
            last, used = place, used | 1 << nth
            attester, seal = seals[place]
            verdict, text = (None, "null") if found is None else verdict_and_text(self.end, *found)
            self._leaf(place, line_text(name, texts[nth], up_hours, text))
            word = words[nth - 1] if nth else None
            self.measures.append(Measure(attester, node, word, verdict, up_hours, seal))
        if last < 0 or used != (1 << len(texts)) - 1 or len(value) != 3:
            raise ValueError("expected measurements, and statements that they name")

    def take_usual(self, lines: Sequence[tuple[str, ...]]) -> bool:
        """Takes what `USUAL` has found in lines.

        Returns:
            Whether they contradict nothing; otherwise nothing is taken.
        """
        usual = _Usual(self.end, self._places)
        before = self.measures[-1].node if self.measures else b""
        try:
            for name, said, *stated in lines:
                node = key_of(name)
                if node <= before or not usual.take(node, name, _ENTRIES.findall(said), *stated):
                    return False
                before = node
        except (ValueError, KeyError):
            return False
        self.measures += usual.measures
        for place, leaf in zip(usual.places, usual.leaves, strict=True):
            self._keep(place, leaf)
        return True

    def _leaf(self, place: int, line: bytes) -> None:
        self._keep(place, hashlib.sha256(_LEAF + line).digest())

    def _keep(self, place: int, hashed: bytes) -> None:
        leaves, skipped = self._leaves[place], self._skipped[place]
        if skipped:
            while (leaf := skipped.pop(len(leaves), None)) is not None:
                leaves.append(leaf)
        leaves.append(hashed)

    def finish(self) -> None:
        """Completes the seals.

        Raises:
            ValueError: an attester has signed another number of lines.
        """
        for place, (attester, seal) in enumerate(self.seals.items()):
            leaves, skipped = self._leaves[place], self._skipped[place]
            while (leaf := skipped.pop(len(leaves), None)) is not None:
                leaves.append(leaf)
            if skipped or len(leaves) != self._lines[place]:
                raise ValueError(
                    f"{Pubkey(attester)} has signed {self._lines[place]} lines, and there are {len(leaves)}"
                )
            seal.leaves = b"".join(leaves)


class _Usual:
    """What lines in their usual text say, before it counts."""

    def __init__(self, end: int, seals: list[tuple[bytes, Seal]]) -> None:
        self._end = end
        self._seals = seals
        self.measures: list[Measure] = []
        self.places: list[int] = []
        self.leaves: list[bytes] = []

    def take(
        self, node: bytes, name: str, said: list[tuple[str, ...]], text: str | None, *stated: str
    ) -> bool:
        """Takes a line's texts; returns whether they contradict nothing."""
        word = None if text is None else _word_of(node, *stated)
        places = [int(each[0]) for each in said]
        if places[-1] >= len(self._seals) or any(left >= right for left, right in pairwise(places)):
            return False
        named = {each[2] for each in said}
        if ("1" in named) != (word is not None):
            return False
        start = '{"node":"%s","statement":%s,"up_hours":'
        hashed = {
            nth: hashlib.sha256(_LEAF + (start % (name, text if nth == "1" else "null")).encode())
            for nth in named
        }
        end, seals, measures, leaves = self._end, self._seals, self.measures, self.leaves
        for place, (_, up, nth, score, reason, evidence) in zip(places, said, strict=True):
            attester, seal = seals[place]
            line = hashed[nth].copy()
            if score:
                verdict = Verdict(
                    end, int(score), _REASONS[reason], reason == _PASSED, bytes.fromhex(evidence)
                )
                rest = f'{up},"verdict":{{"evidence":"{evidence}","reason":{reason},"score_bps":{score}}}}}'
            else:
                verdict, rest = None, f'{up},"verdict":null}}'
            line.update(rest.encode())
            leaves.append(line.digest())
            its = word if nth == "1" else None
            measures.append(Measure(attester, node, its, verdict, None if up == "null" else int(up), seal))
        self.places += places
        return True


def _word_of(
    node: bytes, device: str, good: str, proof: str, samples: str, signature: str, up_hours: str
) -> Word:
    stated = Statement(
        key_of(device),
        int(good),
        bytes.fromhex(proof),
        bytes.fromhex(samples),
        bytes(Signature.from_string(signature)),
    )
    return Word(node, int(up_hours), stated)


def seals_of(measures: Iterable[Measure]) -> list[canonical.Json]:
    """The ``seals`` of evidence with these measurements, which are ordered by node and attester.

    Raises:
        ValueError: one is not among those that its attester has signed.
    """
    seals: dict[bytes, Seal] = {}
    by_attester: dict[bytes, list[Measure]] = {}
    for measure in measures:
        if measure.seal is None:
            raise ValueError(f"{Pubkey(measure.attester)} has not signed this of node {Pubkey(measure.node)}")
        seals.setdefault(measure.attester, measure.seal)
        by_attester.setdefault(measure.attester, []).append(measure)
    return [
        {
            "attester": str(Pubkey(attester)),
            "lines": seal.lines,
            "signature": str(Signature.from_bytes(seal.signature)),
            "skipped": {str(at): leaf.hex() for at, leaf in _skipped(seal, by_attester[attester])},
        }
        for attester, seal in sorted(seals.items())
    ]


def _skipped(seal: Seal, own: list[Measure]) -> list[tuple[int, bytes]]:
    """The lines of an attester that are not among its measurements, by their places."""
    leaves = [seal.leaves[at : at + 32] for at in range(0, len(seal.leaves), 32)]
    if len(leaves) == len(own):
        # Nothing is left out; whoever reads it sees whether they are the same.
        return []
    skipped, at = [], 0
    for measure in own:
        leaf = leaf_hash(DOMAIN, measure_line(measure))
        while at < len(leaves) and leaves[at] != leaf:
            skipped.append((at, leaves[at]))
            at += 1
        if at == len(leaves):
            name = Pubkey(measure.attester)
            raise ValueError(f"{name} has not signed this of node {Pubkey(measure.node)}")
        at += 1
    return [*skipped, *enumerate(leaves[at:], at)]


def said_lines(measures: Iterable[Measure]) -> Iterator[str]:
    """The lines of evidence with measurements, which are ordered by node and attester."""
    ordered = list(measures)
    places = {key: at for at, key in enumerate(sorted({measure.attester for measure in ordered}))}
    for node, group in groupby(ordered, attrgetter("node")):
        words: list[Word] = []
        said = []
        for measure in group:
            word, nth = measure.word, 0
            if word is not None:
                if word not in words:
                    words.append(word)
                nth = words.index(word) + 1
            found = measure.verdict
            verdict = (
                "null"
                if found is None
                else f'[{found.score_bps},{int(found.reason)},"{found.evidence_hash.hex()}"]'
            )
            up_hours = "null" if measure.up_hours is None else measure.up_hours
            said.append(f"[{places[measure.attester]},{up_hours},{nth},{verdict}]")
        texts = ",".join(map(word_text, words))
        yield f'{{"node":"{Pubkey(node)}","said":[{",".join(said)}],"statements":[{texts}]}}\n'
