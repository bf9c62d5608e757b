"""The evidence file of a report: all facts and outcomes, from which the root can be computed again.

JSON lines, each line canonical (`ionet.formats.canonical`) and ended by one line feed; the report on chain
holds the sha256 of the whole file. Amounts are decimal strings in base units, keys base58, hashes hex.

Line 1, the header::

    {"carry": {"cpu": 0, "gpu": 5000}, "dropped": {"<node>": "<credited>", ..}, "elsewhere": "0",
     "attesters": {"<key>": <weight>, ..}, "emission": "456308464000", "format": "ionet-evidence/6",
     "height": 41, "measures": 6, "nodes": 2,
     "period_end": 1750003600, "policy": {"fee_bound_bps": .., "gpu_bps": .., "in_use_bps": ..,
     "reward_bound_bps": .., "up_hours": ..}, "previous": "<root of the report before>" or null,
     "restated": null or {"<node>": "<lifetime>", ..}, "seals": [..]}

``height`` is the previous report's, ``dropped`` lists nodes that had a leaf there and have none now because
they were credited all of it, ``elsewhere`` is what all nodes without a leaf were credited, and ``restated``
holds the lifetimes with which a correction replaces the previous report's.

Then one line for each leaf in the order of the node keys. A live node::

    {"banned": false, "closed_at": 0, "credited": "0", "fees": "0", "in_use": false, "lifetime": "77",
     "multiplier_bps": 12500, "node": "..", "pool": "gpu", "previous_height": 41, "proof": "passed",
     "required_stake": "25000000000", "reward": "77", "stake": "25000000000",
     "statement": null or {"device", "good", "proof", "samples", "signature"}, "units": 1, "up_hours": 5,
     "verdict": {"evidence", "passed", "reason", "score_bps", "time"}, "why": 0}

and a node that is no longer live: ``{"closed_at": 0, "credited": "0", "lifetime": "77", "node": "..",
"previous_height": 41, "verdict": {..}, "waiting": false}``. ``closed_at`` is when it was closed, or 0: its
leaf counts until the last whole hour before. ``why`` is a sum of `Why`.

Then one line for each node of which attesters have measured something, as `Saying` has it, with their
signatures in ``seals``. ``attesters`` has the weights, by the attester set at the hour's end, with which the
medians are made.

A statement is the device's own claim for the hour, signed with its key over `statement_bytes`: it shows who
claimed what, not that the claim is true. A node's line has it where ``up_hours`` is what it says and no
attester names it; what attesters name is among their measurements.

Evidence of the format before, ``ionet-evidence/5``, is read, too: `ionet.rewards._older`.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from solders.pubkey import Pubkey
from solders.signature import Signature

from ionet.chain.files import whole_file
from ionet.formats import canonical
from ionet.rewards._leaf import Verdict
from ionet.rewards._leaves import (
    Absent,
    Leaves,
    Report,
    build_report,
    cumulate,
    last_hour,
    unpack,
)
from ionet.rewards._lines import number
from ionet.rewards._measured import Measure, Seal, Signatures
from ionet.rewards._nodelines import (
    POOLS,
    PROOFS,
    EvidenceError,
    NodeLines,
    amount,
    key_of,
    row_of,
    verdict_of,
)
from ionet.rewards._older import FORMAT as OLDER
from ionet.rewards._older import SignedAlone
from ionet.rewards._said import Saying, said_lines, seals_of
from ionet.rewards._score import (
    Carry,
    Hour,
    NodeHour,
    RewardError,
    Scores,
    SharePolicy,
    key_column,
    score_hour,
)
from ionet.rewards._statement import Statement
from ionet.rewards._words import Word

FORMAT: Final = "ionet-evidence/6"
#: Lines that are read together.
_AT_ONCE: Final = 4096


def write_evidence(
    path: str | Path,
    *,
    hour: Hour,
    scores: Scores,
    leaves: Leaves,
    emission: int,
    period_end: int,
    carry: Carry | None = None,
    policy: SharePolicy | None = None,
    before: Before | None = None,
    absent: Iterable[Absent] = (),
    restated: Mapping[bytes, int] | None = None,
    measures: Iterable[Measure] = (),
    attesters: Mapping[bytes, int] | None = None,
) -> bytes:
    """Writes the file and returns its sha256, the ``evidence`` of `build_report`.

    Args:
        path: the file.
        hour: the facts.
        scores: the result of `score_hour` for these facts, emission, carry and policy.
        leaves: the result of `cumulate` for these scores.
        emission: the hour's emission, base units of IO.
        period_end: end of the hour, Unix seconds.
        carry: the previous hour's carry.
        policy: shares and bounds.
        before: the report this one continues, or None for the first.
        absent: nodes that are not live, as given to `cumulate`.
        restated: a correction's lifetimes, as given to `cumulate`.
        measures: what attesters have measured.
        attesters: weights of their keys.
    """
    measures = sorted(measures, key=attrgetter("node", "attester"))
    named = {(measure.node, measure.word.statement) for measure in measures if measure.word is not None}
    carry, policy, gone = carry or Carry(), policy or SharePolicy(), {node.node: node for node in absent}
    positions = {leaves.nodes[n].tobytes(): n for n in range(len(leaves))}
    excess = _excess(hour, gone, leaves, positions)
    header = canonical.encode(
        {
            "attesters": {str(Pubkey(key)): weight for key, weight in (attesters or {}).items()},
            "carry": {"cpu": carry.cpu, "gpu": carry.gpu},
            "dropped": _dropped(before, gone, positions),
            "elsewhere": str(leaves.surplus - excess),
            "emission": str(emission),
            "format": FORMAT,
            "height": 0 if before is None else before.height,
            "measures": len(measures),
            "nodes": len(leaves),
            "period_end": period_end,
            "policy": {
                "fee_bound_bps": policy.fee_bound_bps,
                "gpu_bps": policy.gpu_bps,
                "in_use_bps": policy.in_use_bps,
                "reward_bound_bps": policy.reward_bound_bps,
                "up_hours": policy.up_hours,
            },
            "previous": None if before is None else before.root.hex(),
            "restated": None
            if restated is None
            else {str(Pubkey(node)): str(value) for node, value in restated.items()},
            "seals": seals_of(measures),
        }
    )
    digest = hashlib.sha256()
    with whole_file(path) as file:
        lines = itertools.chain(_lines(hour, scores, leaves, gone, named), said_lines(measures))
        for batch in _batches(header, lines):
            digest.update(batch)
            file.write(batch)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Before:
    """The report that another one continues.

    Attributes:
        height: its height.
        root: its root.
        leaves: its leaves.
    """

    height: int
    root: bytes
    leaves: Leaves


def _excess(hour: Hour, gone: Mapping[bytes, Absent], leaves: Leaves, positions: Mapping[bytes, int]) -> int:
    """What nodes were credited beyond their leaves."""
    keys = hour.nodes.tobytes()
    credited = {keys[32 * n : 32 * n + 32]: value for n, value in enumerate(hour.credited.tolist())}
    credited |= {node: absent.credited for node, absent in gone.items()}
    return sum(max(0, credited.get(node, 0) - int(leaves.lifetime[n])) for node, n in positions.items())


def _dropped(
    before: Before | None, gone: Mapping[bytes, Absent], positions: Mapping[bytes, int]
) -> dict[str, str]:
    if before is None:
        return {}
    earlier = (row.tobytes() for row in before.leaves.nodes)
    return {str(Pubkey(node)): str(gone[node].credited) for node in earlier if node not in positions}


def _batches(header: bytes, lines: Iterator[str]) -> Iterator[bytes]:
    yield header + b"\n"
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == 4096:
            yield "".join(batch).encode("ascii")
            batch.clear()
    yield "".join(batch).encode("ascii")


def _lines(
    hour: Hour,
    scores: Scores,
    leaves: Leaves,
    gone: Mapping[bytes, Absent],
    named: AbstractSet[tuple[bytes, Statement]],
) -> Iterator[str]:
    # Formatted by hand, which is ten times as fast; a test compares the result with the general encoder.
    live = zip(hour.rows(), scores.reward.tolist(), scores.why.tolist(), strict=True)
    nodes = leaves.nodes.tobytes()
    row, reward, why = next(live, (None, 0, 0))
    for n, (lifetime, height) in enumerate(
        zip(leaves.lifetime.tolist(), leaves.previous_height.tolist(), strict=True)
    ):
        node = nodes[32 * n : 32 * n + 32]
        name, verdict = str(Pubkey(node)), _verdict_text(unpack(leaves.verdicts[n].tobytes()))
        if row is None or row.node != node:
            absent = gone.get(node, Absent(node, 0, True))
            yield (
                f'{{"closed_at":{absent.closed_at},"credited":"{absent.credited}","lifetime":"{lifetime}",'
                f'"node":"{name}","previous_height":{height},"verdict":{verdict},'
                f'"waiting":{_truth(absent.waiting)}}}\n'
            )
            continue
        statement = None if (node, row.statement) in named else row.statement
        yield (
            f'{{"banned":{_truth(row.banned)},"closed_at":{row.closed_at},"credited":"{row.credited}",'
            f'"fees":"{row.fees}","in_use":{_truth(row.in_use)},"lifetime":"{lifetime}",'
            f'"multiplier_bps":{row.multiplier_bps},"node":"{name}","pool":"{POOLS[row.pool]}",'
            f'"previous_height":{height},"proof":"{PROOFS[row.proof]}","required_stake":"{row.required_stake}","reward":"{reward}",'
            f'"stake":"{row.stake}","statement":{_statement_text(statement)},"units":{row.units},'
            f'"up_hours":{row.up_hours},"verdict":{verdict},"why":{why}}}\n'
        )
        row, reward, why = next(live, (None, 0, 0))


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _verdict_text(verdict: Verdict) -> str:
    return (
        f'{{"evidence":"{verdict.evidence_hash.hex()}","passed":{_truth(verdict.passed)},'
        f'"reason":{int(verdict.reason)},"score_bps":{verdict.score_bps},"time":{verdict.time}}}'
    )


def _statement_text(statement: Statement | None) -> str:
    if statement is None:
        return "null"
    return (
        f'{{"device":"{Pubkey(statement.device)}","good":{statement.good},"proof":"{statement.proof.hex()}",'
        f'"samples":"{statement.samples.hex()}","signature":"{Signature.from_bytes(statement.signature)}"}}'
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file's content.

    Attributes:
        digest: sha256 of the file.
        emission: the hour's emission.
        carry: the previous hour's carry.
        policy: shares and bounds.
        period_end: end of the hour, Unix seconds.
        previous_root: root of the previous report, or None.
        height: the previous report's height.
        restated: a correction's lifetimes, or None.
        dropped: credit of the nodes that had a leaf in the previous report and have none now.
        absent: nodes with a leaf that are not live.
        elsewhere: what nodes without a leaf were credited, base units.
        hour: the facts.
        reward: rewards as stated, in the order of the hour.
        why: reasons as stated.
        leaves: leaves as stated.
        measures: what attesters have measured.
        attesters: weights of their keys, with which the medians are made.
        seals: attesters' signatures over all that each has measured, by their keys.
        alone: the measurements of the format before, which were each signed by themselves.
    """

    digest: bytes
    emission: int
    carry: Carry
    policy: SharePolicy
    period_end: int
    previous_root: bytes | None
    height: int
    restated: dict[bytes, int] | None
    dropped: dict[bytes, int]
    absent: tuple[Absent, ...]
    elsewhere: int
    hour: Hour
    reward: tuple[int, ...]
    why: tuple[int, ...]
    leaves: Leaves
    measures: tuple[Measure, ...] = ()
    attesters: Mapping[bytes, int] = field(default_factory=dict)
    seals: Mapping[bytes, Seal] = field(default_factory=dict)
    alone: SignedAlone | None = None

    @property
    def kept(self) -> int:
        """The report's total without the hour's rewards, base units; see `ionet.rewards.kept_total`."""
        places = np.searchsorted(key_column(self.leaves.nodes), key_column(self.hour.nodes))
        lifetime = self.leaves.lifetime[places].astype(np.int64)
        before = np.maximum(lifetime - np.array(self.reward, np.int64), self.hour.credited)
        return self.leaves.total - int((np.maximum(lifetime, self.hour.credited) - before).sum())


def read_evidence(path: str | Path) -> Evidence:
    """Reads a file and checks only its form; see `verify_evidence`.

    Args:
        path: the file.

    Raises:
        EvidenceError: a line is not canonical, lacks a field, or is out of order.
    """
    reading = _Reading()
    try:
        with open(path, "rb") as file:
            while lines := list(itertools.islice(file, _AT_ONCE)):
                for _, alike in itertools.groupby(lines, _start):
                    reading.take(list(alike))
        reading.where = "the file"
        return reading.finish()
    except KeyError as error:
        raise EvidenceError(f"{reading.where}: the field {error.args[0]!r} is missing or unknown") from error
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError, struct.error) as error:
        raise EvidenceError(f"{reading.where}: {error}") from error


def _start(line: bytes) -> bytes:
    """What lines of one kind have in common: the name of their first field."""
    return line[:9]


class _Reading:
    """A file that is read: its lines by many, and one by one where any of them is out of the ordinary."""

    def __init__(self) -> None:
        self.where = "the file"
        self._digest = hashlib.sha256()
        self._header: dict[str, Any] = {}
        self._nodes = NodeLines(0)
        self._said = Saying(0)
        self._alone: SignedAlone | None = None
        self._lines = 0

    def take(self, lines: list[bytes]) -> None:
        """Takes the next lines, which begin alike."""
        whole = b"".join(lines)
        self._digest.update(whole)
        kind = self._kind(lines[0]) if whole.isascii() else None
        if kind is None:
            self._parse(lines)
            return
        matches = [kind.USUAL.fullmatch(line.decode("ascii")) for line in lines]
        at = 0
        for _, run in itertools.groupby(matches, bool):
            same = list(run)
            texts = [match.groups() for match in same if match is not None]
            if texts and kind.take_usual(texts):
                self._lines += len(same)
            else:
                self._parse(lines[at : at + len(same)])
            at += len(same)

    def _kind(self, line: bytes) -> NodeLines | Saying | None:
        """What takes lines like this in their usual text."""
        if not self._header or self._alone is not None:
            return None
        if line.startswith(b'{"node":'):
            return self._said
        return None if self._said.measures else self._nodes

    def _parse(self, lines: list[bytes]) -> None:
        for line in lines:
            self._lines += 1
            self.where = f"line {self._lines}"
            if not line.endswith(b"\n"):
                raise EvidenceError("it ends without a line feed")
            value = canonical.decode(line[:-1])
            if not isinstance(value, dict):
                raise EvidenceError("expected one object")
            self._one(value)

    def _one(self, value: dict[str, Any]) -> None:
        if not self._header:
            self._begin(value)
        elif "said" in value and self._alone is None:
            self._said.take(value)
        elif "attester" in value and self._alone is not None:
            self._alone.take(value)
        elif self._said.measures or (self._alone is not None and self._alone.measures):
            raise EvidenceError("a node's line comes after the measurements")
        else:
            self._nodes.take(value)

    def _begin(self, header: dict[str, Any]) -> None:
        end = number(header["period_end"], 63)
        self._header, self._said, self._nodes = header, Saying(end), NodeLines(end)
        if header["format"] == OLDER:
            self._alone = SignedAlone(end)
        else:
            self._said.begin(_known(header)["seals"])

    def finish(self) -> Evidence:
        """What the file says, when all its lines were taken."""
        header, keys, said = self._header, self._nodes.keys, self._said
        if not self._lines:
            raise EvidenceError("it is empty")
        if header["nodes"] != len(keys):
            raise EvidenceError(f"its header promises {header['nodes']} nodes, it has {len(keys)}")
        if any(left >= right for left, right in itertools.pairwise(keys)):
            raise EvidenceError("its nodes are not in ascending order")
        said.finish()
        measures = tuple(said.measures) if self._alone is None else self._alone.measures
        if header["measures"] != len(measures):
            raise EvidenceError(
                f"its header promises {header['measures']} measurements, it has {len(measures)}"
            )
        elsewhere = amount(header["elsewhere"])
        return Evidence(
            digest=self._digest.digest(),
            emission=amount(header["emission"]),
            carry=Carry(**header["carry"]),
            policy=SharePolicy(**header["policy"]),
            period_end=header["period_end"],
            previous_root=bytes.fromhex(header["previous"]) if header["previous"] else None,
            height=header["height"],
            restated=None if header["restated"] is None else _amounts(header["restated"]),
            dropped=_amounts(header["dropped"]),
            absent=tuple(self._nodes.absent),
            elsewhere=elsewhere,
            hour=self._nodes.hour(),
            reward=tuple(self._nodes.reward),
            why=tuple(self._nodes.why),
            leaves=self._nodes.leaves(elsewhere),
            measures=measures,
            attesters={key_of(key): weight for key, weight in header["attesters"].items()},
            seals=said.seals,
            alone=self._alone,
        )


@dataclass(frozen=True, slots=True)
class NodeLine:
    """The evidence for one node.

    Attributes:
        digest: sha256 of the whole file.
        period_end: end of the hour, Unix seconds.
        policy: shares and bounds.
        lifetime: everything the node has earned, base units of IO.
        through: end of the last hour that counts, Unix seconds.
        row: the hour's facts, or None for a node that is no longer live.
        reward: what it earned in the hour, base units of IO.
        why: why it earned nothing, a sum of `Why`.
    """

    digest: bytes
    period_end: int
    policy: SharePolicy
    lifetime: int
    through: int
    row: NodeHour | None
    reward: int
    why: int


def find_node(path: str | Path, node: bytes) -> NodeLine | None:
    """Finds the evidence for one node, without reading the others; None if the file has no line for it.

    Raises:
        EvidenceError: the header or the node's line cannot be read.
    """
    digest = hashlib.sha256()
    # Lines are canonical, so that the node can only be written like this.
    pattern = f'"node":"{Pubkey(node)}"'.encode()
    header: dict[str, Any] | None = None
    value: Any = None
    where = "the file"
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                digest.update(line)
                if number == 1 or pattern in line:
                    where = f"line {number}"
                    record = canonical.decode(line.removesuffix(b"\n"))
                    if not isinstance(record, dict):
                        raise EvidenceError("expected one object")
                    if number == 1:
                        header = _known(record)
                    elif "attester" not in record and "said" not in record:
                        value = record
        if header is None:
            raise EvidenceError("it is empty")
        if value is None:
            return None
        live = "waiting" not in value
        return NodeLine(
            digest=digest.digest(),
            period_end=header["period_end"],
            policy=SharePolicy(**header["policy"]),
            lifetime=amount(value["lifetime"]),
            through=last_hour(header["period_end"], value["closed_at"]),
            row=row_of(node, value, verdict_of(value["verdict"])) if live else None,
            reward=amount(value["reward"]) if live else 0,
            why=value["why"] if live else 0,
        )
    except KeyError as error:
        raise EvidenceError(f"{where}: the field {error.args[0]!r} is missing or unknown") from error
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        raise EvidenceError(f"{where}: {error}") from error


def _known(header: dict[str, Any]) -> dict[str, Any]:
    """A header of a format that is read here."""
    if header["format"] not in (FORMAT, OLDER):
        raise EvidenceError(f"the format is {header['format']!r}, expected {FORMAT!r}")
    return header


def _amounts(value: dict[str, Any]) -> dict[bytes, int]:
    return {key_of(node): amount(text) for node, text in value.items()}


def verify_evidence(
    file: str | Path | Evidence,
    *,
    previous: Leaves | None,
    root: bytes | None = None,
    signatures: bool | Signatures = True,
) -> Report:
    """Computes the report again from its evidence and the previous report's leaves.

    Checks that every reward and reason follows from the facts, that every leaf follows from the previous
    report, its node's credit and its reward, that devices signed their statements, and that the leaves lead
    to the root.

    Args:
        file: the evidence file, or what was read from it.
        previous: the previous report's leaves; None for the first report.
        root: the root on chain; None skips the comparison.
        signatures: whether to check every device's and attester's signature (the slowest part); or those of
            devices that were checked before.

    Raises:
        EvidenceError: a node's line does not follow (the message names the first), or `previous` are the
            leaves of another report.
    """
    evidence = file if isinstance(file, Evidence) else read_evidence(file)
    _check_previous(evidence, previous)
    try:
        scores = score_hour(evidence.hour, evidence.emission, evidence.carry, evidence.policy)
    except RewardError as error:
        raise EvidenceError(str(error)) from error
    stated = np.array(evidence.reward, np.int64)
    for n in np.flatnonzero((stated != scores.reward) | (np.array(evidence.why) != scores.why))[:1]:
        raise EvidenceError(
            f"node {Pubkey(evidence.hour.nodes[n].tobytes())}: stated {stated[n]} and why {evidence.why[n]}; "
            f"the facts give {scores.reward[n]} and {scores.why[n]}"
        )
    _verify_leaves(evidence, previous, scores)
    if signatures:
        _check_signatures(evidence, Signatures(evidence.period_end) if signatures is True else signatures)
    report = build_report(
        evidence.leaves,
        evidence.period_end,
        evidence.digest,
        correction=evidence.restated is not None,
    )
    if root is not None and report.root != root:
        raise EvidenceError(f"the leaves lead to {report.root.hex()}, not to {root.hex()}")
    return report


def _check_signatures(evidence: Evidence, signatures: Signatures) -> None:
    for attester, seal in evidence.seals.items():
        if not seal.holds(attester, evidence.period_end):
            raise EvidenceError(f"{Pubkey(attester)} did not sign these measurements")
    forged = None if evidence.alone is None else evidence.alone.forged()
    if forged is not None:
        raise EvidenceError(
            f"node {Pubkey(forged.node)}: {Pubkey(forged.attester)} did not sign this measurement"
        )
    # Attesters share the words that they have heard alike.
    seen: Word | None = None
    for measure in evidence.measures:
        word = measure.word
        if word is None or word is seen:
            continue
        if not signatures.stated(measure.node, word.up_hours, word.statement):
            raise EvidenceError(f"node {Pubkey(measure.node)}: the device did not sign this statement")
        seen = word
    hour = evidence.hour
    for raw, up_hours, statement in zip(hour.nodes, hour.up_hours.tolist(), hour.statements, strict=False):
        if statement is not None and not signatures.stated(raw.tobytes(), up_hours, statement):
            raise EvidenceError(f"node {Pubkey(raw.tobytes())}: the device did not sign this statement")


def _check_previous(evidence: Evidence, previous: Leaves | None) -> None:
    """Checks that `previous` are the leaves that the evidence continues: nobody approves without them."""
    if previous is None:
        if evidence.previous_root is not None:
            raise EvidenceError(
                f"it continues the report with the root {evidence.previous_root.hex()}: its leaves are needed"
            )
        return
    root = build_report(previous, 0, bytes(32)).root
    if root != evidence.previous_root:
        continued = "none" if evidence.previous_root is None else evidence.previous_root.hex()
        raise EvidenceError(f"the leaves before lead to {root.hex()}, and the file continues {continued}")


def _verify_leaves(evidence: Evidence, previous: Leaves | None, scores: Scores) -> None:
    """Computes every leaf again from the previous leaves."""
    dropped = [Absent(node, credited) for node, credited in evidence.dropped.items()]
    accounted = {absent.node for absent in (*evidence.absent, *dropped)}
    accounted |= {row.tobytes() for row in evidence.hour.nodes}
    for row in () if previous is None else previous.nodes:
        if row.tobytes() not in accounted:
            raise EvidenceError(f"node {Pubkey(row.tobytes())}: the report before has a leaf, and this none")
    try:
        again = cumulate(
            previous,
            evidence.hour,
            scores,
            evidence.period_end,
            absent=(*evidence.absent, *dropped),
            height=evidence.height,
            restated=evidence.restated,
        )
    except RewardError as error:
        raise EvidenceError(str(error)) from error
    if _same_leaves(again, evidence.leaves):
        return
    expected, stated = (_by_node(leaves) for leaves in (again, evidence.leaves))
    for node in sorted(expected.keys() | stated.keys()):
        if expected.get(node) != stated.get(node):
            texts = _leaf_text(stated.get(node)), _leaf_text(expected.get(node))
            raise EvidenceError(f"node {Pubkey(node)}: {texts[0]}, expected {texts[1]}")


def _same_leaves(left: Leaves, right: Leaves) -> bool:
    names = ("nodes", "lifetime", "previous_height", "verdicts")
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in names)


def _by_node(leaves: Leaves) -> dict[bytes, tuple[int, int, bytes]]:
    nodes, words = leaves.nodes.tobytes(), leaves.verdicts
    rows = zip(leaves.lifetime.tolist(), leaves.previous_height.tolist(), words, strict=True)
    return {
        nodes[32 * n : 32 * n + 32]: (value, height, word.tobytes())
        for n, (value, height, word) in enumerate(rows)
    }


def _leaf_text(leaf: tuple[int, int, bytes] | None) -> str:
    if leaf is None:
        return "no leaf"
    lifetime, height, verdict = leaf
    return f"lifetime {lifetime} after height {height}, verdict {verdict.hex()}"
