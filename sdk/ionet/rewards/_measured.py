"""What attesters have measured of an hour, each by itself and signed: uptime and verdicts on compute proofs.

A file has a line for each node, one canonical JSON object::

    {"attester": "..", "node": "..", "signature": "..",
     "statement": null or {"device", "good", "proof", "samples", "signature", "up_hours"},
     "up_hours": null or 5, "verdict": null or {"evidence", "passed", "reason", "score_bps", "time"}}

The signature is the attester's, over ``b"ionet:measured" || end || sha256(line)``: ``end`` is the hour's end
as an i64, little-endian, and the line is the one without its signature. What counts is the median by the
weights of those who have measured; see `medians` and `counted`.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet._generated.staking.types import ProofReason
from ionet.chain.signers import Signer
from ionet.rewards._leaf import Verdict
from ionet.rewards._statement import Statement
from ionet.rewards._words import Word

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measure:
    """What one attester has measured of one node in an hour.

    Attributes:
        attester: its key, 32 bytes.
        node: the node's address, 32 bytes.
        word: the device's statement that the attester has; None: none.
        verdict: on its compute proofs; None: it was not judged.
        up_hours: hours in a row that it was up by the attester's heartbeats; None: it has not counted them.
        signature: the attester's, 64 bytes.
    """

    attester: bytes
    node: bytes
    word: Word | None
    verdict: Verdict | None
    up_hours: int | None = None
    signature: bytes = bytes(64)

    def verify(self, period_end: int) -> bool:
        """Whether the attester has signed it, and the device its statement."""
        return Signatures(period_end).hold(self)


class Signatures:
    """Checks signatures of an hour, each of them once: every attester names the same devices' statements.

    Args:
        period_end: end of the hour, Unix seconds.
    """

    def __init__(self, period_end: int) -> None:
        self._end = period_end
        self._stated: set[tuple[bytes, int, Statement]] = set()
        #: By their lines' digests.
        self._measures: dict[bytes, Measure] = {}

    def stated(self, node: bytes, up_hours: int, statement: Statement) -> bool:
        """Whether the device has signed a statement."""
        key = (node, up_hours, statement)
        if key not in self._stated:
            if not statement.verify(node, self._end, up_hours):
                return False
            self._stated.add(key)
        return True

    def hold(self, measure: Measure) -> bool:
        """Whether the attester has signed a measurement, and the device its statement."""
        word = measure.word
        if word is not None and not self.stated(measure.node, word.up_hours, word.statement):
            return False
        message = _message(measure, self._end)
        return Signature.from_bytes(measure.signature).verify(Pubkey(measure.attester), message)

    def keep(self, measure: Measure) -> None:
        """Keeps a measurement whose signatures hold."""
        self._measures[_digest_of(measure_line(measure))] = measure

    def known(self, line: bytes) -> Measure | None:
        """The measurement of a line, without its line feed, that was kept."""
        return self._measures.get(_digest_of(line))

    def kept(self) -> set[int]:
        """The identities of all that were kept."""
        return {id(measure) for measure in self._measures.values()}


def _digest_of(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()


def measured(
    signer: Signer,
    period_end: int,
    words: Mapping[bytes, Word],
    verdicts: Mapping[bytes, Verdict],
    hours: Mapping[bytes, int] = MappingProxyType({}),
) -> list[Measure]:
    """Signs what an attester has measured, node by node.

    Args:
        signer: the attester.
        period_end: end of the hour, Unix seconds.
        words: statements of devices, by node.
        verdicts: on compute proofs, by node.
        hours: in a row that nodes were up, by the attester's heartbeats; none where it has not counted.
    """
    key, measures = bytes(signer.pubkey()), []
    for node in sorted(words.keys() | verdicts.keys() | hours.keys()):
        bare = Measure(key, node, words.get(node), verdicts.get(node), hours.get(node))
        signature = bytes(signer.sign_message(_message(bare, period_end)))
        measures.append(replace(bare, signature=signature))
    return measures


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
    for measure in measures:
        if not weights.get(measure.attester):
            continue
        if measure.word is not None and is_credible(measure.word):
            words[measure.node].setdefault(measure.attester, measure.word)
        if measure.verdict is not None:
            verdicts[measure.node].setdefault(measure.attester, measure.verdict)
    total = sum(weights.values())
    return (
        {node: _median(said, weights, _by_hours) for node, said in words.items()},
        {
            node: _median(said, weights, _by_speed)
            for node, said in verdicts.items()
            if 2 * sum(weights[attester] for attester in said) >= total
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


def _by_hours(word: Word) -> tuple[Any, ...]:
    return word.up_hours, word.statement.signature, word.statement.good, word.statement.samples


def _by_speed(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.passed, verdict.score_bps, int(verdict.reason), verdict.evidence_hash


def _median(
    said: Mapping[bytes, T], weights: Mapping[bytes, int], order: Callable[[T], tuple[Any, ...]]
) -> T:
    """The first value in order with which half of the weight is reached."""
    total, so_far = sum(weights[attester] for attester in said), 0
    for attester, value in sorted(said.items(), key=lambda item: order(item[1])):
        so_far += weights[attester]
        if 2 * so_far >= total:
            return value
    raise AssertionError("weights are positive")


# -- lines


def measure_line(measure: Measure) -> bytes:
    """A measurement as a line, without its line feed."""
    return _text(measure, f'"signature":"{Signature.from_bytes(measure.signature)}",').encode("ascii")


def parse_measure(value: Any) -> Measure:
    """A measurement from a line's JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    if not isinstance(value, dict):
        raise ValueError("expected one JSON object")
    node = bytes(Pubkey.from_string(value["node"]))
    word, verdict = value["statement"], value["verdict"]
    return Measure(
        bytes(Pubkey.from_string(value["attester"])),
        node,
        None if word is None else _word(node, word),
        None if verdict is None else parse_verdict(verdict),
        None if value["up_hours"] is None else _number(value["up_hours"], 31),
        bytes(Signature.from_string(value["signature"])),
    )


def write_measures(path: str | Path, measures: Iterable[Measure]) -> None:
    """Writes measurements to a file."""
    with open(path, "wb") as file:
        file.writelines(measure_line(measure) + b"\n" for measure in measures)


def read_measures(
    path: str | Path, period_end: int, signatures: Signatures | None = None
) -> tuple[list[Measure], list[str]]:
    """Reads measurements of an hour, and checks their signatures.

    Args:
        path: the file.
        period_end: end of the hour, Unix seconds.
        signatures: that were checked before; keeps those that are checked now.

    Returns:
        The measurements, one for each attester and node; and why lines do not count, in words.
    """
    measures: dict[tuple[bytes, bytes], Measure] = {}
    refused = []
    checked = signatures or Signatures(period_end)
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                measure = parse_measure(json.loads(line))
                key = (measure.attester, measure.node)
                if key in measures:
                    raise ValueError(f"a second measurement of node {Pubkey(measure.node)}")
                if not checked.hold(measure):
                    raise ValueError(
                        f"{Pubkey(measure.attester)} did not sign this of node {Pubkey(measure.node)} for the"
                        f" hour that ends at {period_end}"
                    )
            except (ValueError, TypeError, KeyError, RecursionError) as bad:
                why = f"the field {bad} is missing" if isinstance(bad, KeyError) else str(bad)
                refused.append(f"line {number}: {why}")
                continue
            measures[key] = measure
            if signatures is not None:
                signatures.keep(measure)
    return list(measures.values()), refused


def _message(measure: Measure, period_end: int) -> bytes:
    digest = hashlib.sha256(_text(measure).encode("ascii")).digest()
    return b"ionet:measured" + struct.pack("<q", period_end) + digest


def _text(measure: Measure, signature: str = "") -> str:
    """A measurement as canonical JSON; `signature`: the field of that name, and a comma."""
    # Formatted by hand, which is four times as fast; a test compares the result with the general encoder.
    word, verdict = measure.word, measure.verdict
    statement = found = "null"
    if word is not None:
        its = word.statement
        statement = (
            f'{{"device":"{Pubkey(its.device)}","good":{its.good},"proof":"{its.proof.hex()}",'
            f'"samples":"{its.samples.hex()}","signature":"{Signature.from_bytes(its.signature)}",'
            f'"up_hours":{word.up_hours}}}'
        )
    if verdict is not None:
        found = (
            f'{{"evidence":"{verdict.evidence_hash.hex()}","passed":{"true" if verdict.passed else "false"},'
            f'"reason":{int(verdict.reason)},"score_bps":{verdict.score_bps},"time":{verdict.time}}}'
        )
    up_hours = "null" if measure.up_hours is None else measure.up_hours
    return (
        f'{{"attester":"{Pubkey(measure.attester)}","node":"{Pubkey(measure.node)}",{signature}'
        f'"statement":{statement},"up_hours":{up_hours},"verdict":{found}}}'
    )


def _number(value: Any, bits: int) -> int:
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise ValueError(f"expected a number below 2^{bits}, not {value!r}")
    return value


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError("a hash has 64 hexadecimal digits")
    return digest


def _word(node: bytes, value: dict[str, Any]) -> Word:
    return Word(
        node,
        _number(value["up_hours"], 31),
        Statement(
            device=bytes(Pubkey.from_string(value["device"])),
            good=_number(value["good"], 31),
            proof=_digest(value["proof"]),
            samples=_digest(value["samples"]),
            signature=bytes(Signature.from_string(value["signature"])),
        ),
    )


def parse_verdict(value: dict[str, Any]) -> Verdict:
    """A verdict from a line's JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    verdict = Verdict(
        _number(value["time"], 53),
        _number(value["score_bps"], 32),
        ProofReason(value["reason"]),
        value["passed"] is True,
        _digest(value["evidence"]),
    )
    if verdict.passed != (verdict.reason == ProofReason.PASSED):
        raise ValueError("a verdict that contradicts itself")
    return verdict
