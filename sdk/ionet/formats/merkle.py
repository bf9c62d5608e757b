"""Merkle trees as the programs check them, in plain Python.

* leaf   = ``sha256(0x00 || domain || payload)``
* inner  = ``sha256(0x01 || left || right)``
* an odd level is completed with the hash of the empty subtree of that height:
  ``E(0) = sha256(0x02 || domain)``, ``E(h + 1) = sha256(0x01 || E(h) || E(h))``

The three prefixes keep leaves, inner nodes and padding apart (no second preimage), the domain keeps the trees
of different uses apart. The depth is ``ceil(log2(leaves))``, every proof has that many hashes, and bit ``h``
of the leaf's index says whether the node of height ``h`` is the left (0) or the right (1) child.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

__all__ = ["Tree", "empty_hash", "leaf_hash", "root_from_proof"]

_SIZE = 32


def leaf_hash(domain: bytes, payload: bytes) -> bytes:
    """Returns the hash of a leaf."""
    return sha256(b"\x00" + domain + payload).digest()


def empty_hash(domain: bytes, height: int = 0) -> bytes:
    """Returns the hash of an empty subtree with room for ``2**height`` leaves."""
    value = sha256(b"\x02" + domain).digest()
    for _ in range(height):
        value = sha256(b"\x01" + value + value).digest()
    return value


def root_from_proof(leaf: bytes, index: int, proof: Sequence[bytes]) -> bytes:
    """Returns the root that a proof leads to.

    Args:
        leaf: the leaf's hash (32 bytes).
        index: the leaf's position; must be below ``2**len(proof)``.
        proof: the siblings from the leaf's level upwards, 32 bytes each.

    Raises:
        ValueError: the index does not fit the proof's length.
    """
    if not 0 <= index < 1 << len(proof):
        raise ValueError(f"index {index} does not exist in a tree of depth {len(proof)}")
    value = leaf
    for sibling in proof:
        pair = sibling + value if index & 1 else value + sibling
        value = sha256(b"\x01" + pair).digest()
        index >>= 1
    return value


class Tree:
    """All levels of a tree; each level is one byte string of 32-byte hashes.

    Args:
        leaves: the leaves' hashes, in order; at least one.
        domain: the domain of the empty subtrees, as for the leaves.

    Raises:
        ValueError: there are no leaves, or ``leaves`` is not a multiple of 32 bytes.
    """

    __slots__ = ("_levels", "count")

    def __init__(self, leaves: bytes | Iterable[bytes], domain: bytes) -> None:
        level = leaves if isinstance(leaves, bytes) else b"".join(leaves)
        if not level or len(level) % _SIZE:
            raise ValueError(f"expected one or more hashes of {_SIZE} bytes, got {len(level)} bytes")
        self.count = len(level) // _SIZE
        self._levels: list[bytes] = []
        empty = empty_hash(domain)
        hashed = sha256
        while len(level) > _SIZE:
            if len(level) % (2 * _SIZE):
                level += empty
            self._levels.append(level)
            level = b"".join(
                [hashed(b"\x01" + level[at : at + 64]).digest() for at in range(0, len(level), 64)]
            )
            empty = hashed(b"\x01" + empty + empty).digest()
        self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return self._levels[-1]

    @property
    def depth(self) -> int:
        """Length of every proof: ``ceil(log2(count))``."""
        return len(self._levels) - 1

    def proof(self, index: int, height: int = 0) -> tuple[bytes, ...]:
        """Returns the siblings of the node ``index`` at ``height`` (0: the leaves) up to the root.

        Raises:
            IndexError: there is no such node.
        """
        if not 0 <= index < max(1, -(-self.count >> height)) or not 0 <= height <= self.depth:
            raise IndexError(f"no node {index} at height {height} in a tree of {self.count} leaves")
        out = []
        for level in self._levels[height:-1]:
            at = (index ^ 1) * _SIZE
            out.append(level[at : at + _SIZE])
            index >>= 1
        return tuple(out)
