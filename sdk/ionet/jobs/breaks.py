"""Why time of a job does not count: the reasons in the bits of an attestation."""

from __future__ import annotations

from enum import StrEnum

from ionet import constants


class BreakReason(StrEnum):
    """Why a part of a lease is not attested."""

    SAMPLE_GAP = "sample-gap"
    FOREIGN_PROCESS = "foreign-process"
    FOREIGN_USE = "foreign-use"
    BAD_SAMPLE = "bad-sample"
    NODE_LOST = "node-lost"
    CHALLENGE_FAILED = "challenge-failed"

    @property
    def bit(self) -> int:
        """The reason's bit in the u16 of an attestation; bits are never reused."""
        bit: int = getattr(constants.jobs, f"BREAK_{self.name}")
        return bit


def break_reasons(bits: int) -> tuple[str, ...]:
    """The names of the reasons in the bits of an attestation."""
    reasons = [reason for reason in BreakReason if bits & reason.bit]
    unknown = bits & ~sum(reason.bit for reason in reasons)
    return (*(reason.value for reason in reasons), *([f"unknown ({unknown:#x})"] if unknown else []))
