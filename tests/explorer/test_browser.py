"""The explorer's pages in Chromium: two sizes, light and dark, the keyboard, and what they ask for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.stateful.arena import Arena

from ionet.explorer import Bounds
from ionet.explorer._app import application
from ionet.explorer._guard import Counters
from ionet.explorer._watching import Watching, told
from ionet.ledger import Check, Database, Landed, Verified
from workspace.pages import environment

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tools() -> None:
    """What the tests need; where there is apt, scripts/setup installs it, and CI fails without it."""
    needed = {
        "Node.js": shutil.which("node", path=environment()["PATH"]) is not None,
        "Debian's chromium": Path(CHROMIUM).exists(),
        "npm ci in web/explorer": (ROOT / "web/explorer/node_modules/playwright-core").is_dir(),
    }
    if missing := [name for name, there in needed.items() if not there]:
        sentence = f"the browser's tests need {', '.join(missing)}: scripts/setup installs what is missing"
        if os.environ.get("CI") and shutil.which("apt-get"):
            pytest.fail(sentence)
        pytest.skip(sentence)


@pytest.fixture(scope="module")
def url(tools: None, place: str) -> Iterator[str]:
    watching = Watching()
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    with Database.open(place) as database:
        bounds = Bounds(per_second=10_000, at_once=10_000)
        app = application(database, watching, bounds, Counters())
        config = uvicorn.Config(app, port=0, log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        serving = threading.Thread(target=server.run, daemon=True)
        serving.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        serving.join(30)


@pytest.fixture(scope="module")
def visited(url: str, arena: Arena, landed: list[Landed], database: Database) -> Any:
    """What the browser says of each page. IONET_SHOTS names a folder for screenshots."""
    alice = arena.market.alice
    job = next(iter(database.booked_by(alice.key)))
    end = max(report.period_end for report in database.at(landed[-1].time).reports.values())
    paths = {
        "supply": "/",
        "devices": "/devices",
        "node": f"/nodes/{alice.node}",
        "job": f"/jobs/{job}",
        "jobs": f"/jobs?party={alice.key}",
        "hours": "/hours",
        "hour": f"/hours/{end}",
        "events": "/events?name=jobs.Booked",
        "transaction": f"/transactions/{landed[-1].signature}",
        "search": f"/search?q={alice.node}",
        "past": f"/devices?at={landed[len(landed) // 2].time}",
    }
    command = ["node", str(HERE / "browser.mjs"), url, json.dumps(paths)]
    if folder := os.environ.get("IONET_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        command.append(folder)
    ended = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_pages_are_accessible_fit_the_screen_and_ask_nobody_else(visited: Any) -> None:
    """No violation of axe's rules, no line in the console, at 1,280 and 360 pixels, light and dark."""
    assert visited["wrong"] == []


def test_the_keyboard_reaches_content_search_and_results(visited: Any) -> None:
    assert visited["keyboard"] == {"first": "Skip to the content", "jumped": "#main", "after": "main"}


def test_numbers_are_in_the_readers_language_to_the_last_digit(visited: Any, database: Database) -> None:
    supply = database.at(1 << 40).supply
    whole, part = divmod(supply, 10**8)
    german = f"{whole:,}".replace(",", ".") + f",{part:08d}".rstrip("0")
    assert german in visited["seen"]["supply"]


def test_a_page_of_the_past_says_so(visited: Any, landed: list[Landed]) -> None:
    assert "Registered" in visited["seen"]["past"]
    assert visited["seen"]["past"] != visited["seen"]["devices"]
