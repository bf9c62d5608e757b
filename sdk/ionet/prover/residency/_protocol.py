"""Fill, commit, open, verify."""

from __future__ import annotations

import copy
import hashlib
import struct
import threading
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet.chain.errors import IonetError
from ionet.formats.merkle import Tree, leaf_hash, root_from_proof
from ionet.prover._answers import (
    CHUNK_BYTES,
    Commitment,
    ProofError,
    Reason,
    Verdict,
    chunk_tree,
    commitment_refused,
    limit,
    paths_fit,
    slow,
)
from ionet.prover._spec import ChallengeError
from ionet.prover.residency._spec import (
    BATCH,
    CHAINS_PER_LEAF,
    DOMAIN,
    MAX_DRAWN,
    Challenge,
    Draw,
    Sizes,
    advance,
    check_length,
    make_blocks,
    next_addresses,
    start_states,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Makes blocks, as `make_blocks` does.
Make = Callable[[bytes, "NDArray[np.uint32]", int], "NDArray[np.uint32]"]
_MAGIC: Final = b"IOMEM\0\0\x01"
_HEADER: Final = struct.Struct("<8s32s32sIIII32s32sI")


@dataclass(frozen=True, slots=True)
class Opening:
    """The second answer: the drawn chains' addresses, and their ends in the committed tree.

    Attributes:
        challenge: the challenge it claims to answer.
        start: what the chains started from.
        root: the committed root.
        randomness: what the chains were drawn from.
        chains: numbers of chains, in the order drawn.
        ends: uint32, shape (len(chains), 64): for each chain the ends in its leaf.
        paths: for each chain the hashes from its leaf to the root.
        addresses: uint32, shape (len(chains), reads).
    """

    challenge: Challenge
    start: bytes
    root: bytes
    randomness: bytes
    chains: tuple[int, ...]
    ends: NDArray[np.uint32]
    paths: tuple[tuple[bytes, ...], ...]
    addresses: NDArray[np.uint32]

    def to_bytes(self) -> bytes:
        """Returns the layout of docs/proofs.md: a header; per chain number, 64 ends, path, addresses."""
        sizes = self.challenge.sizes
        out = [
            _HEADER.pack(
                _MAGIC,
                self.challenge.seed,
                self.start,
                sizes.blocks,
                sizes.rounds,
                sizes.chains,
                sizes.reads,
                self.root,
                self.randomness,
                len(self.chains),
            )
        ]
        parts = zip(
            self.chains, self.ends.astype("<u4"), self.paths, self.addresses.astype("<u4"), strict=True
        )
        for number, ends, path, addresses in parts:
            out += (struct.pack("<I", number), ends.tobytes(), *path, addresses.tobytes())
        return b"".join(out)

    @classmethod
    def from_bytes(cls, data: bytes) -> Opening:
        """Reads what `to_bytes` wrote; `opening_size` says beforehand how many bytes to accept.

        Raises:
            ProofError: (MALFORMED) for any other length or content.
        """
        if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
            raise ProofError(Reason.MALFORMED, "not the bytes of a residency proof")
        _, seed, start, blocks, rounds, chains, reads, root, randomness, count = _HEADER.unpack_from(data)
        try:
            challenge = Challenge(seed, Sizes(blocks, rounds, chains, reads))
        except ChallengeError as error:
            raise ProofError(Reason.MALFORMED, str(error)) from error
        if not 1 <= count <= MAX_DRAWN:
            raise ProofError(Reason.MALFORMED, f"{count} chains; expected 1..{MAX_DRAWN}")
        if len(data) != opening_size(challenge.sizes, count):
            raise ProofError(
                Reason.MALFORMED,
                f"{len(data)} bytes for {count} chains; expected {opening_size(challenge.sizes, count)}",
            )
        record = np.dtype(
            [
                ("number", "<u4"),
                ("ends", "<u4", (CHAINS_PER_LEAF,)),
                ("path", "u1", (32 * challenge.sizes.depth,)),
                ("addresses", "<u4", (reads,)),
            ]
        )
        records = np.frombuffer(data, record, count, _HEADER.size)
        hashes = [path.tobytes() for path in records["path"]]
        return cls(
            challenge=challenge,
            start=start,
            root=root,
            randomness=randomness,
            chains=tuple(int(number) for number in records["number"]),
            ends=records["ends"].astype(np.uint32),
            paths=tuple(tuple(path[at : at + 32] for at in range(0, len(path), 32)) for path in hashes),
            addresses=records["addresses"].astype(np.uint32),
        )

    @property
    def digest(self) -> bytes:
        """sha256 of the bytes."""
        return hashlib.sha256(self.to_bytes()).digest()


def opening_size(sizes: Sizes, count: int) -> int:
    """Returns the bytes of an opening of ``count`` chains."""
    return _HEADER.size + count * (4 + CHUNK_BYTES + 32 * sizes.depth + 4 * sizes.reads)


@dataclass(frozen=True, slots=True)
class Reference:
    """How long the class's reference device needs for its chains, with its blocks in memory.

    Attributes:
        sizes: what was measured.
        nanoseconds: chains and tree.
        slack_bps: how much longer a device may take, in basis points of the reference.
        grace_ns: what is added for the way to the verifier.
    """

    sizes: Sizes
    nanoseconds: int
    slack_bps: int = 15_000
    grace_ns: int = 500_000_000

    @property
    def limit_ns(self) -> int:
        """The longest accepted time, rounded up."""
        return limit(self.nanoseconds, self.slack_bps, self.grace_ns)


class Stopped(IonetError):
    """Blocks are not made to the end, as was asked."""


class Prover:
    """Holds a challenge's blocks in this machine's memory, and reads them.

    Args:
        challenge: what is to be held: it takes ``sizes.memory`` bytes. Making the blocks takes most
            of the time; do it before the chains start.
        stop: ends that when it is set, from another thread.

    Raises:
        Stopped: it was.
    """

    def __init__(self, challenge: Challenge, *, stop: threading.Event | None = None) -> None:
        self.challenge = challenge
        self._stop = stop or threading.Event()
        self.memory = self.fill()
        self._held: tuple[bytes, Commitment[Challenge], NDArray[np.uint32], Tree] | None = None

    def fill(self) -> NDArray[np.uint32]:
        """Returns all blocks, shape (blocks, 32)."""
        sizes = self.challenge.sizes
        memory = np.empty((sizes.blocks, 32), np.uint32)
        for at in range(0, sizes.blocks, BATCH):
            self.go_on()
            numbers = np.arange(at, min(at + BATCH, sizes.blocks), dtype=np.uint32)
            memory[at : at + BATCH] = make_blocks(self.challenge.seed, numbers, sizes.rounds)
        return memory

    def go_on(self) -> None:
        """Raises `Stopped` where no more blocks are to be made."""
        if self._stop.is_set():
            raise Stopped("the memory is needed for something else")

    def sharing(self, sizes: Sizes) -> Prover:
        """Returns a prover of other chains over the same memory: blocks do not depend on their number.

        Args:
            sizes: as many blocks as are held or fewer, of as many rounds.

        Raises:
            ProofError: (SMALLER) for more, or other blocks.
        """
        held = self.challenge.sizes
        if sizes.blocks > held.blocks or sizes.rounds != held.rounds:
            raise ProofError(Reason.SMALLER, f"holds {held}, asked for was {sizes}")
        other = copy.copy(self)
        other.challenge, other._held = Challenge(self.challenge.seed, sizes), None
        other.memory = self.memory[: sizes.blocks]
        return other

    def close(self) -> None:
        """Gives the memory back; none of the provers that share it is used afterwards."""
        self.memory = np.empty((0, 32), np.uint32)

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Returns the blocks at addresses, shape (len(addresses), 32)."""
        return self.memory[addresses]

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        """Returns chains' ends, shape (len(chains),).

        Args:
            start: what they start from, 32 bytes.
            chains: their numbers.
            told: where to write what they read, shape (len(chains), reads).
        """
        sizes = self.challenge.sizes
        states = start_states(start, chains)
        for number in range(sizes.reads):
            addresses = next_addresses(states, sizes.blocks)
            if told is not None:
                told[:, number] = addresses
            advance(states, self.read(addresses), number)
        ends: NDArray[np.uint32] = states[0].copy()
        return ends

    def ends(self, start: bytes) -> NDArray[np.uint32]:
        """Returns all chains' ends, shape (chains,)."""
        chains = self.challenge.sizes.chains
        ends = np.empty(chains, np.uint32)
        for at in range(0, chains, BATCH):
            ends[at : at + BATCH] = self.walk(start, np.arange(at, min(at + BATCH, chains), dtype=np.uint32))
        return ends

    def commit(self, start: bytes) -> Commitment[Challenge]:
        """Walks all chains and commits to their ends.

        Raises:
            ChallengeError: when ``start`` has not 32 bytes.
        """
        check_length("the start", start)
        self._held = None
        clock = time.perf_counter_ns()
        ends = self.ends(start)
        tree = chunk_tree(ends.astype("<u4").tobytes(), DOMAIN)
        commitment = Commitment(self.challenge, tree.root, time.perf_counter_ns() - clock)
        self._held = start, commitment, ends, tree
        return commitment

    def open(self, root: bytes, drawn: Draw) -> Opening:
        """Walks the drawn chains again and returns what they read, with their ends' paths.

        Raises:
            ProofError: (WRONG_ROOT) when the last commitment has another root; (WRONG_CHAINS) for chains
                that there are not.
        """
        if self._held is None or self._held[1].root != root:
            raise ProofError(Reason.WRONG_ROOT, f"nothing held under the root {root.hex()}; commit first")
        start, _, ends, tree = self._held
        outside = [number for number in drawn.chains if not 0 <= number < self.challenge.sizes.chains]
        if outside:
            raise ProofError(
                Reason.WRONG_CHAINS,
                f"chain {outside[0]} is outside 0..{self.challenge.sizes.chains - 1}",
            )
        leaves = [number // CHAINS_PER_LEAF for number in drawn.chains]
        addresses = np.empty((len(leaves), self.challenge.sizes.reads), np.uint32)
        self.walk(start, np.asarray(drawn.chains, np.uint32), addresses)
        return Opening(
            challenge=self.challenge,
            start=start,
            root=root,
            randomness=drawn.randomness,
            chains=drawn.chains,
            ends=ends.reshape(-1, CHAINS_PER_LEAF)[leaves],
            paths=tuple(tree.proof(leaf) for leaf in leaves),
            addresses=addresses,
        )


def end_leaf(ends: NDArray[np.uint32]) -> bytes:
    """Returns the leaf hash of 64 chains' ends."""
    return leaf_hash(DOMAIN, ends.astype("<u4").tobytes())


def verify(
    challenge: Challenge,
    start: bytes,
    root: bytes,
    drawn: Draw,
    opening: Opening,
    *,
    nanoseconds: int | None = None,
    reference: Reference | None = None,
    earlier_roots: Container[bytes] = (),
    make: Make = make_blocks,
) -> Verdict:
    """Returns the verdict on an opening; makes at most ``len(drawn.chains) * reads`` blocks, and holds few.

    Args:
        challenge: the challenge that was posed.
        start: what the chains had to start from.
        root: the root that was committed before the draw.
        drawn: the draw; its randomness must be later than the commitment.
        opening: the prover's answer.
        nanoseconds: from the start's publication to receiving the root, by the verifier's clock.
        reference: how long the class takes; without it time is not judged.
        earlier_roots: roots of other hours and of other devices; no two challenges have the same.
        make: makes blocks; `Native.make_blocks` gives the same bits sooner.

    Raises:
        ChallengeError: when ``reference`` is for other sizes, or given without ``nanoseconds``.
    """
    if reference is not None and (nanoseconds is None or reference.sizes != challenge.sizes):
        raise ChallengeError("a reference is for the challenge's own sizes, and needs a measured time")
    refusal = (
        _check_claims(challenge, start, root, drawn, opening, earlier_roots)
        or _check_paths(opening)
        or _check_reads(opening, make)
    )
    if refusal is not None:
        return refusal
    if (late := slow(nanoseconds, None if reference is None else reference.limit_ns)) is not None:
        return late
    return Verdict(None, f"{len(opening.chains)} chains over {challenge.sizes.memory} bytes verified")


def _check_claims(
    challenge: Challenge,
    start: bytes,
    root: bytes,
    drawn: Draw,
    opening: Opening,
    earlier_roots: Container[bytes],
) -> Verdict | None:
    sizes, claimed = challenge.sizes, opening.challenge.sizes
    if (
        claimed.blocks < sizes.blocks
        or claimed.rounds < sizes.rounds
        or claimed.chains < sizes.chains
        or claimed.reads < sizes.reads
    ):
        return Verdict(Reason.SMALLER, f"answers {claimed}, the challenge was {sizes}")
    if claimed != sizes:
        return Verdict(Reason.MALFORMED, f"answers {claimed}, not {sizes}")
    if opening.challenge.seed != challenge.seed:
        return Verdict(Reason.WRONG_SEED, f"answers the seed {opening.challenge.seed.hex()}")
    if opening.start != start:
        return Verdict(Reason.WRONG_START, f"starts from {opening.start.hex()}, not {start.hex()}")
    if (refused := commitment_refused(opening, root, earlier_roots)) is not None:
        return refused
    if opening.randomness != drawn.randomness or opening.chains != drawn.chains:
        return Verdict(
            Reason.WRONG_CHAINS, f"opens chains {list(opening.chains)}, drawn were {list(drawn.chains)}"
        )
    count = len(drawn.chains)
    if (
        opening.ends.shape != (count, CHAINS_PER_LEAF)
        or opening.addresses.shape != (count, sizes.reads)
        or opening.ends.dtype != np.uint32
        or opening.addresses.dtype != np.uint32
        or not paths_fit(opening.paths, count, sizes.depth)
    ):
        return Verdict(Reason.MALFORMED, "ends, paths or addresses of the wrong shape")
    return None


def _check_paths(opening: Opening) -> Verdict | None:
    for number, ends, path in zip(opening.chains, opening.ends, opening.paths, strict=True):
        if root_from_proof(end_leaf(ends), number // CHAINS_PER_LEAF, path) != opening.root:
            return Verdict(Reason.BAD_MERKLE_PATH, f"the end of chain {number} is not in the committed tree")
    return None


def _check_reads(opening: Opening, make: Make) -> Verdict | None:
    sizes, chains = opening.challenge.sizes, np.asarray(opening.chains, np.uint32)
    states = start_states(opening.start, chains)
    # A wrong chain is seen at its first wrong read: what was told beyond it costs nothing.
    together = max(1, BATCH // len(chains))
    for first in range(0, sizes.reads, together):
        told = opening.addresses[:, first : first + together]
        made = make(opening.challenge.seed, told.reshape(-1), sizes.rounds)
        made = made.reshape(len(chains), -1, 32)
        for at in range(told.shape[1]):
            wrong = np.flatnonzero(next_addresses(states, sizes.blocks) != told[:, at])
            if len(wrong):
                return Verdict(
                    Reason.WRONG_READ,
                    f"read {first + at} of chain {int(chains[wrong[0]])} is not of the block that was told",
                )
            advance(states, made[:, at], first + at)
    kept = opening.ends[np.arange(len(chains)), chains % CHAINS_PER_LEAF]
    wrong = np.flatnonzero(states[0] != kept)
    if len(wrong):
        return Verdict(
            Reason.WRONG_END, f"chain {int(chains[wrong[0]])} does not end where the committed tree says"
        )
    return None


def measure(
    sizes: Sizes,
    *,
    prover: Callable[[Challenge], Prover] = Prover,
    repeats: int = 3,
    slack_bps: int = 15_000,
    grace_ns: int = 500_000_000,
) -> Reference:
    """Measures this machine as a class's reference: the best of several commitments over one fill."""
    held = prover(Challenge(bytes(32), sizes))
    best = min(held.commit(hashlib.sha256(bytes([n])).digest()).nanoseconds for n in range(max(1, repeats)))
    return Reference(sizes, best, slack_bps, grace_ns)
