"""Residency: the specification, the device that holds its memory, and every cheat with its reason."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionet.formats.merkle import Tree
from ionet.prover import ChallengeError, Commitment, ProofError, Reason, Verdict
from ionet.prover.residency import (
    DOMAIN,
    Challenge,
    Draw,
    Opening,
    Prover,
    Reference,
    Sizes,
    Stopped,
    block,
    blocks_in,
    draw_chains,
    end_leaf,
    make_blocks,
    measure,
    memory_seed,
    next_state,
    opening_size,
    sizes_of,
    start_seed,
    verify,
)
from ionet.prover.residency._spec import advance, next_addresses, start_states

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def hashed(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


SIZES = Sizes(blocks=1000, rounds=32, chains=256, reads=12)
SEED = memory_seed(hour=hashed(b"an hour"), device=hashed(b"a device"), unit=0)
START = start_seed(later=hashed(b"a later slot"), seed=SEED)
CHALLENGE = Challenge(SEED, SIZES)
RANDOMNESS = hashed(b"a slot after the commitments")


class Missing(Prover):
    """Holds every second block, and takes zeros for the others."""

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks = super().read(addresses)
        blocks[addresses % 2 == 1] = 0
        return blocks


class Remaking(Prover):
    """Holds every second block, and makes the others again when they are read."""

    made = 0

    def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
        blocks, missing = super().read(addresses), addresses % 2 == 1
        self.made += int(missing.sum())
        blocks[missing] = make_blocks(self.challenge.seed, addresses[missing], self.challenge.sizes.rounds)
        return blocks


class Unchained(Prover):
    """Takes its addresses from the words of the first state, so that it knows them all beforehand."""

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        states = first = start_states(start, chains)
        for number in range(self.challenge.sizes.reads):
            addresses = next_addresses(first[number:], self.challenge.sizes.blocks)
            if told is not None:
                told[:, number] = addresses
            states = states.copy()
            advance(states, self.read(addresses), number)
        ends: NDArray[np.uint32] = states[0].copy()
        return ends


class Backwards(Prover):
    """Counts the reads of a chain from the last to the first."""

    def walk(
        self, start: bytes, chains: NDArray[np.uint32], told: NDArray[np.uint32] | None = None
    ) -> NDArray[np.uint32]:
        states = start_states(start, chains)
        for number in range(self.challenge.sizes.reads):
            addresses = next_addresses(states, self.challenge.sizes.blocks)
            if told is not None:
                told[:, number] = addresses
            advance(states, self.read(addresses), self.challenge.sizes.reads - 1 - number)
        ends: NDArray[np.uint32] = states[0].copy()
        return ends


def answer(
    prover: Prover, start: bytes = START, count: int = 12
) -> tuple[Commitment[Challenge], Draw, Opening]:
    commitment = prover.commit(start)
    drawn = draw_chains(prover.challenge.sizes, commitment.root, RANDOMNESS, count)
    return commitment, drawn, prover.open(commitment.root, drawn)


def judged(opening: Opening, drawn: Draw, root: bytes | None = None) -> Verdict:
    return verify(CHALLENGE, START, root or opening.root, drawn, opening)


@pytest.fixture(scope="module")
def honest() -> tuple[Commitment[Challenge], Draw, Opening]:
    return answer(Prover(CHALLENGE))


Answer = tuple[Commitment[Challenge], Draw, Opening]

# The specification


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1), st.integers(8, 40))
def test_blocks_made_together_are_the_blocks_of_plain_integers(seed: bytes, number: int, rounds: int) -> None:
    numbers = [number, 0, 2**32 - 1]
    expected = [block(seed, each, rounds) for each in numbers]
    assert make_blocks(seed, numbers, rounds).tolist() == [list(each) for each in expected]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=32, max_size=32), st.integers(0, SIZES.reads - 1))
def test_a_read_of_arrays_is_the_read_of_plain_integers(state: list[int], read: int) -> None:
    states = np.array([state], np.uint32).T.copy()
    addresses = next_addresses(states, SIZES.blocks)
    advance(states, make_blocks(SEED, addresses, SIZES.rounds), read)
    assert states[:, 0].tolist() == list(next_state(CHALLENGE, state, read))


def test_blocks_do_not_depend_on_how_many_are_made_at_once() -> None:
    numbers = np.arange(5000, dtype=np.uint32)
    whole = make_blocks(SEED, numbers, 8)
    assert np.array_equal(whole[4090:4100], make_blocks(SEED, numbers[4090:4100], 8))


def test_addresses_reach_the_first_and_the_last_block_and_none_beyond() -> None:
    states = np.zeros((32, 2), np.uint32)
    states[0] = (0, 2**32 - 1)
    for blocks in (64, 1000, 2**32 - 1):
        # floor((2**32 - 1) * blocks / 2**32) is the last block for every number of blocks.
        assert next_addresses(states, blocks).tolist() == [0, blocks - 1]


def test_reads_are_spread_over_the_whole_memory() -> None:
    told = np.empty((256, SIZES.reads), np.uint32)
    Prover(CHALLENGE).walk(START, np.arange(256, dtype=np.uint32), told)
    counts = np.histogram(told, bins=10, range=(0, SIZES.blocks))[0]
    # 3072 reads in ten tenths: 307 each, with a standard deviation of 17.
    assert (abs(counts - 307.2) < 5 * 17).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((1000, 32, 100, 1), "64 times a power of two"),
        ((1000, 32, 192, 1), "64 times a power of two"),
        ((1000, 32, 0, 1), "64 times a power of two"),
        ((2**32 - 1, 32, 2**29, 1), "at most 268435456"),
        ((255, 32, 256, 1), r"expected 256 \(the chains\)"),
        ((2**32, 32, 256, 1), "4294967295"),
        ((1000, 7, 256, 1), "expected 8"),
        ((1000, 65_537, 256, 1), "65536"),
        ((1000, 32, 256, 0), "expected 1"),
        ((1000, 32, 256, 65_537), "65536"),
    ],
)
def test_sizes_outside_the_specification_are_refused(sizes: tuple[int, ...], message: str) -> None:
    with pytest.raises(ChallengeError, match=message):
        Sizes(*sizes)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Challenge(bytes(31), SIZES),
        lambda: memory_seed(hour=bytes(31), device=bytes(32), unit=0),
        lambda: memory_seed(hour=bytes(32), device=bytes(33), unit=0),
        lambda: memory_seed(hour=bytes(32), device=bytes(32), unit=2**32),
        lambda: start_seed(later=b"", seed=SEED),
        lambda: draw_chains(SIZES, bytes(31), bytes(32)),
        lambda: draw_chains(SIZES, bytes(32), bytes(31)),
        lambda: draw_chains(SIZES, bytes(32), bytes(32), 0),
        lambda: draw_chains(SIZES, bytes(32), bytes(32), 65),
        lambda: next_state(CHALLENGE, [0] * 31, 0),
        lambda: next_state(CHALLENGE, [2**32] * 32, 0),
        lambda: next_state(CHALLENGE, [0] * 32, SIZES.reads),
        lambda: block(SEED, 2**32, 8),
        lambda: blocks_in(2**40, 9_000),
        lambda: blocks_in(100, 9_000),
        lambda: blocks_in(2**30, 10_001),
        lambda: Prover(CHALLENGE).commit(bytes(31)),
    ],
)
def test_parts_that_do_not_fit_are_refused(refused: Callable[[], object]) -> None:
    with pytest.raises(ChallengeError, match=r"expected|is not"):
        refused()


def test_nine_tenths_of_80_gib_are_604_million_blocks() -> None:
    # 80 * 2**30 * 0.9 / 128, rounded down.
    assert blocks_in(80 * 2**30, 9_000) == 603_979_776


def test_seeds_depend_on_every_part() -> None:
    hour, device = bytes(32), bytes([1]) * 32
    seeds = {
        memory_seed(hour=hour, device=device, unit=0),
        memory_seed(hour=device, device=hour, unit=0),
        memory_seed(hour=hour, device=device, unit=1),
        start_seed(later=hour, seed=device),
        start_seed(later=device, seed=hour),
    }
    assert len(seeds) == 5


def test_drawn_chains_are_distinct_and_depend_on_root_and_randomness() -> None:
    all_of_them = draw_chains(Sizes(64, 8, 64, 1), bytes(32), RANDOMNESS, 64)
    assert sorted(all_of_them.chains) == list(range(64))
    draws = {
        draw_chains(SIZES, root, randomness).chains
        for root in (SEED, START)
        for randomness in (bytes(32), RANDOMNESS)
    }
    assert len(draws) == 4


# Who holds the memory


@pytest.mark.parametrize(
    "sizes", [Sizes(64, 8, 64, 1), Sizes(1000, 8, 128, 3), Sizes(5000, 8, 4096, 2), Sizes(9000, 8, 8192, 1)]
)
def test_a_device_that_holds_its_blocks_is_accepted(sizes: Sizes) -> None:
    challenge = Challenge(SEED, sizes)
    commitment, drawn, opening = answer(Prover(challenge))
    again = Opening.from_bytes(opening.to_bytes())
    verdict = verify(challenge, START, commitment.root, drawn, again)
    assert verdict == Verdict(None, f"12 chains over {sizes.blocks * 128} bytes verified")


def test_more_reads_than_are_verified_at_once_are_accepted() -> None:
    challenge = Challenge(SEED, Sizes(64, 8, 64, 150))
    commitment, drawn, opening = answer(Prover(challenge), count=64)  # 9600 blocks, 4096 at once
    assert verify(challenge, START, commitment.root, drawn, opening).ok


def test_an_opening_read_back_is_the_same_and_as_long_as_foretold(honest: Answer) -> None:
    _, _, opening = honest
    data = opening.to_bytes()
    again = Opening.from_bytes(data)
    assert again.to_bytes() == data
    assert again.digest == hashlib.sha256(data).digest()
    assert len(data) == opening_size(SIZES, 12)


def test_an_answer_at_the_limit_is_in_time_and_one_after_it_is_slow(honest: Answer) -> None:
    commitment, drawn, opening = honest
    reference = Reference(SIZES, nanoseconds=1_000_000_001)
    # 1.5 times, rounded up, and half a second.
    assert reference.limit_ns == 2_000_000_002

    def at(nanoseconds: int) -> Verdict:
        return verify(
            CHALLENGE, START, commitment.root, drawn, opening, nanoseconds=nanoseconds, reference=reference
        )

    assert at(2_000_000_002).ok
    assert at(2_000_000_003).reason is Reason.SLOW


def test_a_reference_for_other_sizes_or_without_a_time_is_a_mistake_of_the_verifier(honest: Answer) -> None:
    commitment, drawn, opening = honest
    other = Reference(replace(SIZES, reads=13), 1)
    with pytest.raises(ChallengeError, match="the challenge's own sizes"):
        verify(CHALLENGE, START, commitment.root, drawn, opening, nanoseconds=1, reference=other)
    with pytest.raises(ChallengeError, match="needs a measured time"):
        verify(CHALLENGE, START, commitment.root, drawn, opening, reference=Reference(SIZES, 1))


def test_this_machine_can_be_measured_as_a_reference() -> None:
    sizes = Sizes(64, 8, 64, 1)
    reference = measure(sizes, repeats=1, slack_bps=20_000, grace_ns=0)
    assert reference.sizes == sizes
    assert reference.nanoseconds > 0
    assert reference.limit_ns == 2 * reference.nanoseconds


# Who does not


def test_half_of_the_blocks_missing_and_guessed_is_a_wrong_read() -> None:
    _, drawn, opening = answer(Missing(CHALLENGE))
    assert judged(opening, drawn).reason is Reason.WRONG_READ


def test_half_of_the_blocks_missing_and_made_after_the_draw_is_a_wrong_end() -> None:
    cheat = Missing(CHALLENGE)
    root = cheat.commit(START).root
    drawn = draw_chains(SIZES, root, RANDOMNESS)
    opening = cheat.open(root, drawn)
    Prover(CHALLENGE).walk(START, np.asarray(drawn.chains, np.uint32), opening.addresses)
    assert judged(opening, drawn).reason is Reason.WRONG_END


def test_half_of_the_blocks_missing_and_made_again_is_right_and_slow() -> None:
    sizes = replace(SIZES, rounds=512)
    challenge = Challenge(SEED, sizes)
    cheat = Remaking(challenge)
    commitment = cheat.commit(START)
    # 3072 reads, half of them missing: 1536, with a standard deviation of 28.
    assert abs(cheat.made - 1536) < 5 * 28
    drawn = draw_chains(sizes, commitment.root, RANDOMNESS)
    opening = cheat.open(commitment.root, drawn)
    assert verify(challenge, START, commitment.root, drawn, opening).ok
    # A clock that counts rounds: four a read, and those of the blocks that were made again.
    due = 4 * sizes.chains * sizes.reads
    verdict = verify(
        challenge,
        START,
        commitment.root,
        drawn,
        opening,
        nanoseconds=due + cheat.made * sizes.rounds,
        reference=Reference(sizes, due, grace_ns=0),
    )
    assert verdict.reason is Reason.SLOW


@pytest.mark.parametrize("word", [0, 5, 31])
def test_one_wrong_bit_in_every_second_block_is_a_wrong_read(word: int) -> None:
    cheat = Prover(CHALLENGE)
    cheat.memory[::2, word] ^= 1
    _, drawn, opening = answer(cheat)
    assert judged(opening, drawn).reason is Reason.WRONG_READ


def test_a_wrong_block_at_the_last_read_is_a_wrong_end() -> None:
    class Last(Prover):
        reads = 0

        def read(self, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
            self.reads += 1
            return super().read(addresses) ^ np.uint32(self.reads % SIZES.reads == 0)

    _, drawn, opening = answer(Last(CHALLENGE))
    assert judged(opening, drawn).reason is Reason.WRONG_END


@pytest.mark.parametrize("cheat", [Unchained, Backwards])
def test_reads_in_another_order_are_wrong_reads(cheat: type[Prover]) -> None:
    _, drawn, opening = answer(cheat(CHALLENGE))
    assert judged(opening, drawn).reason is Reason.WRONG_READ


def test_two_addresses_in_each_others_place_are_a_wrong_read(honest: Answer) -> None:
    _, drawn, opening = honest
    addresses = opening.addresses.copy()
    addresses[3, [4, 5]] = addresses[3, [5, 4]]
    verdict = judged(replace(opening, addresses=addresses), drawn)
    assert verdict.reason is Reason.WRONG_READ
    assert verdict.detail.startswith(f"read 4 of chain {drawn.chains[3]} ")


def test_ends_of_other_chains_are_wrong_ends() -> None:
    cheat = Prover(CHALLENGE)
    ends = np.roll(cheat.walk(START, np.arange(256, dtype=np.uint32)), 1)
    tree = Tree([end_leaf(ends[at : at + 64]) for at in range(0, 256, 64)], DOMAIN)
    cheat._held = START, Commitment(CHALLENGE, tree.root, 1), ends, tree
    drawn = draw_chains(SIZES, tree.root, RANDOMNESS)
    assert judged(cheat.open(tree.root, drawn), drawn).reason is Reason.WRONG_END


def test_a_chain_shorter_than_asked_for_is_a_wrong_end() -> None:
    cheat = Prover(CHALLENGE)
    short = Prover(Challenge(SEED, replace(SIZES, reads=11)))
    ends = short.walk(START, np.arange(256, dtype=np.uint32))
    tree = Tree([end_leaf(ends[at : at + 64]) for at in range(0, 256, 64)], DOMAIN)
    cheat._held = START, Commitment(CHALLENGE, tree.root, 1), ends, tree
    drawn = draw_chains(SIZES, tree.root, RANDOMNESS)
    assert judged(cheat.open(tree.root, drawn), drawn).reason is Reason.WRONG_END


@pytest.mark.parametrize(
    "other",
    [
        memory_seed(hour=hashed(b"the hour before"), device=hashed(b"a device"), unit=0),
        memory_seed(hour=hashed(b"an hour"), device=hashed(b"another device"), unit=0),
        memory_seed(hour=hashed(b"an hour"), device=hashed(b"a device"), unit=1),
    ],
    ids=["hour", "device", "unit"],
)
def test_the_answer_to_another_seed_is_refused_under_its_name_and_under_this_one(other: bytes) -> None:
    start = start_seed(later=hashed(b"a later slot"), seed=other)
    commitment, drawn, opening = answer(Prover(Challenge(other, SIZES)), start)
    assert judged(opening, drawn).reason is Reason.WRONG_SEED
    assert judged(replace(opening, challenge=CHALLENGE), drawn).reason is Reason.WRONG_START
    renamed = replace(opening, challenge=CHALLENGE, start=START)
    assert judged(renamed, drawn).reason is Reason.WRONG_READ
    verdict = verify(CHALLENGE, START, commitment.root, drawn, renamed, earlier_roots={commitment.root})
    assert verdict.reason is Reason.REPLAYED


def test_chains_walked_before_the_start_was_known_are_a_wrong_start() -> None:
    early = start_seed(later=hashed(b"an earlier slot"), seed=SEED)
    _, drawn, opening = answer(Prover(CHALLENGE), early)
    assert judged(opening, drawn).reason is Reason.WRONG_START
    assert judged(replace(opening, start=START), drawn).reason is Reason.WRONG_READ


@pytest.mark.parametrize(
    "smaller",
    [
        replace(SIZES, blocks=999),
        replace(SIZES, rounds=31),
        replace(SIZES, chains=128),
        replace(SIZES, reads=11),
        # More of something else does not make up for it.
        Sizes(blocks=999, rounds=64, chains=512, reads=24),
    ],
)
def test_less_than_was_asked_for_is_smaller(smaller: Sizes, honest: Answer) -> None:
    _, drawn, opening = honest
    claimed = replace(opening, challenge=Challenge(SEED, smaller))
    assert judged(claimed, drawn).reason is Reason.SMALLER


def test_fewer_blocks_under_the_right_number_are_a_wrong_read() -> None:
    _, drawn, opening = answer(Prover(Challenge(SEED, replace(SIZES, blocks=500))))
    assert judged(replace(opening, challenge=CHALLENGE), drawn).reason is Reason.WRONG_READ


def test_blocks_of_fewer_rounds_are_a_wrong_read() -> None:
    _, drawn, opening = answer(Prover(Challenge(SEED, replace(SIZES, rounds=31))))
    assert judged(replace(opening, challenge=CHALLENGE), drawn).reason is Reason.WRONG_READ


def test_more_than_was_asked_for_is_malformed(honest: Answer) -> None:
    _, drawn, opening = honest
    claimed = replace(opening, challenge=Challenge(SEED, replace(SIZES, blocks=1001)))
    assert judged(claimed, drawn).reason is Reason.MALFORMED


def test_another_root_than_the_committed_one_is_refused(honest: Answer) -> None:
    _, drawn, opening = honest
    assert judged(opening, drawn, root=bytes(32)).reason is Reason.WRONG_ROOT


def test_chains_other_than_those_drawn_are_refused(honest: Answer) -> None:
    _, drawn, opening = honest
    for chains in (drawn.chains[:-1], drawn.chains[::-1], (*drawn.chains[:-1], 255)):
        assert judged(opening, replace(drawn, chains=chains)).reason is Reason.WRONG_CHAINS
    assert judged(opening, replace(drawn, randomness=bytes(32))).reason is Reason.WRONG_CHAINS


def test_an_end_corrected_after_the_commitment_is_a_bad_path(honest: Answer) -> None:
    _, drawn, opening = honest
    ends = opening.ends.copy()
    ends[2, drawn.chains[2] % 64] ^= 1
    assert judged(replace(opening, ends=ends), drawn).reason is Reason.BAD_MERKLE_PATH
    paths = (opening.paths[0][::-1], *opening.paths[1:])
    assert judged(replace(opening, paths=paths), drawn).reason is Reason.BAD_MERKLE_PATH


def test_wrong_shapes_are_malformed(honest: Answer) -> None:
    _, drawn, opening = honest
    for wrong in (
        replace(opening, ends=opening.ends[:, :63]),
        replace(opening, ends=opening.ends.astype(np.uint64)),
        replace(opening, addresses=opening.addresses[:, :-1]),
        replace(opening, addresses=np.zeros((12, SIZES.reads + 1), np.uint32)),
        replace(opening, addresses=opening.addresses.astype(np.float64)),
        replace(opening, paths=opening.paths[:-1]),
        replace(opening, paths=(opening.paths[0][:-1], *opening.paths[1:])),
        replace(opening, paths=((b"", *opening.paths[0][1:]), *opening.paths[1:])),
    ):
        assert judged(wrong, drawn).reason is Reason.MALFORMED


def malformed(data: bytes) -> None:
    with pytest.raises(ProofError) as refused:
        Opening.from_bytes(data)
    assert refused.value.reason is Reason.MALFORMED


@settings(max_examples=50, deadline=None)
@given(cut=st.integers(1, 5_500), more=st.binary(min_size=1, max_size=300))
def test_truncated_and_oversized_openings_are_malformed(honest: Answer, cut: int, more: bytes) -> None:
    data = honest[2].to_bytes()
    malformed(data[:-cut])
    malformed(data + more)


def test_an_opening_that_claims_the_greatest_sizes_is_refused_by_its_length(honest: Answer) -> None:
    data = bytearray(honest[2].to_bytes())
    data[72:88] = b"".join(n.to_bytes(4, "little") for n in (2**32 - 1, 2**16, 2**28, 2**16))
    malformed(bytes(data))


@pytest.mark.parametrize("count", [0, 65, 2**32 - 1])
def test_an_opening_of_no_chains_or_of_too_many_is_malformed(honest: Answer, count: int) -> None:
    data = bytearray(honest[2].to_bytes())
    data[152:156] = count.to_bytes(4, "little")
    malformed(bytes(data))
    malformed(bytes(data[:156]))


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0), flip=st.integers(1, 255))
def test_no_byte_of_an_opening_can_be_changed(honest: Answer, at: int, flip: int) -> None:
    commitment, drawn, opening = honest
    data = bytearray(opening.to_bytes())
    data[at % len(data)] ^= flip
    try:
        reason = judged(Opening.from_bytes(bytes(data)), drawn, root=commitment.root).reason
    except ProofError as error:
        reason = error.reason
    assert reason is not None


def test_a_prover_cannot_open_what_it_did_not_commit_to() -> None:
    prover = Prover(Challenge(SEED, Sizes(64, 8, 64, 1)))
    drawn = Draw(RANDOMNESS, (0,))
    with pytest.raises(ProofError, match="wrong-root") as refused:
        prover.open(bytes(32), drawn)
    assert refused.value.reason is Reason.WRONG_ROOT
    root = prover.commit(START).root
    with pytest.raises(ProofError, match="chain 64 is outside") as outside:
        prover.open(root, Draw(RANDOMNESS, (0, 64)))
    assert outside.value.reason is Reason.WRONG_CHAINS


def test_a_whole_chain_in_plain_integers_reads_and_ends_as_the_provers() -> None:
    told = np.empty((1, SIZES.reads), np.uint32)
    end = Prover(CHALLENGE).walk(START, np.array([3], np.uint32), told)
    state, addresses = block(START, 3, 8), []
    for read in range(SIZES.reads):
        addresses.append((state[0] * SIZES.blocks) >> 32)
        state = next_state(CHALLENGE, state, read)
    assert (addresses, state[0]) == (told[0].tolist(), end[0])


# -- sizes of the network, memory for several seats, filling that is ended


@pytest.mark.parametrize(
    ("mebibytes", "sizes"),
    [
        (1, Sizes(8_192, 2_048, 8_192, 256)),
        (3, Sizes(24_576, 2_048, 16_384, 256)),
        # What the shipped reference of class 61 was measured with.
        (64, Sizes(524_288, 2_048, 65_536, 256)),
        (16_384, Sizes(134_217_728, 2_048, 65_536, 256)),
    ],
)
def test_sizes_over_the_network_follow_from_the_memory(mebibytes: int, sizes: Sizes) -> None:
    assert sizes_of(mebibytes) == sizes


@pytest.mark.parametrize("mebibytes", [0, -1, 524_288])
def test_there_are_no_sizes_for_no_memory_or_more_than_can_be_numbered(mebibytes: int) -> None:
    with pytest.raises(ChallengeError, match=r"MiB of memory; expected 1\.\.524287"):
        sizes_of(mebibytes)


def test_one_memory_serves_chains_over_fewer_of_its_blocks() -> None:
    held = Prover(CHALLENGE)
    fewer = replace(SIZES, blocks=300, chains=64, reads=5)
    shared = held.sharing(fewer)
    assert shared.commit(START).root == Prover(Challenge(SEED, fewer)).commit(START).root
    # Each has commitments of its own.
    first = held.commit(START)
    shared.commit(bytes(32))
    assert held.open(first.root, draw_chains(SIZES, first.root, bytes(32))).root == first.root
    for more in (replace(SIZES, blocks=SIZES.blocks + 1), replace(SIZES, rounds=SIZES.rounds + 1)):
        with pytest.raises(ProofError, match="smaller: holds"):
            held.sharing(more)


def test_blocks_are_not_made_to_the_end_when_that_is_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped, match="needed for something else"):
        Prover(CHALLENGE, stop=stop)
