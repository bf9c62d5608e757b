"""Bandwidths and round trips as people write and read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS: Final[Mapping[str, int]] = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


def bits_of(text: str) -> int:
    """Reads bits a second: ``80Mbit/s``, ``1Gbit/s``.

    Raises:
        ValueError: it is not that.
    """
    match = re.fullmatch(r"([0-9]{1,6})(?:\.([0-9]{1,3}))? ?([kMG]?)bit(?:/s)?", text)
    if match is None or not (
        bits := int(match[1] + (match[2] or "").ljust(3, "0")) * _UNITS[match[3]] // 1_000
    ):
        raise ValueError(f"{text!r} is no bandwidth: write 80Mbit/s or 1Gbit/s")
    return bits


def microseconds_of(text: str) -> int:
    """Reads a round trip: ``50ms``.

    Raises:
        ValueError: it is not that.
    """
    match = re.fullmatch(r"([0-9]{1,5}) ?ms", text)
    if match is None or not int(match[1]):
        raise ValueError(f"{text!r} is no round trip: write 50ms")
    return int(match[1]) * 1_000


def rate_text(bits: int) -> str:
    """Bits a second in words, rounded down."""
    for size, name in ((10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s")):
        if bits >= 10 * size or (bits >= size and not bits % size):
            return f"{bits // size} {name}"
        if bits >= size:
            return f"{bits // (size // 10) / 10:g} {name}"
    return f"{bits} bit/s"


def trip_text(microseconds: int) -> str:
    """A round trip in words, rounded up."""
    if microseconds < 10_000:
        return f"{-(-microseconds // 100) / 10:g} ms"
    return f"{-(-microseconds // 1_000)} ms"
