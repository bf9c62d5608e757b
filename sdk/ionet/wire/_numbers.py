"""Which requests of a sender a peer has had."""

from __future__ import annotations

import secrets
from bisect import insort
from typing import Final

#: Numbers of a sender that are remembered, as they may come by several ways.
KEPT: Final = 128


class Numbers:
    """Which numbers of a sender have come: each counts once, in whatever order gateways pass them on.

    A sender whose clock was set back while it did not run has lower numbers than before. It is offered
    another context, which is new and random: nothing that was ever signed is for that one, so numbers begin
    anew in it. Once it has used it, the context before is over.

    Args:
        context: of its requests: this peer's boot, to begin with.
        floor: numbers up to this one may have come, before the sender was forgotten.

    Attributes:
        highest: of all numbers that have come, in whatever context.
    """

    __slots__ = ("_floor", "_offered", "_seen", "context", "highest")

    def __init__(self, context: bytes, floor: int = -1) -> None:
        self.context = context
        self.highest = self._floor = floor
        self._offered: bytes | None = None
        self._seen: list[int] = []

    def goes_on_in(self, context: bytes) -> bool:
        """Whether a request is for the sender's context; that it was offered becomes it."""
        if context == self._offered:
            self.context, self._offered = context, None
            self._floor, self._seen = -1, []
        return context == self.context

    def take(self, number: int) -> bool:
        """Whether the number is new; those that are too far behind the newest are not."""
        if self.is_old(number) or number in self._seen:
            return False
        self._offered, self.highest = None, max(self.highest, number)
        insort(self._seen, number)
        if len(self._seen) > KEPT:
            self._floor = self._seen.pop(0)
        return True

    def is_old(self, number: int) -> bool:
        """Whether it is not known any more if the number has come."""
        return number <= self._floor

    def offer(self) -> bytes:
        """Returns the context in which the sender may begin anew."""
        self._offered = self._offered or secrets.token_bytes(32)
        return self._offered
