"""What searches return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from solders.pubkey import Pubkey

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An account that a search found.

    Attributes:
        address: where it is.
        account: its content.
    """

    address: Pubkey
    account: T
