"""What attesters have measured: signed as a whole, read line by line, and proved from evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from tests.orchestrator.support import full_disk
from tests.sdk.test_rewards import (
    EMISSION,
    END,
    SEATS,
    judged,
    node,
    row,
    said,
    seat,
    signed,
)

from ionet._generated.shared import ProofReason
from ionet.formats import canonical
from ionet.formats.merkle import Tree, leaf_hash
from ionet.rewards import (
    EvidenceError,
    Hour,
    Measure,
    Signatures,
    Verdict,
    Word,
    cumulate,
    find_node,
    measure_line,
    measured,
    proof_of,
    read_evidence,
    read_measures,
    score_hour,
    verify_evidence,
    write_evidence,
    write_measures,
    write_verdicts,
    write_words,
)

#: Evidence as version 5 wrote it: two nodes, two attesters, each line signed by itself.
OLDER = Path(__file__).with_name("evidence_5.jsonl")
DOMAIN = b"ionet:measured"
NODES = range(1, 6)


def word_of(number: int, up_hours: int = 5) -> Word:
    """What the device of a node has signed."""
    statement = signed(row(number, up_hours=up_hours), number).statement
    assert statement is not None
    return Word(node(number), up_hours, statement)


def all_of(number: int, **changed: Any) -> list[Measure]:
    """What a seat has measured of all nodes; it has judged the first three only."""
    words = {node(n): word_of(n, **changed) for n in NODES}
    verdicts = {node(n): judged(9_000 + n + number) for n in NODES if n < 4}
    return measured(SEATS[number], END, words, verdicts, {node(2): 4})


def sealed(key: Keypair, lines: list[bytes], end: int = END) -> bytes:
    """A file of an attester that signs whatever lines, by the definition."""
    root = Tree([leaf_hash(DOMAIN, line) for line in lines], DOMAIN).root
    message = DOMAIN + end.to_bytes(8, "little") + len(lines).to_bytes(4, "little") + root
    header: dict[str, canonical.Json] = {
        "attester": str(key.pubkey()),
        "format": "ionet-measured/2",
        "lines": len(lines),
        "period_end": end,
        "root": root.hex(),
        "signature": str(key.sign_message(message)),
    }
    return b"".join(line + b"\n" for line in (canonical.encode(header), *lines))


def evidence(path: Path, measures: list[Measure]) -> Path:
    """Evidence of an hour in which attesters have measured this."""
    hour = Hour.from_rows([signed(row(n), n) for n in NODES])
    scores = score_hour(hour, EMISSION)
    write_evidence(
        path,
        hour=hour,
        scores=scores,
        leaves=cumulate(None, hour, scores, END),
        emission=EMISSION,
        period_end=END,
        measures=measures,
        attesters={seat(0): 1, seat(2): 2},
    )
    return path


def test_measurements_are_read_back_as_their_attesters_signed_them(tmp_path: Path) -> None:
    path = tmp_path / "m"
    measures = [*all_of(0), *said(1, None, 5, hours={node(1): 4}), *said(2, judged(1, ProofReason.SLOW))]
    write_measures(path, measures, END)
    assert read_measures(path, END) == (measures, [])
    for line in path.read_bytes().splitlines():
        assert canonical.encode(json.loads(line)) == line
    # By what is laid down of it.
    write_measures(path, all_of(0), END)
    assert path.read_bytes() == sealed(SEATS[0], [measure_line(measure) for measure in all_of(0)])
    # Of another hour; and of none.
    assert read_measures(path, END - 3_600)[0] == []
    write_measures(path, [], END)
    assert read_measures(path, END) == ([], [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[" * 100_000, "recursion"),
        (b"\xff", "utf-8"),
        (b"7", "expected one JSON object"),
        (b"{}", "is missing"),
        (b"", "Expecting value"),
        ((b'"score_bps":9002', b'"score_bps":-1'), "expected a number"),
        ((b'"score_bps":9002', b'"score_bps":true'), "expected a number"),
        ((b'"score_bps":9002', b'"score_bps":9007199254740992'), "expected a number below 2^32"),
        ((b'"reason":0', b'"reason":99'), "99 is no reason"),
        ((b'"up_hours":4', b'"up_hours":4.0'), "expected a number"),
        ((b'"up_hours":4', b'"up_hours": 4'), "not in canonical form"),
        ((b'"good":3600', b'"good":3599'), "did not sign this statement"),
        ((node(2), node(1)), "a second measurement"),
        ((node(2), node(9)), "did not sign this statement"),
    ],
)
def test_a_bad_line_costs_itself_only_though_its_attester_signed_it(
    tmp_path: Path, line: bytes | tuple[bytes, bytes], why: str
) -> None:
    measures = all_of(0)
    lines = [measure_line(measure) for measure in measures]
    if isinstance(line, tuple):
        old, new = (str(Pubkey(side)).encode() if len(side) == 32 else side for side in line)
        assert old in lines[1]
        line = lines[1].replace(old, new)
    path = tmp_path / "m"
    path.write_bytes(sealed(SEATS[0], [lines[0], line, *lines[2:]]))
    kept, (refused,) = read_measures(path, END)
    assert kept == [measures[0], *measures[2:]]
    assert refused.startswith("line 3: ")
    assert why in refused
    # Evidence has its hash in its place, so that the signature holds without it.
    made = evidence(tmp_path / "e", kept)
    assert verify_evidence(made, previous=None).total > 0
    assert list(read_evidence(made).measures) == kept


def test_a_file_that_was_changed_counts_for_nothing_and_the_next_one_does(tmp_path: Path) -> None:
    first, second = sealed(SEATS[0], [measure_line(one) for one in all_of(0)]), tmp_path / "second"
    write_measures(second, all_of(2), END)
    lines, other = first.splitlines(keepends=True), str(SEATS[3].pubkey()).encode()
    path = tmp_path / "m"
    for changed, why in (
        ([lines[0], lines[2], lines[1], *lines[3:]], "did not sign these lines"),
        ([lines[0], lines[1].replace(b'"up_hours":5', b'"up_hours":6'), *lines[2:]], "did not sign"),
        ([lines[0].replace(str(SEATS[0].pubkey()).encode(), other), *lines[1:]], "did not sign"),
        ([lines[0].replace(b'"lines":5', b'"lines":0'), *lines[1:1]], "1 to 2,097,152 lines, not 0"),
        ([lines[0].replace(b"measured/2", b"measured/1")], "the format is 'ionet-measured/1'"),
        ([b"nonsense\n"], "Expecting value"),
    ):
        path.write_bytes(b"".join(changed) + second.read_bytes())
        kept, refused = read_measures(path, END)
        assert kept == all_of(2)
        assert refused[0].startswith("line 1: ")
        assert why in refused[0]
    # What comes after the first of an attester, and a file that ends early.
    path.write_bytes(first + first + b"".join(lines[:3]))
    kept, refused = read_measures(path, END)
    assert kept == all_of(0)
    assert "has signed others, too" in refused[0]
    assert refused[1].endswith(f"5 lines of {SEATS[0].pubkey()} are to follow, and 2 do")


def test_one_line_is_proved_without_the_others() -> None:
    for measures in (all_of(0), said(1, judged(9_000))):
        for measure in measures:
            proof = proof_of(measure)
            assert proof.line == measure_line(measure)
            assert proof.verify(measure.attester, END)
            assert not proof.verify(measure.attester, END + 3_600)
            assert not proof.verify(seat(3), END)
            for changed in (
                replace(proof, line=proof.line.replace(b"9000", b"9001") + b" "),
                replace(proof, index=proof.index + 1),
                replace(proof, lines=proof.lines + 1),
                replace(proof, path=(*proof.path, bytes(32))),
            ):
                assert not changed.verify(measure.attester, END)
    first, *_ = all_of(0)
    with pytest.raises(ValueError, match="has not signed this"):
        proof_of(replace(first, up_hours=9))


def test_evidence_has_a_statement_once_however_many_name_it(tmp_path: Path) -> None:
    made = evidence(tmp_path / "e", [*all_of(2), *all_of(0)])
    for n in NODES:
        signature = json.loads(measure_line(all_of(0)[n - 1]))["statement"]["signature"]
        assert made.read_text().count(signature) == 1
    found = read_evidence(made)
    assert list(found.measures) == sorted(
        [*all_of(0), *all_of(2)], key=lambda item: (item.node, item.attester)
    )
    assert found.attesters == {seat(0): 1, seat(2): 2}
    verify_evidence(made, previous=None)
    for line in made.read_bytes().splitlines():
        assert canonical.encode(json.loads(line)) == line
    its = find_node(made, node(1))
    assert its is not None
    assert its.row is not None
    # What seats have heard otherwise is there, too.
    made = evidence(tmp_path / "f", [*all_of(2, up_hours=3), *all_of(0)])
    assert {each.word.up_hours for each in read_evidence(made).measures if each.word} == {3, 5}
    verify_evidence(made, previous=None)


def test_whoever_leaves_a_line_out_says_so(tmp_path: Path) -> None:
    first, second, *others = all_of(0)
    made = evidence(tmp_path / "e", [first, *others])
    assert second not in read_evidence(made).measures
    assert verify_evidence(made, previous=None).total > 0
    header = json.loads(made.read_bytes().splitlines()[0])
    (seal,) = header["seals"]
    assert seal["skipped"] == {"1": leaf_hash(DOMAIN, measure_line(second)).hex()}
    # And whoever invents one finds no place for it.
    with pytest.raises(ValueError, match="has not signed this"):
        evidence(tmp_path / "f", [replace(first, up_hours=9), *others])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"measures":10', '"measures":11', "promises 11 measurements, it has 10"),
        ('"said":[[0,', '"said":[[1,', "attesters are not in ascending order"),
        ('"said":[[0,', '"said":[[7,', "attesters are not in ascending order"),
        ('[9001,0,"', '[9002,0,"', "did not sign these measurements"),
        ('[9001,0,"', '[9001,2,"', "did not sign these measurements"),
        ("[0,null,1,", "[0,5,1,", "did not sign these measurements"),
        ("[0,null,1,", "[0,null,0,", "did not sign these measurements"),
        ("[0,null,1,", "[0,null,2,", "there is no statement 2"),
        ("[0,null,1,", "[0,null,-1,", "expected a number"),
        ("[0,null,1,null]", "[0,null,1]", "not enough values"),
        ('"lines":5', '"lines":6', "has signed 6 lines, and there are 5"),
        ('"skipped":{}', '"skipped":{"5":"' + "00" * 32 + '"}', "has signed 5 lines, and there are 6"),
        ('"skipped":{}', '"skipped":{"77":"' + "00" * 32 + '"}', "has signed 5 lines"),
        ('"skipped":{}', '"skipped":{"-1":"' + "00" * 32 + '"}', "has signed 5 lines"),
        ('"skipped":{}', '"skipped":[]', "line 1"),
        ('"good":3600', '"free":0,"good":3600', "fields that it does not have"),
        ('"said":', '"sad":0,"said":', "statements that they name"),
        ('"good":3600', '"good":3599', "did not sign these measurements"),
    ],
)
def test_changed_measurements_in_evidence_are_found_out(tmp_path: Path, old: str, new: str, why: str) -> None:
    made = evidence(tmp_path / "e", [*all_of(2), *all_of(0)])
    text = made.read_text()
    assert old in text
    made.write_text(text.replace(old, new, 1))
    with pytest.raises(EvidenceError, match=why):
        verify_evidence(made, previous=None)


def test_what_a_device_did_not_sign_is_found_out_and_what_was_checked_before_is_not_checked_again(
    tmp_path: Path,
) -> None:
    forged = replace(word_of(1), statement=replace(word_of(1).statement, good=3_599))
    measures = measured(SEATS[0], END, {node(1): forged}, {})
    made = evidence(tmp_path / "e", measures)
    with pytest.raises(EvidenceError, match="the device did not sign this statement"):
        verify_evidence(made, previous=None)
    checked = Signatures(END)
    checked.keep(measures[0])
    assert verify_evidence(made, previous=None, signatures=checked).total > 0
    # Of the same node, it lets nothing else pass.
    other = replace(forged, statement=replace(forged.statement, good=3_598))
    made = evidence(tmp_path / "f", measured(SEATS[0], END, {node(1): other}, {}))
    with pytest.raises(EvidenceError, match="the device did not sign this statement"):
        verify_evidence(made, previous=None, signatures=checked)


def test_evidence_of_the_format_before_is_read_and_its_signatures_hold(tmp_path: Path) -> None:
    found = read_evidence(OLDER)
    assert [(measure.attester, measure.node) for measure in found.measures] == sorted(
        ((seat(number), node(n)) for number in (0, 2) for n in (1, 2)), key=lambda pair: pair[::-1]
    )
    verdict = next(each.verdict for each in found.measures if each.node == node(1))
    assert verdict is not None
    assert verdict == Verdict(END, verdict.score_bps, ProofReason.PASSED, True, verdict.evidence_hash)
    assert verify_evidence(OLDER, previous=None).total > 0
    line = find_node(OLDER, node(2))
    assert line is not None
    assert line.row is not None
    text, path = OLDER.read_text(), tmp_path / "e"
    for old, new, why in (
        ('"score_bps":9002', '"score_bps":9001', "did not sign this measurement"),
        ('"measures":4', '"measures":5', "promises 5 measurements, it has 4"),
        ("ionet-evidence/5", "ionet-evidence/6", "'seals' is missing"),
    ):
        last = text.rindex(old)
        path.write_text(text[:last] + new + text[last + len(old) :])
        with pytest.raises(EvidenceError, match=why):
            verify_evidence(path, previous=None)


def test_a_file_for_which_there_is_no_room_leaves_what_was_there(tmp_path: Path) -> None:
    path, measures = tmp_path / "file", all_of(0)
    for write in (
        lambda: evidence(path, measures),
        lambda: write_measures(path, measures, END),
        lambda: write_words(path, [word_of(1)]),
        lambda: write_verdicts(path, {node(1): judged(9_000)}),
    ):
        path.write_bytes(b"before")
        with full_disk(60), pytest.raises(OSError, match="File too large") as caught:
            write()
        assert caught.value.filename == str(path)
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"before")]
        write()
        assert path.read_bytes() != b"before"
        path.unlink()


def test_what_is_no_plain_file_is_written_to(tmp_path: Path) -> None:
    link, there = tmp_path / "link", tmp_path / "there"
    link.symlink_to(there)
    write_verdicts(link, {node(1): judged(9_000)})
    assert link.is_symlink()
    assert b"9000" in there.read_bytes()
    write_verdicts("/dev/null", {node(1): judged(9_000)})
    assert not Path("/dev/null").is_file()
    with pytest.raises(OSError, match="No space left") as caught:
        write_verdicts("/dev/full", {node(1): judged(9_000)})
    assert caught.value.filename == "/dev/full"
