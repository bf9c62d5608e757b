"""An attester's file: what it has measured of an hour, under one signature.

A header and a line for each node, in the order of their keys, all canonical JSON::

    {"attester": "..", "format": "ionet-measured/2", "lines": 2, "period_end": 1750003600, "root": "<hex>",
     "signature": ".."}
    {"node": "..", "statement": null or {"device", "good", "proof", "samples", "signature", "up_hours"},
     "up_hours": null or 5, "verdict": null or {"evidence", "reason", "score_bps"}}

The signature is over `sealed_bytes`, and so over each line: the root is that of the tree whose leaves are the
lines, without their line feeds. A file may have several of these, one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.files import whole_file
from ionet.chain.signers import Signer
from ionet.formats import canonical
from ionet.formats.merkle import Tree, leaf_hash, root_from_proof
from ionet.rewards._leaf import Verdict
from ionet.rewards._lines import measure_line, number, verdict_from, word_from
from ionet.rewards._measured import DOMAIN, Measure, Seal, Signatures, root_of, sealed_bytes
from ionet.rewards._words import Word

FORMAT: Final = "ionet-measured/2"
#: Lines of one attester.
MOST_LINES: Final = 1 << 21


def measured(
    signer: Signer,
    period_end: int,
    words: Mapping[bytes, Word],
    verdicts: Mapping[bytes, Verdict],
    hours: Mapping[bytes, int] = MappingProxyType({}),
) -> list[Measure]:
    """Signs what an attester has measured, all nodes at once.

    Args:
        signer: the attester.
        period_end: end of the hour, Unix seconds.
        words: statements of devices, by node.
        verdicts: on compute proofs, by node; they are of this hour, whatever their time.
        hours: in a row that nodes were up, by the attester's heartbeats; none where it has not counted.
    """
    key, seal = bytes(signer.pubkey()), Seal(b"")
    measures = []
    for node in sorted(words.keys() | verdicts.keys() | hours.keys()):
        verdict = verdicts.get(node)
        if verdict is not None:
            verdict = replace(verdict, time=period_end)
        measures.append(Measure(key, node, words.get(node), verdict, hours.get(node), seal))
    seal.leaves = b"".join([leaf_hash(DOMAIN, measure_line(measure)) for measure in measures])
    message = sealed_bytes(period_end, seal.lines, root_of(seal.leaves))
    seal.signature = bytes(signer.sign_message(message))
    return measures


@dataclass(frozen=True, slots=True)
class MeasureProof:
    """What proves to anybody that an attester has said this of one node, without what it said of others.

    Attributes:
        line: what it said, without line feed.
        index: the line's place.
        path: the hashes that lead from it to the root.
        lines: how many lines the attester has signed.
        signature: the attester's.
    """

    line: bytes
    index: int
    path: tuple[bytes, ...]
    lines: int
    signature: bytes

    def verify(self, attester: bytes, period_end: int) -> bool:
        """Whether the attester has signed the line for the hour with this end."""
        if not 0 <= self.index < self.lines or (self.lines - 1).bit_length() != len(self.path):
            return False
        root = root_from_proof(leaf_hash(DOMAIN, self.line), self.index, self.path)
        message = sealed_bytes(period_end, self.lines, root)
        return Signature.from_bytes(self.signature).verify(Pubkey(attester), message)


def proof_of(measure: Measure) -> MeasureProof:
    """The proof of one measurement.

    Raises:
        ValueError: it is none of those under its attester's signature.
    """
    line, seal = measure_line(measure), measure.seal
    leaf = leaf_hash(DOMAIN, line)
    places = () if seal is None else range(0, len(seal.leaves), 32)
    for at in places:
        assert seal is not None
        if seal.leaves[at : at + 32] == leaf:
            path = Tree(seal.leaves, DOMAIN).proof(at // 32)
            return MeasureProof(line, at // 32, path, seal.lines, seal.signature)
    raise ValueError(f"{Pubkey(measure.attester)} has not signed this of node {Pubkey(measure.node)}")


# -- an attester's file


def write_measures(path: str | Path, measures: Iterable[Measure], period_end: int) -> None:
    """Writes what attesters have measured, as each has signed it, to a file."""
    with whole_file(path) as file:
        file.writelines(measure_lines(measures, period_end))


def measure_lines(measures: Iterable[Measure], period_end: int) -> Iterator[bytes]:
    """The lines of a file with what attesters have measured, each with its line feed.

    Args:
        measures: of each attester all that it has signed, one attester after the other.
        period_end: end of the hour, Unix seconds.
    """
    for attester, group in groupby(measures, attrgetter("attester")):
        own = list(group)
        seal = own[0].seal
        if seal is None or seal.lines != len(own):
            raise ValueError(f"{Pubkey(attester)} has not signed just these lines")
        header: dict[str, canonical.Json] = {
            "attester": str(Pubkey(attester)),
            "format": FORMAT,
            "lines": seal.lines,
            "period_end": period_end,
            "root": root_of(seal.leaves).hex(),
            "signature": str(Signature.from_bytes(seal.signature)),
        }
        yield canonical.encode(header) + b"\n"
        for measure in own:
            yield measure_line(measure) + b"\n"


def read_measures(
    path: str | Path, period_end: int, signatures: Signatures | None = None
) -> tuple[list[Measure], list[str]]:
    """Reads measurements of an hour, and checks their signatures.

    What an attester has not signed as it is there counts for nothing; of what it has signed, a line that is
    no measurement, or a second one of a node, counts for nothing by itself.

    Args:
        path: the file.
        period_end: end of the hour, Unix seconds.
        signatures: of devices, that were checked before.

    Returns:
        The measurements, one for each attester and node; and why lines do not count, in words.
    """
    reader = _Reader(period_end, signatures or Signatures(period_end))
    with open(path, "rb") as file:
        for line in file:
            reader.take(line)
    reader.end()
    return reader.measures, reader.refused


class _Reader:
    """Reads attesters' lines, file by file."""

    def __init__(self, period_end: int, signatures: Signatures) -> None:
        self.measures: list[Measure] = []
        self.refused: list[str] = []
        self._end, self._signatures = period_end, signatures
        self._number = 0
        self._attesters: set[bytes] = set()
        self._begin()

    def _begin(self) -> None:
        self._attester, self._seal, self._head, self._left = b"", Seal(b""), 0, 0
        self._leaves: list[bytes] = []
        self._own: list[Measure] = []
        self._bad: list[str] = []

    def take(self, line: bytes) -> None:
        self._number += 1
        raw, inside = line.removesuffix(b"\n"), self._left > 0
        try:
            if inside:
                self._leaves.append(leaf_hash(DOMAIN, raw))
                self._left -= 1
                self._read(raw)
            elif raw.strip():
                self._open(json.loads(raw))
        except (ValueError, TypeError, KeyError, RecursionError) as bad:
            why = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
            (self._bad if inside else self.refused).append(f"line {self._number}: {why}")
        if inside and not self._left:
            self._close()

    def end(self) -> None:
        if self._left:
            there, due = len(self._leaves), len(self._leaves) + self._left
            name = Pubkey(self._attester)
            self.refused.append(f"line {self._head}: {due} lines of {name} are to follow, and {there} do")

    def _open(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValueError("expected one JSON object")
        if value["format"] != FORMAT:
            raise ValueError(f"the format is {value['format']!r}, expected {FORMAT!r}")
        self._begin()
        lines = number(value["lines"], 31)
        if not 0 < lines <= MOST_LINES:
            raise ValueError(f"an attester has 1 to {MOST_LINES:,} lines, not {lines:,}")
        self._attester = bytes(Pubkey.from_string(value["attester"]))
        self._seal.signature = bytes(Signature.from_string(value["signature"]))
        self._head, self._left = self._number, lines

    def _read(self, raw: bytes) -> None:
        measure = _measure(json.loads(raw), self._attester, self._end, self._seal)
        name = Pubkey(measure.node)
        if measure_line(measure) != raw:
            raise ValueError("it is not in canonical form")
        if self._own and measure.node <= self._own[-1].node:
            raise ValueError(f"a second measurement of node {name}, or one that is out of order")
        word = measure.word
        if word is not None and not self._signatures.stated(measure.node, word.up_hours, word.statement):
            raise ValueError(f"the device of node {name} did not sign this statement")
        self._own.append(measure)

    def _close(self) -> None:
        self._seal.leaves = b"".join(self._leaves)
        name = Pubkey(self._attester)
        if not self._seal.holds(self._attester, self._end):
            why = f"{name} did not sign these lines for the hour that ends at {self._end}"
        elif self._attester in self._attesters:
            why = f"{name} has signed others, too, which come first"
        else:
            self._attesters.add(self._attester)
            self.measures += self._own
            self.refused += self._bad
            return
        self.refused.append(f"line {self._head}: {why}")


def _measure(value: Any, attester: bytes, end: int, seal: Seal) -> Measure:
    """A measurement from its line's JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    if not isinstance(value, dict):
        raise ValueError("expected one JSON object")
    node = bytes(Pubkey.from_string(value["node"]))
    word, verdict = value["statement"], value["verdict"]
    return Measure(
        attester,
        node,
        None if word is None else word_from(node, word),
        None
        if verdict is None
        else verdict_from(end, verdict["score_bps"], verdict["reason"], verdict["evidence"]),
        None if value["up_hours"] is None else number(value["up_hours"], 31),
        seal,
    )
