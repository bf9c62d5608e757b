"""The exact specification of the residency proof, bit for bit; docs/proofs.md has the layouts of its bytes.

Words are u32, arithmetic is modulo 2**32, bytes are little-endian.

**Round**, on rows a, b, c, d of 8 words each: ChaCha's quarter-round on each of the 8 columns (``a += b``,
``d = (d ^ a) <<< 16``, ``c += d``, ``b = (b ^ c) <<< 12``, ``a += b``, ``d = (d ^ a) <<< 8``, ``c += d``,
``b = (b ^ c) <<< 7``), then b is rotated left by 1 column, c by 2, d by 4.

**Block** ``(seed, i, T)``, 128 bytes: a = the seed, b = SHA-256's 8 initial words, ``c[j] = i``,
``d[j] = j``, then T rounds; the block is ``a || b || c || d``. It has no parents: whoever doubts a block
makes it again.

**Chain** ``n``: its state x is ``Block(start, n, 8)``, 32 words. Read s (from 0)::

    address = (x[0] * blocks) >> 32
    x       = x ^ Block(seed, address, T)
    x[0]    = x[0] + s
    x       = 4 rounds on x

Each address depends on all blocks that the chain has read before. The chain's end is the last ``x[0]``.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ionet.prover._spec import ChallengeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOMAIN: Final = b"ionet:mem"
BLOCK_BYTES: Final = 128
CHAINS_PER_LEAF: Final = 64
START_ROUNDS: Final = 8
READ_ROUNDS: Final = 4
MIN_ROUNDS: Final = 8
MAX_ROUNDS: Final = 2**16
MAX_BLOCKS: Final = 2**32 - 1
MAX_CHAINS: Final = 2**28
MAX_READS: Final = 2**16
MAX_DRAWN: Final = 64
DEFAULT_DRAWN: Final = 12
#: What is measured, and asked for over the network: reads of more rounds fit no transaction that disproves.
ROUNDS: Final = 2_048
READS: Final = 256
_CHAINS: Final = 1 << 16
_BLOCKS_IN_MIB: Final = (1 << 20) // BLOCK_BYTES

_WORDS: Final = 32
_MASK: Final = 2**32 - 1
_SHA256_WORDS: Final = (
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
)
# Blocks (or chains) at once: 512 KiB, which stays in a core's cache. Measured: fewer cost more calls.
BATCH: Final = 4096


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a class of devices has to hold and to read.

    Attributes:
        blocks: blocks of 128 bytes; at least ``chains``, at most 2**32 - 1.
        rounds: rounds that one block costs, 8..65536.
        chains: 64 times a power of two, at most 2**28.
        reads: dependent reads of each chain, 1..65536.
    """

    blocks: int
    rounds: int
    chains: int
    reads: int

    def __post_init__(self) -> None:
        leaves, rest = divmod(self.chains, CHAINS_PER_LEAF)
        if rest or leaves < 1 or leaves & (leaves - 1) or self.chains > MAX_CHAINS:
            raise ChallengeError(
                f"{self.chains} chains; expected 64 times a power of two, at most {MAX_CHAINS}"
            )
        # With more chains than blocks, one block made again would serve many waiting chains.
        if not self.chains <= self.blocks <= MAX_BLOCKS:
            raise ChallengeError(f"{self.blocks} blocks; expected {self.chains} (the chains)..{MAX_BLOCKS}")
        if not MIN_ROUNDS <= self.rounds <= MAX_ROUNDS:
            raise ChallengeError(f"{self.rounds} rounds; expected {MIN_ROUNDS}..{MAX_ROUNDS}")
        if not 1 <= self.reads <= MAX_READS:
            raise ChallengeError(f"{self.reads} reads; expected 1..{MAX_READS}")

    @property
    def memory(self) -> int:
        """Bytes that the blocks take."""
        return self.blocks * BLOCK_BYTES

    @property
    def depth(self) -> int:
        """Hashes of a path: ``log2(chains / 64)``."""
        return (self.chains // CHAINS_PER_LEAF).bit_length() - 1


def sizes_of(mebibytes: int) -> Sizes:
    """Returns what is asked of so much memory: 2,048 rounds, 65,536 chains or as many as fit, 256 reads.

    Args:
        mebibytes: MiB of blocks, 1..524,287.

    Raises:
        ChallengeError: it is less, or more.
    """
    blocks = mebibytes * _BLOCKS_IN_MIB
    if not 1 <= blocks <= MAX_BLOCKS:
        raise ChallengeError(f"{mebibytes} MiB of memory; expected 1..{MAX_BLOCKS // _BLOCKS_IN_MIB}")
    return Sizes(blocks, ROUNDS, min(_CHAINS, 1 << (blocks.bit_length() - 1)), READS)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be held.

    Attributes:
        seed: 32 bytes; see `memory_seed`.
        sizes: the class's sizes.
    """

    seed: bytes
    sizes: Sizes

    def __post_init__(self) -> None:
        check_length("the seed", self.seed)


@dataclass(frozen=True, slots=True)
class Draw:
    """What later randomness asks to be opened.

    Attributes:
        randomness: the 32 bytes it was drawn from.
        chains: distinct numbers of chains, in the order drawn.
    """

    randomness: bytes
    chains: tuple[int, ...]


def blocks_in(memory: int, share_bps: int) -> int:
    """Returns how many blocks fill ``share_bps`` basis points of ``memory`` bytes, rounded down.

    Raises:
        ChallengeError: for a share outside 1..10,000, or more than 2**32 - 1 blocks, or none.
    """
    if not 1 <= share_bps <= 10_000:
        raise ChallengeError(f"a share of {share_bps} basis points; expected 1..10000")
    blocks = memory * share_bps // (10_000 * BLOCK_BYTES)
    if not 1 <= blocks <= MAX_BLOCKS:
        raise ChallengeError(f"{blocks} blocks in {memory} bytes; expected 1..{MAX_BLOCKS}")
    return blocks


def memory_seed(*, hour: bytes, device: bytes, unit: int) -> bytes:
    """Returns a device's seed: ``sha256(b"ionet:mem:seed" || hour || device || unit as u32 LE)``.

    Args:
        hour: 32 bytes, the hour's slot hash, which nobody could know before.
        device: 32 bytes, the device's key, so that two devices never hold the same blocks.
        unit: which processor of the device, 0..2**32 - 1.

    Raises:
        ChallengeError: when a part has the wrong length or size.
    """
    check_length("hour", hour)
    check_length("device", device)
    if not 0 <= unit <= _MASK:
        raise ChallengeError(f"unit {unit}; expected 0..{_MASK}")
    return hashlib.sha256(b"ionet:mem:seed" + hour + device + struct.pack("<I", unit)).digest()


def start_seed(*, later: bytes, seed: bytes) -> bytes:
    """Returns where chains start: ``sha256(b"ionet:mem:start" || later || seed)``.

    Args:
        later: 32 bytes, a slot hash from after the time for filling.
        seed: of `memory_seed`.

    Raises:
        ChallengeError: when a part has the wrong length.
    """
    check_length("later", later)
    check_length("the seed", seed)
    return hashlib.sha256(b"ionet:mem:start" + later + seed).digest()


def first_words(seed: bytes) -> NDArray[np.uint32]:
    """Returns the words of a block before its rounds that are the same for every number: rows a and b."""
    return np.array([*struct.unpack("<8I", seed), *_SHA256_WORDS], np.uint32)


def make_blocks(seed: bytes, numbers: Sequence[int] | NDArray[np.uint32], rounds: int) -> NDArray[np.uint32]:
    """Returns ``Block(seed, i, rounds)`` of each number, shape (len(numbers), 32).

    Raises:
        ChallengeError: when the seed has not 32 bytes.
    """
    check_length("the seed", seed)
    wanted = np.asarray(numbers, np.uint32)
    out = np.empty((len(wanted), _WORDS), np.uint32)
    first = first_words(seed)
    for at in range(0, len(wanted), BATCH):
        part = wanted[at : at + BATCH]
        state = np.empty((_WORDS, len(part)), np.uint32)
        state[:16] = first[:, None]
        state[16:24] = part
        state[24:] = np.arange(8, dtype=np.uint32)[:, None]
        stir(state, rounds)
        out[at : at + len(part)] = state.T
    return out


def start_states(start: bytes, chains: Sequence[int] | NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Returns the chains' first states, shape (32, len(chains)): a column for each chain."""
    return np.ascontiguousarray(make_blocks(start, chains, START_ROUNDS).T)


def next_addresses(states: NDArray[np.uint32], blocks: int) -> NDArray[np.uint32]:
    """Returns which block each chain reads next: ``(x[0] * blocks) >> 32``."""
    words: NDArray[np.uint64] = states[0].astype(np.uint64)
    addresses: NDArray[np.uint32] = ((words * np.uint64(blocks)) >> np.uint64(32)).astype(np.uint32)
    return addresses


def advance(states: NDArray[np.uint32], blocks: NDArray[np.uint32], read: int) -> None:
    """Advances states (32, n) in place by read number ``read``, which gave ``blocks`` (n, 32)."""
    states ^= blocks.T
    states[0] += np.uint32(read)
    stir(states, READ_ROUNDS)


def stir(state: NDArray[np.uint32], rounds: int) -> None:
    """Applies rounds in place to columns of 32 words, shape (32, n)."""
    a, b, c, d = state[:8], state[8:16], state[16:24], state[24:]
    spare = np.empty_like(a)
    for _ in range(rounds):
        for total, added, turned, left in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            # Unsigned array arithmetic wraps silently in numpy, which is exactly arithmetic modulo 2**32.
            np.add(total, added, out=total)
            np.bitwise_xor(turned, total, out=turned)
            np.right_shift(turned, np.uint32(32 - left), out=spare)
            np.left_shift(turned, np.uint32(left), out=turned)
            np.bitwise_or(turned, spare, out=turned)
        for row, by in ((b, 1), (c, 2), (d, 4)):
            spare[: 8 - by], spare[8 - by :] = row[by:], row[:by]
            row[:] = spare


def block(seed: bytes, number: int, rounds: int) -> tuple[int, ...]:
    """Returns the 32 words of one block in plain integers; it shares no code with `make_blocks`.

    Raises:
        ChallengeError: when the seed has not 32 bytes, or the number is not below 2**32.
    """
    check_length("the seed", seed)
    if not 0 <= number <= _MASK:
        raise ChallengeError(f"block {number}; expected 0..{_MASK}")
    return _stirred((*struct.unpack("<8I", seed), *_SHA256_WORDS, *[number] * 8, *range(8)), rounds)


def next_state(challenge: Challenge, state: Sequence[int], read: int) -> tuple[int, ...]:
    """Returns a chain's state after read number ``read``, in plain integers.

    This is what a program recomputes to show that one of two signed states does not follow from the other.

    Raises:
        ChallengeError: when the state is not 32 words, or there is no such read.
    """
    if len(state) != _WORDS or any(not 0 <= word <= _MASK for word in state):
        raise ChallengeError("the state is not 32 words of 32 bits")
    if not 0 <= read < challenge.sizes.reads:
        raise ChallengeError(f"read {read}; expected 0..{challenge.sizes.reads - 1}")
    number = (state[0] * challenge.sizes.blocks) >> 32
    mixed = [x ^ y for x, y in zip(state, block(challenge.seed, number, challenge.sizes.rounds), strict=True)]
    mixed[0] = (mixed[0] + read) & _MASK
    return _stirred(mixed, READ_ROUNDS)


def _stirred(words: Iterable[int], rounds: int) -> tuple[int, ...]:
    x = list(words)
    for _ in range(rounds):
        for j in range(8):
            a, b, c, d = x[j], x[j + 8], x[j + 16], x[j + 24]
            for up, down in ((16, 12), (8, 7)):
                a = (a + b) & _MASK
                d = _turned(d ^ a, up)
                c = (c + d) & _MASK
                b = _turned(b ^ c, down)
            x[j], x[j + 8], x[j + 16], x[j + 24] = a, b, c, d
        x = [*x[:8], *x[9:16], x[8], *x[18:24], *x[16:18], *x[28:], *x[24:28]]
    return tuple(x)


def _turned(word: int, left: int) -> int:
    return ((word << left) | (word >> (32 - left))) & _MASK


def draw_chains(sizes: Sizes, root: bytes, randomness: bytes, count: int = DEFAULT_DRAWN) -> Draw:
    """Returns the chains to open, from randomness that did not exist when the root was committed.

    They are the first distinct values, modulo ``chains``, of the little-endian u64 words of
    ``sha256(b"ionet:mem:draw" || root || randomness || n as u64 LE)`` for n = 0, 1, ..

    Args:
        sizes: of the challenge.
        root: the committed root, 32 bytes.
        randomness: 32 bytes from after the commitment.
        count: how many distinct chains, 1..64.

    Raises:
        ChallengeError: for lengths or a count that do not fit.
    """
    check_length("the root", root)
    check_length("the randomness", randomness)
    if not 1 <= count <= min(MAX_DRAWN, sizes.chains):
        raise ChallengeError(f"{count} chains to draw; expected 1..{MAX_DRAWN}")
    chosen: dict[int, None] = {}
    number = 0
    while True:
        hashed = hashlib.sha256(b"ionet:mem:draw" + root + randomness + struct.pack("<Q", number)).digest()
        for value in struct.unpack("<4Q", hashed):
            chosen[value % sizes.chains] = None
            if len(chosen) == count:
                return Draw(randomness, tuple(chosen))
        number += 1


def check_length(name: str, part: bytes) -> None:
    """Refuses what has not 32 bytes."""
    if len(part) != 32:
        raise ChallengeError(f"{name} has {len(part)} bytes, expected 32")
