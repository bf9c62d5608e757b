"""What links of the pages open and save: their parts as a server renders them, and the code that saves."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.explorer.browsing import HERE, serving

from ionet.explorer._past import Moment, Past
from ionet.explorer._watching import Watching
from ionet.ledger import Database
from workspace.pages import environment

NODE = "DTj5xuQ8ZbQm3Xq9mTfVYQv5GkzJv6cB8oQp7H2nRs4a"
END = 1_800_010_800
IO = {"amount": "1", "unit": "IO", "base": "100000000"}


def in_node(script: str, question: dict[str, Any]) -> Any:
    ended = subprocess.run(
        ["node", str(HERE / script)],
        input=json.dumps(question),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_an_hours_reward_opens_what_credited_that_hour_only(tools: None) -> None:
    hour = {"end": END, "report": "", "report_state": "final", "reward": IO, "zero": False, "why": []}
    leaf = {
        "node": NODE, "reward": IO, "lifetime": IO, "why": [], "pool": "gpu", "units": 1, "up_hours": 5,
        "stake": IO, "required_stake": IO, "proof": "passed", "score_bps": 1, "in_use": False, "fees": IO,
        "measures": 3,
    }  # fmt: skip
    leaves = {"end": END, "leaves": [leaf]}
    parts = [
        {"part": "parts/Reason.svelte", "given": {"of": {**hour, "source": "evidence"}, "node": NODE}},
        {"part": "parts/Leaves.svelte", "given": {"of": leaves}},
    ]
    for html in in_node("render.mjs", {"parts": parts}):
        assert f'href="/events?about={NODE}&amp;hour={END}"' in html
        assert "name=staking.Credited" not in html


def test_a_table_is_saved_once_it_is_there_and_not_what_is_said_until_then(
    database: Database, monkeypatch: pytest.MonkeyPatch, tools: None
) -> None:
    told = threading.Event()
    replayed = Past._replayed

    def held(self: Past, *given: Any) -> Moment:
        assert told.wait(60)
        return replayed(self, *given)

    monkeypatch.setattr(Past, "_replayed", held)
    statuses: list[int] = []

    def around(app: ASGIApp) -> ASGIApp:
        async def seen(scope: Scope, receive: Receive, send: Send) -> None:
            async def sent(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])
                elif statuses[-1] == 202:
                    told.set()

            await app(scope, receive, sent)

        return seen

    with serving(database, Watching(), around) as url:
        path = f"/api/v1/classes?at={database.marks().time - 3_600}&format=csv"
        it = in_node("saving.mjs", {"address": url + path})
    assert statuses == [202] * it["told"] + [200]
    assert it["told"] >= 1
    assert it["text"].splitlines()[0].startswith("id,"), it["text"]
