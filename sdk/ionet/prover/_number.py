"""Number: processors that are all there at one moment. docs/proofs.md is the specification.

Each processor of each node that is asked gets a product of its own, all from one slot hash and in one moment.
Who has fewer processors than are asked for computes some of them one after the other, and is late.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from ionet.prover._spec import Challenge, ChallengeError, challenge_seed

#: What a challenge of the number is for, in the place of a job's address.
NUMBER: Final = hashlib.sha256(b"ionet:number").digest()
MAX_UNITS: Final = 8
_DOMAIN: Final = b"ionet:number:draw"


def number_challenges(node: bytes, units: int, fresh: bytes, m: int, k: int) -> tuple[Challenge, ...]:
    """Returns the challenges of a node's processors.

    A seed's ``job`` is `NUMBER`, its ``attempt`` the unit.

    Args:
        node: 32 bytes, the node's address.
        units: how many processors, 1..8.
        fresh: 32 bytes of the chain that nobody could know before.
        m: rows of each product.
        k: inner length of each product.

    Raises:
        ChallengeError: for lengths or sizes that do not fit.
    """
    if not 1 <= units <= MAX_UNITS:
        raise ChallengeError(f"{units} processors; a node has 1..{MAX_UNITS}")
    return tuple(
        Challenge(challenge_seed(job=NUMBER, node=node, attempt=unit, fresh=fresh), m, k)
        for unit in range(units)
    )


def draw_owner(owners: Mapping[bytes, bytes], lot: bytes, most: int) -> tuple[bytes, ...]:
    """Returns the nodes of one owner who has several, the owner drawn by how many they have.

    Args:
        owners: each node's owner.
        lot: what is drawn from.
        most: nodes that can be asked at once; of more, that many are drawn.

    Returns:
        Nodes in the order drawn; none if nobody has several.
    """
    counts = Counter(owners.values())
    several = [node for node, owner in owners.items() if counts[owner] > 1]
    if not several:
        return ()
    chosen = owners[_ordered(several, lot)[0]]
    return _ordered([node for node in several if owners[node] == chosen], lot)[:most]


def draw_cohort(nodes: Sequence[bytes], lot: bytes, count: int) -> tuple[bytes, ...]:
    """Returns some nodes, whoever owns them, in the order drawn."""
    return _ordered(nodes, lot)[:count]


def _ordered(nodes: Sequence[bytes], lot: bytes) -> tuple[bytes, ...]:
    return tuple(sorted(nodes, key=lambda node: hashlib.sha256(_DOMAIN + lot + node).digest()))


def moment(lot: bytes, hour: int, number: int, spread: int) -> int:
    """Returns in which second of an hour, below ``spread``, its challenge with a number begins."""
    word = hashlib.sha256(_DOMAIN + lot + struct.pack("<qI", hour, number)).digest()
    return int.from_bytes(word[:4], "little") * spread >> 32
