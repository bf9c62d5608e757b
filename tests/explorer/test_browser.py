"""The explorer's pages in Chromium: two sizes, light and dark, the keyboard, and what they ask for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.explorer.conftest import Near
from tests.stateful.arena import Arena

from ionet import Client, events
from ionet.explorer import Bounds
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._guard import Counters
from ionet.explorer._pages import Pages
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


@contextmanager
def serving(database: Database, watching: Watching) -> Iterator[str]:
    """An explorer's URL."""
    bounds, app = Bounds(per_second=10_000, at_once=10_000), bare(Pages())
    live = parts(app, database, watching, bounds)
    config = uvicorn.Config(
        guarded(app, bounds, Counters()), port=0, log_level="warning", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        live.stop()
        server.should_exit = True
        thread.join(30)


def visit(what: dict[str, Any]) -> Any:
    """What the browser says. IONET_SHOTS names a folder for screenshots."""
    if folder := os.environ.get("IONET_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        what |= {"folder": folder}
    ended = subprocess.run(
        ["node", str(HERE / "browser.mjs"), json.dumps(what)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def visited(tools: None, place: str, client: Client, arena: Arena, landed: list[Landed]) -> Any:
    """What the browser says of each page of a market whose accounts are as the events say."""
    watching = Near(client)
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    alice = arena.market.alice
    with Database.open(place) as database:
        job = next(iter(database.booked_by(alice.key)))
        executed = next(
            one.signature
            for one in reversed(landed)
            if any(isinstance(e.event, events.staking.Slashed) for e in one.log.emitted)
        )
        end = max(report.period_end for report in database.at(landed[-1].time).reports.values())
        pages = {
            "supply": "/",
            "auctions": "/auctions",
            "devices": "/devices",
            "networks": "/networks",
            "stake": "/stake",
            "node": f"/nodes/{alice.node}",
            "account": f"/accounts/{alice.node}",
            "job": f"/jobs/{job}",
            "jobs": f"/jobs?party={alice.key}",
            "hours": "/hours",
            "hour": f"/hours/{end}",
            "attesters": "/attesters",
            "proposals": "/proposals",
            "events": "/events?name=jobs.Booked",
            "transaction": f"/transactions/{executed}",
            "search": f"/search?q={alice.node}",
            "past": f"/devices?at={landed[len(landed) // 2].time}",
        }
        with serving(database, watching) as url:
            return visit({"url": url, "pages": pages, "keyboard": True})


@pytest.fixture(scope="module")
def voted(tools: None, governed_chain: tuple[Client, Database, str]) -> Any:
    """The same of a chain with votes, whose accounts are said to differ."""
    client, database, proposal = governed_chain
    watching = Near(client)
    watching.reconciled = told(
        Verified(7, 1, (Check("supply of IO", 5, 4),), (), ("event 3 of a <b>node</b> is missing",), {})
    )
    with serving(database, watching) as url:
        return visit({"url": url, "pages": {"votes": "/proposals", "proposal": f"/proposals/{proposal}"}})


@pytest.fixture(scope="module")
def sold(tools: None, selling: tuple[Client, Database]) -> Any:
    """The same of the auctions while a lot is for sale."""
    client, database = selling
    watching = Near(client)
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    with serving(database, watching) as url:
        return visit({"url": url, "pages": {"lots": "/auctions"}})


def test_pages_are_accessible_fit_the_screen_and_ask_nobody_else(visited: Any, voted: Any, sold: Any) -> None:
    """No violation of axe's rules, no line in the console, at 1,280 pixels in light, at 360 in dark."""
    assert visited["wrong"] + voted["wrong"] + sold["wrong"] == []


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


def test_the_badge_is_green_where_accounts_are_as_the_events_say(visited: Any) -> None:
    assert visited["badge"] == {"text": "● reconciled at slot 7", "color": "good"}


def test_the_badge_is_red_with_the_difference_where_they_are_not(voted: Any) -> None:
    assert voted["badge"]["color"] == "bad"
    assert voted["badge"]["text"] == "▲ differs at slot 7: 2 differences"
    assert "supply of IO: 5 expected, 4 found" in voted["differences"]
    # What others named is text, whatever it looks like.
    assert "event 3 of a <b>node</b> is missing" in voted["differences"]


def test_a_proposal_says_what_it_does_and_who_votes(voted: Any) -> None:
    assert "pay 1 IO" in voted["seen"]["proposal"]
    assert "as voted on: its hash is that of the events" in voted["seen"]["proposal"]
    assert "45.000" in voted["seen"]["proposal"]


def test_a_transaction_is_decoded(visited: Any) -> None:
    assert "staking.execute_slash" in visited["seen"]["transaction"]


def test_pages_are_told_when_the_ledger_moves_on(visited: Any) -> None:
    assert visited["live"] == "Live"


def test_a_lots_price_moves_from_three_per_cent_below_the_oracles(sold: Any) -> None:
    """Rule 15: 2 USD · (1 − 3 % + 5 % of the hour that has passed), in the first minutes of the lot."""
    shown = re.search(r"1,9(\d{1,5})\sUSD\sfor\san\sIO,\s*\d,?\d*\s%\sbelow", sold["seen"]["lots"])
    assert shown is not None, sold["seen"]["lots"]
    millionths = 1_900_000 + int(shown[1].ljust(5, "0"))
    assert 1_940_000 <= millionths < 1_950_000
    assert "until it moves no further" in sold["seen"]["lots"]
