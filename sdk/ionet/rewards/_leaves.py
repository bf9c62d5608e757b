"""Cumulative leaves and the report's tree.

A leaf is (node, lifetime reward, through): everything the node has earned since it first appeared, and the
end of the last hour that was counted for it. Because leaves are cumulative, a report that never landed is
healed by the next.

``leaf = sha256(0x00 || b"ionet:reward" || node (32) || lifetime as u64 LE || through as i64 LE)``; the leaves
are sorted by node key; the tree is that of `ionet.formats.merkle` with the domain ``b"ionet:reward"``.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet._generated.mint.constants import MAX_SUPPLY
from ionet._generated.proofs.constants import MAX_URI, REPORT_DOMAIN, REWARD_DOMAIN
from ionet.formats.merkle import Tree, leaf_hash
from ionet.rewards._score import Hour, RewardError, Scores, key_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAYLOAD: Final = struct.Struct("<32sQq")
_PREFIX: Final = b"\x00" + REWARD_DOMAIN


def leaf_payload(node: bytes, lifetime: int, through: int) -> bytes:
    """A leaf's 48 bytes behind prefix and domain: key, lifetime (u64 LE), through (i64 LE, Unix)."""
    if len(node) != 32:
        raise RewardError(f"a node's key has 32 bytes, got {len(node)}")
    return _PAYLOAD.pack(node, lifetime, through)


def reward_leaf(node: bytes, lifetime: int, through: int) -> bytes:
    """Hash of one leaf, as `staking.credit_node` and `proofs.refute` compute it."""
    return leaf_hash(REWARD_DOMAIN, leaf_payload(node, lifetime, through))


@dataclass(frozen=True, slots=True)
class Leaves:
    """All leaves of a report, sorted by node key.

    Attributes:
        nodes: uint8, shape (n, 32), strictly ascending.
        lifetime: uint64, base units of IO.
        through: int64, Unix seconds.
    """

    nodes: NDArray[np.uint8]
    lifetime: NDArray[np.uint64]
    through: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def total(self) -> int:
        """Sum of all lifetimes: the report's total."""
        # In two halves: the plain sum of garbled lifetimes could wrap and look small.
        high, low = self.lifetime >> np.uint64(32), self.lifetime & np.uint64(2**32 - 1)
        return (int(high.sum()) << 32) + int(low.sum())

    def index(self, node: bytes) -> int:
        """Position of a node's leaf.

        Raises:
            KeyError: when the report has no leaf for it.
        """
        keys = key_column(self.nodes)
        at = int(np.searchsorted(keys, np.frombuffer(node, "S32")[0]))
        if at == len(keys) or self.nodes[at].tobytes() != node:
            raise KeyError(f"no leaf for the node {node.hex()}")
        return at

    def hashes(self) -> bytes:
        """The leaves' hashes in order, 32 bytes each."""
        n = len(self)
        size = len(_PREFIX) + _PAYLOAD.size
        rows = np.empty((n, size), np.uint8)
        at = len(_PREFIX)
        rows[:, :at] = np.frombuffer(_PREFIX, np.uint8)
        rows[:, at : at + 32] = self.nodes
        rows[:, at + 32 : at + 40] = self.lifetime.astype("<u8").view(np.uint8).reshape(n, 8)
        rows[:, at + 40 :] = self.through.astype("<i8").view(np.uint8).reshape(n, 8)
        raw, hashed = rows.tobytes(), hashlib.sha256
        return b"".join([hashed(raw[i : i + size]).digest() for i in range(0, len(raw), size)])


def cumulate(previous: Leaves | None, hour: Hour, scores: Scores, through: int) -> Leaves:
    """Adds an hour's rewards to the lifetimes.

    Nodes of the hour get ``through``, also with a reward of 0; nodes that are no longer live keep their last
    leaf, so that a lifetime is never forgotten and never starts again from 0.

    Args:
        previous: the last report's leaves, or None for the first.
        hour: the hour's facts.
        scores: its rewards.
        through: end of the hour, Unix seconds.

    Raises:
        RewardError: when ``through`` is not after the last report's, or a sum exceeds the supply.
    """
    if previous is None or not len(previous):
        nodes = hour.nodes
        lifetime = scores.reward.astype(np.uint64)
        ends = np.full(len(hour), through, np.int64)
    else:
        if through <= int(previous.through.max()):
            raise RewardError(
                f"through {through} is not after the last report's {int(previous.through.max())}"
            )
        both = np.concatenate([key_column(previous.nodes), key_column(hour.nodes)])
        keys, index = np.unique(both, return_inverse=True)
        nodes = np.empty((len(keys), 32), np.uint8)
        nodes[index] = np.concatenate([previous.nodes, hour.nodes])
        old, new = index[: len(previous)], index[len(previous) :]
        lifetime = np.zeros(len(keys), np.uint64)
        lifetime[old] = previous.lifetime
        lifetime[new] += scores.reward.astype(np.uint64)
        ends = np.zeros(len(keys), np.int64)
        ends[old] = previous.through
        ends[new] = through
    leaves = Leaves(nodes=nodes, lifetime=lifetime, through=ends)
    if leaves.total > MAX_SUPPLY:
        raise RewardError(f"lifetimes sum to {leaves.total}, more than the supply of {MAX_SUPPLY}")
    return leaves


@dataclass(frozen=True, slots=True)
class Report:
    """What goes on chain, and what is needed to prove each leaf.

    Attributes:
        root: Merkle root of the leaves, 32 bytes.
        total: sum of the lifetimes, base units of IO.
        period_end: end of the hour, Unix seconds.
        evidence: sha256 of the evidence file, 32 bytes.
        leaves: the leaves.
        tree: the tree.
    """

    root: bytes
    total: int
    period_end: int
    evidence: bytes
    leaves: Leaves
    tree: Tree

    def proof(self, node: bytes) -> tuple[int, tuple[bytes, ...]]:
        """Index and siblings for a node's leaf: what `staking.credit_node` takes.

        Raises:
            KeyError: when the report has no leaf for it.
        """
        index = self.leaves.index(node)
        return index, self.tree.proof(index)

    def content_hash(self, evidence_uri: str) -> bytes:
        """The hash that seeds the report's account: ``sha256(b"ionet:report" || content)``.

        The content is root, total u64, period_end i64, number of leaves u32, evidence hash, and the URI in
        UTF-8 filled up with zeros to 96 bytes; integers little-endian.

        Raises:
            RewardError: when the URI is longer than 96 bytes.
        """
        uri = evidence_uri.encode()
        if len(uri) > MAX_URI:
            raise RewardError(f"the URI has {len(uri)} bytes, at most {MAX_URI}")
        numbers = struct.pack("<QqI", self.total, self.period_end, len(self.leaves))
        content = self.root + numbers + self.evidence + uri.ljust(MAX_URI, b"\0")
        return hashlib.sha256(REPORT_DOMAIN + content).digest()


def build_report(leaves: Leaves, period_end: int, evidence: bytes) -> Report:
    """The tree over the leaves, and what is published with it.

    Raises:
        RewardError: without leaves, or when ``evidence`` is no sha256.
    """
    if not len(leaves):
        raise RewardError("a report needs at least one node")
    if len(evidence) != 32:
        raise RewardError(f"evidence is the sha256 of the evidence file, 32 bytes; got {len(evidence)}")
    tree = Tree(leaves.hashes(), REWARD_DOMAIN)
    return Report(tree.root, leaves.total, period_end, evidence, leaves, tree)
