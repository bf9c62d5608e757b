"""When a device was up, by itself; what seats count is in `tests/network/test_heartbeats.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from solders.keypair import Keypair

from ionet.rewards import Statement
from ionet.worker._uptime import Uptime

START = 1_800_000_000
HOUR = 3_600


def up(uptime: Uptime, first: int, last: int, every: int = 60) -> None:
    for now in range(first, last + 1, every):
        uptime.seen(now)


def test_an_hour_is_counted_by_its_seconds(tmp_path: Path) -> None:
    uptime = Uptime(tmp_path / "up.json")
    up(uptime, START + 600, START + 1_800)
    up(uptime, START + 2_400, START + HOUR)
    assert uptime.good(START + HOUR) == 1_200 + 1_200
    assert uptime.good(START + HOUR + 600) == 1_200 + 1_200
    assert uptime.good(START) == 0


@pytest.mark.parametrize(("away", "hours"), [(300, 3), (360, 1)])
def test_hours_in_a_row_bear_five_minutes_of_absence(tmp_path: Path, away: int, hours: int) -> None:
    uptime = Uptime(tmp_path / "up.json")
    up(uptime, START, START + HOUR + 600)
    up(uptime, START + HOUR + 600 + away, START + 3 * HOUR)
    assert uptime.up_hours(START + 3 * HOUR) == hours
    # The hour that goes on is not up yet.
    assert uptime.up_hours(START + 4 * HOUR) == 0


def test_two_minutes_between_two_looks_are_no_absence_and_more_are(tmp_path: Path) -> None:
    uptime = Uptime(tmp_path / "up.json")
    up(uptime, START, START + HOUR, 120)
    assert uptime.good(START + HOUR) == HOUR
    up(uptime, START + HOUR, START + 2 * HOUR, 121)
    assert uptime.good(START + 2 * HOUR) == 0


@pytest.mark.parametrize(("at", "good"), [(120, HOUR), (180, HOUR - 180)])
def test_a_short_restart_costs_nothing_and_a_longer_one_what_it_lasts(
    tmp_path: Path, at: int, good: int
) -> None:
    path = tmp_path / "up.json"
    up(Uptime(path), START, START)
    again = Uptime(path)
    up(again, START + at, START + HOUR)
    assert again.good(START + HOUR) == good


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "7",
        "[[1, 2, 3]]",
        '[["x", 2]]',
        f"[[{START}, {START + 5}], [{START}, {START + 9}]]",
        "[[9, 1]]",
    ],
)
def test_a_file_that_is_none_counts_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "up.json"
    path.write_text(content)
    uptime = Uptime(path)
    assert uptime.good(START + HOUR) == 0
    up(uptime, START, START + HOUR)
    assert uptime.good(START + HOUR) == HOUR
    assert json.loads(path.read_text())


def test_a_time_that_begins_anew_leaves_nothing_of_the_future(tmp_path: Path) -> None:
    uptime = Uptime(tmp_path / "up.json")
    up(uptime, START, START + 5 * HOUR)
    uptime.seen(START + HOUR)
    assert uptime.good(START + 2 * HOUR) == 0
    assert uptime.good(START + HOUR) == HOUR


def test_a_statement_has_the_layout_that_reports_check() -> None:
    key = Keypair()
    said = Statement(bytes(key.pubkey()), HOUR, bytes(32), bytes(32), bytes(64))
    assert not said.verify(bytes(32), START, 1)
