"""Text from elsewhere, on a screen."""

from __future__ import annotations


def printable(text: str, *, lines: bool = False) -> str:
    """Returns text that only writes: no escapes, nothing that turns its direction, nothing invisible.

    Args:
        text: whoever it is of.
        lines: whether it may break lines.
    """
    return "".join(
        letter if letter.isprintable() or letter == "\u00a0" or (lines and letter == "\n") else "�"
        for letter in text
    )
