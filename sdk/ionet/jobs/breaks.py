"""Why time of a job does not count: the reasons that attestations name by bits."""

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
    """The reasons behind the bits of an attestation, by their names."""
    known = [one for one in BreakReason if bits & one.bit]
    rest = bits & ~sum(one.bit for one in known)
    return (*(one.value for one in known), *([f"unknown ({rest:#x})"] if rest else []))
