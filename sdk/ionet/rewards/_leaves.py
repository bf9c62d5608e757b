"""Cumulative leaves and the report's tree.

A leaf (`Leaf`) says how much a node has earned since it first appeared, until when, the height of the report
with its leaf before that, and how its compute proofs were judged. Because leaves are cumulative, the next
report makes up for one that never landed. They are sorted by node key; the tree is that of
`ionet.formats.merkle` with the domain ``b"ionet:reward"``.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ionet._generated.mint.constants import MAX_SUPPLY
from ionet._generated.proofs.constants import MAX_URI, REPORT_DOMAIN, REWARD_DOMAIN
from ionet._generated.staking.types import ProofReason
from ionet.formats.merkle import Tree
from ionet.formats.when import HOUR
from ionet.rewards._leaf import LEAF, Leaf, Verdict
from ionet.rewards._score import Hour, Proof, RewardError, Scores, key_column, score_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PREFIX: Final = b"\x00" + REWARD_DOMAIN
_VERDICT: Final = struct.Struct("<qIBB32s")
_LEAST: Final = b"".join((struct.pack("<q", 0), bytes(4), bytes([ProofReason.UNANSWERED]), bytes(33)))


@dataclass(frozen=True, slots=True)
class Leaves:
    """All leaves of a report, sorted by node key.

    Attributes:
        nodes: uint8, shape (n, 32), strictly ascending.
        lifetime: uint64, base units of IO.
        through: int64, Unix seconds.
        previous_height: uint64; default: 0 for all.
        verdicts: uint8, shape (n, 46), packed as in a leaf; default: never judged.
        surplus: what the total has besides the lifetimes, base units of IO: credits of nodes beyond their
            lifetimes, or without a leaf.
    """

    nodes: NDArray[np.uint8]
    lifetime: NDArray[np.uint64]
    through: NDArray[np.int64]
    previous_height: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    verdicts: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, _VERDICT.size), np.uint8))
    surplus: int = 0

    def __post_init__(self) -> None:
        n = len(self.nodes)
        if not len(self.previous_height):
            object.__setattr__(self, "previous_height", np.zeros(n, np.uint64))
        if not len(self.verdicts):
            object.__setattr__(self, "verdicts", np.tile(np.frombuffer(_LEAST, np.uint8), (n, 1)))

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def total(self) -> int:
        """The report's total: all lifetimes and the surplus."""
        # In two halves: the plain sum of garbled lifetimes could wrap and look small.
        high, low = self.lifetime >> np.uint64(32), self.lifetime & np.uint64(2**32 - 1)
        return (int(high.sum()) << 32) + int(low.sum()) + self.surplus

    def index(self, node: bytes) -> int:
        """Position of a node's leaf.

        Raises:
            KeyError: the report has no leaf for it.
        """
        keys = key_column(self.nodes)
        at = int(np.searchsorted(keys, np.frombuffer(node, "S32")[0]))
        if at == len(keys) or self.nodes[at].tobytes() != node:
            raise KeyError(f"no leaf for the node {node.hex()}")
        return at

    def leaf(self, index: int) -> Leaf:
        """The leaf at a position."""
        return Leaf(
            node=self.nodes[index].tobytes(),
            lifetime=int(self.lifetime[index]),
            through=int(self.through[index]),
            previous_height=int(self.previous_height[index]),
            verdict=unpack(self.verdicts[index].tobytes()),
        )

    def hashes(self) -> bytes:
        """The leaves' hashes in order, 32 bytes each."""
        n, at = len(self), len(_PREFIX)
        size = at + LEAF.size
        rows = np.empty((n, size), np.uint8)
        rows[:, :at] = np.frombuffer(_PREFIX, np.uint8)
        rows[:, at : at + 32] = self.nodes
        for start, column in ((32, self.lifetime), (40, self.through), (48, self.previous_height)):
            eight = column.astype(column.dtype.newbyteorder("<")).view(np.uint8).reshape(n, 8)
            rows[:, at + start : at + start + 8] = eight
        rows[:, at + 56 :] = self.verdicts
        raw, hashed = rows.tobytes(), hashlib.sha256
        return b"".join([hashed(raw[i : i + size]).digest() for i in range(0, len(raw), size)])


#: A verdict as it stands in a leaf, 46 bytes, of its fields.
packed: Final = _VERDICT.pack


def pack(verdict: Verdict) -> bytes:
    """A verdict as it stands in a leaf, 46 bytes."""
    return packed(verdict.time, verdict.score_bps, verdict.reason, verdict.passed, verdict.evidence_hash)


def unpack(raw: bytes) -> Verdict:
    """A verdict from its 46 bytes."""
    time, score_bps, reason, passed, evidence_hash = _VERDICT.unpack(raw)
    return Verdict(time, score_bps, ProofReason(reason), bool(passed), evidence_hash)


@dataclass(frozen=True, slots=True)
class Absent:
    """A node that is not live at the end of the hour.

    Attributes:
        node: its address, 32 bytes.
        credited: what it was credited in its whole life, base units of IO.
        waiting: whether stake on it is pending or late, which needs a leaf to go on.
        closed_at: when it stopped earning, Unix seconds; 0 while it is not closed.
    """

    node: bytes
    credited: int
    waiting: bool = False
    closed_at: int = 0


def last_hour(period_end: int, closed_at: int) -> int:
    """Until when a node's leaf counts, Unix seconds: the period's end, or its last whole hour before closing.

    With a later time the whole leaf is refused (`HourNotEarned`), with all that the node earned before.

    Args:
        period_end: of the report, Unix seconds.
        closed_at: of the node, Unix seconds; 0 while it is not closed.
    """
    if not closed_at or closed_at >= period_end:
        return period_end
    return period_end - -(-(period_end - closed_at) // HOUR) * HOUR


def cumulate(
    previous: Leaves | None,
    hour: Hour,
    scores: Scores,
    through: int,
    *,
    absent: Iterable[Absent] = (),
    height: int = 0,
    restated: Mapping[bytes, int] | None = None,
) -> Leaves:
    """Adds an hour's rewards to the lifetimes: rule 8.

    A node's lifetime is its lifetime in the previous report, or what it was credited if that is more, plus
    its reward. Every node has a leaf that is live, has pending or late stake, or has earned more than it was
    credited. The leaf of a closed node counts until its last whole hour.

    Args:
        previous: the leaves of the previous report, or None for the first.
        hour: the hour's facts.
        scores: its rewards.
        through: end of the hour, Unix seconds.
        absent: every node that is not live; one missing here counts as credited nothing.
        height: of the previous report.
        restated: for a correction: lifetimes that replace those of the previous report, by node.

    Raises:
        RewardError: ``through`` is not after the last report's, a node is both live and absent, or a sum
            exceeds the supply.
    """
    before = _before(previous, through)
    corrected = dict(restated or {})
    gone = {entry.node: entry for entry in absent}
    rows: dict[bytes, _Row] = {}
    surplus = 0

    def add(node: bytes, credited: int, reward: int, verdict: bytes, closed_at: int, *, needed: bool) -> int:
        base = corrected[node] if node in corrected else max(before.get(node, (0, b""))[0], credited)
        lifetime = base + reward
        if not needed and lifetime <= credited:
            return credited
        rows[node] = _Row(lifetime, last_hour(through, closed_at), height if node in before else 0, verdict)
        return max(0, credited - lifetime)

    keys = hour.nodes.tobytes()
    words = [pack(verdict) for verdict in verdicts_of(hour, through)]
    columns = (scores.reward.tolist(), hour.credited.tolist(), hour.closed_at.tolist())
    for n, (reward, credited, closed_at) in enumerate(zip(*columns, strict=True)):
        node = keys[32 * n : 32 * n + 32]
        if node in gone:
            raise RewardError(f"node {node.hex()} is both live and absent")
        surplus += add(node, credited, reward, words[n], closed_at, needed=True)
    for node in (before.keys() | gone.keys()) - rows.keys():
        entry = gone.get(node, Absent(node, 0, True))
        verdict = before[node][1] if node in before else _LEAST
        surplus += add(node, entry.credited, 0, verdict, entry.closed_at, needed=entry.waiting)
    return _columns(rows, surplus)


def kept_total(
    previous: Leaves | None,
    hour: Hour,
    through: int,
    *,
    absent: Iterable[Absent] = (),
    restated: Mapping[bytes, int] | None = None,
) -> int:
    """The total of an hour's report if nobody earned anything in it, base units: what nodes keep.

    Args:
        previous: as in `cumulate`, and so are the others.
        hour: the hour's facts.
        through: end of the hour, Unix seconds.
        absent: every node that is not live.
        restated: a correction's lifetimes.

    Raises:
        RewardError: as `cumulate`.
    """
    return cumulate(previous, hour, score_hour(hour, 0), through, absent=absent, restated=restated).total


def to_share(paid: int, most: int, kept: int) -> int:
    """What an hour's report shares out: what the hour was paid, less what was overpaid and stays (rule 8).

    Args:
        paid: for the hour, base units of IO.
        most: that the chain lets the report's total be, base units.
        kept: its total without the hour's rewards (`kept_total`), base units.

    Raises:
        RewardError: when nodes keep more than the total may be: then no report of this hour lands.
    """
    room = most - kept
    if room < 0:
        raise RewardError(
            f"nodes keep {kept} base units, {-room} more than a report's total may be: no report of this hour"
            " can land; report a later one, when so much more was emitted"
        )
    # Carries of both pools may add up to a base unit, which is then not there besides.
    return paid if room >= paid else max(0, room - 1)


def _before(previous: Leaves | None, through: int) -> dict[bytes, tuple[int, bytes]]:
    """Lifetimes and verdicts of the previous report, by node."""
    if previous is None or not len(previous):
        return {}
    if through <= int(previous.through.max()):
        raise RewardError(
            f"through is {through}, but must be after the last report's, {int(previous.through.max())}"
        )
    keys, raw, size = previous.nodes.tobytes(), previous.verdicts.tobytes(), _VERDICT.size
    return {
        keys[32 * n : 32 * n + 32]: (value, raw[size * n : size * n + size])
        for n, value in enumerate(previous.lifetime.tolist())
    }


def verdicts_of(hour: Hour, end: int) -> list[Verdict]:
    """Each live node's verdict of the hour."""
    plain = {
        Proof.PASSED: Verdict(end, 0, ProofReason.PASSED, True),
        Proof.FAILED: Verdict(end, 0, ProofReason.UNANSWERED, False),
        Proof.MISSING: Verdict(),
    }
    verdicts = hour.verdicts or [None] * len(hour)
    return [
        verdict if verdict is not None else plain[Proof(proof)]
        for verdict, proof in zip(verdicts, hour.proof.tolist(), strict=True)
    ]


class _Row(NamedTuple):
    """What a leaf says of its node."""

    lifetime: int
    through: int
    previous_height: int
    verdict: bytes


def _columns(rows: Mapping[bytes, _Row], surplus: int) -> Leaves:
    ordered = sorted(rows.items())
    leaves = Leaves(
        nodes=np.frombuffer(b"".join(node for node, _ in ordered), np.uint8).reshape(-1, 32),
        lifetime=np.array([row.lifetime for _, row in ordered], np.uint64),
        through=np.array([row.through for _, row in ordered], np.int64),
        previous_height=np.array([row.previous_height for _, row in ordered], np.uint64),
        verdicts=np.frombuffer(b"".join(row.verdict for _, row in ordered), np.uint8).reshape(
            -1, _VERDICT.size
        ),
        surplus=surplus,
    )
    if leaves.total > MAX_SUPPLY:
        raise RewardError(f"lifetimes sum to {leaves.total}, more than the supply of {MAX_SUPPLY}")
    return leaves


@dataclass(frozen=True, slots=True)
class Report:
    """What goes on chain, with what is needed to prove each leaf.

    Attributes:
        root: Merkle root of the leaves, 32 bytes.
        total: over all nodes, the lifetime or the credited amount, whichever is more, base units of IO.
        period_end: end of the hour, Unix seconds.
        evidence: sha256 of the evidence file, 32 bytes.
        leaves: the leaves.
        tree: the tree.
        correction: whether it may lower leaves.
    """

    root: bytes
    total: int
    period_end: int
    evidence: bytes
    leaves: Leaves
    tree: Tree
    correction: bool = False

    def proof(self, node: bytes) -> tuple[int, tuple[bytes, ...]]:
        """Index and siblings for a node's leaf: what `staking.credit_node` takes.

        Raises:
            KeyError: the report has no leaf for it.
        """
        index = self.leaves.index(node)
        return index, self.tree.proof(index)

    def arguments(self, node: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """A node's leaf with its place and proof as fields of `LeafArgs`, and its verdict's fields.

        Raises:
            KeyError: the report has no leaf for it.
        """
        index, proof = self.proof(node)
        leaf = self.leaves.leaf(index)
        fields = {
            "lifetime": leaf.lifetime,
            "through": leaf.through,
            "previous_height": leaf.previous_height,
            "index": index,
            "proof": proof,
        }
        return fields, asdict(leaf.verdict)

    def content_hash(self, evidence_uri: str, predecessor: bytes = bytes(32)) -> bytes:
        """The hash that seeds the report's account: ``sha256(b"ionet:report" || content)``.

        The content is predecessor, correction (one byte), root, total u64, period_end i64, number of leaves
        u32, evidence hash, and the URI in UTF-8 filled up with zeros to 96 bytes; integers little-endian.

        Args:
            evidence_uri: where the evidence file is published.
            predecessor: the account of the previous report; zeros for the first.

        Raises:
            RewardError: the URI is longer than 96 bytes.
        """
        uri = evidence_uri.encode()
        if len(uri) > MAX_URI:
            raise RewardError(f"the URI has {len(uri)} bytes, at most {MAX_URI}")
        numbers = struct.pack("<QqI", self.total, self.period_end, len(self.leaves))
        kind = predecessor + bytes([self.correction])
        content = kind + self.root + numbers + self.evidence + uri.ljust(MAX_URI, b"\0")
        return hashlib.sha256(REPORT_DOMAIN + content).digest()


def build_report(
    leaves: Leaves,
    period_end: int,
    evidence: bytes,
    *,
    correction: bool = False,
) -> Report:
    """The tree over the leaves, and what is published with it.

    Args:
        leaves: all leaves.
        period_end: end of the hour, Unix seconds.
        evidence: sha256 of the evidence file.
        correction: whether it may lower leaves.

    Raises:
        RewardError: there are no leaves, or ``evidence`` is not 32 bytes.
    """
    if not len(leaves):
        raise RewardError("a report needs at least one node")
    if len(evidence) != 32:
        raise RewardError(f"evidence is the sha256 of the evidence file, 32 bytes; got {len(evidence)}")
    tree = Tree(leaves.hashes(), REWARD_DOMAIN)
    return Report(tree.root, leaves.total, period_end, evidence, leaves, tree, correction)
