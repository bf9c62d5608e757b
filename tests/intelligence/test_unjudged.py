"""Answers that cannot be judged: who has written them is told, and gets no more requests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.intelligence.test_answering import HELLO, MODEL, Place, Told, engine, said, used

from ionet.intelligence.auditing import Auditor, Bench
from ionet.intelligence.engine import HttpEngine
from ionet.intelligence.models import Models
from ionet.intelligence.receipts import Receipts
from ionet.intelligence.recording import Recorder
from ionet.intelligence.replicas import Replica, Replicas
from ionet.intelligence.requests import chat
from ionet.intelligence.standing import Standing, evading

THOUGHT = said({"reasoning_content": "."})
HELLO_SAID = said({"content": "hello"})


@dataclass(frozen=True, slots=True)
class Court:
    """A service that judges all answers, of two nodes."""

    place: Place
    receipts: Receipts
    nodes: Replicas
    auditor: Auditor

    async def answered(self, *pieces: dict[str, Any], by: str = "node", **more: Any) -> None:
        """Has a node answer with these, and what is written be judged."""
        await self.place.ask(engine(*pieces), **more)
        self.place.over[-1].node = by
        recorder = Recorder(self.place.desk, self.receipts, self.auditor, {"small": "url"})
        await recorder.over(self.place.over[-1])
        while not self.auditor._waiting.empty():
            await self.auditor.judge(self.auditor._waiting.get_nowait())

    @property
    def standing(self) -> Standing:
        """The node's."""
        (told,) = [each for each in self.receipts.judgements.standings(0) if each.node == "node"]
        return told


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    place = Place(tmp_path)
    receipts = Receipts(tmp_path / "receipts.db", Keypair(), "https://ai.test")
    engines = [
        Replica(name, HttpEngine("http://x", "small", transport=Told(engine(HELLO_SAID, used(3, 1)))))
        for name in ("node", "other")
    ]
    nodes = Replicas(engines)
    auditor = Auditor({"small": Bench(None, nodes)}, place.desk, receipts, 1_000_000)
    yield Court(place, receipts, nodes, auditor)
    place.desk.close()
    receipts.close()


@pytest.mark.parametrize(
    "pieces",
    [
        (THOUGHT, HELLO_SAID),
        (HELLO_SAID, THOUGHT),
        (said({"content": "hello", "reasoning_content": "."}),),
        (said({"reasoning": "."}), HELLO_SAID),
        (said({"tool_calls": [{"index": 0}]}), HELLO_SAID),
        (THOUGHT,),
    ],
    ids=["before", "after", "beside", "of another name", "a call", "alone"],
)
async def test_what_is_beside_an_answers_text_is_counted_and_is_a_fault_of_its_node(
    court: Court, pieces: tuple[dict[str, Any], ...]
) -> None:
    for _ in range(2):
        await court.answered(*pieces, used(3, 1))
    assert (dict(court.standing.unjudged), court.standing.faults) == ({"unasked": 2}, ())
    await court.answered(*pieces, used(3, 1))
    assert court.standing.faults == ("unasked",)


async def test_calls_that_were_asked_for_are_no_fault(court: Court) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    await court.answered(said({"tool_calls": [{"index": 0}]}), used(3, 1), tools=[tool])
    assert court.receipts.judgements.standings(0) == []


async def test_a_text_that_is_longer_than_its_tokens_can_be_is_counted(court: Court) -> None:
    await court.answered(said({"content": "a" * 2_000}), used(3, 1))
    assert dict(court.standing.unjudged) == {"too_long": 1}


async def test_who_says_that_nothing_was_written_is_judged_all_the_same(court: Court) -> None:
    await court.answered(THOUGHT, HELLO_SAID, used(3, 0))
    assert dict(court.standing.unjudged) == {"unasked": 1}


async def test_a_node_that_evades_audits_gets_no_more_requests_once_others_can_be_compared(
    court: Court, caplog: pytest.LogCaptureFixture
) -> None:
    """Though nobody judges those others: the only witness is the one that evades, and says nothing."""
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            await court.answered(THOUGHT, HELLO_SAID, used(3, 1))
            assert not court.standing.evades
            await court.answered(HELLO_SAID, used(3, 1), by="other")
        assert [each.node for each in court.nodes.there] == ["node", "other"]
        await court.answered(THOUGHT, HELLO_SAID, used(3, 1))
    assert court.standing.evades
    assert court.standing.faults == ("unasked", "unjudged")
    assert caplog.text.count("node gets no more requests for small") == 1
    assert await written_by(court.nodes) == {"other"}
    # Another process knows it, too.
    again = Replicas(court.nodes.replicas)
    later = Auditor({"small": Bench(None, again)}, court.place.desk, court.receipts, 0)
    await later._bar("small")
    assert again.barred == {"node"}


async def written_by(nodes: Replicas) -> set[str]:
    """Nodes that answer the next requests, also when others are at work."""
    told = set()
    for _ in range(4):
        asked = chat(HELLO, Models([MODEL]))
        async with aclosing(nodes.stream(asked, 4)) as pieces:  # type: ignore[type-var]
            told |= {piece["ionet node"] async for piece in pieces if "ionet node" in piece}
    return told


async def test_an_engine_that_has_no_name_is_barred_by_no_other(court: Court) -> None:
    court.nodes.bar(["", "node"])
    assert court.nodes.barred == {"node"}


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"a": (20, 20)}, set()),
        ({"a": (20, 20), "b": (0, 19)}, set()),
        ({"a": (20, 20), "b": (0, 20)}, {"a"}),
        ({"a": (4, 4), "b": (0, 20)}, {"a"}),
        ({"a": (2, 2), "b": (0, 20)}, set()),
        ({"a": (3, 100), "b": (0, 100)}, set()),
        ({"a": (30, 100), "b": (29, 100), "c": (31, 100)}, set()),
        ({"a": (90, 100), "b": (10, 100), "c": (0, 100), "d": (100, 100)}, {"a", "d"}),
        ({"a": (100, 100), "b": (100, 100), "c": (1, 100)}, {"a", "b"}),
    ],
)
def test_those_evade_of_whom_far_more_cannot_be_judged_than_of_the_middle_one_of_others(
    counts: dict[str, tuple[int, int]], told: set[str]
) -> None:
    assert evading(counts) == told
