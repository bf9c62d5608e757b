"""`ionet report` under a demand-linked policy, and after hours that nobody has reported.

Half of the schedule is paid; the month's first hours emit floor(333333333333333 · 2h / 1461) together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import HOUR, Shell, io

from ionet import IO, types
from ionet.rewards import Before, read_evidence, score_hour, write_evidence


def scheduled(hours: int) -> int:
    return 333_333_333_333_333 * 2 * hours // 1461


@dataclass(slots=True)
class Hours:
    """Alice's node, up and proved, and the evidence of the last hour before the policy.

    Attributes:
        node: hers.
        seq: that hour.
        folder: with `e-{hour}.jsonl` and `s-{hour}.jsonl`.
    """

    node: str
    seq: int
    folder: Path

    def evidence(self, seq: int) -> Path:
        return self.folder / f"e-{seq}.jsonl"

    def line(self, *more: object) -> tuple[object, ...]:
        out, statements = self.folder / "e-{hour}.jsonl", self.folder / "s-{hour}.jsonl"
        said = ("--statements", statements, "--verdicts", self.folder / "verdicts.jsonl")
        return ("report", "build", "--out", out, *said, *more)

    def passes(self, shell: Shell) -> int:
        """Another hour, at whose end the node's device has said that it is up."""
        seq = shell.hour_begins()
        shell.prove(self.folder / "verdicts.jsonl", self.node)
        shell.words(self.folder / f"s-{seq}.jsonl", seq - self.seq + 5, (self.node, "GPU-hours"))
        return seq


@pytest.fixture(scope="module")
def hours(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Hours:
    node = shell.register("GPU-hours")
    shell.stake(node, "300")
    shell.hour_begins()
    shell.advance(5 * HOUR)
    found = Hours(node, shell.client.proofs.latest_hour() + 1, tmp_path_factory.mktemp("hours"))
    seq = found.passes(shell)
    assert shell.json(*found.line(), who="attester")["paid_nodes"] == 1
    first = found.evidence(seq)
    shell.text("report", "submit", first, "--place", f"file:{first}", who="attester")
    policy = types.mint.PolicyArgs(
        kind=types.mint.PolicyKind.DEMAND_LINKED, floor_bps=5_000, per_burned_bps=0
    )
    shell.client.mint.set_policy(policy).send()
    assert seq == found.seq
    return found


def test_missed_hours_are_built_and_reported_in_one_go(shell: Shell, hours: Hours) -> None:
    last = hours.evidence(hours.seq)
    one, two = hours.passes(shell), hours.passes(shell)
    said = shell.fails(1, *hours.line("--previous", last), who="attester")
    assert said == (
        f"hour {one} is not emitted yet, and a demand-linked policy decides only then what it pays:"
        " emit first, as anyone can (ionet report emit)"
    )
    span = scheduled(two) - scheduled(hours.seq)
    assert io(shell.json("report", "emit", who="bob")["emitted"]) == IO.from_base(span)
    assert "No hour is over" in shell.text("report", "emit", who="bob")
    said = shell.fails(2, "report", "build", "--out", hours.folder / "x.jsonl", "--previous", last)
    assert said == (
        f"hours {one} to {two} are to be built, each into its own file: write {{hour}} in the name of"
        f" --out, as in x-{{hour}}.jsonl; or --hour {one} for the first alone"
    )
    built = shell.json(*hours.line("--previous", last), who="attester")["hours"]
    # The crank paid half of both hours, rounded down, and they share it as the schedule has it.
    first = span // 2 * (scheduled(one) - scheduled(hours.seq)) // span
    assert [io(found["emission"]).base for found in built] == [first, span // 2 - first]
    assert [found["paid_nodes"] for found in built] == [1, 1]
    earlier = io(shell.json(*hours.line("--hour", hours.seq), who="attester")["total"])
    assert io(built[1]["total"]) == earlier + io(built[0]["rewards"]) + io(built[1]["rewards"])
    assert f"ionet report submit {hours.evidence(one)} --place URL" in shell.text(
        *hours.line("--from", one), who="attester"
    )
    shell.text(*hours.line("--previous", last), who="attester")
    # What has no report yet is known to continue the one at the head, or not to.
    given, alone = hours.folder / "given.jsonl", hours.folder / "alone.jsonl"
    made = hours.evidence(one).read_bytes()
    given.write_bytes(made)
    again = ("report", "build", "--out", alone, "--previous", given)
    done = shell.run(*again)
    assert done.exit_code == 0
    assert f"no report of hour {one} has its threshold yet" in done.stderr
    root = read_evidence(given).previous_root
    assert root is not None
    given.write_bytes(made.replace(root.hex().encode(), bytes(32).hex().encode()))
    said = f"{given} does not continue report {hours.seq}, which is at the head"
    assert shell.fails(3, *again) == said
    reports = []
    for seq in (one, two):
        line = ("--previous", hours.evidence(seq - 1))
        place = ("--place", f"file:{hours.evidence(seq)}")
        made = shell.json("report", "submit", hours.evidence(seq), *place, *line, who="attester")
        assert (made["state"], io(made["emitted"])) == ("approved", IO(0))
        assert shell.json("report", "check", made["report"], *line)["differences"] == []
        reports.append(made["report"])
    shell.advance(24 * HOUR)
    before = shell.json("report", "show", reports[0])["predecessor"]
    for report in (before, *reports):
        shell.text("report", "finalize", report, who="bob")
    shell.advance(7 * 24 * HOUR)
    # The later report alone heals both hours.
    credited = shell.json("report", "credit", reports[1], "--all", who="bob")
    assert io(credited["total"]) == io(built[1]["total"])


def test_an_approver_sees_an_hour_that_was_paid_something_else(shell: Shell, hours: Hours) -> None:
    seq = shell.client.proofs.latest_hour()
    shell.text("report", "emit", who="bob")
    found = read_evidence(hours.evidence(hours.seq))
    honest = hours.folder / "honest.jsonl"
    shell.text("report", "build", "--out", honest, "--previous", hours.evidence(hours.seq + 2), "--from", seq)
    found, previous = read_evidence(honest), read_evidence(hours.evidence(hours.seq + 2))
    assert found.previous_root is not None
    forged, more = hours.folder / "forged.jsonl", found.emission + 10_000
    write_evidence(
        forged,
        hour=found.hour,
        scores=score_hour(found.hour, more, found.carry),
        leaves=found.leaves,
        emission=more,
        period_end=found.period_end,
        carry=found.carry,
        before=Before(found.height, found.previous_root, previous.leaves),
        measures=found.measures,
        attesters=found.attesters,
    )
    place = ("--place", f"file:{forged}")
    line = ("--previous", hours.evidence(hours.seq + 2))
    report = shell.json("report", "submit", forged, *place, *line, who="attester")["report"]
    done = shell.run("report", "check", report, *line)
    assert done.exit_code == 1
    assert (
        f"  emission of the hour: stated {IO.from_base(more)}, events {IO.from_base(found.emission)}"
        in done.stdout
    )


def test_hours_that_are_forgotten_name_the_earliest_that_is_not(shell: Shell, hours: Hours) -> None:
    for _ in range(24):
        latest = shell.hour_begins()
        shell.client.mint.emit().send()
    said = shell.fails(1, *hours.line()[:4], "--previous", hours.evidence(hours.seq + 2))
    # Of 24 cranks, the oldest one's end is known: the end of that hour.
    earliest = latest - 23
    assert f"hour {earliest} is the earliest that can still be reported" in said
    assert said.endswith(
        f"continue with that one (--from {earliest}); what earlier ones emitted stays unallocated"
    )
    line = ("--previous", hours.evidence(hours.seq + 2), "--from", earliest, "--hour", earliest)
    late = shell.json("report", "build", "--out", hours.folder / "late.jsonl", *line)
    # When it began, only the ledger knows; half is paid.
    assert (late["hour"], io(late["emission"]).base) == (
        earliest,
        (scheduled(earliest) - scheduled(earliest - 1)) // 2,
    )
    said = shell.fails(
        2, "report", "build", "--out", "x", "--previous", hours.folder / "late.jsonl", "--hour", 1
    )
    assert (
        said
        == f"{hours.folder / 'late.jsonl'} is of hour {earliest} already; the next is hour {earliest + 1}"
    )


def test_reports_stand_on_each_other_and_fall_together(shell: Shell, hours: Hours) -> None:
    reports = []
    for _ in range(2):
        seq = hours.passes(shell)
        shell.client.mint.emit().send()
        shell.text(*hours.line("--from", seq), who="attester")
        out = hours.evidence(seq)
        made = shell.json("report", "submit", out, "--place", f"file:{out}", who="attester")
        assert made["state"] == "approved"
        reports.append(made["report"])
    first, second = reports
    why = ("node", "why", hours.node, "--evidence", hours.evidence(seq))
    assert [one["code"] for one in shell.json(*why)["waiting"]] == ["window-open"]
    shell.advance(24 * HOUR)
    below = shell.json("report", "show", first)["predecessor"]
    while shell.json("report", "show", below)["state"] != "final":
        shell.text("report", "finalize", below, who="bob")
    assert "ready to be made final" in shell.text("report", "show", first)
    assert f"waits for report {first}, which is final first" in shell.text("report", "show", second)
    (cause,) = shell.json(*why)["waiting"]
    assert (cause["code"], first in cause["todo"]) == ("waits-for-predecessor", True)
    shell.text("report", "void", first, who="resolver")
    told = shell.text("report", "show", second)
    assert "fallen: another has its place, or an earlier one was voided" in told
    assert f"report {seq - 1}, {first} (void)" in told
    (cause,) = shell.json(*why)["waiting"]
    assert cause["code"] == "fallen"
    assert f"ionet report approve {second}" in cause["todo"]
