"""The benchmarks' short way to a ledger of many hours: files and tables are those of the long way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bench.filed import fill, last_slot, moment_of
from bench.market import START, history

from ionet.explorer._past import Past
from ionet.formats.when import HOUR
from ionet.ledger import Database

_NODES: Final = 40
_FILED: Final = 4
_HOURS: Final = 6


def tables(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as raw:
        names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(raw.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def test_hours_written_as_files_are_those_of_a_ledger_that_took_every_event(tmp_path: Path) -> None:
    short, long = tmp_path / "short.db", tmp_path / "long.db"
    for _ in fill(short, _NODES, _FILED, _HOURS):
        pass
    with Database.create(str(long), "bench") as database:
        for part in history(_NODES, _HOURS):
            database.write(part, scanned=part[-1].slot, final=part[-1].slot)
        for hour in range(_FILED + 1):
            database._move(last_slot(_NODES, hour))
    assert tables(short) == tables(long)
    files = sorted(Path(f"{long}.rows").iterdir())
    assert len(files) == _FILED + 1
    for path in files:
        assert Path(f"{short}.rows", path.name).read_bytes() == path.read_bytes(), path.name


def test_what_an_explorer_knows_of_these_hours_is_what_it_replays(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for _ in fill(path, _NODES, _FILED, _FILED + 1):
        pass
    short = moment_of(_NODES, _FILED)
    end = START + (_FILED + 1) * HOUR - 1
    with Database.open(str(path)) as database, Past(database, 1).at(end) as moment:
        for name in ("state", "moved", "commissions", "devices", "holders", "closed", "work", "agreement"):
            assert getattr(short, name) == getattr(moment, name), name
        assert short.last == moment.last
        assert short.state.slot == moment.slot
