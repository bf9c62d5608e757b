"""Vectors of texts: as an engine says them, as they are sent, and as they are cut off."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ionet.intelligence.errors import away, invalid
from ionet.intelligence.orders import Order


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of texts.

    Attributes:
        rows: of each text, all of one length, of numbers that a float32 can be.
        tokens: that all texts have together.
        node: that has made them.
        order: what that node was ordered to run; None: it is not leased.
    """

    rows: list[list[float]]
    tokens: int
    node: str = ""
    order: Order | None = None


def vectors_of(answer: Mapping[str, Any], count: int) -> Vectors:
    """Reads what an engine answers.

    Args:
        answer: in the shape of OpenAI's.
        count: vectors that were asked for.

    Raises:
        Refused: it answers something else.
    """
    try:
        listed = sorted(answer["data"], key=lambda row: int(row["index"]))
        rows = [[float(value) for value in row["embedding"]] for row in listed]
        tokens = int(answer["usage"]["prompt_tokens"])
        good = len(rows) == count and len({len(row) for row in rows}) == 1 and all(map(_is_vector, rows))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise away("the model's engine answered what nobody asked") from None
    if tokens < 0 or not good:
        raise away("the model's engine answered what nobody asked")
    return Vectors(rows, tokens)


def _is_vector(row: Sequence[float]) -> bool:
    """Whether it has numbers only; raises OverflowError where one is too large for a float32."""
    return bool(row) and all(map(math.isfinite, row)) and bool(packed(row))


def packed(vector: Sequence[float]) -> bytes:
    """A vector as float32, little-endian; raises OverflowError where a number is too large for that."""
    return struct.pack(f"<{len(vector)}f", *vector)


def unpacked(told: Any) -> Sequence[float]:
    """A vector as clients are sent it: numbers, or base64 of them packed; raises ValueError if it is none."""
    if not isinstance(told, str):
        return list(told)
    raw = base64.b64decode(told, validate=True)
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def hash_of_vectors(vectors: Iterable[Sequence[float]]) -> str:
    """sha256 of vectors, one after the other, each as it is packed; in hex."""
    hashed = hashlib.sha256()
    for vector in vectors:
        hashed.update(packed(vector))
    return hashed.hexdigest()


def cut(vector: list[float], dimensions: int | None) -> list[float]:
    """The first dimensions of a vector, of length one again.

    Args:
        vector: as the model makes it.
        dimensions: that are wanted; None: all.

    Raises:
        Refused: it has fewer.
    """
    if dimensions is None or dimensions == len(vector):
        return vector
    if dimensions > len(vector):
        raise invalid(f"dimensions is at most {len(vector):,} here", "dimensions", "invalid_value")
    kept = vector[:dimensions]
    length = math.hypot(*kept)
    return [value / length for value in kept] if length else kept
