"""`ionet report build`: the evidence of an hour's rewards, or of several hours in a row."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from solders.pubkey import Pubkey

from ionet import IO
from ionet.cli.evidence import check_file, evidence_in, evidence_of, file_at, require_numpy
from ionet.cli.failures import UNUSABLE, UserError
from ionet.cli.ledger import Ledger, hours_of
from ionet.cli.options import Commands
from ionet.cli.output import when
from ionet.cli.session import Session, session
from ionet.formats.when import HOUR
from ionet.staking.heights import head_of, report_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ionet.ledger import HourFacts, Hours
    from ionet.rewards import Before, Carry, Measure, Report, Scores, Verdict, Word

app = Commands()

Statements = Annotated[
    Path | None,
    typer.Option(
        "--statements",
        metavar="FILE",
        help="Devices' signed statements that you have, JSON lines; for several hours: s-{hour}.jsonl.",
    ),
]
Verdicts = Annotated[
    Path | None,
    typer.Option(
        "--verdicts",
        metavar="FILE",
        help="Your orchestrator's verdicts on compute proofs, JSON lines.",
    ),
]
Measured = Annotated[
    list[str] | None,
    typer.Option(
        "--measured",
        metavar="FILE|URL",
        help="What an attester has measured, as report measure writes it; repeatable; {hour} stands for the"
        " hour's number.",
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option(
        "--previous",
        metavar="FILE",
        help="Evidence of the report that it continues; default: where that is published.",
    ),
]

#: Stands for an hour's number in the names of files.
_NUMBER: Final = "{hour}"
#: Lines and differences that are told one by one.
_TOLD: Final = 10


@dataclass(slots=True)
class _Before:
    """What an hour's report continues: the previous hour, its report and its carry."""

    seq: int
    report: Before | None = None
    carry: Carry | None = None
    #: Root of the report before that.
    root: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What attesters have measured of an hour, and a correction's lifetimes."""

    measures: list[Measure]
    restated: dict[bytes, int] | None = None


@dataclass(frozen=True, slots=True)
class _Built:
    seq: int
    path: Path
    paid: IO
    scores: Scores
    report: Report
    height: int
    #: Who has measured something else than what counts.
    apart: list[dict[str, Any]]

    def next(self) -> _Before:
        """What the next hour's report continues."""
        from ionet.rewards import Before

        report = Before(self.height, self.report.root, self.report.leaves)
        return _Before(self.seq, report, self.scores.carry)


@app.command()
def build(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE", help="Where to write the evidence; for several hours: e-{hour}.jsonl."
        ),
    ],
    hour: Annotated[
        int | None,
        typer.Option("--hour", metavar="NUMBER", help="From the start of emission; default: the latest."),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(
            "--from",
            metavar="NUMBER",
            help="Build from this hour to --hour; default: the hour after the latest report.",
        ),
    ] = None,
    words: Statements = None,
    verdicts: Verdicts = None,
    measured: Measured = None,
    previous: Previous = None,
    ledger: Ledger = None,
) -> None:
    """Compute hours' rewards from events and devices' statements, and write the evidence files.

    The first continues the approved report of the hour before, whose evidence is fetched from where it is
    published, or --previous. Hours missed since then are built, too, each continuing the file before.
    Facts are those of each hour's last second, by the ledger's events; uptime and verdicts are the medians of
    what attesters have measured: --statements and --verdicts, which your key signs, and --measured. Nothing
    is sent. Publish the files, then submit them in order: ionet report submit FILE --place URL.
    """
    require_numpy()
    io = session()
    latest = io.reader.proofs.latest_hour()
    last = latest if hour is None else hour
    if not latest:
        raise UserError(
            f"no hour of emission is over yet: the first ends {when(io.reader.proofs.period_end(1))}"
        )
    if not 1 <= last <= latest:
        raise UserError(f"hour {last} is not among those that are over: 1 to {latest}")
    before = continued(io, previous, first or last)
    begin = first or (last if before is None else before.seq + 1)
    if before is not None and before.seq >= min(begin, last):
        over = "" if before.seq < latest else ", which is not over yet"
        raise UserError(
            f"{previous} is of hour {before.seq} already; the next is hour {before.seq + 1}{over}"
        )
    if begin > last:
        raise UserError(f"the first hour, {begin}, comes after the last, {last}")
    _check_given(io, previous, before)
    hours = range(begin, last + 1)
    files = _places(out, hours, "--out")
    if words is not None:
        _places(words, hours, "--statements")
    inputs = {seq: _Inputs(measures_of(io, seq, words, verdicts, measured)) for seq in hours}
    for seq in hours:
        # The chain takes no report of an hour that is not emitted, or that it has forgotten.
        io.reader.proofs.most(seq)
    done: list[_Built] = []
    with hours_of(io, ledger, io.reader.proofs.period_end(last)) as facts:
        # Read before the first file is written, as the ledger may not have an hour's emission yet.
        paid = {seq: facts.emissions.hour(seq) for seq in hours}
        for seq in hours:
            built = _build(io, seq, paid[seq], files[seq], inputs[seq], before or _Before(seq - 1), facts)
            before = built.next()
            done.append(built)
    _show(io, done)


@app.command()
def correct(
    restated: Annotated[
        Path,
        typer.Argument(metavar="FILE", help='Lifetimes in IO that replace wrong ones: {"NODE": "12.5", …}.'),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the evidence.")],
    previous: Previous = None,
    words: Statements = None,
    verdicts: Verdicts = None,
    measured: Measured = None,
    ledger: Ledger = None,
) -> None:
    """Build a correction: the latest hour's report with restated lifetimes, which may be lower.

    Nothing is sent. Approval takes four fifths of the weight, or the threshold and the guardian (ionet report
    endorse). The correction is final after 72 hours; once approved, no earlier report is creditable.
    """
    require_numpy()
    io = session()
    seq = io.reader.proofs.latest_hour()
    before = continued(io, previous, seq + 1)
    if before is None:
        raise UserError("no report has reached its threshold yet: there is nothing to correct")
    if before.seq >= seq:
        what = previous or "the report at the head"
        raise UserError(f"{what} is of the latest hour already: a correction is the next hour's report")
    _check_given(io, previous, before)
    inputs = _Inputs(measures_of(io, seq, words, verdicts, measured), _restated(restated))
    with hours_of(io, ledger, io.reader.proofs.period_end(seq)) as facts:
        built = _build(io, seq, facts.emissions.hour(seq), out, inputs, before, facts)
    _show(io, [built])


def _restated(path: Path) -> dict[bytes, int]:
    """Reads a file of lifetimes by node."""
    form = f'{path} is not of the form {{"NODE": "12.5", …}}'
    try:
        lifetimes = json.loads(path.read_text())
    except ValueError as bad:
        raise UserError(f"{form}: {bad}") from None
    if not isinstance(lifetimes, dict) or not lifetimes:
        raise UserError(f"{form}: there is no node in it")
    restated = {}
    for node, amount in lifetimes.items():
        try:
            key = bytes(Pubkey.from_string(node))
        except ValueError:
            raise UserError(f"{form}: {node!r} is no address") from None
        try:
            restated[key] = IO(amount).base
        except (ValueError, TypeError) as bad:
            raise UserError(f"{form}: of {node}: {bad}") from None
        if restated[key] < 0:
            raise UserError(f"{form}: of {node}: {amount} is below zero")
    return restated


def _places(path: Path, hours: range, option: str) -> dict[int, Path]:
    """A file for each hour."""
    if len(hours) > 1 and _NUMBER not in path.name:
        raise UserError(
            f"hours {hours[0]} to {hours[-1]} are to be built, each into its own file: write {_NUMBER}"
            f" in the name of {option}, as in {path.stem}-{_NUMBER}{path.suffix}; or --hour {hours[0]} for"
            " the first alone"
        )
    return {seq: path.with_name(path.name.replace(_NUMBER, str(seq))) for seq in hours}


def measures_of(
    io: Session, seq: int, words: Path | None, verdicts: Path | None, measured: list[str] | None
) -> list[Measure]:
    """What attesters have measured of an hour: one's own, signed here, and files of others.

    A line that does not hold costs that line only, and is told.
    """
    from ionet.rewards import measured as signed
    from ionet.rewards import read_measures, read_verdicts, read_words

    end = io.reader.proofs.period_end(seq)

    def told(path: Path | str, refused: list[str]) -> None:
        for line in refused[:_TOLD]:
            io.screen.note(f"warning: {path} {line}")
        if len(refused) > _TOLD:
            io.screen.note(f"warning: {path} has {len(refused) - _TOLD} more lines that do not count")

    measures: list[Measure] = []
    if words is not None or verdicts is not None:
        mine: dict[bytes, Word] = {}
        found: dict[bytes, Verdict] = {}
        if words is not None:
            mine, refused = read_words(path := _of(words, seq), end)
            told(path, refused)
        if verdicts is not None:
            found, refused = read_verdicts(verdicts, end)
            told(verdicts, refused)
        measures += signed(io.signer, end, mine, found)
    for each in measured or ():
        place = each.replace(_NUMBER, str(seq))
        with file_at(place, "--measured") as path:
            theirs, refused = read_measures(path, end)
        told(place, refused)
        measures += theirs
    kept: dict[tuple[bytes, bytes], Measure] = {}
    for measure in measures:
        kept.setdefault((measure.attester, measure.node), measure)
    return list(kept.values())


def _of(path: Path, seq: int) -> Path:
    return path.with_name(path.name.replace(_NUMBER, str(seq)))


@app.command()
def measure(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write what you have measured.")
    ],
    hour: Annotated[
        int | None,
        typer.Option("--hour", metavar="NUMBER", help="From the start of emission; default: the latest."),
    ] = None,
    words: Statements = None,
    verdicts: Verdicts = None,
) -> None:
    """Sign what you have measured of an hour, for whoever builds its report; for an attester.

    That are the statements of devices that you have, and your verdicts on their compute proofs. Nothing is
    sent: hand the file to the others, who name it by --measured.
    """
    require_numpy()
    from ionet.rewards import write_measures

    io = session()
    seq = io.reader.proofs.latest_hour() if hour is None else hour
    measures = measures_of(io, seq, words, verdicts, None)
    write_measures(out, measures, io.reader.proofs.period_end(seq))
    attester = io.signer.pubkey()
    io.screen.show(
        {"hour": seq, "attester": attester, "nodes": len(measures), "file": str(out)},
        f"Wrote what {attester} has measured of {len(measures)} nodes in hour {seq} to {out}",
    )


def continued(io: Session, previous: Path | None, hour: int) -> _Before | None:
    """What an hour's report continues: an evidence file, or the approved report of the latest hour before.

    That is the one at the head, or a predecessor of it where the hour is reported already; None before the
    first.

    Raises:
        UserError: the evidence cannot be had, or is of another network.
    """
    require_numpy()
    if previous is not None:
        return continued_file(io, previous)
    address = io.reader.proofs.head()
    while address != Pubkey.default():
        account = io.reader.proofs.get_report(address)
        if account.seq < hour:
            return continued_report(io, address, None)
        address = account.predecessor
    return None


def continued_report(io: Session, address: Pubkey, file: Path | None) -> _Before:
    """What follows a report on the chain, from its evidence, which has to lead to its root."""
    account = io.reader.proofs.get_report(address)
    with evidence_of(account, file, "--previous") as path:
        before = continued_file(io, path)
    assert before.report is not None
    if before.report.root != account.root:
        raise UserError(
            f"the evidence of report {account.seq} leads to {before.report.root.hex()}, and not to its root"
            f" {account.root.hex()}",
            UNUSABLE,
        )
    return before


def continued_file(io: Session, path: Path) -> _Before:
    """What follows an evidence file."""
    from ionet.rewards import Before, build_report, score_hour

    evidence = evidence_in(path)
    seq, remainder = divmod(evidence.period_end - io.reader.proofs.period_end(0), HOUR)
    if remainder or seq < 1:
        raise UserError(f"{path} is not of an hour of this network: it ends at {when(evidence.period_end)}")
    carry = score_hour(evidence.hour, evidence.emission, evidence.carry, evidence.policy).carry
    root = build_report(evidence.leaves, evidence.period_end, evidence.digest).root
    return _Before(seq, Before(evidence.height + 1, root, evidence.leaves), carry, evidence.previous_root)


def _check_given(io: Session, path: Path | None, before: _Before | None) -> None:
    """Compares an evidence file that was given by hand with the reports that have their threshold.

    Of an hour that has none yet, the chain knows at most the report before.

    Raises:
        UserError: it is not of the report at its height, or does not continue the one at the head.
    """
    if path is None or before is None or before.report is None:
        return
    config = io.reader.proofs.get_config()
    height = before.report.height
    if height <= config.head:
        account = io.reader.proofs.get_report(report_at(config, max(height, config.final_height)))
        while account.height > height:
            account = io.reader.proofs.get_report(account.predecessor)
        check_file(path, account)
        return
    if config.head and height == config.head + 1:
        head = io.reader.proofs.get_report(head_of(config))
        if before.root != head.root:
            raise UserError(f"{path} does not continue report {head.seq}, which is at the head", UNUSABLE)
    io.screen.note(
        f"warning: no report of hour {before.seq} has its threshold yet: what continues {path} can only be"
        " sent once one with that evidence has"
    )


def _build(
    io: Session, seq: int, paid: int, path: Path, inputs: _Inputs, before: _Before, hours: Hours
) -> _Built:
    from ionet.rewards import assemble

    end = io.reader.proofs.period_end(seq)
    facts = hours.facts(end)
    for problem in facts.broken[:1]:
        io.screen.note(f"warning: events are missing, for everybody: {problem}")
    leaves_before = None if before.report is None else before.report.leaves
    for attester in sorted({item.attester for item in inputs.measures} - facts.attesters.keys()):
        name = Pubkey(attester)
        io.screen.note(f"warning: {name} had no seat in hour {seq}: its word does not count")
    measures = [item for item in inputs.measures if item.attester in facts.attesters]
    rows = facts.rows(measures, before=leaves_before)
    if not rows:
        raise UserError(f"no live node was registered before the end of hour {seq}")
    absent = facts.absent()
    known = {row.node for row in rows} | {entry.node for entry in absent}
    if unknown := (inputs.restated or {}).keys() - known:
        raise UserError(
            f"{Pubkey(min(unknown))} was no node before the end of hour {seq}: it has no lifetime to restate"
        )
    words, _ = facts.medians(measures)
    for node in {item.node for item in measures if item.word is not None} - words.keys():
        io.screen.note(
            f"warning: the statement of node {Pubkey(node)} for hour {seq} does not count: see"
            " `ionet node show`"
        )
    apart = apart_of(io, facts, measures)
    made = assemble(
        path,
        period_end=end,
        rows=rows,
        paid=paid,
        most=hours.emissions.most(seq, correction=None if inputs.restated is None else Pubkey.default()),
        policy=facts.policy,
        absent=absent,
        before=before.report,
        carry=before.carry,
        restated=inputs.restated,
        measures=measures,
        attesters=facts.attesters,
    )
    height = 0 if before.report is None else before.report.height
    return _Built(seq, path, IO.from_base(made.emission), made.scores, made.report, height + 1, apart)


def apart_of(io: Session, facts: HourFacts, measures: Iterable[Measure]) -> list[dict[str, Any]]:
    """Who has measured something else than what counts, by node and attester; the first are told."""
    apart = [
        {"node": Pubkey(item.node), "attester": Pubkey(item.attester), "found": text}
        for item, text in facts.apart(measures)
    ]
    for item in apart[:_TOLD]:
        io.screen.note(f"{item['node']}: {item['attester']} found it {item['found']}")
    if len(apart) > _TOLD:
        io.screen.note(f"and {len(apart) - _TOLD} more")
    return apart


def _show(io: Session, done: list[_Built]) -> None:
    data = [_data(built) for built in done]
    lines = [line for built in done for line in _lines(built)]
    if len(done) == 1:
        (built,) = done
        lines.append(f"Next: publish {built.path}, then ionet report submit {built.path} --place URL")
    else:
        lines.append("Next: publish the files, then in this order:")
        lines += [f"  ionet report submit {built.path} --place URL" for built in done]
    io.screen.show(data[0] if len(done) == 1 else {"hours": data}, *lines)


def _unpaid(scores: Scores) -> int:
    return int((scores.why != 0).sum())


def _reasons(scores: Scores) -> Counter[Any]:
    from ionet.rewards import Why

    return Counter(reason for why in scores.why.tolist() for reason in Why if reason and reason in Why(why))


def _data(built: _Built) -> dict[str, Any]:
    scores, report = built.scores, built.report
    return {
        "hour": built.seq,
        "period_end": report.period_end,
        "evidence": str(built.path),
        "sha256": report.evidence,
        "root": report.root,
        "nodes": len(scores.reward),
        "apart": built.apart,
        "paid_nodes": len(scores.reward) - _unpaid(scores),
        "emission": built.paid,
        "rewards": IO.from_base(scores.total),
        "unallocated": IO.from_base(sum(scores.unallocated)),
        "total": IO.from_base(report.total),
        "reasons": {reason.name: count for reason, count in _reasons(scores).items()},
    }


def _lines(built: _Built) -> list[str]:
    scores, report = built.scores, built.report
    earned = f"{len(scores.reward) - _unpaid(scores)} of {len(scores.reward)} live nodes earned"
    left = IO.from_base(sum(scores.unallocated))
    return [
        f"Hour {built.seq}, which ended {when(report.period_end)}: {built.paid} to distribute",
        f"{earned} {IO.from_base(scores.total)}; {left} stay unallocated",
        *(f"  {count} × {reason.explain()}" for reason, count in _reasons(scores).most_common()),
        f"Evidence: {built.path}, sha256 {report.evidence.hex()}",
        f"Root:     {report.root.hex()}",
    ]
