"""Errors of whoever reads an explorer."""

from __future__ import annotations

from ionet.chain.errors import IonetError


class ExplorerError(IonetError):
    """An explorer that cannot be read, or answers what it should not; the text says which."""


__all__ = ["ExplorerError"]
