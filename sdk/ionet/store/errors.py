"""What can go wrong with a store."""

from __future__ import annotations

from ionet.chain.errors import IonetError


class StoreError(IonetError):
    """A stored object's bytes do not match its name, or a name is already taken by other content."""


class NotStored(StoreError, LookupError):
    """The store has nothing under that hash or name."""


class StoreRefused(StoreError):
    """A store understood a request and refused it; the message says why, and what would be right.

    Attributes:
        status: the HTTP status.
        code: the reason in a word, see docs/store.md; empty where the store gave none.
    """

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class StoreUnreachable(StoreError):
    """A store gave no answer after all attempts. What was asked for was not done, and can be repeated."""


class StoreUnknown(StoreUnreachable):
    """The connection was lost at the end: the file may be stored or not. To repeat it is safe."""
