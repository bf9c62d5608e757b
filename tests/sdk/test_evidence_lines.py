"""Lines of evidence are read by a pattern or by a parser: whatever they are, both come to the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.test_measures import NODES, all_of
from tests.sdk.test_rewards import EMISSION, END, gone, judged, leaves_of, row, said, seat, signed

from ionet._generated.shared import ProofReason
from ionet.formats import canonical
from ionet.rewards import (
    Before,
    EvidenceError,
    Hour,
    build_report,
    cumulate,
    read_evidence,
    score_hour,
    write_evidence,
)
from ionet.rewards._nodelines import NodeLines
from ionet.rewards._said import Saying

#: Values in the place of a line's: of other types, out of range, and texts that are nearly right.
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, 4, 7, 99, -1, 10**9 - 1, 10**9, 2**31, 2**32, 2**53 - 1, "", "0", "00", "7",
    "-1", "1" * 19, "1" * 25, "\u0663", "passed", "gpu", "cpu", "11" * 16, "zz" * 32, "AB" * 32, "ab" * 32,
    "1" * 44, "l" * 44, "1" * 64, "a" * 200, [], {}, [[]], {"a": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Evidence of live nodes with and without statements, one that left, and measurements."""
    path = tmp_path_factory.mktemp("evidence") / "e"
    before, left = leaves_of([row(1), row(9)], end=END - 3_600), (gone(9, 5, waiting=True),)
    hour = Hour.from_rows(
        [*(signed(row(n), n) for n in NODES), row(6), signed(row(7, closed_at=END - 60), 7)]
    )
    scores = score_hour(hour, EMISSION)
    write_evidence(
        path,
        hour=hour,
        scores=scores,
        leaves=cumulate(before, hour, scores, END, absent=left, height=7),
        emission=EMISSION,
        period_end=END,
        before=Before(7, build_report(before, 0, bytes(32)).root, before),
        absent=left,
        measures=[*all_of(0), *said(1, judged(3, ProofReason.SLOW), 5), *all_of(2, up_hours=3)[:2]],
        attesters={seat(0): 1, seat(1): 1, seat(2): 2},
    )
    return path.read_bytes().splitlines(keepends=True)


def outcome(path: Path) -> object:
    """All that a file says, or why it is refused."""
    try:
        read = read_evidence(path)
    except EvidenceError as error:
        return str(error)
    leaves = read.leaves
    columns = (leaves.nodes, leaves.lifetime, leaves.through, leaves.previous_height, leaves.verdicts)
    plain = (read.digest, read.absent, read.reward, read.why, read.measures, read.seals, read.kept)
    return plain, list(read.hour.rows()), leaves.surplus, [column.tobytes() for column in columns]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The outcome of a file that is read by the parser alone."""

    def read(path: Path) -> object:
        with monkeypatch.context() as patched:
            for kind in (NodeLines, Saying):
                patched.setattr(kind, "take_usual", lambda self, lines: False)
            return outcome(path)

    return read


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to each value in a line's JSON."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*where, key)
        if isinstance(item, dict | list):
            yield from places(item, (*where, key))


def changed(line: bytes) -> Iterator[bytes]:
    """A line with each of its values replaced, left out, or beside another; and with other bytes."""
    for *where, last in places(json.loads(line)):
        for odd in (*ODD, "left out", "beside"):
            value = json.loads(line)
            inner = value
            for key in where:
                inner = inner[key]
            if odd == "left out":
                del inner[last]
            elif odd == "beside" and isinstance(inner, dict):
                inner["zebra"] = 1
            else:
                inner[last] = odd
            yield canonical.encode_unchecked(value) + b"\n"
    for old, new in (
        (b":", b": "),
        (b"0", b"\\u0030"),
        (b'"', b"'"),
        (b"}", b"},"),
        (b"0", b"0.0"),
        (b":0", b":00"),
        (b",0", b",-0"),
        (b"a", b"A"),
    ):
        yield line.replace(old, new, 1)
    for number in re.finditer(rb'[:,\["](?=[0-9])', line):
        yield line[: number.end()] + b"0" + line[number.end() :]
    yield line.replace(b"\n", b"\r\n")
    yield line.replace(b"\n", b"")
    yield line + line
    yield b"\n"
    yield b""


def test_usual_lines_are_read_without_the_parser(
    lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "e"
    parsed: list[bytes] = []
    path.write_bytes(b"".join(lines))
    decode = canonical.decode

    def spied(data: bytes) -> object:
        parsed.append(data + b"\n")
        return decode(data)

    monkeypatch.setattr(canonical, "decode", spied)
    read_evidence(path)
    # All but the header, the node that left, and nodes whose device has said two things.
    twice = [line for line in lines if line.count(b'"device"') == 2]
    assert len(twice) == 2
    left = [line for line in lines if line.startswith(b'{"closed_at')]
    assert parsed == [lines[0], *left, *twice]
    assert len(lines) == len(parsed) + 10


def test_whatever_a_line_is_the_pattern_and_the_parser_come_to_the_same(
    lines: list[bytes], tmp_path: Path, parsed: Any
) -> None:
    path, outcomes = tmp_path / "e", set()
    kinds = {line[:9]: number for number, line in enumerate(lines)}
    assert len(kinds) == 4
    for number in kinds.values():
        for line in changed(lines[number]):
            path.write_bytes(b"".join([*lines[:number], line, *lines[number + 1 :]]))
            found = outcome(path)
            assert found == parsed(path), line
            outcomes.add(found if isinstance(found, str) else "read")
    assert "read" in outcomes
    assert len(outcomes) > 100
