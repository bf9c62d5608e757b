"""What became of a step that anyone may do for a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.jobs.status import Crank


@dataclass(frozen=True, slots=True)
class CrankResult:
    """A step that was done, or failed.

    Attributes:
        step: what.
        amount: what it moved, base units, where it pays somebody.
        signature: of its transaction; None where it failed.
        error: the name of what refused it, or None.
        detail: the same in words, or None.
    """

    step: Crank
    amount: int | None
    signature: str | None
    error: str | None
    detail: str | None
