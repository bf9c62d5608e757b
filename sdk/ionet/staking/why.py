"""Why a node earned nothing in an hour, or where its reward is: in words, from accounts and evidence.

Nothing is earned before a first passed proof. After it, an hour pays a node that was up for five hours, has
its full active stake, and passed a proof in that hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from ionet import accounts
from ionet._generated.proofs.types import ReportState
from ionet._generated.shared import ProofReason
from ionet._generated.staking.types import NodeState
from ionet.chain.amounts import IO
from ionet.chain.records import KeyedAccount
from ionet.formats.when import HOUR
from ionet.staking.heights import has_fallen, is_off_the_head, report_at, window_ends
from ionet.staking.references import speeds_of
from ionet.staking.speeds import lower_class, untimed
from ionet.staking.stake import minimum, owner_is_ready

if TYPE_CHECKING:
    from ionet.rewards import NodeLine


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a node has not got its reward.

    Attributes:
        code: stable, for programs.
        text: for the node's owner.
        todo: what the owner can do, or None if only time helps.
    """

    code: str
    text: str
    todo: str | None = None


@dataclass(frozen=True, slots=True)
class RewardExplanation:
    """Why a node earned nothing in an hour, or where its reward is.

    Attributes:
        node: the node.
        seq: the hour's number from the start of emission; 0 before the first is over.
        period_end: its end, Unix seconds.
        earned: what it earned by the hour's evidence; None without evidence.
        unpaid: why it earned nothing; empty if it did, or may have.
        waiting: why an earned reward cannot be claimed yet; empty once it is credited.
        exact: whether stake, proof and uptime are the hour's (from evidence) rather than today's.
        report: the hour's report that the evidence belongs to; None without evidence, or if no report has
            its hash.
        untimed: why nobody judges how long its proofs take; None where its class has been measured.
    """

    node: Pubkey
    seq: int
    period_end: int
    earned: IO | None
    unpaid: tuple[Cause, ...]
    waiting: tuple[Cause, ...]
    exact: bool
    report: Pubkey | None
    untimed: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The accounts and evidence that an explanation is made from.

    Attributes:
        address: the node.
        node: its account.
        class_: its hardware class.
        now: the network's clock.
        start: start of emission.
        seq: the hour's number.
        config: of the proofs program.
        threshold: weight that approves a report.
        reports: of that hour and later.
        challenges: open ones of the node.
        line: the node's line in the hour's evidence, if given.
    """

    address: Pubkey
    node: accounts.staking.Node
    class_: accounts.staking.Class
    now: int
    start: int
    seq: int
    config: accounts.proofs.Config
    threshold: int
    reports: tuple[KeyedAccount[accounts.proofs.Report], ...]
    challenges: tuple[KeyedAccount[accounts.proofs.Challenge], ...]
    line: NodeLine | None = None

    @property
    def period_end(self) -> int:
        """End of the hour."""
        return self.start + self.seq * HOUR


def explain(facts: Facts) -> RewardExplanation:
    """Explains a node's reward for one hour from the facts."""
    line = facts.line
    if line is not None and line.row is not None:
        unpaid = tuple(_by_evidence(facts, line))
    else:
        unpaid = tuple(_by_accounts(facts))
    earned = None if line is None else IO.from_base(line.reward)
    certain = any(cause.code in _CERTAIN for cause in unpaid)
    nothing = certain if earned is None else not earned
    waiting = () if nothing else tuple(_waiting(facts))
    return RewardExplanation(
        node=facts.address,
        seq=facts.seq,
        period_end=facts.period_end,
        earned=earned,
        unpaid=unpaid if not earned else (),
        waiting=waiting,
        exact=line is not None,
        report=None if line is None else _report_of(facts, line),
        untimed=untimed(facts.node.class_) if speeds_of(facts.class_) is None else None,
    )


def _report_of(facts: Facts, line: NodeLine) -> Pubkey | None:
    of_hour = (report for report in facts.reports if report.account.seq == facts.seq)
    return next((report.address for report in of_hour if report.account.evidence_hash == line.digest), None)


#: Causes each of which proves that nothing was earned, whatever else is known of the hour.
_CERTAIN: Final = frozenset({"no-hour", "not-registered", "too-new", "never-proved", "retired"})


def _by_evidence(facts: Facts, line: NodeLine) -> Iterator[Cause]:
    """The reasons that the attesters published, with their figures."""
    from ionet.rewards import Why

    row = line.row
    assert row is not None
    why = Why(line.why)
    if Why.NOT_UP in why:
        yield Cause(
            "not-up",
            f"it had been up {row.up_hours} h in a row at the end of the hour;"
            f" {line.policy.up_hours} h are needed",
            "keep the worker running; the count begins again after each gap",
        )
    if Why.STAKE_SHORT in why:
        yield _short(facts, row.stake, row.required_stake, "was")
    if Why.PROOF_FAILED in why:
        yield _failed(facts.node, facts.period_end)
    if Why.PROOF_MISSING in why:
        yield _missing(facts)
    if Why.NO_CLASS in why:
        yield Cause("no-class", "its hardware class had no multiplier")
    if Why.BANNED in why:
        yield Cause("banned", "one of its devices is banned")
    if Why.BELOW_ONE_UNIT in why:
        yield Cause("below-one-unit", "its share of the hour was below 0.00000001 IO")


def _by_accounts(facts: Facts) -> Iterator[Cause]:
    """What the chain shows now; only the attesters know its uptime."""
    node, end = facts.node, facts.period_end
    if facts.seq < 1:
        yield Cause("no-hour", "no hour of emission is over yet")
    elif node.registered_at >= end:
        yield Cause("not-registered", f"it was registered at {_when(node.registered_at)}, after the hour")
    elif end - node.registered_at < facts.config.up_hours * HOUR:
        yield Cause(
            "too-new",
            f"it was registered at {_when(node.registered_at)}: it cannot have been up"
            f" {facts.config.up_hours} h by {_when(end)}",
        )
    if node.state == NodeState.TERMINAL:
        yield Cause(
            "terminal",
            "it is terminal: a slash reached its co-stakers, and it earns no more",
            "withdraw what is left with `ionet stake unstake` and `ionet stake withdraw`",
        )
    elif node.state == NodeState.RETIRED:
        # Retired before the hour's end, it earned nothing; retired later, that is only worth knowing.
        code = "retired" if node.retired_at <= end else "retired-since"
        words = f"it was retired at {_when(node.retired_at)}"
        yield Cause(code, words, "bring it back with `ionet node reopen`")
    if node.banned:
        yield Cause("banned", "its device is banned: it earns nothing any more")
    active, needed = node.own.active, minimum(facts.class_, node.units).base
    if active < needed:
        yield _short(facts, active, needed, "is")
    yield from _proof_now(facts)


def _proof_now(facts: Facts) -> Iterator[Cause]:
    """What the latest proof says about the hour; a later proof says nothing."""
    proof, end = facts.node.last_proof, facts.period_end
    if proof.time == 0:
        yield _missing(facts)
    elif proof.time <= end and not proof.passed:
        yield _failed(facts.node, end)


def _short(facts: Facts, active: int, needed: int, verb: str) -> Cause:
    node = facts.node
    pending = node.own.pending
    missing = IO.from_base(needed - active)
    words = f"{IO.from_base(needed)} of its owner's active stake are needed"
    if active:
        return Cause(
            "stake-short",
            f"its active stake {verb} {IO.from_base(active)}; {words}, {missing} are missing",
            _activation(facts)
            if pending
            else f"stake {missing} more: `ionet stake add {facts.address} {missing:n}`".replace(",", ""),
        )
    if pending:
        return Cause(
            "only-pending",
            f"its stake of {IO.from_base(pending)} is only pending, and pending stake earns nothing; {words}",
            _activation(facts),
        )
    return Cause(
        "no-stake",
        f"it has no stake; {words}",
        f"stake it: `ionet stake add {facts.address} {missing:n}`".replace(",", ""),
    )


def _activation(facts: Facts) -> str:
    node = facts.node
    if owner_is_ready(node):
        return f"make it active: `ionet stake activate {facts.address} --holder {node.owner}`"
    return "each holder makes it active with `ionet stake activate`; `ionet stake status` says when it can be"


def _failed(node: accounts.staking.Node, end: int) -> Cause:
    proof = node.last_proof
    if proof.passed or proof.time > end:
        # The account has a later proof by now.
        return Cause("proof-failed", "its compute proof of that hour failed", _PROVE)
    slow = proof.reason == ProofReason.SLOW
    speed = f" ({proof.score_bps // 100} % of the class's speed)" if slow else ""
    return Cause(
        "proof-failed",
        f"its compute proof of {_when(proof.time)} failed: {proof.reason.explain()}{speed}",
        (lower_class(node.class_, proof.score_bps) if slow else None) or _PROVE,
    )


_PROVE: Final = "the next challenge decides anew; the worker's log shows what it answered"
_RUN: Final = "keep the device reachable for the attesters, who challenge each node once an hour"


def _missing(facts: Facts) -> Cause:
    if facts.node.last_proof.time == 0:
        return Cause(
            "never-proved",
            "it has never passed a compute proof, and nothing is earned before the first",
            _RUN,
        )
    return Cause("proof-missing", "no compute proof of it had been judged by the end of that hour", _RUN)


# -- from the report to the claim


def _waiting(facts: Facts) -> Iterator[Cause]:
    """Why the hour's reward cannot be claimed yet."""
    node = facts.node
    if node.credited_through >= facts.period_end:
        return
    if facts.challenges:
        until = max(challenge.account.until for challenge in facts.challenges)
        yield Cause(
            "challenged",
            f"{_challenges(len(facts.challenges))} its credit back until {_when(until)} at the latest",
            "the resolver decides it; afterwards anyone can lift it: `ionet report lift`",
        )
    # Leaves are cumulative: any later report pays the hour, too.
    usable = [
        report
        for report in facts.reports
        if report.account.state == ReportState.FINAL and report.account.seq >= facts.seq
    ]
    excluded = [report for report in usable if report.account.seq < node.min_report_seq]
    fresh = [report for report in usable if report not in excluded]
    standing = [report for report in fresh if report.account.height >= facts.config.min_height]
    creditable = [
        report
        for report in standing
        if report.account.creditable_from <= facts.now <= report.account.creditable_until
    ]
    held = [report for report in standing if report.account.creditable_from > facts.now]
    if creditable:
        best = max(creditable, key=lambda report: report.account.seq)
        yield Cause(
            "not-credited",
            f"report {best.account.seq} is final and not credited to it yet",
            f"anyone can credit it: `ionet report credit {best.address} {facts.address}`",
        )
        return
    if held:
        until = min(report.account.creditable_from for report in held)
        yield Cause("held", f"rewards are held back: its report can be credited from {_when(until)} on")
        return
    if standing:
        yield Cause("too-old", "its report was creditable for 30 days", "the next report pays it")
        return
    if fresh:
        yield Cause("corrected", "a correction has taken the place of its report", "the correction pays it")
        return
    if excluded:
        yield Cause(
            "excluded",
            f"an upheld challenge excludes reports before number {node.min_report_seq} for it",
            "the next report pays what is right",
        )
    yield _report_state(facts)


def _report_state(facts: Facts) -> Cause:
    reports = [report for report in facts.reports if report.account.seq == facts.seq]
    config = facts.config
    for report in reports:
        account = report.account
        if account.state == ReportState.APPROVED and not has_fallen(report.address, account, config):
            until = window_ends(account, config)
            if facts.now < until:
                what = "correction" if account.correction else "report"
                return Cause(
                    "window-open",
                    f"its {what} is approved; it can be challenged until {_when(until)} and is final after",
                )
            if account.height > config.final_height + 1:
                first = report_at(config, config.final_height + 1)
                return Cause(
                    "waits-for-predecessor",
                    "its report's challenge window is over, and a report before it is not final yet: they"
                    " become final in their order",
                    f"anyone can make that final: `ionet report finalize {first}`",
                )
            return Cause(
                "not-final",
                "its report's challenge window is over, and nobody has made it final yet",
                f"anyone can: `ionet report finalize {report.address}`",
            )
    for report in reports:
        account = report.account
        if account.state == ReportState.PENDING and not is_off_the_head(account, config):
            return Cause(
                "not-approved",
                f"its report has the approval of {account.weight} of {facts.threshold} needed",
                "the other attesters have to approve it: `ionet report approve`",
            )
    for report in reports:
        if has_fallen(report.address, report.account, config):
            return Cause(
                "fallen",
                "its report has fallen: one that it stood on was voided, or another has its place",
                f"the next report pays the hour, too; attesters can renew it: `ionet report approve"
                f" {report.address}`",
            )
    if any(is_off_the_head(report.account, config) for report in reports):
        return Cause(
            "off-the-head",
            "its report continues one that is not at the head, and cannot be approved",
            "the next report pays the hour, too",
        )
    if any(report.account.state == ReportState.VOID for report in reports):
        return Cause("void", "its report was voided", "the next report pays the hour, too")
    return Cause("no-report", "the attesters have not reported the hour yet", "the next report pays it, too")


def _challenges(number: int) -> str:
    return "a challenge of its reward holds" if number == 1 else f"{number} challenges of its reward hold"


def _when(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
