"""Shows untrusted text safely on a screen."""

from __future__ import annotations


def printable(text: str, *, lines: bool = False) -> str:
    """Replaces everything in a text that does not print: escapes, changes of direction, invisible characters.

    Args:
        text: from any source.
        lines: whether line breaks are kept.
    """
    return "".join(
        letter if letter.isprintable() or letter == "\u00a0" or (lines and letter == "\n") else "�"
        for letter in text
    )
