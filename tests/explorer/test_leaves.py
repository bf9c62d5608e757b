"""The leaves of an hour's report, by evidence that leads to its root."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from solders.pubkey import Pubkey
from tests.explorer.conftest import Served
from tests.explorer.test_api import base
from tests.sdk.test_rewards import EXAMPLE, SEATS, signed
from tests.stateful.arena import Arena

from ionet.explorer._checking import Checker
from ionet.explorer._leaves import Tables, _Read
from ionet.explorer._past import Past
from ionet.explorer._service import few
from ionet.ledger.replay import records as r
from ionet.rewards import (
    Hour,
    Word,
    build_report,
    cumulate,
    measured,
    read_evidence,
    score_hour,
    write_evidence,
)
from ionet.service.bounds import Bounds

EMISSION = 1_000_000_000


@pytest.fixture
def served(serving: Callable[..., Served], tmp_path: Path) -> tuple[Served, r.Report, Path]:
    """An explorer with evidence of its last report."""
    explorer = serving(tables=Tables(tmp_path))
    past: Past = explorer.app.state.past
    with past.at(None) as moment:
        for each in EXAMPLE:
            moment.state.nodes.setdefault(
                Pubkey(each.node), replace(next(iter(moment.state.nodes.values())), registered_at=0)
            )
        end = max(report.period_end for report in moment.state.reports.values())
        (report,) = (each for each in moment.state.reports.values() if each.period_end == end)
    rows = [signed(each, number) for number, each in enumerate(EXAMPLE)]
    hour = Hour.from_rows(rows)
    scores = score_hour(hour, EMISSION)
    leaves = cumulate(None, hour, scores, end)
    first = rows[0]
    assert first.statement is not None
    words = {first.node: Word(first.node, first.up_hours, first.statement)}
    measures = [each for number in (0, 2) for each in measured(SEATS[number], end, words, {})]
    made = tmp_path / "made"
    digest = write_evidence(
        made, hour=hour, scores=scores, leaves=leaves, emission=EMISSION, period_end=end, measures=measures
    )
    made.rename(tmp_path / digest.hex())
    report.evidence_hash = digest
    report.root = build_report(leaves, end, digest).root
    report.leaves = len(leaves)
    return explorer, report, tmp_path / digest.hex()


async def _settled(explorer: Served, path: str, **more: Any) -> Any:
    """An answer once the file has been checked."""
    async with asyncio.timeout(60):
        while True:
            answer = await explorer.read(path, **more)
            if "ask again" not in answer["why"]:
                return answer
            # What is kept of an answer lasts until the ledger moves on.
            explorer.guarded._kept.find((b"", b""), object())  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)


async def test_each_leaf_has_its_amount_and_the_reason_of_a_zero(
    served: tuple[Served, r.Report, Path],
) -> None:
    explorer, report, path = served
    answer = await _settled(explorer, f"/hours/{report.period_end}/leaves")
    evidence = read_evidence(path)
    assert (answer["checked"], answer["why"], answer["count"]) == (True, "", len(EXAMPLE))
    assert answer["root"] == report.root.hex()
    assert [base(leaf["reward"]) for leaf in answer["leaves"]] == list(evidence.reward)
    assert {bool(leaf["why"]) for leaf in answer["leaves"]} == {True, False}
    for leaf in answer["leaves"]:
        assert bool(leaf["why"]) == (base(leaf["reward"]) == 0)
    counts = {leaf["node"]: leaf["measures"] for leaf in answer["leaves"]}
    assert sorted(counts.values()) == [0] * (len(EXAMPLE) - 1) + [2]


async def test_pages_of_leaves_are_together_all_of_them(served: tuple[Served, r.Report, Path]) -> None:
    explorer, report, _ = served
    path = f"/hours/{report.period_end}/leaves"
    whole = await _settled(explorer, path)
    nodes, cursor = list[str](), dict[str, str]()
    while True:
        page = await explorer.read(path, limit=2, **cursor)
        nodes += [leaf["node"] for leaf in page["leaves"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert nodes == [leaf["node"] for leaf in whole["leaves"]]
    assert (await explorer.read(path, cursor="999999"))["leaves"] == []
    text = (await explorer.get(f"/api/v1{path}?format=csv")).text
    rows = [*csv.DictReader(io.StringIO(text))]
    assert [row["node"] for row in rows] == nodes
    assert [row["reward"] for row in rows] == [leaf["reward"]["amount"] for leaf in whole["leaves"]]


async def test_leaves_that_lead_to_another_root_are_not_shown(served: tuple[Served, r.Report, Path]) -> None:
    explorer, report, _ = served
    report.root = bytes(32)
    answer = await _settled(explorer, f"/hours/{report.period_end}/leaves")
    assert (answer["checked"], answer["leaves"]) == (False, [])
    assert "and not to the report's" in answer["why"]


async def test_evidence_is_not_read_from_the_file_that_a_stranger_names(
    served: tuple[Served, r.Report, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    explorer, report, path = served
    elsewhere = path.rename(tmp_path_factory.mktemp("elsewhere") / path.name)
    report.evidence_uri = f"file://{elsewhere}".encode()
    address = f"/hours/{report.period_end}/leaves"
    answer = await _settled(explorer, address)
    assert (answer["checked"], answer["why"]) == (False, "the evidence of this report is not here")
    # It is the evidence: where the operator keeps such files, it counts.
    elsewhere.rename(path)
    assert (await _settled(explorer, address, limit=199))["checked"]


async def test_a_file_that_is_not_the_evidence_counts_for_nothing(
    served: tuple[Served, r.Report, Path],
) -> None:
    explorer, report, path = served
    assert (await _settled(explorer, f"/hours/{report.period_end}/leaves"))["checked"]
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"up_hours":', b'"up_hours":1', 1))
    answer = await _settled(explorer, f"/hours/{report.period_end}/leaves", limit=199)
    assert (answer["checked"], answer["leaves"]) == (False, [])
    path.unlink()
    answer = await _settled(explorer, f"/hours/{report.period_end}/leaves", limit=198)
    assert answer["why"] == "the evidence of this report is not here"


async def test_an_hour_without_a_report_has_no_leaves(served: tuple[Served, r.Report, Path]) -> None:
    explorer, report, _ = served
    answer = await explorer.read(f"/hours/{report.period_end + 1}/leaves")
    assert (answer["report"], answer["root"], answer["leaves"]) == (None, None, [])
    assert answer["why"] == "no report of this hour is on chain"


# --- a node's hours -----------------------------------------------------------------------------


async def _hour(explorer: Served, node: bytes, limit: int = 1) -> Any:
    """A node's newest hour once its file has been checked."""
    async with asyncio.timeout(60):
        while True:
            (row, *_) = (await explorer.read(f"/nodes/{Pubkey(node)}/hours", limit=limit))["hours"]
            if row["source"] != "checking":
                return row
            explorer.guarded._kept.find((b"", b""), object())  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)


async def test_each_nodes_hour_is_as_its_leaf_says(served: tuple[Served, r.Report, Path]) -> None:
    explorer, report, path = served
    evidence = read_evidence(path)
    table = (await _settled(explorer, f"/hours/{report.period_end}/leaves"))["leaves"]
    assert [leaf["node"] for leaf in table] == [str(Pubkey(bytes(key))) for key in evidence.leaves.nodes]
    for leaf in table:
        row = await _hour(explorer, bytes(Pubkey.from_string(leaf["node"])))
        assert (row["end"], row["source"], row["why"]) == (report.period_end, "evidence", leaf["why"])
        assert (row["reward"], row["zero"]) == (leaf["reward"], base(leaf["reward"]) == 0)


async def test_a_node_without_a_leaf_has_what_events_say(
    served: tuple[Served, r.Report, Path], arena: Arena
) -> None:
    explorer, *_ = served
    row = await _hour(explorer, bytes(arena.market.alice.node))
    assert (row["reward"], row["source"] in ("events", "nothing")) == (None, True)


async def test_evidence_that_leads_elsewhere_says_nothing_of_a_node(
    served: tuple[Served, r.Report, Path],
) -> None:
    explorer, report, _ = served
    report.root = bytes(32)
    row = await _hour(explorer, EXAMPLE[0].node)
    assert (row["reward"], row["zero"], row["source"]) == (None, None, "nothing")


class _Slow(Tables):
    """Files on a disk that gives nothing until it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reading, self.gives = threading.Event(), threading.Event()

    def check(self, checker: Checker, read: _Read) -> None:
        self.reading.set()
        self.gives.wait()
        super().check(checker, read)


async def test_a_file_that_takes_long_holds_up_nobody(
    served: tuple[Served, r.Report, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer, _, path = served
    monkeypatch.setattr("ionet.explorer._leaves._PATIENCE", 60.0)
    few(Bounds())
    slow = explorer.app.state.tables = _Slow(path.parent)
    node = Pubkey(EXAMPLE[0].node)
    try:
        # More of them than questions are worked on at a time.
        waiting = {
            asyncio.create_task(explorer.read(f"/nodes/{node}/hours", limit=limit)) for limit in range(1, 31)
        }
        assert await asyncio.to_thread(slow.reading.wait, 60)
        async with asyncio.timeout(30):
            assert (await explorer.read("/supply"))["as_of"]["slot"] > 0
            told, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            while len(waiting) > 4:
                more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                told |= more
        assert {task.result()["hours"][0]["source"] for task in told} == {"checking"}
        # Four of them wait for it.
        assert len(waiting) == 4
    finally:
        slow.gives.set()
    for task in waiting:
        assert (await task)["hours"][0]["source"] == "evidence"


def test_a_file_is_checked_in_a_process_of_its_own(served: tuple[Served, r.Report, Path]) -> None:
    _, report, path = served
    checker = Checker()
    asked = path, report.evidence_hash, report.root, report.period_end
    try:
        assert checker.check(*asked).why == ""
        first = checker.pid
        assert first is not None
        assert first != os.getpid()
        # If it is ended, as for its memory, that is said, and the next file has another one.
        os.kill(first, signal.SIGKILL)
        assert checker.check(*asked).why.endswith("the process that did so has ended")
        assert checker.check(*asked).why == ""
        second = checker.pid
        assert second not in (None, first)
    finally:
        checker.stop()
    assert checker.pid is None
    assert not {first, second} & set(psutil.pids())


async def test_nobody_checks_once_nothing_is_due(served: tuple[Served, r.Report, Path]) -> None:
    explorer, report, _ = served
    us = psutil.Process()
    before = {each.pid for each in us.children()}
    assert (await _settled(explorer, f"/hours/{report.period_end}/leaves"))["checked"]
    async with asyncio.timeout(60):
        while True:
            if {each.pid for each in us.children()} <= before:
                return
            await asyncio.sleep(0.05)
