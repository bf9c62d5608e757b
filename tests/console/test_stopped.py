"""What the pages of a job and of a cluster say and offer after a stop, rendered as a server would."""

from __future__ import annotations

import re
from typing import Any

from tests.explorer.test_links import in_node

NOW = 1_800_000_000
MONEY = {"amount": "2.5", "unit": "IO", "base": "250000000"}
RUNNING = {
    "job": "JOB", "node": "NODE", "state": "running", "summary": "runs", "ends_at": NOW + 3_600,
    "stopped_at": 0, "seconds": 7_200, "deposit": MONEY, "now": NOW,
    "cost": {"paid": MONEY, "refund": MONEY, "first_hour": False, "used": 3_600},
}  # fmt: skip
STOPPED = {**RUNNING, "ends_at": NOW - 60, "stopped_at": NOW - 60, "summary": "was stopped"}
OVER = {**RUNNING, "ends_at": NOW - 60, "summary": "its time is over"}


def texts(*pages: tuple[dict[str, Any], ...], whole: bool = False) -> list[str]:
    """What is to be read on pages, each of jobs that run, or have run, as one."""
    parts = [
        part
        for jobs in pages
        for part in (
            {"part": "parts/Standing.svelte", "given": {"of": jobs[0], "jobs": jobs}},
            {
                "part": "parts/Controls.svelte",
                "given": {"jobs": jobs, "all": whole, "busy": False, "hours": "1"},
            },
        )
    ]
    made = in_node("render.mjs", {"site": "console", "parts": parts})
    html = ["".join(both) for both in zip(made[::2], made[1::2], strict=True)]
    return [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in html]


def test_what_was_stopped_is_not_to_be_stopped_or_extended_and_comes_to_what_it_comes_to(tools: None) -> None:
    runs, stopped, over = texts((RUNNING,), (STOPPED,), (OVER,))
    assert runs.startswith("State running")
    words = ("Comes to, if stopped now", "Refund, if stopped now", "Stop Hours more")
    assert [each for each in words if each not in runs] == []
    assert stopped.startswith("State stopped was stopped")
    assert over.startswith("State running its time is over")
    for text in (stopped, over):
        assert "Comes to 2 .5 IO of" in text
        assert not re.search("if stopped now|Stop$|Stop |Extend|Hours more", text)


def test_a_cluster_can_be_stopped_until_all_of_it_was(tools: None) -> None:
    some, none = texts((STOPPED, RUNNING), (STOPPED, STOPPED), whole=True)
    assert some.startswith("State running")
    assert "Stop all" in some
    assert "Extend all" in some
    assert none.startswith("State stopped")
    assert not re.search("Stop all|Extend all|if stopped now", none)
