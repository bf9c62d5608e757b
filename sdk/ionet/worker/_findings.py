"""One thing that was looked at, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what, in a word or two.
        level: how bad it is.
        says: what was found.
        rule: what has to be, a sentence.
        todo: what to do about it; empty if it is well.
        node: whose it is, by the device's own id; None for the whole machine.
    """

    check: str
    level: Level
    says: str
    rule: str
    todo: str = ""
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to be, for one check; makes its findings."""

    check: str
    rule: str
    node: str | None = None

    def ok(self, says: str) -> Finding:
        """It is well."""
        return Finding(self.check, Level.OK, says, self.rule, "", self.node)

    def warn(self, says: str, todo: str) -> Finding:
        """It may do harm, or keeps the node from something."""
        return Finding(self.check, Level.WARNING, says, self.rule, todo, self.node)

    def fault(self, says: str, todo: str) -> Finding:
        """Nothing can be leased as long as it is so."""
        return Finding(self.check, Level.FAULT, says, self.rule, todo, self.node)
