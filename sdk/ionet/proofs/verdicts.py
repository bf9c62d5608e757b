"""Reports an hour's verdicts where one attester decides alone: for a demo, a local market, tests."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ionet._generated.shared import ProofReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solders.pubkey import Pubkey

    from ionet.proofs._sync.proofs import Proofs
    from ionet.rewards import Report


def report_verdicts(
    proofs: Proofs, nodes: Iterable[Pubkey], *, previous: Report | None = None, place: str = "local"
) -> Report:
    """Reports the latest hour, in which the nodes' compute proofs passed, and shows their verdicts.

    Without devices' statements no node counts as up, and none earns. Sends one transaction for the report,
    and one for each node.

    Args:
        proofs: the namespace of a client of the attester, whose weight alone reaches the threshold.
        nodes: live nodes whose proofs passed.
        previous: the report that the last call returned; None for a market's first.
        place: address of its evidence.

    Returns:
        The report, to pass as `previous` next time.

    Raises:
        ProgramError: the hour was reported already (`PeriodFell`), or is not over.
    """
    from ionet.rewards import Hour, Verdict, build_report, cumulate, score_hour

    passing = list(nodes)
    seq = proofs.latest_hour()
    end, config = proofs.period_end(seq), proofs.get_config()
    passed = Verdict(end, 10_000, ProofReason.PASSED, True, sha256(b"passed").digest())
    before = None if previous is None else previous.leaves
    facts = proofs.facts(seq, judged={bytes(node): passed for node in passing}, before=before)
    hour = Hour.from_rows(facts)
    scores = score_hour(hour, 0, None, proofs.policy())
    leaves = cumulate(before, hour, scores, end, absent=proofs.absent(seq), height=config.head)
    report = build_report(leaves, end, sha256(leaves.hashes()).digest())
    address = proofs.report(proofs.propose(report, place)).send().result
    for node in passing:
        proofs.show_verdict(node, address, report).send()
    return report
