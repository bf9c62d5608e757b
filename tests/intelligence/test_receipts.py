"""Receipts of answers, and what they show."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from solders.keypair import Keypair

from ionet.formats.inference import HOUR
from ionet.intelligence.books import Books
from ionet.intelligence.desk import Desk, Shelf
from ionet.intelligence.errors import BadReceipt
from ionet.intelligence.judgements import _LATEST
from ionet.intelligence.likelihood import Score
from ionet.intelligence.logs import take_log
from ionet.intelligence.receipts import (
    Proof,
    Receipts,
    hash_of_prompt,
    hash_of_tokens,
)
from ionet.intelligence.standing import Judged

KEY = Keypair()
#: The beginning of an hour.
NOW = 1_796_126_400


def receipt(name: str, end: int = NOW) -> dict[str, Any]:
    return {"id": name, "model": "small", "end": end, "answer": {"tokens": 3, "text": "00"}}


@pytest.fixture
def receipts(tmp_path: Path) -> Receipts:
    return Receipts(tmp_path / "receipts.db", KEY, "https://ai.test", days=2)


def sealed(receipts: Receipts, *names: str) -> None:
    for name in names:
        receipts.add(receipt(name))
    receipts.seal(NOW + HOUR)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_receipt_leads_to_the_root_that_was_signed(receipts: Receipts, count: int) -> None:
    names = [f"answer-{number}" for number in range(count)]
    sealed(receipts, *names)
    for name in names:
        proof = receipts.proof(name)
        assert proof is not None
        again = Proof.read(json.loads(json.dumps(proof.told())))
        again.check(KEY.pubkey())
        assert again.receipt == receipt(name)


def test_an_hour_that_is_not_over_is_not_signed(receipts: Receipts) -> None:
    receipts.add(receipt("early"))
    assert receipts.seal(NOW + HOUR - 1) == 0
    assert receipts.proof("early") is None
    assert receipts.has("early")
    assert receipts.seal(NOW + HOUR) == 1
    assert receipts.seal(NOW + HOUR) == 0


@pytest.mark.parametrize("back", [1, HOUR + 1])
def test_a_receipt_that_comes_after_its_hour_was_signed_is_of_the_next_one(
    receipts: Receipts, back: int
) -> None:
    sealed(receipts, "a", "b")
    receipts.add(receipt("late", NOW + HOUR - back))
    receipts.seal(NOW + 2 * HOUR)
    for name in ("a", "b", "late"):
        proof = receipts.proof(name)
        assert proof is not None
        proof.check(KEY.pubkey())
    assert [each["head"]["hour"] * HOUR for each in receipts.heads(5)] == [NOW + HOUR, NOW]


def test_whatever_is_changed_of_a_receipt_is_seen(receipts: Receipts) -> None:
    sealed(receipts, "a", "b", "c")
    proof = receipts.proof("b")
    assert proof is not None
    other = receipts.proof("c")
    assert other is not None
    lies = [
        replace(proof, receipt={**proof.receipt, "model": "large"}),
        replace(proof, receipt={**proof.receipt, "end": NOW + 1}),
        replace(proof, index=proof.index + 1),
        replace(proof, path=other.path),
        replace(proof, path=()),
        replace(proof, head={**proof.head, "count": 2}),
        replace(proof, head={**proof.head, "root": "00" * 32}),
        replace(proof, signature=bytes(64)),
        replace(proof, receipt={**proof.receipt, "share": 0.5}),
    ]
    for lie in lies:
        with pytest.raises(BadReceipt):
            lie.check(KEY.pubkey())
    with pytest.raises(BadReceipt, match="not by"):
        proof.check(Keypair().pubkey())


def test_each_head_names_the_one_before_so_that_none_is_written_anew(receipts: Receipts) -> None:
    sealed(receipts, "a")
    receipts.add(receipt("b", NOW + HOUR))
    receipts.seal(NOW + 2 * HOUR)
    second, first = (each["head"] for each in receipts.heads(5))
    assert first["before"] is None
    assert len(second["before"]) == 64
    assert (first["hour"], second["hour"]) == (NOW // HOUR, NOW // HOUR + 1)


def test_old_receipts_are_forgotten_and_their_hours_heads_stay(receipts: Receipts) -> None:
    sealed(receipts, "a")
    receipts.judgements.add("a", "small", "node", Judged(NOW, Score(3, -0.5, 1.0, 0.0)))
    receipts.seal(NOW + 2 * 86_400)
    assert receipts.has("a")
    receipts.seal(NOW + 2 * 86_400 + HOUR)
    assert not receipts.has("a")
    receipts.seal(NOW + 3 * 86_400)  # sums are of whole days
    assert receipts.judgements.standings(0) == []
    assert len(receipts.heads(5)) == 1


def test_two_nodes_are_at_odds_by_their_latest_answers(receipts: Receipts) -> None:
    bad, good = Score(20, -30.0, 20.0, 0.0), Score(20, 0.0, 20.0, 0.0)
    for number in range(4):
        receipts.judgements.add(f"bad-{number}", "small", "node", Judged(NOW, bad), "witness")
    assert receipts.judgements.at_odds("small", "node", "witness", NOW)
    assert not receipts.judgements.at_odds("small", "node", "witness", NOW + 1)
    for number in range(_LATEST):
        receipts.judgements.add(f"good-{number}", "small", "node", Judged(NOW + 1, good), "witness")
    # As many are read as money can wait for, however many an hour has.
    assert not receipts.judgements.at_odds("small", "node", "witness", NOW)


def test_a_head_counts_witnesses_where_no_arbiter_judges(receipts: Receipts) -> None:
    bad, good = (Judged(NOW, Score(20, surprise, 20.0, 0.0)) for surprise in (-30.0, 0.0))
    for number in range(3):
        for model in ("both", "witnessed"):
            receipts.judgements.add(f"{model}-{number}", model, "node", bad, "witness")
    receipts.judgements.add("both-9", "both", "node", good)
    sealed(receipts, "a")
    (told,) = receipts.heads(1)
    counts = {each["model"]: (each["judged"], each["passed"]) for each in told["head"]["models"]}
    assert counts == {"both": (1, 1), "small": (0, 0), "witnessed": (3, 0)}


def test_no_receipt_waits_until_the_log_is_in_the_file(receipts: Receipts, tmp_path: Path) -> None:
    receipts.leave_log()
    for number in range(1_500):
        receipts.add(receipt(f"{number}"))
    (log,) = tmp_path.glob("*.db-wal")
    much = log.stat().st_size
    # By itself, SQLite would have taken it at a thousand pages, in the middle of a change.
    assert much > 2_000 * 4_096
    file = log.with_name(log.name.removesuffix("-wal"))
    assert take_log(file, much)
    shutil.copy(file, tmp_path / "alone.db")
    with closing(sqlite3.connect(tmp_path / "alone.db")) as alone:
        assert alone.execute("SELECT count(*) FROM receipts").fetchone() == (1_500,)


def test_hashes_are_those_that_anybody_computes() -> None:
    # printf '\x01\x00\x00\x00\x00\x01\x00\x00' | sha256sum
    numbers = "242045e2f1bb37769b514f182fd91b3d215324cb57f187cced1e9c62921dbac3"
    assert hash_of_tokens([1, 256]) == numbers
    # printf 'hi' | sha256sum
    text = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    assert hash_of_prompt("hi") == text
    # printf '[{"content":"hi","role":"user"}]' | sha256sum
    messages = "4e79873118cd9be7a1f0308b9cd772950c5410c74ca3fe1ba2626cba009a9237"
    assert hash_of_prompt([{"role": "user", "content": "hi"}]) == messages


async def test_whoever_looks_up_receipts_keeps_no_request_waiting(tmp_path: Path) -> None:
    slow, begun, go_on = Receipts(tmp_path / "receipts.db", KEY, "https://ai.test"), Event(), Event()
    desk, shelf = Desk(Books(tmp_path / "books.db", "test")), Shelf(slow)

    def look(_: Receipts) -> None:
        begun.set()
        go_on.wait(10)

    looking = asyncio.create_task(shelf.look(look))
    await asyncio.to_thread(begun.wait, 10)
    async with asyncio.timeout(60):
        assert await desk.do(lambda books: books.balances()) == {}
    assert not looking.done()
    go_on.set()
    await looking
    shelf.close()
    desk.close()
