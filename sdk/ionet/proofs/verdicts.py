"""Reports an hour's verdicts where one attester decides alone: for a demo, a local market, tests.

It takes nodes as their accounts are now, as a market that was loaded into a node has no past to fill a ledger
from, and nobody is paid by it. Reports that pay are made of events (`ionet.ledger.Hours`), which say the same
to every attester, whenever they look.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from ionet._generated.shared import ProofReason
from ionet._generated.staking.types import NodeState
from ionet.formats.when import HOUR
from ionet.staking.stake import minimum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from solders.pubkey import Pubkey

    from ionet import accounts
    from ionet.proofs._sync.proofs import Proofs
    from ionet.rewards import Absent, Leaves, NodeHour, Report, Verdict
    from ionet.staking._sync.staking import Staking


def report_verdicts(
    proofs: Proofs,
    staking: Staking,
    nodes: Iterable[Pubkey],
    *,
    previous: Report | None = None,
    place: str = "local",
    evidence: Mapping[Pubkey, bytes] | None = None,
) -> Report:
    """Reports the latest hour, in which the nodes' compute proofs passed, and shows their verdicts.

    Without devices' statements no node counts as up, and none earns. Sends one transaction for the report,
    and one for each node.

    Args:
        proofs: the namespace of a client of the attester, whose weight alone reaches the threshold.
        staking: the namespace of a client, which reads the nodes.
        nodes: live nodes whose proofs passed.
        previous: the report that the last call returned; None for a market's first.
        place: address of its evidence.
        evidence: digests of the nodes' proofs, 32 bytes each, as far as there are any.

    Returns:
        The report, to pass as `previous` next time.

    Raises:
        ProgramError: the hour was reported already (`PeriodFell`), or is not over.
    """
    from ionet.rewards import Hour, Verdict, build_report, cumulate, score_hour

    passing = list(nodes)
    seq = proofs.latest_hour()
    end, config = proofs.period_end(seq), proofs.get_config()
    nothing = sha256(b"passed").digest()
    passed = {
        bytes(node): Verdict(end, 10_000, ProofReason.PASSED, True, (evidence or {}).get(node, nothing))
        for node in passing
    }
    before = None if previous is None else previous.leaves
    hour = Hour.from_rows(_rows(staking, end, passed, before))
    scores = score_hour(hour, 0, None, proofs.policy())
    leaves = cumulate(before, hour, scores, end, absent=_absent(staking, end), height=config.head)
    report = build_report(leaves, end, sha256(leaves.hashes()).digest())
    address = proofs.report(proofs.propose(report, place)).send().result
    for node in passing:
        proofs.show_verdict(node, address, report).send()
    return report


def _rows(
    staking: Staking, end: int, judged: Mapping[bytes, Verdict], before: Leaves | None
) -> list[NodeHour]:
    """Each live node as its account is now, not up and not in use; verdicts are the last ones."""
    from ionet.rewards import NodeHour, Proof, Verdict

    classes = {class_.account.id: class_.account for class_ in staking.classes()}
    rows = []
    for keyed in staking.nodes(state=NodeState.LIVE):
        node, key = keyed.account, bytes(keyed.address)
        if node.registered_at >= end:
            continue
        verdict = judged.get(key) or _last(node, key, before)
        if end - HOUR < node.changed_at:
            verdict = Verdict()
        rows.append(
            NodeHour(
                node=key,
                pool=node.pool,
                multiplier_bps=classes[node.class_].multiplier_bps,
                units=node.units,
                up_hours=0,
                stake=node.own.active,
                required_stake=minimum(classes[node.class_], node.units).base,
                proof=Proof.PASSED if verdict.passed else Proof.FAILED if verdict.time else Proof.MISSING,
                in_use=False,
                fees=0,
                credited=node.credited,
                banned=bool(node.banned),
                closed_at=node.closed_at,
                statement=None,
                verdict=replace(verdict, time=end) if verdict.time else verdict,
            )
        )
    return rows


def _absent(staking: Staking, end: int) -> list[Absent]:
    """Every node that is not live now, or was registered after the hour."""
    from ionet.rewards import Absent

    return [
        Absent(bytes(node.address), node.account.credited, _waits(node.account), node.account.closed_at)
        for node in staking.nodes()
        if node.account.state != NodeState.LIVE or node.account.registered_at >= end
    ]


def _last(node: accounts.staking.Node, key: bytes, before: Leaves | None) -> Verdict:
    """The verdict of the previous report, or the one in the node's account."""
    from ionet.rewards import Verdict

    if before is not None:
        try:
            verdict = before.leaf(before.index(key)).verdict
        except KeyError:
            return Verdict()
        return verdict if verdict.time - HOUR >= node.changed_at else Verdict()
    last = node.last_proof
    if not last.time:
        return Verdict()
    return Verdict(last.time, last.score_bps, ProofReason(last.reason), bool(last.passed), last.evidence_hash)


def _waits(node: accounts.staking.Node) -> bool:
    """Whether stake on a node is pending or late, and so needs a leaf to move on."""
    return any((node.own.pending, node.own.late, node.co.pending, node.co.late))
