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
    AccountNotFound,
    EmissionUnknown,
    IonetError,
    NodeState,
    ReportState,
    TransactionFailed,
    accounts,
    events,
)
from ionet.cli.arguments import NodeAddress, address, digest
from ionet.cli.evidence import (
    check_published,
    evidence_in,
    evidence_of,
    leaves_of,
    place_of,
    require_numpy,
)
from ionet.cli.failures import REFUSED, UNUSABLE, UserError
from ionet.cli.ledger import Ledger, hours_of
from ionet.cli.options import Commands
from ionet.cli.orchestrator import State, serve, status
from ionet.cli.output import when
from ionet.cli.report import build
from ionet.cli.report.build import Measured, Previous, apart_of, continued_report, measures_of
from ionet.cli.session import Session, session
from ionet.staking.heights import has_fallen, is_off_the_head, report_at, window_ends

if TYPE_CHECKING:
    from ionet.ledger import Hours
    from ionet.rewards import Before, Difference, Evidence, Report

app = Commands("Hourly reports of rewards: building, approving, challenging, crediting.")
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


# -- the service


@app.command()
def run(state: State = None) -> None:
    """Report hours as the seat of the keypair, until SIGTERM or Ctrl-C, and serve no jobs.

    The same as an orchestrator does beside jobs, by the settings of ionet orchestrator init: it emits, builds
    or approves each hour's report, makes it final, credits nodes, and asks devices what reports need. It can
    be killed at any moment.
    """
    serve(state, jobs=False)


app.command()(status)


# -- looking


@app.command("list")
def list_reports(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the latest.")] = 24,
) -> None:
    """List reports, latest hour first."""
    io = session()
    reports = io.reader.proofs.reports()[:limit]
    config, now = io.reader.proofs.get_config(), io.reader.time()
    attesters = io.reader.proofs.get_attesters()
    io.screen.table(
        (">hour", "ended", "report", "state", ">total IO", ">leaves", "next"),
        [
            (
                report.account.seq,
                when(report.account.period_end),
                report.address,
                report.account.state.name.lower(),
                f"{IO.from_base(report.account.total):n}",
                f"{report.account.leaves:,}",
                _next(report.address, report.account, config, attesters, now),
            )
            for report in reports
        ],
        data=[_json(report.address, report.account) for report in reports],
        empty="No reports yet.",
    )


@app.command()
def show(report: ReportAddress) -> None:
    """Show a report."""
    io = session()
    account, config, now = (
        io.reader.proofs.get_report(report),
        io.reader.proofs.get_config(),
        io.reader.time(),
    )
    attesters = io.reader.proofs.get_attesters()
    approved = [
        str(key)
        for seat, key in enumerate(attesters.keys[: attesters.seats])
        if account.approvals >> seat & 1
    ]
    io.screen.facts(
        [
            ("Report", report),
            ("Hour", f"{account.seq}, ended {when(account.period_end)}"),
            ("Height", f"{account.height}, a correction" if account.correction else str(account.height)),
            ("State", account.state.name.lower()),
            ("Continues", _continues(io, account)),
            ("Next", _next(report, account, config, attesters, now)),
            ("Total", f"{IO.from_base(account.total)} earned by all nodes so far, {account.leaves:,} leaves"),
            ("Root", account.root.hex()),
            ("Evidence", place_of(account)),
            ("sha256", account.evidence_hash.hex()),
            (
                "Approved by",
                f"{', '.join(approved)} (weight {account.weight} of {attesters.threshold} needed)",
            ),
            ("Final", when(account.finalized_at) if account.finalized_at else None),
        ],
        data=_json(report, account),
    )


# -- attesters


@app.command()
def submit(
    evidence: Annotated[Path, typer.Argument(metavar="FILE", help="The evidence file, as `build` wrote it.")],
    place: Annotated[str, typer.Option("--place", metavar="URL", help="Where the file is published.")],
    previous: Previous = None,
) -> None:
    """Report an evidence file, which is also its first approval; for an attester.

    The file has to be published already. Emits first if the hour is not emitted yet.
    """
    require_numpy()
    io = session()
    before = _predecessor(io, evidence)
    report = _recomputed(io, evidence, None, before, previous)
    check_published(place, report.evidence)
    proposal = io.client.proofs.propose(report, place, predecessor=before)
    sent = io.send(io.client.proofs.report(proposal), f"report hour {proposal.seq}")
    account = io.client.proofs.get_report(sent.result)
    minted = [event for event in sent.events if isinstance(event, events.mint.Emitted)]
    emitted = IO.from_base(sum(event.paid + event.withheld for event in minted))
    config, attesters = io.client.proofs.get_config(), io.client.proofs.get_attesters()
    io.done(
        sent,
        *([f"Emitted {emitted} first"] if emitted else []),
        f"Reported hour {proposal.seq}: {sent.result}",
        f"It is {_next(sent.result, account, config, attesters, 0)}",
        report=sent.result,
        hour=proposal.seq,
        total=IO.from_base(report.total),
        state=account.state,
        emitted=emitted,
    )


@app.command()
def check(
    report: ReportAddress,
    evidence: EvidenceOption = None,
    previous: Previous = None,
    measured: Measured = None,
    ledger: Ledger = None,
) -> None:
    """Recompute a report from its evidence and the report before, and compare it with the events.

    Facts are those of the hour's last second, by the ledger's events. What --measured has and the report
    leaves out must make no difference. Exits with 1 if something differs.
    """
    io = session()
    account = io.reader.proofs.get_report(report)
    with evidence_of(account, evidence) as path:
        _recomputed(io, path, account, account.predecessor, previous)
        differences, apart = _differences(io, report, account, path, previous, measured, ledger)
    io.screen.show(
        {
            "report": report,
            "recomputed": True,
            "root": account.root,
            "differences": differences,
            "apart": apart,
        },
        f"The evidence leads to the report's root {account.root.hex()}: every reward and reason is right.",
        *_difference_lines(differences),
    )
    if differences:
        raise typer.Exit(1)


@app.command()
def approve(
    report: ReportAddress,
    evidence: EvidenceOption = None,
    previous: Previous = None,
    measured: Measured = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="NODE[:FACT]",
            help="Approve although this differs: all facts of a node, or one; hour:FACT for one of the hour;"
            " repeatable.",
        ),
    ] = None,
    ledger: Ledger = None,
) -> None:
    """Recompute a report from its evidence, compare it with the events, and approve it; for an attester.

    Needs the evidence of the report that it continues, since every leaf follows from that report's leaves.
    What --measured has, as the report service's own, and the report leaves out must make no difference. Only
    what --accept names may differ, and it must. A report that is void, has fallen, or waits for an earlier
    attester set is renewed: this approval is its first.
    """
    io = session()
    account = io.client.proofs.get_report(report)
    with evidence_of(account, evidence) as path:
        recomputed = _recomputed(io, path, account, account.predecessor, previous)
        differences, apart = _differences(io, report, account, path, previous, measured, ledger)
    accepted = _accepted(differences, accept or [])
    if others := [difference for difference in differences if difference not in accepted]:
        for line in _difference_lines(others):
            io.screen.note(line)
        more = " besides those that you accept" if accepted else ""
        raise UserError(
            f"{len(others)} facts of report {account.seq} differ from what the events say{more}; see `ionet"
            f" report check`, or accept each that you know to be right: --accept {_names(others[0])[-1]}"
        )
    stale = account.state != ReportState.PENDING or account.set_version != _set_version(io)
    call = io.client.proofs.renew if stale else io.client.proofs.approve
    sent = io.send(call(report, recomputed), f"{'renew' if stale else 'approve'} report {account.seq}")
    updated = io.client.proofs.get_report(report)
    config, attesters = io.client.proofs.get_config(), io.client.proofs.get_attesters()
    io.done(
        sent,
        f"Approved report {account.seq}: {_next(report, updated, config, attesters, 0)}",
        *(_difference_lines(accepted) if accepted else ()),
        report=report,
        state=updated.state,
        weight=updated.weight,
        threshold=attesters.threshold,
        differences=differences,
        apart=apart,
    )


def _names(difference: dict[str, Any]) -> tuple[str, ...]:
    """What --accept may call a difference, the narrowest name last."""
    node, fact = difference["node"], difference["fact"]
    return (f"hour:{fact}",) if node is None else (str(node), f"{node}:{fact}")


def _accepted(differences: list[dict[str, Any]], accept: list[str]) -> list[dict[str, Any]]:
    """Those of the differences that are accepted by name.

    Raises:
        UserError: a name is of none of them.
    """
    known = {name for difference in differences for name in _names(difference)}
    for name in accept:
        if name not in known:
            raise UserError(
                f"--accept {name} names nothing that differs: write NODE, NODE:FACT or hour:FACT, as `ionet"
                " report check --output json` names them"
            )
    return [difference for difference in differences if {*_names(difference)} & {*accept}]


def _continues(io: Session, report: accounts.proofs.Report) -> str:
    """The report before, in words."""
    if report.predecessor == Pubkey.default():
        return "none: it is the first"
    try:
        before = io.reader.proofs.get_report(report.predecessor)
    except AccountNotFound:
        return f"{report.predecessor}, which is closed"
    return f"report {before.seq}, {report.predecessor} ({before.state.name.lower()})"


def _set_version(io: Session) -> int:
    return io.client.proofs.get_attesters().set_version


def _predecessor(io: Session, path: Path) -> Pubkey:
    """The report on the chain that an evidence file continues."""
    root = evidence_in(path).previous_root
    if root is None:
        return Pubkey.default()
    matches = [report for report in io.reader.proofs.reports() if report.account.root == root]
    head = io.reader.proofs.head()
    matches.sort(key=lambda report: (report.address != head, report.account.state == ReportState.VOID))
    if not matches:
        raise UserError(f"{path} continues a report with the root {root.hex()}, which is not on the chain")
    return matches[0].address


def _before(io: Session, predecessor: Pubkey, file: Path | None) -> Before | None:
    """The report that another one continues, with its leaves; None for the first."""
    if predecessor == Pubkey.default():
        return None
    return continued_report(io, predecessor, file).report


def _recomputed(
    io: Session,
    path: Path,
    report: accounts.proofs.Report | None,
    predecessor: Pubkey,
    previous: Path | None,
) -> Report:
    """Computes a report from evidence and the predecessor's leaves, and checks it against the chain."""
    from ionet.rewards import EvidenceError, verify_evidence

    before = _before(io, predecessor, previous)
    try:
        recomputed = verify_evidence(
            path,
            root=None if report is None else report.root,
            previous=None if before is None else before.leaves,
        )
    except EvidenceError as bad:
        raise UserError(f"{path} does not hold: {bad}", UNUSABLE) from None
    if report is not None and (recomputed.total, recomputed.period_end) != (report.total, report.period_end):
        raise UserError(f"{path} is of another hour, or another total, than the report", UNUSABLE)
    return recomputed


def _differences(
    io: Session,
    address: Pubkey,
    report: accounts.proofs.Report,
    path: Path,
    previous: Path | None,
    measured: list[str] | None,
    ledger: str | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """How a report's facts differ from those that the events say, and who has measured something else."""
    from ionet.rewards import compare

    stated = evidence_in(path)
    first = report.predecessor == Pubkey.default()
    before = None if first else continued_report(io, report.predecessor, previous)
    leaves = None if before is None or before.report is None else before.report.leaves
    with hours_of(io, ledger, report.period_end) as hours:
        facts = hours.facts(report.period_end)
        due = _due_emission(hours, address, report, stated)
    mine = facts.rows(stated.measures, before=leaves)
    more = measures_of(io, report.seq, None, None, measured)
    there = {(item.attester, item.node) for item in stated.measures}
    missing = [item for item in more if (item.attester, item.node) not in there]
    apart = apart_of(io, facts, [*stated.measures, *missing])
    carry = None if before is None else before.carry
    differences = compare(
        stated, mine, facts.policy, due, absent=facts.absent(), carry=carry, attesters=facts.attesters
    )
    left_out = [
        {"node": node, "fact": "measured", "stated": found, "events": None, "with_measured": seen}
        for node, found, seen in facts.left_out(stated.measures, missing, before=leaves)
    ]
    return [*(_difference_data(difference) for difference in differences), *left_out], apart


def _difference_data(difference: Difference) -> dict[str, Any]:
    node = None if difference.node is None else Pubkey(difference.node)
    stated, seen = difference.stated, difference.seen
    if difference.fact == "node":
        stated, seen = ("is missing from the report" if stated is None else "was no live node"), None
    elif difference.fact in ("emission", "elsewhere"):
        stated, seen = IO.from_base(stated), None if seen is None else IO.from_base(seen)
    elif difference.fact in ("verdict", "carry"):
        stated, seen = asdict(stated), asdict(seen)
    elif difference.fact == "attesters":
        stated, seen = ({str(Pubkey(key)): weight for key, weight in side.items()} for side in (stated, seen))
    return {"node": node, "fact": difference.fact, "stated": stated, "events": seen}


def _due_emission(
    hours: Hours, address: Pubkey, report: accounts.proofs.Report, stated: Evidence
) -> int | None:
    """What a report should share out, base units; None where it is not emitted yet."""
    from ionet.rewards import RewardError, to_share

    try:
        paid = hours.emissions.hour(report.seq)
        correction = address if report.correction else None
        return to_share(paid, hours.emissions.most(report.seq, correction=correction), stated.kept)
    except (EmissionUnknown, RewardError):
        return None


def _difference_lines(differences: list[dict[str, Any]]) -> list[str]:
    if not differences:
        return ["Every fact is as the events say."]
    lines = [f"{len(differences)} facts differ from what the events say:"]
    for difference in differences[:20]:
        node, fact, stated, seen = (difference[name] for name in ("node", "fact", "stated", "events"))
        if fact == "node":
            lines.append(f"  {node} {stated}")
        elif fact == "measured":
            seen = difference["with_measured"]
            lines.append(f"  {node}: {stated} there, and {seen} with what is left out")
        elif fact == "emission":
            paid = seen or "not emitted yet"
            lines.append(f"  emission of the hour: stated {stated}, events {paid}")
        elif node is None:
            lines.append(f"  {_OF_THE_HOUR.get(fact, f'parameter {fact}')}: stated {stated}, events {seen}")
        else:
            lines.append(f"  {node} {fact}: stated {stated}, events {seen}")
    if len(differences) > 20:
        lines.append(f"  and {len(differences) - 20} more")
    return lines


_OF_THE_HOUR: Final = {
    "attesters": "weights of attesters",
    "carry": "carry of the hour before",
    "elsewhere": "credited to nodes without a leaf",
}


# -- anybody


@app.command()
def emit() -> None:
    """Mint what the schedule allows by now, for the rewards of past hours; for anyone."""
    io = session()
    sent = io.send(io.client.mint.emit(), "emit what the schedule allows")
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
    account = io.reader.proofs.get_report(report)
    if account.state != ReportState.FINAL:
        raise UserError(f"report {account.seq} is not final: {_now(io, report, account)}", REFUSED)
    leaves = leaves_of(account, evidence)
    if node is not None:
        try:
            call = io.client.staking.credit(node, report, leaves)
        except KeyError:
            raise UserError(f"report {account.seq} has no leaf for {node}") from None
        sent = io.send(call, f"credit {node} from report {account.seq}")
        io.done(sent, f"Credited {sent.result} to {node}", node=node, amount=sent.result, report=report)
        return
    _credit_all(io, report, account, leaves)


def _credit_all(io: Session, report: Pubkey, account: accounts.proofs.Report, leaves: Report) -> None:
    """Credits every node not yet credited up to its leaf; a refusal does not stop the others."""
    from ionet.cli.failures import sentence

    keys = [Pubkey(bytes(row)) for row in leaves.leaves.nodes]
    nodes = io.reader.fetch_many(accounts.staking.Node, keys)
    io.refuse_sign_only()
    rows, data = [], []
    stopped: IonetError | None = None
    total = IO(0)
    for n, (key, node) in enumerate(zip(keys, nodes, strict=True)):
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
            data={"report": report, "hour": account.seq, "total": total, "nodes": data},
            empty=f"Every node is credited up to report {account.seq} already.",
        )
    if stopped is not None:
        raise stopped
    if rows and not io.dry_run:
        io.screen.note(f"credited {total} to {sum('credited' in entry for entry in data)} nodes")
    if any("error" in entry for entry in data):
        raise typer.Exit(REFUSED)


@app.command()
def refute(report: ReportAddress, node: NodeAddress, evidence: EvidenceOption = None) -> None:
    """Void a report that is not final, for a leaf below its node's credit, or a leaf without a node."""
    io = session()
    account = io.reader.proofs.get_report(report)
    try:
        call = io.client.proofs.refute(report, node, leaves_of(account, evidence))
    except KeyError:
        raise UserError(f"report {account.seq} has no leaf for {node}") from None
    sent = io.send(call, f"refute report {account.seq}")
    io.done(sent, f"Report {account.seq} is void", report=report, node=node)


@app.command()
def void(report: ReportAddress) -> None:
    """Void a report that is not final; for the guardian, or the authority for a correction."""
    io = session()
    io.done(io.send(io.client.proofs.void(report), f"void {report}"), f"{report} is void", report=report)


@app.command()
def endorse(report: ReportAddress) -> None:
    """Endorse a correction, which then only needs the threshold; for the guardian."""
    io = session()
    sent = io.send(io.client.proofs.endorse(report), f"endorse {report}")
    account = io.client.proofs.get_report(report)
    io.done(sent, f"Endorsed: {_now(io, report, account)}", report=report, state=account.state)


@app.command("show-verdict")
def show_verdict(node: NodeAddress, evidence: EvidenceOption = None) -> None:
    """Write a node's verdict from the report at the head into the node's account; for anyone.

    A booking needs a passed verdict that is at most six hours old, or two days where it is the head's.
    """
    io = session()
    head = io.reader.proofs.head()
    if head == Pubkey.default():
        raise UserError("no report has reached its threshold yet")
    account = io.reader.proofs.get_report(head)
    try:
        call = io.client.proofs.show_verdict(node, head, leaves_of(account, evidence))
    except KeyError:
        raise UserError(f"report {account.seq} has no leaf for {node}") from None
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
        Path | None, typer.Option("--reason", metavar="FILE", help="The evidence that the leaf is wrong.")
    ] = None,
    reason_hash: Annotated[
        bytes | None, typer.Option("--reason-hash", metavar="HEX", parser=digest, help="Its sha256, instead.")
    ] = None,
) -> None:
    """Challenge a node's leaf with a bond, and hold back its credit for up to seven days; for anyone."""
    if (reason is None) == (reason_hash is None):
        raise UserError("name the evidence by --reason or by --reason-hash")
    reason_hash = reason_hash or sha256((reason or Path()).read_bytes()).digest()
    io = session()
    bond = IO.from_base(io.client.proofs.get_config().challenge_bond)
    call = io.client.proofs.challenge(report, node, reason_hash)
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
    challenges = io.reader.proofs.challenges()
    io.screen.table(
        ("challenge", "node", "report", ">bond IO", "until"),
        [
            (
                challenge.address,
                challenge.account.node,
                challenge.account.report,
                f"{IO.from_base(challenge.account.bond):n}",
                when(challenge.account.until),
            )
            for challenge in challenges
        ],
        data=[
            {
                "challenge": challenge.address,
                "node": challenge.account.node,
                "report": challenge.account.report,
                "challenger": challenge.account.challenger,
                "bond": IO.from_base(challenge.account.bond),
                "until": challenge.account.until,
                "evidence_hash": challenge.account.evidence_hash,
            }
            for challenge in challenges
        ],
        empty="No open challenges.",
    )


@app.command()
def decide(
    challenge: ChallengeAddress,
    uphold: Annotated[
        bool, typer.Option("--uphold/--reject", help="Whether the leaf is wrong; rejecting burns the bond.")
    ],
) -> None:
    """Decide a challenge; for the resolver."""
    io = session()
    sent = io.send(
        io.client.proofs.decide(challenge, upheld=uphold), f"{'uphold' if uphold else 'reject'} {challenge}"
    )
    words = "upheld: the bond went back, and the node is credited from later reports only"
    io.done(
        sent,
        f"{challenge} was {words if uphold else 'rejected: the bond was burned'}",
        challenge=challenge,
        upheld=uphold,
        bond=IO.from_base(sent.result.bond),
    )


@app.command()
def lift(challenge: ChallengeAddress) -> None:
    """End a challenge that was not decided in time; for anyone."""
    io = session()
    sent = io.send(io.client.proofs.lift(challenge), f"lift {challenge}")
    io.done(sent, f"Lifted {challenge}; the bond went back", challenge=challenge)


# -- parts of answers


def _now(io: Session, address: Pubkey, report: accounts.proofs.Report) -> str:
    proofs = io.reader.proofs
    return _next(address, report, proofs.get_config(), proofs.get_attesters(), io.reader.time())


def _next(
    address: Pubkey,
    report: accounts.proofs.Report,
    config: accounts.proofs.Config,
    attesters: accounts.proofs.AttesterSet,
    now: int,
) -> str:
    """What can happen to a report now, in words."""
    match report.state:
        case ReportState.PENDING:
            if is_off_the_head(report, config):
                return "off the head: it continues a report that is not there, and cannot be approved"
            if report.set_version != attesters.set_version:
                return "of an earlier attester set: approve to renew it"
            needed = "" if not report.correction else _correction_needs(report, attesters)
            return f"waiting for approvals: weight {report.weight} of {attesters.threshold}{needed}"
        case ReportState.APPROVED:
            if has_fallen(address, report, config):
                return "fallen: another has its place, or an earlier one was voided; approve to renew it"
            until = window_ends(report, config)
            if now < until:
                return f"in its challenge window until {when(until)}"
            if report.height > config.final_height + 1:
                return f"waits for report {report_at(config, config.final_height + 1)}, which is final first"
            return "ready to be made final"
        case ReportState.FINAL:
            if report.height < config.min_height:
                return "not creditable any more: a correction has taken its place"
            if now < report.creditable_from:
                return f"creditable from {when(report.creditable_from)}"
            if report.creditable_until < now:
                return "too old to credit"
            return f"creditable until {when(report.creditable_until)}"
    return "void: the next report covers its hour, or approve it to renew it"


def _correction_needs(report: accounts.proofs.Report, attesters: accounts.proofs.AttesterSet) -> str:
    """What a correction needs besides the threshold."""
    if report.endorsed:
        return ", endorsed by the guardian"
    most = max(-(-4 * attesters.total_weight // 5), attesters.threshold)
    return f" with the guardian's endorsement, or {most} without"


def _json(address: Pubkey, report: accounts.proofs.Report) -> dict[str, Any]:
    return {
        "report": address,
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
