"""`ionet volume` at a terminal, with a gateway's store."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.support import Served
from typer.testing import CliRunner

from ionet.cli.app import app
from ionet.cloud.folders import MARKER


class Desk:
    """Somebody with a wallet, in a folder of theirs."""

    def __init__(self, served: Served, folder: Path) -> None:
        self._served, self._key = served, folder / "wallet.json"
        self._key.write_text(json.dumps(list(bytes(served.renter))))
        self._key.chmod(0o600)

    def set_clock(self, now: float) -> None:
        """Of the store."""
        self._served.clock.now = now

    def run(self, *words: object, status: int = 0, only_out: bool = False) -> str:
        line = ["-k", self._key, "volume", *words, "--gateway", self._served.url]
        done = CliRunner().invoke(app, [*map(str, line)])
        assert done.exit_code == status, done.output
        return done.stdout if only_out else done.output

    def json(self, *words: object) -> Any:
        return json.loads(self.run(*words, "--output", "json", only_out=True))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    with Served(tmp_path / "store").running() as served:
        yield Desk(served, tmp_path / "desk")


def test_a_volume_is_made_filled_found_fetched_and_deleted(desk: Desk) -> None:
    assert "Made data; put a folder into it: ionet volume put data DIR" in desk.run("create", "data")
    Path("here").mkdir()
    Path("here/a.txt").write_text("one")
    first = desk.json("put", "data", "here")["heads"]
    Path("here/a.txt").write_text("two")
    assert "sent a.txt, 3 bytes" in desk.run("put", "data", "here")
    (listed,) = desk.json("list")
    assert (listed["name"], listed["snapshots"], listed["files"]) == ("data", 3, 1)
    assert [item["snapshot"] for item in desk.json("log", "data")][1:2] == first
    desk.run("get", "data", "there")
    assert Path("there/a.txt").read_text() == "two"
    desk.run("get", "data", "there", "--snapshot", first[0][:8])
    assert Path("there/a.txt").read_text() == "one"
    Path("there/b.txt").write_text("new")
    said = desk.run("put", "data", "there")
    assert "It was written elsewhere, too: " in said
    assert "ionet volume merge data makes one of them" in said
    desk.run("sync", "data", "here")
    assert {path.name for path in Path("here").iterdir()} == {"a.txt", "b.txt", MARKER}
    assert Path("here/a.txt").read_text() == "two"
    said = desk.run("delete", "data", status=2)
    assert "this would delete the volume data for good; confirm with --yes" in said
    assert "Deleted 4 snapshots of the volume data" in desk.run("delete", "data", "--old", "--yes")
    assert "Deleted the volume data" in desk.run("delete", "data", "--yes")
    assert desk.json("list") == []


def test_a_volume_whose_end_is_near_is_named_and_so_is_what_keeps_it(desk: Desk) -> None:
    desk.set_clock(time.time() - 22 * 86_400)
    desk.run("create", "data")
    assert "data ends" not in desk.run("list")
    desk.set_clock(time.time() - 24 * 86_400)
    desk.run("create", "soon")
    said = desk.run("list")
    assert "soon ends after 20" in said
    assert "30 days more: ionet volume keep soon" in " ".join(said.split())
    assert "data ends" not in said
    desk.set_clock(time.time())
    desk.run("keep", "soon")
    assert "soon ends" not in desk.run("list")


def test_what_is_wrong_is_said_in_one_sentence(desk: Desk) -> None:
    assert desk.run("get", "data", "there", status=4).strip() == (
        "error: you have no volume 'data' here; you have none"
    )
    desk.run("create", "data")
    assert "you have no volume 'dta' here; there are data" in desk.run("keep", "dta", status=4)
    assert "a volume's name is 1 to 32 of a-z" in desk.run("create", "My data", status=3)
    assert "nowhere is no folder" in desk.run("put", "data", "nowhere", status=3)
    assert "no snapshot begins with 'ff'" in desk.run("get", "data", "there", "--snapshot", "ff", status=3)
    assert not Path("there").exists()
