"""What a device signs in an hour, and what of it a program makes again; docs/proofs.md has the bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet.formats.merkle import Tree, leaf_hash
from ionet.prover._spec import Challenge, ChallengeError, challenge_seed
from ionet.prover.residency._spec import Challenge as MemoryChallenge
from ionet.prover.residency._spec import advance, check_length, make_blocks, next_addresses, start_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ionet.prover.residency._protocol import Make

RATE_MESSAGE: Final = b"ionet:poc:commit"
READS_MESSAGE: Final = b"ionet:mem:answer"
READ_DOMAIN: Final = b"ionet:mem:read"
#: Most processors of a node.
UNITS: Final = 8

_MESSAGE: Final = struct.Struct("<16sQ32sIIII32s")
_READ: Final = struct.Struct("<II128sI128s")
MESSAGE_BYTES: Final = _MESSAGE.size


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """What a device signs: the root of all that it had computed for one challenge of an hour.

    Attributes:
        kind: `RATE_MESSAGE` for a product, `READS_MESSAGE` for the reads that it opens.
        hour: hours from the start of emission to the end of the hour.
        node: the node's address, 32 bytes.
        unit: which of the node's processors, 0..7.
        number: which of its commitments of the hour, from 0.
        sizes: m and k of a product; blocks and rounds of a memory.
        root: root of the tree, 32 bytes.
    """

    kind: bytes
    hour: int
    node: bytes
    unit: int
    number: int
    sizes: tuple[int, int]
    root: bytes

    def __post_init__(self) -> None:
        if self.kind not in (RATE_MESSAGE, READS_MESSAGE):
            raise ChallengeError(f"a device signs {RATE_MESSAGE!r} or {READS_MESSAGE!r}, not {self.kind!r}")
        check_length("the node", self.node)
        check_length("the root", self.root)
        if not 0 <= self.unit < UNITS:
            raise ChallengeError(f"processor {self.unit}; expected 0..{UNITS - 1}")
        numbers = (self.number, *self.sizes)
        if not 0 <= self.hour < 2**64 or any(not 0 <= number < 2**32 for number in numbers):
            raise ChallengeError("the hour has to fit into 64 bits, number and sizes into 32")

    @classmethod
    def from_message(cls, message: bytes) -> SignedRoot:
        """Reads what `message` wrote.

        Raises:
            ChallengeError: it is none.
        """
        if len(message) != MESSAGE_BYTES:
            raise ChallengeError(f"a device signs {MESSAGE_BYTES} bytes, not {len(message)}")
        kind, hour, node, unit, number, first, second, root = _MESSAGE.unpack(message)
        return cls(kind, hour, node, unit, number, (first, second), root)

    @property
    def message(self) -> bytes:
        """The 104 bytes that are signed."""
        return _MESSAGE.pack(self.kind, self.hour, self.node, self.unit, self.number, *self.sizes, self.root)


def rate_challenge(*, seed: bytes, node: bytes, unit: int, number: int, m: int, k: int) -> Challenge:
    """Returns the product that a processor computes in an hour.

    Args:
        seed: the hour's, 32 bytes.
        node: the node's address, 32 bytes.
        unit: which of its processors, 0..7.
        number: which of its commitments of the hour, from 0.
        m: size of the product.
        k: size of the product.

    Raises:
        ChallengeError: for a size or length outside the specification.
    """
    if not 0 <= unit < UNITS or not 0 <= number < 2**32 // UNITS:
        raise ChallengeError(f"processor {unit}, number {number}; expected 0..{UNITS - 1}, 0..{2**29 - 1}")
    return Challenge(
        challenge_seed(job=bytes(32), node=node, attempt=UNITS * number + unit, fresh=seed), m, k
    )


@dataclass(frozen=True, slots=True)
class Read:
    """One read of a chain, as a leaf of what the device signs.

    Attributes:
        chain: the chain.
        number: which of its reads, from 0.
        state: before it, 128 bytes.
        address: the block that was read.
        next: the state after it, 128 bytes.
    """

    chain: int
    number: int
    state: bytes
    address: int
    next: bytes

    @property
    def leaf(self) -> bytes:
        """Its leaf's hash."""
        return leaf_hash(
            READ_DOMAIN, _READ.pack(self.chain, self.number, self.state, self.address, self.next)
        )


def walked(
    challenge: MemoryChallenge, start: bytes, chains: Sequence[int], make: Make = make_blocks
) -> tuple[Read, ...]:
    """Returns all reads of some chains, one chain after the other: the leaves that a device signs.

    It makes the blocks that they read: what a device signs is right also where its memory is faulty.

    Args:
        challenge: what is held.
        start: what the chains start from, 32 bytes.
        chains: their numbers, in the order drawn.
        make: makes blocks; the default is the reference.
    """
    sizes = challenge.sizes
    states = start_states(start, np.asarray(chains, np.uint32))
    steps: list[list[Read]] = [[] for _ in chains]
    for number in range(sizes.reads):
        addresses, before = next_addresses(states, sizes.blocks), _bytes(states)
        advance(states, make(challenge.seed, addresses, sizes.rounds), number)
        for at, (chain, after) in enumerate(zip(chains, _bytes(states), strict=True)):
            steps[at].append(Read(int(chain), number, before[at], int(addresses[at]), after))
    return tuple(read for chain in steps for read in chain)


def _bytes(states: NDArray[np.uint32]) -> list[bytes]:
    return [state.astype("<u4").tobytes() for state in states.T]


def reads_tree(reads: Iterable[Read]) -> Tree:
    """Returns the tree whose root a device signs with its opening."""
    return Tree([read.leaf for read in reads], READ_DOMAIN)
