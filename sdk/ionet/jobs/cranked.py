"""The result of a step that anyone may do for a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionet.jobs.status import Crank


@dataclass(frozen=True, slots=True)
class CrankResult:
    """A step that was done, or failed.

    Attributes:
        step: the step.
        amount: what it paid, base units; None if it pays nobody.
        signature: of its transaction; None if it failed.
        error: the error's name, or None.
        detail: the error's message, or None.
    """

    step: Crank
    amount: int | None
    signature: str | None
    error: str | None
    detail: str | None
