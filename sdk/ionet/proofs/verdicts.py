"""An hour's verdicts through a report, where one attester decides: for a demo, a local market, tests."""

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

    Rewards are those of the hour's facts; without devices' statements nobody was up, and nobody earns. Sends
    one transaction for the report, and one for each node.

    Args:
        proofs: the namespace of a client of the attester, whose weight alone reaches the threshold.
        nodes: live nodes whose proofs passed.
        previous: what the last call returned; None for a market's first report.
        place: where its evidence would be.

    Returns:
        The report, which is the next one's `previous`.

    Raises:
        ProgramError: the hour was reported already (`PeriodFell`), or is not over.
    """
    from ionet.rewards import Hour, Verdict, build_report, cumulate, score_hour

    shown = list(nodes)
    seq = proofs.latest_hour()
    end, config = proofs.period_end(seq), proofs.get_config()
    passed = Verdict(end, 10_000, ProofReason.PASSED, True, sha256(b"passed").digest())
    before = None if previous is None else previous.leaves
    facts = proofs.facts(seq, judged={bytes(node): passed for node in shown}, before=before)
    hour = Hour.from_rows(facts)
    scores = score_hour(hour, 0, None, proofs.policy())
    leaves = cumulate(before, hour, scores, end, absent=proofs.absent(seq), height=config.head)
    report = build_report(leaves, end, sha256(leaves.hashes()).digest())
    made = proofs.report(proofs.propose(report, place)).send().result
    for node in shown:
        proofs.show_verdict(node, made, report).send()
    return report
