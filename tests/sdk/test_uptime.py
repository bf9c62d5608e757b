"""When a device was up, by itself and as a seat saw it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from solders.keypair import Keypair

from ionet.orchestrator._journal import Journal
from ionet.orchestrator._uptime import Uptimes
from ionet.rewards import Statement, statement_bytes
from ionet.wire import Answer, Unreachable
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


class Devices:
    """Devices at a gateway, that say what a test has them say."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.there: dict[bytes, bytes] = {}
        self.keys: dict[bytes, Keypair] = {}
        self.said: dict[bytes, int] = {}
        self.links = (SimpleNamespace(connected=True),)
        self.connected = True
        self.journal = Journal(folder / "journal.sqlite3")
        peer: Any = self
        self.uptimes = Uptimes(peer, lambda: self.now, lambda: START, lambda: 120, self.journal)

    def add(self, number: int, up_hours: int) -> bytes:
        node, key = bytes([number]) * 32, Keypair()
        self.there[bytes(key.pubkey())] = node
        self.keys[bytes(key.pubkey())] = key
        self.said[node] = up_hours
        return node

    def present(self, role: object) -> dict[bytes, bytes]:
        return dict(self.there)

    async def ask(self, key: bytes, method: str, arguments: dict[str, int], **more: float) -> Answer:
        node, end = self.there[key], arguments["end"]
        hours = self.said[node]
        if hours < 0:
            raise Unreachable("away")
        message = statement_bytes(node, end, hours, HOUR, bytes(32), bytes(32))
        signed = bytes(self.keys[key].sign_message(message))
        digests = {"proof": bytes(32).hex(), "samples": bytes(32).hex()}
        return Answer({"good": HOUR, "up_hours": hours, **digests}, signed)

    def spend(self, seconds: int) -> None:
        for _ in range(seconds // 60):
            self.now += 60
            self.uptimes.look()

    def collect(self) -> dict[bytes, int]:
        words = asyncio.run(self.uptimes.collect(self.now))
        return {node: word.up_hours for node, word in words.items()}

    def notes(self) -> list[str]:
        return [entry.step for entry in self.journal.entries()]


def test_who_was_there_is_believed_and_who_was_not_is_not(tmp_path: Path) -> None:
    devices = Devices(tmp_path)
    devices.uptimes.look()
    there = devices.add(1, 1)
    devices.spend(HOUR // 2)
    late = devices.add(2, 1)
    devices.spend(HOUR // 2)
    assert devices.collect() == {there: 1}
    assert devices.notes() == ["statement not believed"]
    # An hour later the other was there, too; a claim of two hours in a row is still false.
    devices.spend(HOUR)
    devices.said = {there: 2, late: 2}
    assert devices.collect() == {there: 2}
    devices.said[late] = 1
    assert devices.collect() == {there: 2, late: 1}


def test_a_seat_that_did_not_watch_judges_nobody(tmp_path: Path) -> None:
    devices = Devices(tmp_path)
    devices.uptimes.look()
    devices.spend(HOUR // 2)
    devices.links[0].connected = False
    node = devices.add(1, 5)
    devices.spend(HOUR // 2)
    assert devices.collect() == {node: 5}


def test_one_that_does_not_answer_or_signs_something_else_costs_nobody_else(tmp_path: Path) -> None:
    devices = Devices(tmp_path)
    silent, other, good = devices.add(1, -1), devices.add(2, 1), devices.add(3, 1)
    key = next(key for key, node in devices.there.items() if node == other)
    devices.keys[key] = Keypair()
    devices.now += HOUR
    assert devices.collect() == {good: 1}
    assert devices.notes() == ["no statement", "no statement"]
    assert silent not in devices.collect()


def test_a_statement_has_the_layout_that_reports_check() -> None:
    key = Keypair()
    said = Statement(bytes(key.pubkey()), HOUR, bytes(32), bytes(32), bytes(64))
    assert not said.verify(bytes(32), START, 1)
