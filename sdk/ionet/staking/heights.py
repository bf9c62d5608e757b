"""Which reports stand, and what they wait for: rule 8, from the accounts of proofs."""

from __future__ import annotations

from solders.pubkey import Pubkey

from ionet import accounts, constants
from ionet._generated.proofs.types import ReportState


def report_at(config: accounts.proofs.Config, height: int) -> Pubkey:
    """The report at a height between the final one and the head; the default key without one."""
    if height == config.final_height:
        return config.final_report
    if not config.final_height < height <= config.head:
        return Pubkey.default()
    return config.reports[height % constants.proofs.KEPT_HEIGHTS]


def head_of(config: accounts.proofs.Config) -> Pubkey:
    """The report at the head; the default key without one."""
    return report_at(config, config.head)


def window_ends(report: accounts.proofs.Report, config: accounts.proofs.Config) -> int:
    """When the window of an approved report is over, Unix seconds: a correction's is 72 hours."""
    window = constants.proofs.CORRECTION_WINDOW if report.correction else config.challenge_window
    return report.approved_at + window


def has_fallen(address: Pubkey, report: accounts.proofs.Report, config: accounts.proofs.Config) -> bool:
    """Whether a report had its threshold, and is not at its height any more: one before it was voided."""
    return report.state == ReportState.APPROVED and report_at(config, report.height) != address


def is_off_the_head(report: accounts.proofs.Report, config: accounts.proofs.Config) -> bool:
    """Whether a pending report cannot reach its threshold: it continues one that is not at the head."""
    return report.state == ReportState.PENDING and report.predecessor != head_of(config)
