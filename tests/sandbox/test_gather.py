"""The stream that files are read from is not trusted: whoever wrote it may have been the box's program."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from ionet.sandbox._gather import Gathered, read

HOSTILE_NAMES = [
    "/etc/passwd",
    "../up",
    "a/../b",
    "a//b",
    "a/",
    ".",
    "",
    "a\\b",
    "line\nbreak",
    "\x1b[2J",
    "x" * 1025,
    "a/" + "é" * 128,
    "ok/below",
    "deep",
    "deep/ok/below",
]


def gathered(tmp_path: Path, *parts: object, size: int = 1000, files: int = 10) -> Gathered:
    lines = [part if isinstance(part, bytes) else json.dumps(part).encode() + b"\n" for part in parts]
    return read(io.BytesIO(b"".join(lines)), tmp_path, size, files)


def test_a_true_stream(tmp_path: Path) -> None:
    taken = gathered(
        tmp_path,
        {"path": "b", "size": 3},
        b"two",
        {"path": "a/é", "size": 0},
        {"skip": "l", "why": "a link"},
        {"end": True},
    )
    assert taken.complete
    assert [(file.name, file.size) for file in taken.files] == [("a/é", 0), ("b", 3)]
    assert (tmp_path / hashlib.sha256(b"two").hexdigest()).read_bytes() == b"two"
    assert [(skipped.name, skipped.why) for skipped in taken.skipped] == [("l", "a link")]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_that_lead_elsewhere_end_it(tmp_path: Path, name: str) -> None:
    taken = gathered(
        tmp_path,
        {"path": "deep/ok", "size": 1},
        b"x",
        {"path": "ok", "size": 1},
        b"x",
        {"path": name, "size": 1},
        b"y",
        {"end": True},
    )
    assert [file.name for file in taken.files] == ["deep/ok", "ok"]
    assert not taken.complete
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "head",
    [
        {"path": "a", "size": -1},
        {"path": "a", "size": 1.5},
        {"path": "a", "size": True},
        {"path": "a", "size": 1001},
        {"path": "a", "size": 10**30},
        {"path": ["a"], "size": 1},
        {"path": "ok", "size": 1},
        {"size": 1},
        {},
        [],
        "text",
        None,
        b"not json\n",
        b"[" * 100_000 + b"\n",
        b"9" * 5000 + b"\n",
        b"",
    ],
)
def test_heads_that_are_none_end_it(tmp_path: Path, head: object) -> None:
    taken = gathered(tmp_path, {"path": "ok", "size": 1}, b"x", head)
    assert [file.name for file in taken.files] == ["ok"]
    assert not taken.complete


def test_content_that_breaks_off_is_not_kept(tmp_path: Path) -> None:
    taken = gathered(tmp_path, {"path": "a", "size": 10}, b"short")
    assert (taken.files, taken.complete) == ((), False)
    assert list(tmp_path.iterdir()) == []


def test_limits_hold_for_all_files_together(tmp_path: Path) -> None:
    two = ({"path": "a", "size": 3}, b"aaa", {"path": "b", "size": 3}, b"bbb", {"end": True})
    assert not gathered(tmp_path, *two, size=5).complete
    assert gathered(tmp_path, *two, size=6).complete
    assert not gathered(tmp_path, *two, files=1).complete


def test_what_is_skipped_is_bounded_and_printable(tmp_path: Path) -> None:
    many = [{"skip": f"{number}\x1b", "why": "w" * 500} for number in range(5000)]
    taken = gathered(tmp_path, *many, {"skip": 7}, {"end": True})
    assert taken.complete
    assert len(taken.skipped) == 1000
    assert all(skipped.name.isprintable() and len(skipped.why) == 64 for skipped in taken.skipped)
