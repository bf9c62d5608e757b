"""What seats keep of an hour's signed products, and the cell that disproves one; by docs/proofs.md."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from solders.keypair import Keypair

from ionet import types
from ionet.formats.merkle import root_from_proof
from ionet.proofs.cells import wrong_cell
from ionet.prover import (
    Backend,
    Challenge,
    ChallengeError,
    Opening,
    ProofError,
    Prover,
    cell,
    chunk_leaf,
    numpy_backend,
)
from ionet.prover._hour import (
    Entry,
    draw_entries,
    list_bytes,
    list_root,
    read_list,
    receipt_holds,
    receipt_message,
)
from ionet.prover._signed import RATE_MESSAGE, SignedRoot, rate_challenge

KEY = Keypair.from_seed(bytes([7]) * 32)
M, K = 128, 256


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def entry(node: int = 1, unit: int = 0, root: bytes = bytes(32)) -> Entry:
    signed = SignedRoot(RATE_MESSAGE, 9, bytes([node]) * 32, unit, 0, (M, K), root)
    return Entry(signed, bytes(KEY.pubkey()), bytes(KEY.sign_message(signed.message)))


def test_an_entry_is_message_key_and_signature() -> None:
    made = entry(node=5, unit=3)
    numbers = b"".join(number.to_bytes(4, "little") for number in (3, 0, M, K))
    message = b"ionet:poc:commit" + (9).to_bytes(8, "little") + bytes([5]) * 32 + numbers + bytes(32)
    data = message + bytes(KEY.pubkey()) + bytes(KEY.sign_message(message))
    assert (made.to_bytes(), len(data)) == (data, 200)
    assert Entry.from_bytes(data) == made
    assert made.verify()
    assert not Entry.from_bytes(data[:72] + b"\1" + data[73:]).verify()


def test_what_is_no_entry_is_refused() -> None:
    data = entry().to_bytes()
    for wrong in (data[:-1], data + b"\0", b"ionet:poc:COMMIT" + data[16:], data[:56] + b"\x08" + data[57:]):
        with pytest.raises(ProofError, match="malformed"):
            Entry.from_bytes(wrong)
    with pytest.raises(ChallengeError, match="a device signs 104 bytes, not 103"):
        SignedRoot.from_message(data[:103])


def test_a_list_is_in_the_order_of_bytes_and_its_root_does_not_depend_on_who_came_first() -> None:
    entries = [entry(3), entry(1, unit=1), entry(1)]
    a, b, c = entry(1).to_bytes(), entry(1, unit=1).to_bytes(), entry(3).to_bytes()
    assert list_bytes(entries) == a + b + c
    la, lb, lc = (sha(b"\0ionet:hour", data) for data in (a, b, c))
    empty = sha(b"\2ionet:hour")
    root = sha(b"\1", sha(b"\1", la, lb), sha(b"\1", lc, empty))
    assert list_root(entries) == list_root(entries[::-1]) == root
    assert list_root([]) == empty
    assert read_list(a + b + c) == (entry(1), entry(1, unit=1), entry(3))
    for wrong in (b + a, a + a, a + b[:-1]):
        with pytest.raises(ProofError, match="malformed"):
            read_list(wrong)


def test_a_receipt_is_for_one_entry_in_one_hour_by_one_seat() -> None:
    leaf = entry().leaf
    message = b"ionet:hour:receipt" + (9).to_bytes(8, "little") + leaf
    assert receipt_message(9, leaf) == message
    signature, seat = bytes(KEY.sign_message(message)), bytes(KEY.pubkey())
    assert receipt_holds(seat, 9, leaf, signature)
    assert not receipt_holds(seat, 8, leaf, signature)
    assert not receipt_holds(seat, 9, entry(2).leaf, signature)
    assert not receipt_holds(bytes(Keypair().pubkey()), 9, leaf, signature)
    assert not receipt_holds(seat, 9, leaf, signature[:-1])


def test_what_is_opened_follows_from_the_draw_alone() -> None:
    entries = [entry(node) for node in range(20)]
    lots = {item.place: sha(b"ionet:hour:draw", bytes([1]) * 32, item.signed.message) for item in entries}
    wanted = sorted(lots, key=lambda place: lots[place])[:5]
    drawn = draw_entries(entries, bytes([1]) * 32, 5)
    assert [item.place for item in drawn] == wanted
    # A seat that has received less opens the same ones of those that it has.
    fewer = [item for item in entries if item != drawn[2]]
    assert [item for item in draw_entries(fewer, bytes([1]) * 32, 5) if item in drawn] == [
        *drawn[:2],
        *drawn[3:],
    ]
    assert [item.place for item in draw_entries(entries, bytes([2]) * 32, 5)] != wanted


class Wrong(Backend):
    """Adds one to a column of every product."""

    name = "wrong"

    def __init__(self, column: int | None) -> None:
        self.column = column

    def multiply(self, a: NDArray[np.int8], b: NDArray[np.int8]) -> NDArray[np.int32]:
        return numpy_backend().multiply(a, b)

    def product(self, challenge: Challenge) -> NDArray[np.int32]:
        made = numpy_backend().product(challenge).copy()
        if self.column is not None:
            made[:, self.column] += 1
        return made


def opened(column: int | None, asked: Challenge | None = None) -> tuple[Entry, Challenge, Opening]:
    challenge = rate_challenge(seed=bytes([3]) * 32, node=bytes([1]) * 32, unit=0, number=0, m=M, k=K)
    prover = Prover(Wrong(column))
    root = prover.commit(asked or challenge).root
    return entry(root=root), challenge, prover.open(root, [100, 3], bytes([4]) * 32)


@pytest.mark.parametrize("column", [0, 63, 64, 127])
def test_a_wrong_cell_is_found_with_its_leaf_and_path(column: int) -> None:
    made, challenge, opening = opened(column)
    found = wrong_cell(made, challenge, opening)
    assert found is not None
    args = found.args
    assert isinstance(args, types.proofs.CellArgs)
    assert (args.row, args.column, found.message) == (100, column, made.signed.message)
    at = column % 64 * 4
    value = int.from_bytes(args.entries[at : at + 4], "little", signed=True)
    assert value == cell(challenge, 100, column) + 1
    place = 100 * (M // 64) + column // 64
    assert root_from_proof(chunk_leaf(args.entries), place, found.path) == made.signed.root


def test_another_seeds_product_is_disproved_whatever_it_claims() -> None:
    other = Challenge(sha(b"surely this hour's"), M, K)
    made, challenge, opening = opened(None, other)
    assert wrong_cell(made, challenge, opening) is not None
    assert wrong_cell(made, challenge, replace(opening, challenge=challenge)) is not None


def test_nothing_is_disproved_of_a_right_product_or_of_rows_that_were_not_signed() -> None:
    made, challenge, opening = opened(None)
    assert wrong_cell(made, challenge, opening) is None
    # Rows that were altered on their way are in no tree that the device has signed.
    assert wrong_cell(made, challenge, replace(opening, values=opening.values + 1)) is None
    assert wrong_cell(made, challenge, replace(opening, values=opening.values[:, :64])) is None
