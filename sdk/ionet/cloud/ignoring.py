"""Which files of a tree are left out: `.gitignore` and `.ionetignore`, by git's rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Read in this order: what a later one says counts.
FILES: Final = (".gitignore", ".ionetignore")
#: A regular expression that nothing matches.
_NOTHING: Final = "(?!)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of such a file.

    Attributes:
        pattern: matches paths relative to the file's folder.
        keeps: whether the line begins with ``!``: what it matches is not left out.
        folders_only: whether it ends with ``/``.
        own: whether it is of `.ionetignore`, which is written for this purpose.
    """

    pattern: re.Pattern[str]
    keeps: bool
    folders_only: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of one folder's files.

    Attributes:
        folder: relative to the tree's root, ``""`` for the root itself, otherwise with ``/`` at its end.
        rules: in the order in which they apply.
    """

    folder: str
    rules: tuple[Rule, ...]


def read(text: str, *, own: bool = False) -> tuple[Rule, ...]:
    """Reads the lines of an ignore file.

    Args:
        text: its content.
        own: whether it is an `.ionetignore`.
    """
    rules = (_rule(line, own) for line in text.splitlines())
    return tuple(rule for rule in rules if rule is not None)


def decision(path: str, levels: Sequence[Rules], *, folder: bool) -> Rule | None:
    """Returns the line that decides about a path: the last that matches it; None if none does.

    Args:
        path: relative to the tree's root, with ``/``.
        levels: of all folders above it, from the root down.
        folder: whether the path is a folder.
    """
    for level in reversed(levels):
        inside = path.removeprefix(level.folder)
        for rule in reversed(level.rules):
            if (folder or not rule.folders_only) and rule.pattern.fullmatch(inside):
                return rule
    return None


def _rule(line: str, own: bool) -> Rule | None:
    # Spaces at the end do not count, unless the last one is escaped.
    text = re.sub(r"(?<!\\) +$", "", line)
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    anchored = "/" in text
    try:
        pattern = re.compile(("" if anchored else "(?:.*/)?") + _translated(text.removeprefix("/")))
    except re.error:
        # A class such as [z-a] matches nothing.
        return None
    return Rule(pattern, keeps, folders_only, own)


def _translated(text: str) -> str:
    """A pattern of git's as a regular expression."""
    parts, at = [], 0
    while at < len(text):
        letter = text[at]
        if text.startswith("**/", at) and (at == 0 or text[at - 1] == "/"):
            parts.append("(?:.*/)?")
            at += 3
        elif text[at:] == "**" and at and text[at - 1] == "/":
            parts.append(".+")
            at += 2
        elif letter == "*":
            parts.append("[^/]*")
            at += 1
        elif letter == "?":
            parts.append("[^/]")
            at += 1
        elif letter == "[":
            end = text.find("]", at + (3 if text[at + 1 : at + 2] in ("!", "^") else 2))
            if end < 0:
                return _NOTHING
            parts.append(_class(text[at + 1 : end]))
            at = end + 1
        else:
            if letter == "\\" and at + 1 < len(text):
                at += 1
            parts.append(re.escape(text[at]))
            at += 1
    return "".join(parts)


def _class(inside: str) -> str:
    """A class of characters, which never has the slash."""
    negated = inside[0] in "!^"
    letters = re.sub(r"([\\\[\]&~|^])", r"\\\1", inside[1:] if negated else inside)
    return f"(?!/)[{'^' if negated else ''}{letters}]"
