"""`ionet report`: from an hour's facts to a node's credit, by two attesters, a doubter and anybody.

Alice's RTX 4090 has a co-staker and is up; Bob's is not. An hour emits 4,563.08464522 IO, of which 95 % are
for GPUs; the only node that is eligible gets as much of it as its owner's minimum lets it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cli.conftest import DAY, HOUR, Shell, io, key
from tests.orchestrator.support import full_disk

from ionet import IO, SOL, ProofReason, pda
from ionet.cli.evidence import evidence_of
from ionet.cli.failures import UserError
from ionet.rewards import Before, build_report, cumulate, read_evidence, score_hour, write_evidence
from ionet.rewards import Hour as RewardHour

#: 96 bps of the minimum of 250 IO, by which the only node's reward of an hour is bounded.
GPUS = IO("2.4")


class Files(SimpleHTTPRequestHandler):
    """Where evidence is published."""

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of a folder's files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True)
class Hour:
    """An hour with its evidence.

    Attributes:
        seq: its number.
        evidence: its file.
        previous: the hour's before.
        alice: her node.
        bob: his.
    """

    seq: int
    evidence: Path
    alice: str
    bob: str
    statements: Path
    verdicts: Path

    @property
    def said(self) -> tuple[object, ...]:
        """Options of `report build`."""
        return ("--statements", self.statements, "--verdicts", self.verdicts)


@pytest.fixture(scope="module")
def hour(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Hour:
    """A sixth hour, built; two attesters of whom both have to agree."""
    folder = tmp_path_factory.mktemp("evidence")
    attesters = {shell.people["attester"].pubkey(): 1}
    shell.key("second")
    shell.client.airdrop(shell.people["second"].pubkey(), SOL(1))
    attesters[shell.people["second"].pubkey()] = 1
    shell.client.proofs.set_attesters(attesters, threshold=2).send()
    alice = shell.register("GPU-alice", commission=10)
    bob = shell.register("GPU-bob", who="bob")
    shell.stake(alice, "300")
    shell.stake(bob, "300", who="bob")
    shell.advance(1)
    shell.text("stake", "add", alice, "100", who="carol")
    shell.advance(14 * DAY)
    shell.credited_until_now(alice)
    shell.text("stake", "activate", alice, who="carol")
    shell.hour_begins()
    shell.advance(5 * HOUR + 1)
    seq = shell.hour_begins()
    verdicts = shell.prove(folder / "verdicts.jsonl", alice, bob)
    shell.client.mint.emit().send()
    statements = shell.words(folder / "words.jsonl", 6, (alice, "GPU-alice"))
    evidence = folder / "evidence.jsonl"
    said = ("--statements", statements, "--verdicts", verdicts)
    built = shell.json("report", "build", "--out", evidence, *said, who="attester")
    assert (built["hour"], built["nodes"], built["paid_nodes"]) == (seq, 2, 1)
    assert io(built["rewards"]) == GPUS
    assert built["reasons"] == {"NOT_UP": 1}
    return Hour(seq, evidence, alice, bob, statements, verdicts)


@pytest.fixture(scope="module")
def report(shell: Shell, hour: Hour) -> str:
    """The hour's report, with one approval of two."""
    line = ("report", "submit", hour.evidence, "--place", f"file:{hour.evidence}")
    done = shell.json(*line, who="attester")
    assert (done["hour"], done["state"]) == (hour.seq, "pending")
    found: str = done["report"]
    return found


def test_building_again_gives_the_same_bytes(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    shell.text("report", "build", "--out", again, "--hour", hour.seq, *hour.said, who="attester")
    assert again.read_bytes() == hour.evidence.read_bytes()


def test_evidence_for_which_there_is_no_room_is_one_sentence_and_no_file(
    shell: Shell, hour: Hour, tmp_path: Path
) -> None:
    out = tmp_path / "full.jsonl"
    line = ("report", "build", "--out", out, "--hour", hour.seq, *hour.said)
    with full_disk(500):
        said = shell.fails(3, *line, who="attester")
    assert said == f"{out}: File too large"
    assert [*tmp_path.iterdir()] == []


def test_an_hour_is_shared_out_as_the_parameters_say(
    shell: Shell, hour: Hour, report: str, tmp_path: Path
) -> None:
    assert "Every fact is as the events say." in shell.text("report", "check", report)
    # Set after the hour, they are the next one's.
    shell.text("admin", "set", "proofs", "gpu_bps=90%", "up_hours=7", who="deployer")
    other = tmp_path / "other.jsonl"
    shell.text("report", "build", "--out", other, "--hour", hour.seq, *hour.said, who="attester")
    assert other.read_bytes() == hour.evidence.read_bytes()
    assert read_evidence(other).policy.gpu_bps == 9_500
    assert shell.json("report", "check", report)["differences"] == []
    shell.text("admin", "set", "proofs", "gpu_bps=95%", "up_hours=5", who="deployer")


def test_a_fact_that_the_events_do_not_say_is_named(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    found, forged = read_evidence(hour.evidence), tmp_path / "forged.jsonl"
    rows = [replace(row, units=2) if row.node == bytes(key(hour.bob)) else row for row in found.hour.rows()]
    facts, policy = RewardHour.from_rows(rows), replace(found.policy, gpu_bps=9_000)
    scores = score_hour(facts, found.emission, found.carry, policy)
    leaves = cumulate(None, facts, scores, found.period_end)
    write_evidence(
        forged,
        hour=facts,
        scores=scores,
        leaves=leaves,
        emission=found.emission,
        period_end=found.period_end,
        policy=policy,
        measures=found.measures,
        attesters=found.attesters,
    )
    line = ("report", "submit", forged, "--place", f"file:{forged}")
    report = shell.json(*line, who="attester")["report"]
    said = shell.run("report", "check", report)
    assert said.exit_code == 1
    assert said.stdout.splitlines()[-3:] == [
        "2 facts differ from what the events say:",
        "  parameter gpu_bps: stated 9000, events 9500",
        f"  {hour.bob} units: stated 2, events 1",
    ]
    approve = ("report", "approve", report)
    refused = shell.fails_behind_text(2, *approve, who="second")
    assert refused.startswith(f"2 facts of report {hour.seq} differ from what the events say; see")
    assert refused.endswith("--accept hour:gpu_bps")
    # What is accepted by name is accepted alone.
    for name, other in (("hour:gpu_bps", f"{hour.bob}:units"), (hour.bob, "hour:gpu_bps")):
        refused = shell.fails_behind_text(2, *approve, "--accept", name, who="second")
        assert refused.startswith(f"1 facts of report {hour.seq} differ")
        assert "besides those that you accept" in refused
        assert refused.endswith(f"--accept {other}")
    for name in (hour.alice, f"{hour.bob}:stake", "hour:units", "hour", "hour:"):
        refused = shell.fails(2, *approve, "--accept", hour.bob, "--accept", name, who="second")
        assert refused.startswith(f"--accept {name} names nothing that differs: write NODE, NODE:FACT or")
    assert shell.json("report", "show", report)["weight"] == 1
    accept = ("--accept", f"{hour.bob}:units", "--accept", "hour:gpu_bps")
    done = shell.text(*approve, *accept, who="second")
    assert f"  {hour.bob} units: stated 2, events 1" in done
    assert shell.json("report", "show", report)["weight"] == 2
    shell.text("report", "void", report, who="resolver")


def test_a_statement_that_does_not_hold_costs_itself_only(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    line, lines = hour.statements.read_text(), tmp_path / "lines.jsonl"
    forged = line.replace('"up_hours":6', '"up_hours":9')
    lines.write_text(forged + "{}\n" + line + line + "[\n")
    out = tmp_path / "x.jsonl"
    said = ("--statements", lines, "--verdicts", hour.verdicts)
    done = shell.run("report", "build", "--out", out, "--hour", hour.seq, *said, who="attester")
    assert done.exit_code == 0
    told = [text.removeprefix(f"warning: {lines} ") for text in done.stderr.splitlines()]
    assert told[0].startswith(f"line 1: the device of node {hour.alice} did not sign this for the hour")
    assert told[1].startswith("line 2: the field ")
    assert told[2] == f"line 4: a second statement of node {hour.alice}"
    assert told[3].startswith("line 5: ")
    assert out.read_bytes() == hour.evidence.read_bytes()


def test_attesters_hand_each_other_what_they_have_measured(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    """Of two with the same weight the lower word counts, and who said another is named."""
    failed = shell.prove(tmp_path / "failed.jsonl", hour.alice, reason=ProofReason.SLOW)
    mine = tmp_path / "second.jsonl"
    done = shell.json(
        "report", "measure", "--out", mine, "--hour", hour.seq, "--verdicts", failed, who="second"
    )
    assert (done["attester"], done["nodes"]) == (shell.address("second"), 1)
    mine.write_bytes(b"nonsense\n" + mine.read_bytes())
    out = tmp_path / "both.jsonl"
    line = ("report", "build", "--out", out, "--hour", hour.seq, *hour.said, "--measured", mine)
    built = shell.run(*line, who="attester")
    assert "  1 × the last compute proof failed\n" in built.stdout
    told = built.stderr.splitlines()
    assert told[0].startswith(f"warning: {mine} line 1: ")
    assert told[1] == (
        f"{hour.alice}: {shell.address('attester')} found it passed, and failed (it was too slow for its"
        " hardware class) counts"
    )
    assert len(told) == 2
    # A stranger's word counts for nothing.
    shell.text("report", "measure", "--out", mine, "--hour", hour.seq, "--verdicts", failed, who="carol")
    built = shell.run(*line, who="attester")
    assert "compute proof failed" not in built.stdout
    assert built.stderr.splitlines() == [
        f"warning: {shell.address('carol')} had no seat in hour {hour.seq}: its word does not count"
    ]


def test_a_pending_report_names_the_weight_it_lacks(shell: Shell, hour: Hour, report: str) -> None:
    assert "waiting for approvals: weight 1 of 2" in shell.text("report", "list")
    said = shell.text("node", "why", hour.alice, "--evidence", hour.evidence)
    assert f"the node earned {GPUS}." in said
    assert "its report has the approval of 1 of 2 needed" in said
    assert shell.fails(1, "report", "credit", report, hour.alice, who="bob") == (
        f"report {hour.seq} is not final: waiting for approvals: weight 1 of 2"
    )


def test_why_reads_the_reasons_of_the_evidence(shell: Shell, hour: Hour, report: str) -> None:
    found = shell.json("node", "why", hour.bob, "--evidence", hour.evidence)
    assert [one["code"] for one in found["unpaid"]] == ["not-up"]
    assert found["report"] == report
    assert found["hour"] == hour.seq
    assert found["unpaid"][0]["text"] == "it had been up 0 h in a row at the end of the hour; 5 h are needed"
    said = shell.fails(4, "node", "why", hour.bob, "--evidence", hour.evidence, "--hour", 1)
    assert said == f"the evidence is of hour {hour.seq}, not of hour 1"


def test_what_is_left_out_of_a_report_must_make_no_difference(
    shell: Shell, hour: Hour, report: str, tmp_path: Path
) -> None:
    failed = shell.prove(tmp_path / "failed.jsonl", hour.alice, reason=ProofReason.SLOW)
    mine = tmp_path / "second.jsonl"
    line = ("report", "measure", "--out", mine, "--hour", hour.seq, "--verdicts", failed)
    shell.text(*line, who="second")
    found = {
        "node": hour.alice,
        "attester": shell.address("attester"),
        "found": "passed, and failed (it was too slow for its hardware class) counts",
    }
    left_out = {
        "node": hour.alice,
        "fact": "measured",
        "stated": "passed",
        "events": None,
        "with_measured": "failed",
    }
    with served(tmp_path) as address:
        for place in (mine, f"{address}/{mine.name}"):
            done = shell.run("report", "check", report, "--measured", place, "--output", "json")
            told = json.loads(done.stdout)
            assert (done.exit_code, told["differences"], told["apart"]) == (1, [left_out], [found])
        said = shell.fails_behind_text(2, "report", "approve", report, "--measured", place, who="second")
        assert said.startswith(f"1 facts of report {hour.seq} differ")
        said = shell.fails(5, "report", "check", report, "--measured", f"{address}/nothing")
        assert said == f"{address}/nothing cannot be fetched: HTTP 404"
    # Measured alike, it makes none.
    shell.text("report", "measure", "--out", mine, "--hour", hour.seq, *hour.said, who="second")
    told = shell.json("report", "check", report, "--measured", mine)
    assert (told["differences"], told["apart"]) == ([], [])


def test_an_attester_recomputes_before_approving(
    shell: Shell, hour: Hour, report: str, tmp_path: Path
) -> None:
    assert shell.json("report", "check", report)["differences"] == []
    # What happens after the hour is another hour's: one unit less blocked an approval.
    shell.text("stake", "unstake", hour.bob, "60", who="bob")
    assert shell.json("report", "check", report)["differences"] == []
    other = tmp_path / "other.jsonl"
    other.write_bytes(hour.evidence.read_bytes().replace(b'"up_hours":6', b'"up_hours":7'))
    said2 = shell.fails(3, "report", "approve", report, "--evidence", other, who="second")
    assert said2.startswith(f"{other} is not the evidence of report {hour.seq}: its sha256 is")
    done2 = shell.json("report", "approve", report, who="second")
    assert (done2["state"], done2["weight"]) == ("approved", 2)
    assert "it can be challenged until" in shell.text("node", "why", hour.alice, "--evidence", hour.evidence)


def test_a_file_that_does_not_follow_is_not_submitted(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    other = tmp_path / "greedy.jsonl"
    reward = str(GPUS.base).encode()
    other.write_bytes(hour.evidence.read_bytes().replace(reward, str(GPUS.base + 1).encode()))
    said = shell.fails(3, "report", "submit", other, "--place", "x", who="attester")
    assert "the facts give" in said


def test_a_file_that_is_not_where_others_fetch_it_is_not_submitted(
    shell: Shell, hour: Hour, tmp_path: Path
) -> None:
    reports = shell.json("report", "list")
    (tmp_path / "other.jsonl").write_bytes(hour.evidence.read_bytes()[:-1])
    with served(tmp_path) as place:
        for where, status, told in (
            ("evidence.jsonl", 2, "--place 'evidence.jsonl' is no URL: say where others fetch the file"),
            ("ftp://host/evidence.jsonl", 2, "--place 'ftp://host/evidence.jsonl' is no URL"),
            (f"file:{tmp_path}/none", 3, f"--place file:{tmp_path}/none: there is no such file"),
            (f"{place}/none.jsonl", 5, f"{place}/none.jsonl cannot be fetched: HTTP 404"),
            (f"{place}/other.jsonl", 3, f"--place {place}/other.jsonl has another file: its sha256 is"),
        ):
            line = ("report", "submit", hour.evidence, "--place", where)
            assert shell.fails(status, *line, who="attester").startswith(told)
    assert shell.json("report", "list") == reports


@pytest.mark.parametrize("place", ["/dev/null", "/"])
def test_what_an_attester_has_named_and_is_no_file_is_not_read(place: str) -> None:
    """/dev/zero has no end, and what is at a terminal none that comes by itself."""
    report: Any = SimpleNamespace(seq=7, evidence_uri=f"file:{place}".encode(), evidence_hash=bytes(32))
    said = f"is published as 'file:{place}'; give the file"
    with pytest.raises(UserError, match=said), evidence_of(report, None):
        pass


def test_a_challenge_holds_one_nodes_credit_back(
    shell: Shell, hour: Hour, report: str, tmp_path: Path
) -> None:
    reason = tmp_path / "reason.txt"
    reason.write_text("I saw it down")
    made = shell.json("report", "challenge", report, hour.alice, "--reason", reason, who="carol")
    assert io(made["bond"]) == IO(500)
    assert made["challenge"] in shell.text("report", "challenges")
    assert "1 open challenge: no credit before" in shell.text("node", "show", hour.alice)
    waiting = shell.json("node", "why", hour.alice, "--evidence", hour.evidence)["waiting"]
    assert [one["code"] for one in waiting] == ["challenged", "window-open"]
    shell.advance(DAY)
    waiting = shell.json("node", "why", hour.alice, "--evidence", hour.evidence)["waiting"]
    assert [one["code"] for one in waiting] == ["challenged", "not-final"]
    shell.text("report", "finalize", report, who="carol")
    assert "creditable from" in shell.text("report", "show", report)
    waiting = shell.json("node", "why", hour.alice, "--evidence", hour.evidence)["waiting"]
    assert [one["code"] for one in waiting] == ["challenged", "held"]
    decided = shell.json("report", "decide", made["challenge"], "--reject", who="resolver")
    assert (decided["upheld"], io(decided["bond"])) == (False, IO(500))
    assert shell.text("report", "challenges") == "No open challenges.\n"
    shell.advance(7 * DAY)


def test_anybody_credits_from_the_published_leaves(shell: Shell, hour: Hour, report: str) -> None:
    waiting = shell.json("node", "why", hour.alice, "--evidence", hour.evidence)["waiting"]
    assert [one["code"] for one in waiting] == ["not-credited"]
    assert f"ionet report credit {report} {hour.alice}" in waiting[0]["todo"]
    dry = shell.json("report", "credit", report, "--all", "--dry-run", who="carol")
    due = {one["node"]: io(one["due"]) for one in dry["nodes"]}
    # Bob's is credited, too: nothing, but up to the hour's end.
    assert due == {hour.alice: GPUS, hour.bob: IO(0)}
    done = shell.json("report", "credit", report, "--all", who="carol")
    assert io(done["total"]) == GPUS
    assert "was credited" in shell.text("node", "why", hour.alice, "--evidence", hour.evidence)
    assert "credited up to report" in shell.text("report", "credit", report, "--all", who="carol")
    # 100 of 400 are Carol's, less 10 %: floor(240000000 · 100 · 9000 / (400 · 10000)) = 54000000. The
    # accumulator keeps floor(54000000 · 2^64 / 10^10) a share, so that a fraction of a unit is carried.
    part = IO("0.53999999")
    assert io(shell.json("stake", "status", hour.alice, who="carol")["claimable"]) == part
    shell.cold("stake", "compound", hour.alice, who="carol")
    assert io(shell.json("stake", "status", hour.alice, who="carol")["pending"]) == part
    before = shell.client.tokens(shell.people["alice"].pubkey(), pda.mint.MINT, IO)
    shell.cold("stake", "claim", "--all", who="alice")
    after = shell.client.tokens(shell.people["alice"].pubkey(), pda.mint.MINT, IO)
    assert after - before == GPUS - IO("0.54")


def test_the_next_hour_continues_the_lifetimes(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    shell.hour_begins()
    seq = shell.client.proofs.latest_hour()
    words = shell.words(tmp_path / "w", 7, (hour.alice, "GPU-alice"))
    out = tmp_path / "next.jsonl"
    # More than a day has passed, in which nothing was reported: that stays unallocated.
    more = ("--previous", hour.evidence, "--from", seq)
    built = shell.json("report", "build", "--out", out, "--statements", words, *more, who="attester")
    assert built["hour"] == seq
    assert io(built["total"]) == GPUS + io(built["rewards"])
    # Anybody fetches it from where it is published, and computes it again.
    with served(tmp_path) as place:
        line = ("report", "submit", out, "--place", f"{place}/next.jsonl", "--previous", hour.evidence)
        said = shell.text(*line, who="attester")
        assert said.startswith("Emitted ")
        assert "IO first\nReported hour" in said
        (first, *_) = (one["report"] for one in shell.json("report", "list"))
        assert shell.json("report", "check", first, "--previous", hour.evidence)["differences"] == []
        out.write_bytes(out.read_bytes() + b"\n")
        said = shell.fails(3, "report", "check", first)
        assert said.startswith(f"{place}/next.jsonl is not the evidence of report {seq}: its sha256 is")
    assert "cannot be fetched" in shell.fails(5, "report", "check", first)
    shell.text("report", "void", first, who="resolver")
    assert "void: the next report covers its hour" in shell.text("report", "show", first)


def test_a_report_without_the_lifetimes_before_is_refused(
    shell: Shell, hour: Hour, report: str, tmp_path: Path
) -> None:
    """lazy_approval: nobody submits or approves what does not continue the report at the head."""
    seq = shell.hour_begins()
    out = tmp_path / "honest.jsonl"
    built = shell.json("report", "build", "--out", out, "--from", seq)
    made = shell.json("report", "submit", out, "--place", f"file:{out}", who="attester")
    assert read_evidence(out).previous_root == bytes.fromhex(shell.json("report", "show", report)["root"])
    # Its predecessor's evidence is fetched from where that is published.
    assert shell.json("report", "check", made["report"])["differences"] == []
    away = hour.evidence.rename(tmp_path / "away.jsonl")
    for line in (
        ("check", made["report"]),
        ("approve", made["report"]),
        ("submit", out, "--place", f"file:{out}"),
        ("build", "--out", tmp_path / "x.jsonl", "--from", seq),
    ):
        assert shell.fails(3, "report", *line, who="second") == (
            f"the evidence of report {hour.seq} is published as 'file:{hour.evidence}'; give the file with"
            " --previous"
        )
    other = tmp_path / "other.jsonl"
    # The same leaves, with another carry.
    emission = read_evidence(away).emission
    other.write_bytes(away.read_bytes().replace(b'"emission":"%d"' % emission, b'"emission":"1"'))
    restated, forged = tmp_path / "restated.json", tmp_path / "forged.jsonl"
    restated.write_text(json.dumps({hour.alice: "1.5"}))
    given: tuple[tuple[object, ...], ...] = (
        ("approve", made["report"]),
        ("check", made["report"]),
        ("submit", out, "--place", f"file:{out}"),
        ("build", "--out", forged, "--from", seq),
        ("correct", restated, "--out", forged),
    )
    for arguments in given:
        said = shell.fails(3, "report", *arguments, "--previous", other, who="second")
        assert said.startswith(f"{other} is not the evidence of report {hour.seq}: its sha256 is")
    other.write_bytes(away.read_bytes()[:300])
    said = shell.fails(2, "report", "build", "--out", forged, "--from", seq, "--previous", other)
    assert said == f"{other} is no evidence of a report: line 1: it ends without a line feed"
    assert not forged.exists()
    assert shell.json("report", "show", made["report"])["weight"] == 1
    done = shell.json("report", "check", made["report"], "--previous", away)
    assert done["differences"] == []
    away.rename(hour.evidence)
    assert io(built["total"]) == GPUS
    assert shell.json("report", "show", made["report"])["height"] == 2
    shell.text("report", "void", made["report"], who="resolver")


def test_a_report_that_takes_rewards_back_is_refuted_by_anybody(
    shell: Shell, hour: Hour, tmp_path: Path
) -> None:
    """Attesters give Bob what Alice has earned: the total stands, but her leaf falls."""
    seq = shell.hour_begins()
    honest, forged = tmp_path / "honest.jsonl", tmp_path / "forged.jsonl"
    shell.text("report", "build", "--out", honest, "--previous", hour.evidence, "--from", seq)
    found, before = read_evidence(honest), read_evidence(hour.evidence)
    leaves = replace(found.leaves, lifetime=found.leaves.lifetime[::-1].copy(), surplus=GPUS.base)
    root = build_report(before.leaves, before.period_end, before.digest).root
    digest = write_evidence(
        forged,
        hour=found.hour,
        scores=score_hour(found.hour, found.emission, found.carry),
        leaves=leaves,
        emission=found.emission,
        period_end=found.period_end,
        carry=found.carry,
        before=Before(found.height, root, before.leaves),
    )
    line = ("report", "submit", forged, "--place", f"file:{forged}", "--previous", hour.evidence)
    # Compared with the hour before, it is found out at once.
    said = shell.fails(3, *line, who="attester")
    assert "lifetime" in said
    attester = shell.client.as_(shell.people["attester"]).proofs
    draft = attester.propose(build_report(leaves, found.period_end, digest), f"file:{forged}")
    report = str(attester.report(draft).send().result)
    assert shell.fails(1, "report", "refute", report, hour.bob, who="renter") == (
        "the leaf refutes nothing: its node exists and was credited no more than the leaf says "
        "(proofs.LeafStands)"
    )
    shell.text("report", "refute", report, hour.alice, who="renter")
    assert shell.json("report", "show", report)["state"] == "void"


def test_a_verdict_is_shown_from_the_head(shell: Shell, hour: Hour) -> None:
    shown = shell.json("report", "show-verdict", hour.alice, "--evidence", hour.evidence, who="renter")
    assert shown["passed"]
    assert shell.json("node", "show", hour.alice)["last_proof"]["time"] == shown["time"]


def waits(shell: Shell, node: str, seq: int) -> dict[str, str]:
    """What a node's reward of an hour waits for, as `ionet node why` says."""
    (cause,) = shell.json("node", "why", node, "--hour", seq)["waiting"]
    return {name: cause[name] for name in ("code", "text")}


def test_a_correction_is_built_endorsed_and_voided(shell: Shell, hour: Hour, tmp_path: Path) -> None:
    seq = shell.hour_begins()
    restated, out = tmp_path / "restated.json", tmp_path / "corrected.jsonl"
    for wrong, said in (
        ([hour.alice], "there is no node in it"),
        ({"alice": "1.5"}, "'alice' is no address"),
        ({hour.alice: "-1"}, f"of {hour.alice}: -1 is below zero"),
        ({shell.address("bob"): "1.5"}, f"{shell.address('bob')} was no node before the end of hour {seq}"),
    ):
        restated.write_text(json.dumps(wrong))
        assert said in shell.fails(
            2, "report", "correct", restated, "--out", out, "--previous", hour.evidence
        )
        assert not out.exists()
    restated.write_text(json.dumps({hour.alice: "1.5"}))
    built = shell.json("report", "correct", restated, "--out", out, "--previous", hour.evidence)
    # What Alice was credited beyond it stays in the total.
    assert io(built["total"]) == GPUS
    line = ("report", "submit", out, "--place", f"file:{out}", "--previous", hour.evidence)
    report = shell.json(*line, who="attester")["report"]
    assert "a correction" in shell.text("report", "show", report)
    done = shell.json("report", "endorse", report, who="resolver")
    assert done["state"] == "pending"
    assert waits(shell, hour.alice, seq)["code"] == "not-approved"
    more = ("--previous", hour.evidence)
    done = shell.json("report", "approve", report, *more, who="second")
    assert done["state"] == "approved"
    told = waits(shell, hour.alice, seq)
    assert told["code"] == "window-open"
    assert told["text"].startswith("its correction is approved; it can be challenged until ")
    shell.text("report", "void", report, who="deployer")
    assert waits(shell, hour.alice, seq) == {"code": "void", "text": "its report was voided"}
    # A void report is renewed by approving it.
    done = shell.json("report", "approve", report, *more, who="attester")
    assert (done["state"], done["weight"]) == ("pending", 1)


def test_a_correction_with_overpaid_leaves_is_built_so_that_it_lands(
    shell: Shell, hour: Hour, tmp_path: Path
) -> None:
    seq = shell.hour_begins()
    shell.client.mint.emit().send()
    words = shell.words(tmp_path / "words.jsonl", 8, (hour.alice, "GPU-alice"))
    most = shell.client.proofs.most(seq, correction=True)
    # Alice keeps what she was credited, and Bob is given all that the hours since were paid, but 1 IO.
    restated, out = tmp_path / "restated.json", tmp_path / "corrected.jsonl"
    left = Decimal(most.base - GPUS.base - IO(1).base) / IO(1).base
    restated.write_text(json.dumps({hour.alice: "2.4", hour.bob: f"{left:f}"}))
    said = ("--statements", words, "--verdicts", hour.verdicts)
    built = shell.json(
        "report", "correct", restated, "--out", out, "--previous", hour.evidence, *said, who="attester"
    )
    assert built["paid_nodes"] == 1
    assert io(built["emission"]) == IO.from_base(IO(1).base - 1)
    assert io(built["total"]) <= most
    line = ("report", "submit", out, "--place", f"file:{out}", "--previous", hour.evidence)
    report = shell.json(*line, who="attester")["report"]
    shell.json("report", "endorse", report, who="resolver")
    done = shell.json("report", "approve", report, "--previous", hour.evidence, who="second")
    assert done["state"] == "approved"
    # The other correction continues the report that was at the head then.
    (told,) = [text for text in shell.text("report", "list").splitlines() if "off the head" in text]
    other = shell.json("report", "list")
    (there,) = [one for one in other if one["report"] in told]
    assert (there["state"], there["correction"]) == ("pending", True)
    assert waits(shell, hour.alice, seq)["code"] == "window-open"
    assert waits(shell, hour.alice, there["hour"])["code"] == "off-the-head"
    assert f"report {hour.seq}, {there['predecessor']}" in shell.text("report", "show", there["report"])
