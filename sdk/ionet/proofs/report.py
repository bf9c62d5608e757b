"""What an hourly report says, and the address that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import constants, pda, types
from ionet.chain.errors import EncodeError
from ionet.formats.when import HOUR

if TYPE_CHECKING:
    from ionet.rewards import Report


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report before it is on the chain. Attesters who say the same make the same proposal.

    Attributes:
        seq: hours from the start of emission to the end of the period.
        content_hash: `sha256("ionet:report" ‖ borsh(args))`.
        args: the content.
    """

    seq: int
    content_hash: bytes
    args: types.proofs.ReportArgs

    @classmethod
    def of(cls, report: Report, start: int, place: str) -> ReportDraft:
        """The proposal of a report, for an emission that began at `start`; see `client.proofs.propose`."""
        seq, rest = divmod(report.period_end - start, HOUR)
        if rest or seq < 1:
            raise EncodeError(
                f"period_end must be whole hours after the start of emission {start}; got {report.period_end}"
            )
        encoded = place.encode()
        if len(encoded) > constants.proofs.MAX_URI:
            raise EncodeError(
                f"the evidence's place has {len(encoded)} bytes, {constants.proofs.MAX_URI} are the most"
            )
        args = types.proofs.ReportArgs(
            root=report.root,
            total=report.total,
            period_end=report.period_end,
            leaves=len(report.leaves),
            evidence_hash=report.evidence,
            evidence_uri=encoded.ljust(constants.proofs.MAX_URI, b"\0"),
        )
        return cls(seq, sha256(constants.proofs.REPORT_DOMAIN + bytes(args)).digest(), args)

    @property
    def address(self) -> Pubkey:
        """The report's account."""
        return pda.proofs.report(self.seq, self.content_hash)
