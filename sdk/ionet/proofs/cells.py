"""Finds the cell of an opened product by which what a device has signed is disproved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from solders.pubkey import Pubkey

from ionet import types
from ionet.formats.merkle import root_from_proof
from ionet.proofs.disproof import Disproof
from ionet.prover import CHUNK, DOMAIN, a_rows, b_columns
from ionet.prover._answers import chunk_tree

if TYPE_CHECKING:
    from ionet.prover import Challenge, Opening
    from ionet.prover._hour import Entry

#: Columns whose cells are made at once: 65,536 terms of them have 64 MiB.
_AT_ONCE: Final = 1_024


def wrong_cell(entry: Entry, challenge: Challenge, opening: Opening) -> Disproof | None:
    """Returns what disproves a signed product; None where every opened row is right, or not of its tree.

    Args:
        entry: what the device has signed.
        challenge: what it had to compute for that.
        opening: its opening, whatever it claims to answer.
    """
    signed = entry.signed
    if opening.values.shape != (len(opening.rows), challenge.m):
        return None
    for row, values, path in zip(opening.rows, opening.values, opening.paths, strict=True):
        column = _wrong_column(challenge, row, values.astype(np.int64))
        if column is None:
            continue
        raw = values.astype("<i4").tobytes()
        chunk = column // CHUNK
        tree = chunk_tree(raw, DOMAIN)
        whole = tree.proof(chunk) + path
        if root_from_proof(tree.root, row, path) != signed.root:
            continue
        commitment = types.proofs.Commitment(
            unit=signed.unit, number=signed.number, sizes=signed.sizes, root=signed.root
        )
        args = types.proofs.CellArgs(
            commitment=commitment,
            row=row,
            column=column,
            entries=raw[4 * CHUNK * chunk : 4 * CHUNK * (chunk + 1)],
        )
        return Disproof(Pubkey(signed.node), signed.hour, Pubkey(entry.device), entry.signature, args, whole)
    return None


def _wrong_column(
    challenge: Challenge, row: int, values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> int | None:
    if not 0 <= row < challenge.m:
        return None
    factors = a_rows(challenge, np.array([row], np.uint64))[0].astype(np.int32)
    for first in range(0, challenge.m, _AT_ONCE):
        columns = np.arange(first, min(first + _AT_ONCE, challenge.m), dtype=np.uint64)
        # Below 2^31 in absolute value: 64 times at most 4,194,304 terms.
        right = b_columns(challenge, columns).astype(np.int32) @ factors
        wrong = np.flatnonzero(right != values[first : first + len(columns)])
        if len(wrong):
            return first + int(wrong[0])
    return None
