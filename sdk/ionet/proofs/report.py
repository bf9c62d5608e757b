"""The content of an hourly report, and the address derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, constants, pda, types
from ionet.chain.errors import EncodeError, IonetError
from ionet.formats.when import HOUR
from ionet.staking.heights import head_of, report_at

if TYPE_CHECKING:
    from ionet.rewards import Report


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report before it is on the chain. Attesters who compute the same get the same draft.

    Attributes:
        seq: hours from the start of emission to the end of the period.
        content_hash: `sha256("ionet:report" ‖ borsh(args))`.
        args: the content.
    """

    seq: int
    content_hash: bytes
    args: types.proofs.ReportArgs

    @classmethod
    def of(cls, report: Report, start: int, place: str, predecessor: Pubkey) -> ReportDraft:
        """The draft of a report, for an emission that began at `start`; see `client.proofs.propose`.

        Raises:
            EncodeError: a period that does not end on a whole hour, or a place that is too long.
        """
        seq, remainder = divmod(report.period_end - start, HOUR)
        if remainder or seq < 1:
            raise EncodeError(
                f"period_end must be whole hours after the start of emission {start}; got {report.period_end}"
            )
        encoded = place.encode()
        if len(encoded) > constants.proofs.MAX_URI:
            raise EncodeError(
                f"the evidence's place has {len(encoded)} bytes, {constants.proofs.MAX_URI} are the most"
            )
        args = types.proofs.ReportArgs(
            predecessor=predecessor,
            correction=report.correction,
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


class ReportDiffers(IonetError):
    """A report on the chain differs from the computed one; the message says in what."""


def check_same(account: accounts.proofs.Report, recomputed: Report) -> None:
    """Compares a report on the chain with the one computed from its evidence.

    Raises:
        ReportDiffers: they differ.
    """
    pairs = {
        "root": (account.root, recomputed.root),
        "total": (account.total, recomputed.total),
        "period_end": (account.period_end, recomputed.period_end),
        "leaves": (account.leaves, len(recomputed.leaves)),
        "evidence": (account.evidence_hash, recomputed.evidence),
        "correction": (bool(account.correction), recomputed.correction),
    }
    for name, (reported, computed) in pairs.items():
        if reported != computed:
            raise ReportDiffers(
                f"report {account.seq} differs in its {name}: it says {reported!r}, not {computed!r}"
            )


def leaf_args(leaves: Report, node: Pubkey) -> types.proofs.LeafArgs:
    """A node's leaf and proof, as instruction arguments.

    Raises:
        KeyError: the report has no leaf for it.
    """
    fields, verdict = leaves.arguments(bytes(node))
    return types.proofs.LeafArgs(**fields, verdict=types.proofs.Verdict(**verdict))


__all__ = ["ReportDiffers", "ReportDraft", "check_same", "head_of", "leaf_args", "report_at"]
