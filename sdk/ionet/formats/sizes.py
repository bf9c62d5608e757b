"""Sizes of memory and disks in words. Whole bytes; units of 1,024."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def bytes_of(text: str) -> int:
    """Reads a size: ``512MiB``, ``1.5GiB``; a fraction of a byte is left out.

    Raises:
        ValueError: it is not that.
    """
    match = re.fullmatch(r"([0-9]{1,6})(?:\.([0-9]{1,3}))? ?([KMGT]iB)", text)
    if match is None or not (
        size := int(match[1] + (match[2] or "").ljust(3, "0")) * _UNITS[match[3]] // 1_000
    ):
        raise ValueError(f"{text[:40]!r} is no size: write 512MiB, 4GiB or 1.5TiB")
    return size


def size_text(size: int) -> str:
    """A size in words, rounded down to hundredths of its unit."""
    for name, unit in reversed(_UNITS.items()):
        if size >= unit:
            whole, part = divmod(size * 100 // unit, 100)
            fraction = f".{part:02}".rstrip("0") if part else ""
            return f"{whole:,}{fraction} {name}"
    return f"{size} bytes"
