"""What an hourly report says, and the address that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from ionet import accounts, constants, pda, types
from ionet.chain.errors import EncodeError, IonetError
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
    def of(cls, report: Report, start: int, place: str, predecessor: Pubkey) -> ReportDraft:
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
    """A report on the chain that says something else than what was computed; the message says what."""


def check_same(found: accounts.proofs.Report, recomputed: Report) -> None:
    """Compares a report on the chain with what its evidence leads to.

    Raises:
        ReportDiffers: they differ.
    """
    pairs = {
        "root": (found.root, recomputed.root),
        "total": (found.total, recomputed.total),
        "period_end": (found.period_end, recomputed.period_end),
        "leaves": (found.leaves, len(recomputed.leaves)),
        "evidence": (found.evidence_hash, recomputed.evidence),
        "correction": (bool(found.correction), recomputed.correction),
    }
    for name, (theirs, mine) in pairs.items():
        if theirs != mine:
            raise ReportDiffers(f"report {found.seq} differs in its {name}: it says {theirs!r}, not {mine!r}")


def report_at(config: accounts.proofs.Config, height: int) -> Pubkey:
    """The report at a height from the final one to the head; the default key where there is none."""
    if height == config.final_height:
        return config.final_report
    if not config.final_height < height <= config.head:
        return Pubkey.default()
    return config.reports[height % constants.proofs.KEPT_HEIGHTS]


def head_of(config: accounts.proofs.Config) -> Pubkey:
    """The report at the head; the default key while there is none."""
    return report_at(config, config.head)


def leaf_args(leaves: Report, node: Pubkey) -> types.proofs.LeafArgs:
    """A node's leaf with its proof, as instructions take it.

    Raises:
        KeyError: the report has no leaf for it.
    """
    fields, verdict = leaves.arguments(bytes(node))
    return types.proofs.LeafArgs(**fields, verdict=types.proofs.Verdict(**verdict))
