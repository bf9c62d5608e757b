"""`ionet report`: hourly reports of rewards, from the facts of an hour to the credit of a node."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from solders.pubkey import Pubkey

from ionet import (
    IO,
    EmissionUnknown,
    IonetError,
    NodeState,
    ReportState,
    TransactionFailed,
    accounts,
    constants,
    events,
)
from ionet.cli.arguments import NodeAddress, address, digest
from ionet.cli.evidence import evidence_of, leaves_of, place_of, require_numpy
from ionet.cli.failures import REFUSED, UNUSABLE, UserError
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.report import build
from ionet.cli.report.build import Previous
from ionet.cli.session import Session, session

if TYPE_CHECKING:
    from ionet.rewards import Evidence, NodeHour, Report

app = Commands("Hourly reports of rewards: building, approving, doubting, crediting.")
app.registered_commands += build.app.registered_commands

ReportAddress = Annotated[
    Pubkey, typer.Argument(metavar="REPORT", parser=address, help="The report's account.")
]
ChallengeAddress = Annotated[
    Pubkey, typer.Argument(metavar="CHALLENGE", parser=address, help="The challenge's account.")
]
EvidenceOption = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FILE", help="Its evidence file; default: where it is published."),
]
#: Facts that the chain shows to everybody; uptime, verdicts and statements are the attesters' word.
_SHOWN: Final = ("pool", "multiplier_bps", "units", "stake", "required_stake", "banned", "in_use", "fees")


# -- looking


@app.command("list")
def list_reports(
    limit: Annotated[int, typer.Option("--limit", min=1, help="The latest so many.")] = 24,
) -> None:
    """List reports, latest hour first."""
    io = session()
    found = io.reader.proofs.reports()[:limit]
    config, now = io.reader.proofs.get_config(), io.reader.time()
    threshold = io.reader.proofs.get_attesters().threshold
    io.screen.table(
        (">hour", "ended", "report", "state", ">total IO", ">leaves", "next"),
        [
            (
                one.account.seq,
                when(one.account.period_end),
                one.address,
                one.account.state.name.lower(),
                f"{IO.from_base(one.account.total):n}",
                f"{one.account.leaves:,}",
                _next(one.account, config, threshold, now),
            )
            for one in found
        ],
        data=[_json(one.address, one.account) for one in found],
        empty="No reports yet.",
    )


@app.command()
def show(report: ReportAddress) -> None:
    """Show a report."""
    io = session()
    found, config, now = io.reader.proofs.get_report(report), io.reader.proofs.get_config(), io.reader.time()
    attesters = io.reader.proofs.get_attesters()
    approved = [
        str(key) for seat, key in enumerate(attesters.keys[: attesters.seats]) if found.approvals >> seat & 1
    ]
    io.screen.facts(
        [
            ("Report", report),
            ("Hour", f"{found.seq}, ended {when(found.period_end)}"),
            ("Height", f"{found.height}, a correction" if found.correction else str(found.height)),
            ("State", found.state.name.lower()),
            ("Next", _next(found, config, attesters.threshold, now)),
            ("Total", f"{IO.from_base(found.total)} in all nodes' lives, {found.leaves:,} leaves"),
            ("Root", found.root.hex()),
            ("Evidence", place_of(found)),
            ("sha256", found.evidence_hash.hex()),
            ("Approved by", f"{', '.join(approved)} (weight {found.weight} of {attesters.threshold} needed)"),
            ("Final", when(found.finalized_at) if found.finalized_at else None),
        ],
        data=_json(report, found),
    )


# -- attesters


@app.command()
def submit(
    evidence: Annotated[Path, typer.Argument(metavar="FILE", help="The evidence file, as `build` wrote it.")],
    place: Annotated[str, typer.Option("--place", metavar="URL", help="Where everybody finds the file.")],
    previous: Previous = None,
) -> None:
    """Make a report of an evidence file, which is also its first approval; for an attester.

    Emits first where the hour is not emitted yet.
    """
    require_numpy()
    io = session()
    report = _recomputed(evidence, None, previous)
    before = _predecessor(io, evidence)
    proposal = io.client.proofs.propose(report, place, predecessor=before)
    sent = io.send(io.client.proofs.report(proposal), f"report hour {proposal.seq}")
    account = io.client.proofs.get_report(sent.result)
    minted = [one for one in sent.events if isinstance(one, events.mint.Emitted)]
    emitted = IO.from_base(sum(one.paid + one.withheld for one in minted))
    config, threshold = io.client.proofs.get_config(), io.client.proofs.get_attesters().threshold
    io.done(
        sent,
        *([f"Emitted {emitted} first"] if emitted else []),
        f"Reported hour {proposal.seq}: {sent.result}",
        f"It is {_next(account, config, threshold, 0)}",
        report=sent.result,
        hour=proposal.seq,
        total=IO.from_base(report.total),
        state=account.state,
        emitted=emitted,
    )


@app.command()
def check(report: ReportAddress, evidence: EvidenceOption = None, previous: Previous = None) -> None:
    """Recompute a report from its evidence, and compare the evidence with the chain.

    Exits with 1 if a fact differs from what the chain shows now.
    """
    io = session()
    found = io.reader.proofs.get_report(report)
    with evidence_of(found, evidence) as path:
        _recomputed(path, found, previous)
        differences = _differences(io, found, path)
    io.screen.show(
        {"report": report, "recomputed": True, "root": found.root, "differences": differences},
        f"The evidence leads to the report's root {found.root.hex()}: every reward and reason follows.",
        *_told(differences),
    )
    if differences:
        raise typer.Exit(1)


@app.command()
def approve(
    report: ReportAddress,
    evidence: EvidenceOption = None,
    previous: Previous = None,
    accept: Annotated[
        bool,
        typer.Option("--accept-differences", help="Approve even if facts differ from the chain's now."),
    ] = False,
) -> None:
    """Recompute a report from its evidence, compare it with the chain, and approve it; for an attester.

    Needs the evidence of the report before, from whose leaves every leaf follows. A report that is void, has
    fallen, or waits under an earlier attester set is renewed: this approval is its first.
    """
    io = session()
    found = io.client.proofs.get_report(report)
    with evidence_of(found, evidence) as path:
        recomputed = _recomputed(path, found, previous)
        differences = _differences(io, found, path)
    if differences and not accept:
        for line in _told(differences):
            io.screen.note(line)
        raise UserError(
            f"{len(differences)} facts of report {found.seq} differ from what the chain shows now;"
            " see `ionet report check`, or say --accept-differences"
        )
    stale = found.state != ReportState.PENDING or found.set_version != _set_version(io)
    call = io.client.proofs.renew if stale else io.client.proofs.approve
    sent = io.send(call(report, recomputed), f"{'renew' if stale else 'approve'} report {found.seq}")
    now = io.client.proofs.get_report(report)
    threshold = io.client.proofs.get_attesters().threshold
    io.done(
        sent,
        f"Approved report {found.seq}: {_next(now, io.client.proofs.get_config(), threshold, 0)}",
        report=report,
        state=now.state,
        weight=now.weight,
        threshold=threshold,
        differences=differences,
    )


def _set_version(io: Session) -> int:
    return io.client.proofs.get_attesters().set_version


def _predecessor(io: Session, path: Path) -> Pubkey:
    """The report on the chain that an evidence file continues."""
    from ionet.rewards import read_evidence

    root = read_evidence(path).previous_root
    if root is None:
        return Pubkey.default()
    found = [one for one in io.reader.proofs.reports() if one.account.root == root]
    head = io.reader.proofs.head()
    found.sort(key=lambda one: (one.address != head, one.account.state == ReportState.VOID))
    if not found:
        raise UserError(f"{path} continues a report with the root {root.hex()}, which is not on the chain")
    return found[0].address


def _recomputed(path: Path, report: accounts.proofs.Report | None, previous: Path | None) -> Report:
    """The report that evidence leads to, from the leaves of the one before, checked against the chain's."""
    from ionet.rewards import EvidenceError, read_evidence, verify_evidence

    before = None if previous is None else read_evidence(previous)
    try:
        found = verify_evidence(
            path,
            root=None if report is None else report.root,
            previous=None if before is None else before.leaves,
        )
    except EvidenceError as bad:
        raise UserError(f"{path} does not hold: {bad}", UNUSABLE) from None
    if report is not None and (found.total, found.period_end) != (report.total, report.period_end):
        raise UserError(f"{path} is of another hour, or another total, than the report", UNUSABLE)
    return found


def _differences(io: Session, report: accounts.proofs.Report, path: Path) -> list[dict[str, Any]]:
    """Where a report's facts differ from those that the chain shows now."""
    from ionet.rewards import Word, read_evidence

    stated: Evidence = read_evidence(path)
    found = [*_emission_differs(io, report, stated), *_policy_differs(io, stated)]
    rows: dict[bytes, NodeHour] = {row.node: row for row in stated.hour.rows()}
    words = {
        node: Word(node, row.up_hours, row.statement)
        for node, row in rows.items()
        if row.statement is not None
    }
    judged = {row.node: row.verdict for row in rows.values() if row.verdict is not None}
    seen = {row.node: row for row in io.reader.proofs.facts(report.seq, words, judged=judged)}
    for node in sorted(rows.keys() | seen.keys()):
        name, mine, theirs = Pubkey(node), seen.get(node), rows.get(node)
        if mine is None or theirs is None:
            what = "is no live node" if mine is None else "is missing from the report"
            found.append({"node": name, "fact": "node", "stated": what, "chain": None})
            continue
        for fact in (*_SHOWN, "up_hours"):
            if getattr(mine, fact) != getattr(theirs, fact):
                pair = {"stated": getattr(theirs, fact), "chain": getattr(mine, fact)}
                found.append({"node": name, "fact": fact, **pair})
    return found


def _emission_differs(io: Session, report: accounts.proofs.Report, stated: Evidence) -> list[dict[str, Any]]:
    """Whether a report shares out another amount than its hour was paid, or one that is forgotten."""
    try:
        paid = io.reader.proofs.emission(report.seq)
    except EmissionUnknown:
        paid = None
    said = IO.from_base(stated.emission)
    return [] if said == paid else [{"node": None, "fact": "emission", "stated": said, "chain": paid}]


def _policy_differs(io: Session, stated: Evidence) -> list[dict[str, Any]]:
    """Where an hour is shared out in another way than the proofs program says."""
    said, chain = asdict(stated.policy), asdict(io.reader.proofs.policy())
    return [
        {"node": None, "fact": name, "stated": said[name], "chain": chain[name]}
        for name in said
        if said[name] != chain[name]
    ]


def _told(differences: list[dict[str, Any]]) -> list[str]:
    if not differences:
        return ["Every fact is as the chain shows it."]
    lines = [f"{len(differences)} facts differ from what the chain shows now:"]
    for one in differences[:20]:
        if one["fact"] == "node":
            lines.append(f"  {one['node']} {one['stated']}")
        elif one["fact"] == "emission":
            known = one["chain"] or "forgotten, as it was emitted too many cranks ago"
            lines.append(f"  emission of the hour: stated {one['stated']}, chain {known}")
        elif one["node"] is None:
            lines.append(f"  parameter {one['fact']}: stated {one['stated']}, chain {one['chain']}")
        else:
            lines.append(f"  {one['node']} {one['fact']}: stated {one['stated']}, chain {one['chain']}")
    if len(differences) > 20:
        lines.append(f"  and {len(differences) - 20} more")
    return lines


# -- anybody


@app.command()
def emit() -> None:
    """Mint what the schedule has come to, to pay for hours that are over; for anyone."""
    io = session()
    sent = io.send(io.client.mint.emit(), "emit what the schedule has come to")
    emitted = sent.result
    io.done(sent, f"Emitted {emitted}" if emitted else "No hour is over since the last time", emitted=emitted)


@app.command()
def finalize(report: ReportAddress) -> None:
    """Make an approved report final when its challenge window is over; for anyone."""
    io = session()
    sent = io.send(io.client.proofs.finalize(report), f"finalize {report}")
    io.done(sent, f"Report {report} is final", f"Next: ionet report credit {report} --all", report=report)


@app.command()
def credit(
    report: ReportAddress,
    node: Annotated[
        Pubkey | None, typer.Argument(metavar="[NODE]", parser=address, help="Whose leaf; or --all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every node with something to credit.")] = False,
    evidence: EvidenceOption = None,
) -> None:
    """Credit nodes with their leaves in a final report; for anyone."""
    if everything == (node is not None):
        raise UserError("name a node, or say --all")
    io = session()
    found = io.reader.proofs.get_report(report)
    if found.state != ReportState.FINAL:
        raise UserError(f"report {found.seq} is not final: {_now(io, found)}", REFUSED)
    leaves = leaves_of(found, evidence)
    if node is not None:
        try:
            call = io.client.staking.credit(node, report, leaves)
        except KeyError:
            raise UserError(f"report {found.seq} has no leaf for {node}") from None
        sent = io.send(call, f"credit {node} from report {found.seq}")
        io.done(sent, f"Credited {sent.result} to {node}", node=node, amount=sent.result, report=report)
        return
    _credit_all(io, report, found, leaves)


def _credit_all(io: Session, report: Pubkey, found: accounts.proofs.Report, leaves: Report) -> None:
    """Credits whoever has not been credited up to the leaf; one that refuses stops no other."""
    from ionet.cli.failures import sentence

    keys = [Pubkey(bytes(row)) for row in leaves.leaves.nodes]
    known = io.reader.fetch_many(accounts.staking.Node, keys)
    io.refuse_sign_only()
    rows, data = [], []
    stopped: IonetError | None = None
    total = IO(0)
    for n, (key, node) in enumerate(zip(keys, known, strict=True)):
        if node is None or node.state == NodeState.TERMINAL:
            continue
        due = IO.from_base(max(0, int(leaves.leaves.lifetime[n]) - node.credited))
        if not due and node.credited_through >= int(leaves.leaves.through[n]):
            continue
        if io.dry_run:
            rows.append((key, due, "dry run, nothing was sent"))
            data.append({"node": key, "due": due})
            continue
        try:
            sent = io.send(io.client.staking.credit(key, report, leaves), f"credit {key}")
        except TransactionFailed as bad:
            rows.append((key, due, f"refused: {sentence(bad)}"))
            data.append({"node": key, "due": due, "error": sentence(bad)})
            continue
        except IonetError as bad:
            # The node is gone, or the end unknown: what has landed is still shown.
            stopped = bad
            break
        total += sent.result
        rows.append((key, sent.result, sent.signature))
        data.append({"node": key, "credited": sent.result, "signature": sent.signature})
    if stopped is None or rows:
        io.screen.table(
            ("node", ">amount", "signature"),
            rows,
            data={"report": report, "hour": found.seq, "total": total, "nodes": data},
            empty=f"Every node is credited up to report {found.seq} already.",
        )
    if stopped is not None:
        raise stopped
    if rows and not io.dry_run:
        io.screen.note(f"credited {total} to {sum('credited' in one for one in data)} nodes")
    if any("error" in one for one in data):
        raise typer.Exit(REFUSED)


@app.command()
def refute(report: ReportAddress, node: NodeAddress, evidence: EvidenceOption = None) -> None:
    """Void a report that is not final, by a leaf below what its node was credited, or of no node."""
    io = session()
    found = io.reader.proofs.get_report(report)
    try:
        call = io.client.proofs.refute(report, node, leaves_of(found, evidence))
    except KeyError:
        raise UserError(f"report {found.seq} has no leaf for {node}") from None
    sent = io.send(call, f"refute report {found.seq}")
    io.done(sent, f"Report {found.seq} is void", report=report, node=node)


@app.command()
def void(report: ReportAddress) -> None:
    """Void a report that is not final; for the guardian, or the authority for a correction."""
    io = session()
    io.done(io.send(io.client.proofs.void(report), f"void {report}"), f"{report} is void", report=report)


@app.command()
def endorse(report: ReportAddress) -> None:
    """Endorse a correction, which then needs the threshold only; for the guardian."""
    io = session()
    sent = io.send(io.client.proofs.endorse(report), f"endorse {report}")
    now = io.client.proofs.get_report(report)
    io.done(sent, f"Endorsed: {_now(io, now)}", report=report, state=now.state)


@app.command("show-verdict")
def show_verdict(node: NodeAddress, evidence: EvidenceOption = None) -> None:
    """Write a node's verdict in the report at the head into the node's account; for anyone.

    A booking needs one that passed, and is at most six hours old.
    """
    io = session()
    head = io.reader.proofs.head()
    if head == Pubkey.default():
        raise UserError("no report has reached its threshold yet")
    found = io.reader.proofs.get_report(head)
    try:
        call = io.client.proofs.show_verdict(node, head, leaves_of(found, evidence))
    except KeyError:
        raise UserError(f"report {found.seq} has no leaf for {node}") from None
    sent = io.send(call, f"show the verdict of {node}")
    verdict = io.client.staking.get_node(node).last_proof
    word = "passed" if verdict.passed else f"failed: {verdict.reason.name.lower()}"
    io.done(
        sent,
        f"Shown: {node} {word}, hour that ended {when(verdict.time)}",
        node=node,
        report=head,
        passed=bool(verdict.passed),
        time=verdict.time,
    )


@app.command()
def challenge(
    report: ReportAddress,
    node: NodeAddress,
    reason: Annotated[
        Path | None, typer.Option("--reason", metavar="FILE", help="What shows that the leaf is wrong.")
    ] = None,
    reason_hash: Annotated[
        bytes | None, typer.Option("--reason-hash", metavar="HEX", parser=digest, help="Its sha256, instead.")
    ] = None,
) -> None:
    """Doubt a node's leaf, with a bond, and hold its credit back for up to seven days; for anyone."""
    if (reason is None) == (reason_hash is None):
        raise UserError("name what shows it by --reason or by --reason-hash")
    found = reason_hash or sha256((reason or Path()).read_bytes()).digest()
    io = session()
    bond = IO.from_base(io.client.proofs.get_config().challenge_bond)
    call = io.client.proofs.challenge(report, node, found)
    sent = io.send(call, f"challenge the leaf of {node}, with a bond of {bond}")
    until = io.client.proofs.get_challenge(sent.result).until
    io.done(
        sent,
        f"Challenged: {sent.result}; the bond is {bond}",
        f"The resolver decides until {when(until)}; otherwise the bond goes back",
        challenge=sent.result,
        bond=bond,
        until=until,
    )


@app.command()
def challenges() -> None:
    """List open challenges."""
    io = session()
    found = io.reader.proofs.challenges()
    io.screen.table(
        ("challenge", "node", "report", ">bond IO", "until"),
        [
            (
                one.address,
                one.account.node,
                one.account.report,
                f"{IO.from_base(one.account.bond):n}",
                when(one.account.until),
            )
            for one in found
        ],
        data=[
            {
                "challenge": one.address,
                "node": one.account.node,
                "report": one.account.report,
                "challenger": one.account.challenger,
                "bond": IO.from_base(one.account.bond),
                "until": one.account.until,
                "evidence_hash": one.account.evidence_hash,
            }
            for one in found
        ],
        empty="No open challenges.",
    )


@app.command()
def decide(
    one: ChallengeAddress,
    uphold: Annotated[
        bool, typer.Option("--uphold/--reject", help="The leaf is wrong; or it is right, and the bond burns.")
    ],
) -> None:
    """Decide a challenge; for the resolver."""
    io = session()
    sent = io.send(io.client.proofs.decide(one, upheld=uphold), f"{'uphold' if uphold else 'reject'} {one}")
    words = "upheld: the bond went back, and the node is credited from later reports only"
    io.done(
        sent,
        f"{one} was {words if uphold else 'rejected: the bond was burned'}",
        challenge=one,
        upheld=uphold,
        bond=IO.from_base(sent.result.bond),
    )


@app.command()
def lift(one: ChallengeAddress) -> None:
    """End a challenge that nobody has decided in time; for anyone."""
    io = session()
    sent = io.send(io.client.proofs.lift(one), f"lift {one}")
    io.done(sent, f"Lifted {one}; the bond went back", challenge=one)


# -- parts of answers


def _now(io: Session, report: accounts.proofs.Report) -> str:
    proofs = io.reader.proofs
    return _next(report, proofs.get_config(), proofs.get_attesters().threshold, io.reader.time())


def _next(report: accounts.proofs.Report, config: accounts.proofs.Config, threshold: int, now: int) -> str:
    """What can happen to a report now, in words."""
    match report.state:
        case ReportState.PENDING:
            return f"waiting for approvals: weight {report.weight} of {threshold}"
        case ReportState.APPROVED:
            if not config.final_height < report.height <= config.head:
                return "fallen: another stands in its place, or one before it was voided; approve to renew it"
            window = constants.proofs.CORRECTION_WINDOW if report.correction else config.challenge_window
            until = report.approved_at + window
            if now < until:
                return f"in its challenge window until {when(until)}"
            return "ready to be made final"
        case ReportState.FINAL:
            if report.height < config.min_height:
                return "not creditable any more: a correction has taken its place"
            if now < report.creditable_from:
                return f"creditable from {when(report.creditable_from)}"
            if report.creditable_until < now:
                return "too old to credit"
            return f"creditable until {when(report.creditable_until)}"
    return "void: the next report heals it, or approve it to renew it"


def _json(where: Pubkey, report: accounts.proofs.Report) -> dict[str, Any]:
    return {
        "report": where,
        "hour": report.seq,
        "height": report.height,
        "correction": bool(report.correction),
        "predecessor": report.predecessor,
        "period_end": report.period_end,
        "state": report.state,
        "root": report.root,
        "total": IO.from_base(report.total),
        "leaves": report.leaves,
        "weight": report.weight,
        "approved_at": report.approved_at,
        "finalized_at": report.finalized_at,
        "creditable_from": report.creditable_from,
        "creditable_until": report.creditable_until,
        "evidence": place_of(report),
        "evidence_hash": report.evidence_hash,
    }
