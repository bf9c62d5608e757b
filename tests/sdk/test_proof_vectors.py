"""Vectors for other implementations. They were made from docs/proofs.md without the package's code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from solders.keypair import Keypair

from ionet import prover
from ionet.prover import residency
from ionet.prover._hour import memory_unit
from ionet.prover._signed import RATE_MESSAGE, READS_MESSAGE, SignedRoot, rate_challenge, reads_tree, walked
from ionet.prover._spec import splitmix64, stream_key
from ionet.prover.residency._spec import start_states

VECTORS: Final = json.loads((Path(__file__).parent / "proof_vectors.json").read_text())
RATE: Final[dict[str, Any]] = VECTORS["rate"]
MEMORY: Final[dict[str, Any]] = VECTORS["residency"]
SIGNED: Final[dict[str, Any]] = VECTORS["signed"]


def raw(part: dict[str, Any], *names: str) -> dict[str, bytes]:
    return {name: bytes.fromhex(part[name]) for name in names}


def sha256_of(words: Any, kind: str) -> str:
    return hashlib.sha256(words.astype(kind).tobytes()).hexdigest()


SEED: Final = bytes.fromhex(MEMORY["seed"])
START: Final = bytes.fromhex(MEMORY["start"])
CHALLENGE: Final = residency.Challenge(SEED, residency.Sizes(**MEMORY["sizes"]))
PRODUCT: Final = prover.Challenge(bytes.fromhex(RATE["seed"]), RATE["m"], RATE["k"])


def test_the_rates_seed_streams_and_cells_are_those_of_the_vectors() -> None:
    parts = raw(RATE, "job", "node", "fresh")
    assert prover.challenge_seed(**parts, attempt=RATE["attempt"]) == PRODUCT.seed
    for matrix in ("A", "B"):
        key = stream_key(PRODUCT.seed, matrix.encode())
        words = [f"{splitmix64(key, number):016x}" for number in RATE["word_numbers"]]
        assert words == RATE["words"][matrix]
    first = np.array([0], np.uint64)
    assert prover.a_rows(PRODUCT, first, 0, 16)[0].tolist() == RATE["first_entries"]["A"]
    assert prover.b_columns(PRODUCT, first, 0, 16)[0].tolist() == RATE["first_entries"]["B"]
    for row, column, value in RATE["cells"]:
        assert prover.cell(PRODUCT, row, column) == value


def test_the_rates_prover_gives_the_bytes_of_the_vectors() -> None:
    device = prover.Prover(prover.numpy_backend())
    assert sha256_of(device.backend.product(PRODUCT), "<i4") == RATE["product_sha256"]
    root = device.commit(PRODUCT).root
    assert root.hex() == RATE["root"]
    drawn = prover.draw(PRODUCT, root, bytes.fromhex(RATE["randomness"]), rows=3, vectors=2)
    assert list(drawn.rows) == RATE["rows"]
    vectors = drawn.vectors
    assert [int(vectors[0, 0]), int(vectors[0, 1]), int(vectors[1, 0])] == RATE["vectors_first"]
    assert device.open(root, drawn.rows, drawn.randomness).to_bytes().hex() == RATE["opening"]


def test_the_rates_verifier_accepts_the_bytes_of_the_vectors() -> None:
    parts = raw(RATE, "root", "randomness")
    drawn = prover.draw(PRODUCT, **parts, rows=3, vectors=2)
    opening = prover.Opening.from_bytes(bytes.fromhex(RATE["opening"]))
    assert prover.verify(PRODUCT, parts["root"], drawn, opening).ok


def test_residencys_seeds_and_blocks_are_those_of_the_vectors() -> None:
    parts = raw(MEMORY, "hour", "device", "later")
    seed = residency.memory_seed(hour=parts["hour"], device=parts["device"], unit=MEMORY["unit"])
    assert seed == SEED
    assert residency.start_seed(later=parts["later"], seed=seed) == START
    for each in MEMORY["blocks"]:
        of, number, rounds = bytes.fromhex(each["seed"]), each["number"], each["rounds"]
        made = residency.make_blocks(of, [number], rounds)
        assert made.astype("<u4").tobytes().hex() == each["block"]
        words = np.frombuffer(bytes.fromhex(each["block"]), "<u4")
        assert residency.block(of, number, rounds) == tuple(words.tolist())


def test_the_hour_draws_the_processor_of_the_vectors() -> None:
    node = bytes.fromhex(MEMORY["lots"]["node"])
    for hour in MEMORY["lots"]["hours"]:
        seed, drawn = bytes.fromhex(hour["seed"]), hour["drawn"]
        for units in range(1, 9):
            assert memory_unit(seed, node, units) == (drawn if drawn < units else None)


def test_residencys_chain_goes_through_the_states_of_the_vectors() -> None:
    states = [
        tuple(np.frombuffer(bytes.fromhex(state), "<u4").tolist()) for state in MEMORY["chain"]["states"]
    ]
    number, reads = MEMORY["chain"]["number"], CHALLENGE.sizes.reads
    assert tuple(start_states(START, [number])[:, 0].tolist()) == states[0]
    for read in range(reads):
        assert residency.next_state(CHALLENGE, states[read], read) == states[read + 1]
        assert (states[read][0] * CHALLENGE.sizes.blocks) >> 32 == MEMORY["chain"]["addresses"][read]


def test_residencys_prover_gives_the_bytes_of_the_vectors() -> None:
    device = residency.Prover(CHALLENGE)
    assert sha256_of(device.memory, "<u4") == MEMORY["memory_sha256"]
    ends = device.walk(START, np.arange(CHALLENGE.sizes.chains, dtype=np.uint32))
    assert sha256_of(ends, "<u4") == MEMORY["ends_sha256"]
    leaves = [residency.end_leaf(part).hex() for part in ends.reshape(-1, residency.CHAINS_PER_LEAF)]
    assert leaves == MEMORY["leaves"]
    root = device.commit(START).root
    assert root.hex() == MEMORY["root"]
    drawn = residency.draw_chains(CHALLENGE.sizes, root, bytes.fromhex(MEMORY["randomness"]), 3)
    assert list(drawn.chains) == MEMORY["chains"]
    assert device.open(root, drawn).to_bytes().hex() == MEMORY["opening"]


def judged(data: bytes) -> str | None:
    parts = raw(MEMORY, "root", "randomness")
    drawn = residency.draw_chains(CHALLENGE.sizes, **parts, count=3)
    try:
        opening = residency.Opening.from_bytes(data)
    except prover.ProofError as error:
        return error.reason
    return residency.verify(CHALLENGE, START, parts["root"], drawn, opening).reason


def test_residencys_verifier_accepts_the_bytes_of_the_vectors() -> None:
    assert judged(bytes.fromhex(MEMORY["opening"])) is None


@pytest.mark.parametrize("change", MEMORY["one_bit"], ids=lambda change: str(change["offset"]))
def test_one_bit_of_the_vectors_opening_has_the_vectors_reason(change: dict[str, Any]) -> None:
    data = bytearray.fromhex(MEMORY["opening"])
    data[change["offset"]] ^= 1
    assert judged(bytes(data)) == change["reason"]


def signed(kind: bytes, sizes: tuple[int, int], root: str) -> SignedRoot:
    """What the vectors' device signs."""
    return SignedRoot(
        kind=kind,
        hour=SIGNED["hour"],
        node=bytes.fromhex(SIGNED["node"]),
        unit=SIGNED["unit"],
        number=SIGNED["number"],
        sizes=sizes,
        root=bytes.fromhex(root),
    )


def test_what_a_device_signs_for_a_product_is_that_of_the_vectors() -> None:
    device = Keypair.from_seed(bytes.fromhex(SIGNED["secret"]))
    assert bytes(device.pubkey()).hex() == SIGNED["key"]
    parts = raw(SIGNED, "node", "hour_seed")
    challenge = rate_challenge(
        seed=parts["hour_seed"],
        node=parts["node"],
        unit=SIGNED["unit"],
        number=SIGNED["number"],
        m=RATE["m"],
        k=RATE["k"],
    )
    assert challenge.seed.hex() == SIGNED["product_seed"]
    message = signed(RATE_MESSAGE, (RATE["m"], RATE["k"]), RATE["root"]).message
    assert message.hex() == SIGNED["product_message"]
    assert bytes(device.sign_message(message)).hex() == SIGNED["product_signature"]


def test_the_reads_that_a_device_signs_are_those_of_the_vectors() -> None:
    device = Keypair.from_seed(bytes.fromhex(SIGNED["secret"]))
    reads = walked(CHALLENGE, START, SIGNED["chains"])
    assert [read.leaf.hex() for read in reads] == SIGNED["read_leaves"]
    root = reads_tree(reads).root.hex()
    assert root == SIGNED["reads_root"]
    sizes = CHALLENGE.sizes.blocks, CHALLENGE.sizes.rounds
    message = signed(READS_MESSAGE, sizes, root).message
    assert message.hex() == SIGNED["reads_message"]
    assert bytes(device.sign_message(message)).hex() == SIGNED["reads_signature"]
