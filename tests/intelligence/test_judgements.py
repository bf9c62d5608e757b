"""How nodes stand, of sums that are kept of what audits have come to."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair

from ionet.intelligence.audits import NODES, WITNESSES, Audits
from ionet.intelligence.desk import Shelf
from ionet.intelligence.judgements import Judgements
from ionet.intelligence.likelihood import Score
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.standing import Judged, Standing

HOUR, DAY = 3_600, 86_400
#: The beginning of a day.
NOW = 20_788 * DAY
GOOD, BAD = Score(20, 0.0, 20.0), Score(20, -30.0, 20.0)


@pytest.fixture
def receipts(tmp_path: Path) -> Iterator[Receipts]:
    made = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    yield made
    made.close()


@pytest.fixture
def judgements(receipts: Receipts) -> Judgements:
    return receipts.judgements


def add(to: Judgements, count: int, at: int, score: Score = GOOD, by: str = "", node: str = "node") -> None:
    """So many answers of a node, a second apart."""
    for number in range(at, at + count):
        to.add_drawn("small", node, "", number)
        to.add(f"{by} {node} {number}", "small", node, Judged(number, score, 100, 1), by)


def only(judgements: Judgements, since: int = 0) -> Standing:
    (told,) = judgements.standings(since)
    return told


def test_an_answer_that_is_judged_again_counts_once(judgements: Judgements) -> None:
    for _ in range(2):
        add(judgements, 3, NOW)
        add(judgements, 2, NOW, by="w")
    told = only(judgements)
    assert (told.judged.answers, told.judged.passed, told.judged.tokens, told.judged.excess) == (3, 3, 300, 3)
    assert told.judged.score == Score(60, 0.0, 60.0)
    assert told.witnesses["w"].answers == 2


def test_a_bad_hour_is_seen_among_good_days_and_forgotten_after_them(judgements: Judgements) -> None:
    for day in range(5):
        add(judgements, 200, NOW + day * DAY)
    assert only(judgements).faults == ()
    add(judgements, 3, NOW + 2 * DAY + HOUR, Score(4, -14.0, 8.0))
    assert "improbable" in only(judgements).faults
    assert only(judgements, NOW + 2 * DAY + HOUR).faults == ("improbable",)
    assert only(judgements, NOW + 3 * DAY).faults == ()
    judgements.forget(NOW + 4 * DAY)
    assert only(judgements).judged.answers == 200


def test_what_an_earlier_version_has_judged_is_summed_once(tmp_path: Path, receipts: Receipts) -> None:
    add(receipts.judgements, 3, NOW, BAD)
    add(receipts.judgements, 3, NOW, BAD, by="w")
    before = receipts.judgements.standings(0)
    with closing(sqlite3.connect(tmp_path / "receipts.db")) as old:
        old.executescript("DELETE FROM sums; PRAGMA user_version = 0")
    assert receipts.judgements.standings(0) == []
    for _ in range(2):
        with closing(sqlite3.connect(tmp_path / "receipts.db", isolation_level=None)) as opened:
            assert Judgements(opened).standings(0) == before


def steps(receipts: Receipts, since: int = 0, *, forgetting: bool = False) -> int:
    """Hundreds of steps that SQLite takes to say how nodes stand: each row that is read takes some."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    receipts._db.set_progress_handler(step, 100)
    if forgetting:
        receipts.judgements.forget(since)
    else:
        receipts.judgements.standings(since)
    receipts._db.set_progress_handler(None, 0)
    return count


def test_as_much_is_read_however_many_answers_were_judged(receipts: Receipts) -> None:
    for hour in range(24):
        for node in ("a", "b"):
            add(receipts.judgements, 1, NOW + hour * HOUR, node=node)
            add(receipts.judgements, 1, NOW + hour * HOUR, by="w", node=node)
    few = steps(receipts)
    for node in ("a", "b"):
        add(receipts.judgements, 1_000, NOW + HOUR, node=node)
        add(receipts.judgements, 1_000, NOW + HOUR, by="w", node=node)
    assert steps(receipts) <= few + 2
    assert few < 100


def test_no_more_is_read_for_what_is_older(receipts: Receipts) -> None:
    def days(first: int, last: int) -> None:
        for day in range(first, last):
            for hour in range(2):
                add(receipts.judgements, 3, NOW + day * DAY + hour * HOUR, BAD, by="w")
            add(receipts.judgements, 1, NOW + day * DAY)

    days(200, 230)
    few = steps(receipts, NOW + 200 * DAY)
    days(0, 200)
    assert steps(receipts, NOW + 200 * DAY) <= few + 2
    # Nor to see that there is nothing to forget: it is looked for three times a minute.
    assert steps(receipts, NOW, forgetting=True) <= 2


async def read_of(audits: Audits, at: int) -> Any:
    """What anybody reads."""
    return json.loads(await audits.told(at))


@pytest.fixture
def shelf(receipts: Receipts) -> Iterator[Shelf[Receipts]]:
    made = Shelf(receipts)
    yield made
    made.close()


async def test_many_who_ask_at_once_have_it_read_once_and_later_ones_anew(
    shelf: Shelf[Receipts], judgements: Judgements, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(judgements, 1, NOW)
    reads, now, reading = list[int](), 0.0, judgements.standings

    def read(since: int) -> list[Standing]:
        reads.append(since)
        return reading(since)

    monkeypatch.setattr(judgements, "standings", read)
    audits = Audits(shelf, lambda: now)
    told = await asyncio.gather(*(read_of(audits, NOW + HOUR) for _ in range(50)))
    assert (len(reads), told[0]["data"][0]["answers"]) == (1, 1)
    add(judgements, 1, NOW + 1)
    now = 2.9
    assert (await read_of(audits, NOW + HOUR))["data"][0]["answers"] == 1
    now = 3.1
    assert (await read_of(audits, NOW + HOUR))["data"][0]["answers"] == 2
    assert len(reads) == 2


async def test_so_many_nodes_and_witnesses_are_told_those_at_fault_first(
    shelf: Shelf[Receipts], judgements: Judgements
) -> None:
    for number in range(NODES + 5):
        add(judgements, 1, NOW, node=f"n{number:03}")
    add(judgements, 3, NOW, BAD, node="zz")
    for number in range(WITNESSES + 2):
        add(judgements, 1, NOW, by=f"w{number:02}", node="zz")
    add(judgements, 3, NOW, BAD, by="zz-w", node="zz")
    told = await read_of(Audits(shelf), NOW)
    assert (len(told["data"]), told["more"]) == (NODES, 6)
    first = told["data"][0]
    assert (first["node"], first["holds"]) == ("zz", False)
    assert (len(first["witnesses"]), first["more"]) == (WITNESSES, 3)
    assert first["witnesses"][0]["node"] == "zz-w"


async def test_answers_that_could_not_be_judged_are_told(
    shelf: Shelf[Receipts], judgements: Judgements
) -> None:
    for _ in range(4):
        judgements.add_drawn("small", "evader", "unasked", NOW)
    add(judgements, 20, NOW, node="honest")
    evader, honest = (await read_of(Audits(shelf), NOW))["data"]
    assert (evader["node"], evader["answers"], evader["unjudged"]) == ("evader", 0, {"unasked": 4})
    assert (evader["barred"], evader["holds"], evader["faults"]) == (True, False, ["unasked", "unjudged"])
    assert (honest["barred"], honest["holds"], honest["unjudged"]) == (False, True, {})


def test_a_head_says_how_many_answers_of_its_hour_could_not_be_judged(receipts: Receipts) -> None:
    receipts.add({"id": "a", "model": "small", "end": NOW, "answer": {"tokens": 3, "text": "00"}})
    receipts.judgements.add_drawn("small", "Zürich", "unasked", NOW)
    receipts.judgements.add_drawn("small", "Zürich", "too_long", NOW + HOUR - 1)
    receipts.judgements.add_drawn("small", "Zürich", "unasked", NOW + HOUR)
    receipts.judgements.add_drawn("small", "Zürich", "", NOW)
    receipts.seal(NOW + HOUR)
    (head,) = receipts.heads(1)
    assert [each["unjudged"] for each in head["head"]["models"]] == [[{"node": "Zürich", "answers": 2}]]


@pytest.mark.parametrize("later", [DAY, DAY + HOUR, 3 * DAY + 5 * HOUR])
def test_once_the_arbiter_is_gone_for_a_day_what_witnesses_find_from_then_on_counts(
    judgements: Judgements, later: int
) -> None:
    add(judgements, 3, NOW)
    for witness in ("v", "w"):
        add(judgements, 3, NOW + DAY - 60, BAD, by=witness)
    assert only(judgements).holds  # the arbiter was asked on that day
    add(judgements, 3, NOW + later, BAD, by="w")
    assert only(judgements).holds  # one witness is nobody's proof
    add(judgements, 3, NOW + later, BAD, by="v")
    assert "improbable" in only(judgements).faults


def test_as_long_as_the_arbiter_is_asked_about_a_model_it_decides(judgements: Judgements) -> None:
    add(judgements, 3, NOW)
    for witness in ("v", "w"):
        add(judgements, 3, NOW + DAY + HOUR, BAD, by=witness)
    add(judgements, 1, NOW + DAY, node="another")
    assert [each.holds for each in judgements.standings(0) if each.node == "node"] == [True]


def test_what_witnesses_have_said_before_the_arbiter_was_gone_does_not_count_later(
    judgements: Judgements,
) -> None:
    for witness in ("v", "w"):
        add(judgements, 3, NOW, BAD, by=witness)
    add(judgements, 3, NOW + HOUR)
    for witness in ("v", "w"):
        add(judgements, 3, NOW + DAY + 2 * HOUR, by=witness)
    assert only(judgements).holds
