"""Proof of Compute: the specification, the honest path, and every cheat with its reason."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionet.formats.merkle import Tree, empty_hash, root_from_proof
from ionet.prover import (
    CHUNK,
    DOMAIN,
    FLOAT32_EXACT_K,
    Backend,
    BackendError,
    Challenge,
    ChallengeError,
    Draw,
    NumpyBackend,
    Opening,
    ProofError,
    Prover,
    Reason,
    Reference,
    Verdict,
    a_rows,
    b_columns,
    backend,
    cell,
    challenge_seed,
    chunk_leaf,
    draw,
    draw_rows,
    measure,
    numpy_backend,
    torch_backend,
    verify,
)
from ionet.prover._compiled import Project, Projector, fastest_projection, project
from ionet.prover._spec import MODULUS, splitmix64, stream_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = hashlib.sha256(b"test").digest()
LATER = hashlib.sha256(b"a later slot").digest()
CHALLENGE = Challenge(SEED, 128, 512)


class Cheating(NumpyBackend):
    """A device that returns something other than the product."""

    def __init__(self, wrong: NDArray[np.int32]) -> None:
        self._wrong = wrong

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        return self._wrong


def honest(challenge: Challenge = CHALLENGE) -> NDArray[np.int32]:
    return numpy_backend().product(challenge)


def answer(
    product: NDArray[np.int32] | None = None, challenge: Challenge = CHALLENGE, randomness: bytes = LATER
) -> tuple[bytes, Draw, Opening]:
    prover = Prover(NumpyBackend() if product is None else Cheating(product))
    root = prover.commit(challenge).root
    drawn = draw(challenge, root, randomness)
    return root, drawn, prover.open(root, drawn.rows, randomness)


# ---- the specification


def test_the_streams_are_splitmix64() -> None:
    # The first outputs for seed 1234567, as published with the generator.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [splitmix64(1234567, n) for n in range(4)] == expected


def test_entries_are_the_nibbles_of_the_words_lowest_first() -> None:
    challenge = Challenge(SEED, 64, 48)
    key = stream_key(SEED, b"A")
    word = splitmix64(key, 5 * 3 + 1)
    expected = [((word >> 4 * j) & 15) - 8 for j in range(16)]
    assert a_rows(challenge, np.array([5], np.uint64))[0, 16:32].tolist() == expected


def test_vectors_for_other_implementations() -> None:
    """Fixed values: a second implementation that gives these gives all."""
    challenge = Challenge(bytes(32), 64, 64)
    assert (stream_key(bytes(32), b"A"), stream_key(bytes(32), b"B")) == (
        int.from_bytes(hashlib.sha256(b"ionet:poc:A" + bytes(32)).digest()[:8], "little"),
        int.from_bytes(hashlib.sha256(b"ionet:poc:B" + bytes(32)).digest()[:8], "little"),
    )
    product = honest(challenge)
    assert [cell(challenge, 0, 0), cell(challenge, 63, 1), cell(challenge, 7, 42)] == [-96, -141, -71]
    root = Prover(numpy_backend()).commit(challenge).root.hex()
    assert root == "63aa1a17cd275d498821d79376b271506549388626cfa6fe8c20e26d89b26b84"
    assert draw_rows(challenge, bytes(32), bytes(32), 4) == (40, 37, 25, 16)
    assert int(product.sum()) == 65_551


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(0, 127), st.integers(0, 127))
def test_one_cell_from_two_streams_is_that_cell_of_the_product(seed: bytes, row: int, column: int) -> None:
    challenge = Challenge(seed, 128, 256)
    product = honest(challenge)
    assert cell(challenge, row, column) == product[row, column]


def test_the_product_is_the_product_in_64_bit_integers() -> None:
    lines = np.arange(CHALLENGE.m, dtype=np.uint64)
    a, b = a_rows(CHALLENGE, lines).astype(np.int64), b_columns(CHALLENGE, lines).astype(np.int64)
    assert np.array_equal(honest(), a @ b.T)


def test_a_product_in_pieces_is_the_product() -> None:
    class Pieces(NumpyBackend):
        def product(self, challenge: Challenge) -> NDArray[np.int32]:
            parts = [self.partial(challenge, at, at + 32) for at in range(0, challenge.k, 32)]
            out: NDArray[np.int32] = np.sum(parts, axis=0, dtype=np.int32)
            return out

    assert np.array_equal(Pieces().product(CHALLENGE), honest())


def test_float32_is_exact_up_to_its_bound_and_not_beyond() -> None:
    kernel = numpy_backend()
    low = np.full((1, FLOAT32_EXACT_K), -8, np.int8)
    assert kernel.multiply(low, low)[0, 0] == 2**24
    # One odd term above 2**24 is lost: this is why longer sums are cut into pieces.
    longer = np.full((1, FLOAT32_EXACT_K + 16), -8, np.int8)
    odd = np.full((1, FLOAT32_EXACT_K + 16), -8, np.int8)
    odd[0, -1], longer[0, -1] = 1, 1
    exact = int((longer.astype(np.int64) * odd.astype(np.int64)).sum())
    assert exact == 64 * (FLOAT32_EXACT_K + 15) + 1
    assert int(np.float32(exact)) != exact


def test_entries_are_spread_evenly() -> None:
    challenge = Challenge(SEED, 256, 4096)
    counts = np.bincount((a_rows(challenge, np.arange(256, dtype=np.uint64)) + 8).ravel(), minlength=16)
    expected = 256 * 4096 / 16
    # Sixteen counts, each within five standard deviations.
    assert np.abs(counts - expected).max() < 5 * expected**0.5


def test_a_row_is_the_subtree_at_its_own_index() -> None:
    root, drawn, opening = answer()
    row = drawn.rows[0]
    raw = opening.values[0].astype("<i4").tobytes()
    leaves = [chunk_leaf(raw[at : at + 4 * CHUNK]) for at in range(0, len(raw), 4 * CHUNK)]
    assert len(opening.paths[0]) == 7
    assert root_from_proof(Tree(leaves, DOMAIN).root, row, opening.paths[0]) == root
    assert leaves[0] != empty_hash(DOMAIN)


@pytest.mark.parametrize(
    ("m", "k", "message"),
    [
        (32, 64, "power of two in 64"),
        (100, 64, "power of two"),
        (2**17, 64, "power of two"),
        (64, 0, "multiple of 16"),
        (64, 65, "multiple of 16"),
        (64, 2**23, "multiple of 16 in 16..4194304"),
    ],
)
def test_sizes_outside_the_specification_are_refused(m: int, k: int, message: str) -> None:
    with pytest.raises(ChallengeError, match=message):
        Challenge(SEED, m, k)


def test_the_seed_depends_on_job_node_attempt_and_the_chain() -> None:
    parts = {"job": bytes(32), "node": bytes(32), "fresh": bytes(32)}
    seeds = {challenge_seed(attempt=0, **parts), challenge_seed(attempt=1, **parts)}
    for name in parts:
        seeds.add(challenge_seed(attempt=0, **{**parts, name: b"\1" * 32}))
    assert len(seeds) == 5
    with pytest.raises(ChallengeError, match="node has 3 bytes, expected 32"):
        challenge_seed(job=bytes(32), node=b"abc", attempt=0, fresh=bytes(32))


def test_the_draw_is_distinct_rows_and_vectors_below_the_modulus() -> None:
    drawn = draw(CHALLENGE, bytes(32), LATER, rows=128, vectors=2)
    assert sorted(drawn.rows) == list(range(128))
    assert drawn.vectors.shape == (2, 128)
    assert 0 <= drawn.vectors.min() <= drawn.vectors.max() < 2**31 - 1
    assert draw(CHALLENGE, bytes(32), SEED).rows != draw(CHALLENGE, bytes(32), LATER).rows
    assert draw(CHALLENGE, SEED, LATER).rows != draw(CHALLENGE, bytes(32), LATER).rows
    with pytest.raises(ChallengeError, match="129 rows of a matrix with 128"):
        draw(CHALLENGE, bytes(32), LATER, rows=129)


# ---- the honest path


@pytest.mark.parametrize(("m", "k"), [(64, 16), (64, 4096), (256, 256), (128, 1040)])
def test_an_honest_proof_is_accepted(m: int, k: int) -> None:
    challenge = Challenge(SEED, m, k)
    root, drawn, opening = answer(challenge=challenge)
    assert verify(challenge, root, drawn, opening) == Verdict(
        None, f"16 rows of a {m} x {k} product verified"
    )


def test_a_proof_read_back_from_its_bytes_is_the_same_proof() -> None:
    root, drawn, opening = answer()
    data = opening.to_bytes()
    again = Opening.from_bytes(data)
    assert again.to_bytes() == data
    assert again.digest == hashlib.sha256(data).digest() == opening.digest
    assert verify(CHALLENGE, root, drawn, again).ok


def test_an_honest_proof_in_time_is_accepted() -> None:
    root, drawn, opening = answer()
    reference = Reference(CHALLENGE.m, CHALLENGE.k, nanoseconds=1_001, slack_bps=15_000)
    assert reference.limit_ns == 1_502
    assert verify(CHALLENGE, root, drawn, opening, nanoseconds=1_502, reference=reference).ok


def test_this_machine_can_be_measured_as_a_reference() -> None:
    found = measure(64, 64, kernel=numpy_backend(), repeats=2)
    assert found.nanoseconds > 0
    assert (found.m, found.k) == (64, 64)


# ---- cheats


def rejected(verdict: Verdict, reason: Reason) -> None:
    assert verdict.reason is reason, verdict
    assert not verdict.ok
    assert verdict.detail


def test_a_slow_answer_is_rejected() -> None:
    root, drawn, opening = answer()
    reference = Reference(CHALLENGE.m, CHALLENGE.k, nanoseconds=1_001)
    found = verify(CHALLENGE, root, drawn, opening, nanoseconds=1_503, reference=reference)
    rejected(found, Reason.SLOW)


def test_a_reference_for_another_size_is_a_mistake_of_the_verifier() -> None:
    root, drawn, opening = answer()
    with pytest.raises(ChallengeError, match="own m and k"):
        verify(CHALLENGE, root, drawn, opening, nanoseconds=1, reference=Reference(64, 512, 1))
    with pytest.raises(ChallengeError, match="needs a measured time"):
        verify(CHALLENGE, root, drawn, opening, reference=Reference(128, 512, 1))


def test_the_answer_to_another_challenge_is_a_wrong_seed() -> None:
    other = replace(CHALLENGE, seed=LATER)
    root, _, opening = answer(challenge=other)
    drawn = draw(CHALLENGE, root, LATER)
    rejected(verify(CHALLENGE, root, drawn, opening), Reason.WRONG_SEED)


def test_the_answer_to_another_challenge_under_this_ones_name_fails_as_a_wrong_row() -> None:
    other = replace(CHALLENGE, seed=LATER)
    root, drawn, opening = answer(honest(other))
    rejected(verify(CHALLENGE, root, drawn, opening), Reason.WRONG_ROW)


def test_a_root_committed_before_is_a_replay() -> None:
    root, drawn, opening = answer()
    rejected(verify(CHALLENGE, root, drawn, opening, earlier_roots={root}), Reason.REPLAYED)


def test_a_smaller_product_is_rejected_as_such() -> None:
    smaller = replace(CHALLENGE, k=256)
    root, _, opening = answer(challenge=smaller)
    rejected(verify(CHALLENGE, root, draw(CHALLENGE, root, LATER), opening), Reason.SMALLER)


def test_a_smaller_product_under_the_right_size_fails_as_a_wrong_row() -> None:
    root, drawn, opening = answer(honest(replace(CHALLENGE, k=256)))
    rejected(verify(CHALLENGE, root, drawn, opening), Reason.WRONG_ROW)


def test_another_shape_of_the_same_work_is_malformed() -> None:
    other = Challenge(SEED, 256, 128)
    root, _, opening = answer(challenge=other)
    rejected(verify(CHALLENGE, root, draw(CHALLENGE, root, LATER), opening), Reason.MALFORMED)


def test_one_wrong_cell_in_an_opened_row_is_found() -> None:
    root, drawn, _ = answer()
    for row in drawn.rows[:3]:
        product = honest()
        product[row, 77] += 1
        # The draw depends on the root, so look for randomness that opens the row again.
        prover = Prover(Cheating(product))
        root = prover.commit(CHALLENGE).root
        later = next(r for r in (bytes([n]) * 32 for n in range(256)) if row in draw_rows(CHALLENGE, root, r))
        drawn = draw(CHALLENGE, root, later)
        opening = prover.open(root, drawn.rows, later)
        rejected(verify(CHALLENGE, root, drawn, opening), Reason.WRONG_ROW)


def test_rows_other_than_those_drawn_are_rejected() -> None:
    prover = Prover(numpy_backend())
    root = prover.commit(CHALLENGE).root
    drawn = draw(CHALLENGE, root, LATER)
    other = prover.open(root, tuple((row + 1) % CHALLENGE.m for row in drawn.rows), LATER)
    rejected(verify(CHALLENGE, root, drawn, other), Reason.WRONG_ROWS)
    fewer = prover.open(root, drawn.rows[:-1], LATER)
    rejected(verify(CHALLENGE, root, drawn, fewer), Reason.WRONG_ROWS)


def test_a_draw_from_other_randomness_is_rejected() -> None:
    root, drawn, opening = answer()
    rejected(verify(CHALLENGE, root, drawn, replace(opening, randomness=SEED)), Reason.WRONG_ROWS)


def test_rows_that_were_not_committed_to_are_rejected() -> None:
    # Committed to garbage, opened with the truth that was computed once the rows were known.
    garbage = Prover(Cheating(np.zeros((128, 128), np.int32)))
    root = garbage.commit(CHALLENGE).root
    drawn = draw(CHALLENGE, root, LATER)
    opening = replace(garbage.open(root, drawn.rows, LATER), values=honest()[list(drawn.rows)])
    rejected(verify(CHALLENGE, root, drawn, opening), Reason.BAD_MERKLE_PATH)


def test_another_root_than_the_committed_one_is_rejected() -> None:
    root, _, _ = answer(np.zeros((128, 128), np.int32))
    _, drawn, opening = answer()
    rejected(verify(CHALLENGE, root, drawn, opening), Reason.WRONG_ROOT)


def test_a_changed_path_is_rejected() -> None:
    root, drawn, opening = answer()
    paths = ((bytes(32), *opening.paths[0][1:]), *opening.paths[1:])
    rejected(verify(CHALLENGE, root, drawn, replace(opening, paths=paths)), Reason.BAD_MERKLE_PATH)


def test_wrong_shapes_are_malformed() -> None:
    root, drawn, opening = answer()
    for broken in (
        replace(opening, values=opening.values[:, :64]),
        replace(opening, values=opening.values.astype(np.int64)),
        replace(opening, paths=opening.paths[:-1]),
        replace(opening, paths=(opening.paths[0][:-1], *opening.paths[1:])),
        replace(opening, paths=((b"short", *opening.paths[0][1:]), *opening.paths[1:])),
    ):
        rejected(verify(CHALLENGE, root, drawn, broken), Reason.MALFORMED)


@pytest.mark.parametrize("cut", [0, 7, 50, -1])
def test_bytes_that_are_no_proof_are_malformed(cut: int) -> None:
    data = answer()[2].to_bytes()
    for broken in (data[:cut], data + b"\0", b"\1" + data[1:], data[:40] + b"\xff" * 8 + data[48:]):
        with pytest.raises(ProofError) as caught:
            Opening.from_bytes(broken)
        assert caught.value.reason is Reason.MALFORMED


def test_a_prover_cannot_open_what_it_did_not_commit_to() -> None:
    prover = Prover(numpy_backend())
    with pytest.raises(ProofError, match="commit first"):
        prover.open(bytes(32), (1,), LATER)
    root = prover.commit(CHALLENGE).root
    with pytest.raises(ProofError, match="row 128 is outside"):
        prover.open(root, (128,), LATER)
    prover.forget()
    with pytest.raises(ProofError, match="commit first"):
        prover.open(root, (1,), LATER)


def test_half_the_rows_are_never_enough() -> None:
    product = honest()
    product[::2] = 0
    accepted = 0
    for n in range(40):
        root, drawn, opening = answer(product, randomness=bytes([n]) * 32)
        accepted += verify(CHALLENGE, root, drawn, opening).ok
    assert accepted == 0  # 16 rows: 2**-16 each


def _grind(product: NDArray[np.int32], randomness: bytes, rows: int) -> tuple[NDArray[np.int32], int]:
    """Changes a row that was never computed until the rows drawn from `randomness` are all honest ones."""
    ground = product.copy()
    prover = Prover(Cheating(ground))
    prover.commit(CHALLENGE)
    held = prover._held
    assert held is not None
    path = held[2].proof(1 * (CHALLENGE.m // CHUNK))
    for tries in range(1, 200_000):
        ground[1, :2] = tries & 0x7FFF, tries >> 15
        leaf = chunk_leaf(ground[1, :CHUNK].astype("<i4").tobytes())
        root = root_from_proof(leaf, CHALLENGE.m // CHUNK, path)
        if all(row % 2 == 0 for row in draw_rows(CHALLENGE, root, randomness, rows)):
            return ground, tries
    raise AssertionError("not found")


def test_grinding_the_root_defeats_rows_that_are_known_before_the_commitment() -> None:
    """The attack is real: with the randomness in hand a prover who skipped half the rows passes."""
    product = honest()
    product[1::2] = 0
    ground, tries = _grind(product, LATER, rows=8)
    prover = Prover(Cheating(ground))
    root = prover.commit(CHALLENGE).root
    drawn = draw(CHALLENGE, root, LATER, rows=8)
    assert verify(CHALLENGE, root, drawn, prover.open(root, drawn.rows, LATER)).ok
    assert tries > 1


def test_grinding_the_root_is_useless_when_the_rows_come_later() -> None:
    product = honest()
    product[1::2] = 0
    ground, _ = _grind(product, LATER, rows=8)
    prover = Prover(Cheating(ground))
    root = prover.commit(CHALLENGE).root
    accepted = 0
    for n in range(64):
        unknown = hashlib.sha256(b"a slot after the commitment" + bytes([n])).digest()
        drawn = draw(CHALLENGE, root, unknown, rows=16)
        accepted += verify(CHALLENGE, root, drawn, prover.open(root, drawn.rows, unknown)).ok
    assert accepted == 0


# ---- backends


def test_the_numpy_backend_is_exact() -> None:
    backend("numpy").check()


def test_a_kernel_that_is_not_exact_is_refused() -> None:
    class Rounds(NumpyBackend):
        name = "rounds"

        def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
            half = a.astype(np.float16) @ b.astype(np.float16).T
            return np.asarray(half, np.float32).astype(np.int32)

    with np.errstate(all="ignore"), pytest.raises(BackendError, match="rounds is not exact"):
        Rounds().check()


def test_a_kernel_with_other_matrices_is_refused() -> None:
    class Other(NumpyBackend):
        def partial(self, challenge: Challenge, start: int, stop: int) -> NDArray[np.int32]:
            return super().partial(replace(challenge, seed=LATER), start, stop)

    with pytest.raises(BackendError, match="specified matrices"):
        Other().check()


def test_an_unknown_backend_is_named_with_those_that_exist() -> None:
    with pytest.raises(BackendError, match="known: numpy, torch"):
        backend("abacus")


def test_without_torch_the_error_says_so() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        with pytest.raises(BackendError, match="torch is not installed"):
            torch_backend()
    else:
        pytest.skip("torch is installed")


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_torch_gives_the_same_bits_as_numpy(device: str) -> None:
    pytest.importorskip("torch")
    try:
        found: Backend = torch_backend(device)
    except BackendError as error:
        pytest.skip(str(error))
    for challenge in (CHALLENGE, Challenge(LATER, 64, 8_208), Challenge(SEED, 256, 16)):
        assert np.array_equal(found.product(challenge), numpy_backend().product(challenge))


# The compiled verifier


@pytest.mark.parametrize(("m", "k", "vectors"), [(64, 16, 1), (64, 4096, 2), (1024, 48, 3), (4096, 272, 2)])
def test_the_compiled_verifier_makes_the_sums_of_numpy(m: int, k: int, vectors: int) -> None:
    challenge = Challenge(hashlib.sha256(bytes([m % 251, vectors])).digest(), m, k)
    drawn = draw(challenge, bytes(32), bytes(32), vectors=vectors)
    largest = np.full((1, m), MODULUS - 1, np.int64)
    for vector in (drawn.vectors, largest):
        assert np.array_equal(Projector()(challenge, vector), project(challenge, vector))


@pytest.mark.parametrize("projection", [project, fastest_projection()])
def test_a_wrong_entry_is_seen_by_either_verifier(projection: Project) -> None:
    assert isinstance(fastest_projection(), Projector)
    challenge = Challenge(bytes(32), 64, 256)
    product = numpy_backend().product(challenge)
    product[7, 9] += 1
    prover = Prover(Cheating(product))
    root = prover.commit(challenge).root
    drawn = draw(challenge, root, bytes(32), rows=64)
    opening = prover.open(root, drawn.rows, bytes(32))
    verdict = verify(challenge, root, drawn, opening, projection=projection)
    assert verdict == Verdict(Reason.WRONG_ROW, "row 7 is not that row of A times B")
