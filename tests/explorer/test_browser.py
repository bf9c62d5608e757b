"""The explorer's pages in Chromium: two sizes, light and dark, the keyboard, and what they ask for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.explorer.browsing import serving, visit
from tests.explorer.conftest import Near
from tests.explorer.test_served import URL, signed
from tests.stateful.arena import Arena

from ionet import Client, events
from ionet.explorer._served import Served
from ionet.explorer._watching import told
from ionet.ledger import Check, Database, Landed, Verified

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def visited(
    tools: None,
    place: str,
    client: Client,
    arena: Arena,
    landed: list[Landed],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """What the browser says of each page of a market whose accounts are as the events say."""
    served = Served(URL)
    served.take(signed(tmp_path_factory.mktemp("served"), Keypair()))
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
            "costake": f"/stake/{alice.node}",
            "node": f"/nodes/{alice.node}",
            "account": f"/accounts/{alice.node}",
            "job": f"/jobs/{job}",
            "jobs": f"/jobs?party={alice.key}",
            "models": "/models",
            "hours": "/hours",
            "hour": f"/hours/{end}",
            "attesters": "/attesters",
            "proposals": "/proposals",
            "events": "/events?name=jobs.Booked",
            "transaction": f"/transactions/{executed}",
            "search": f"/search?q={alice.node}",
            "past": f"/devices?at={landed[len(landed) // 2].time}",
        }
        with serving(database, watching, served=served) as url:
            return visit("browser.mjs", {"url": url, "pages": pages, "keyboard": True})


@pytest.fixture(scope="module")
def voted(tools: None, governed_chain: tuple[Client, Database, str]) -> Any:
    """The same of a chain with votes, whose accounts are said to differ."""
    client, database, proposal = governed_chain
    watching = Near(client)
    watching.reconciled = told(
        Verified(7, 1, (Check("supply of IO", 5, 4),), (), ("event 3 of a <b>node</b> is missing",), {})
    )
    with serving(database, watching) as url:
        return visit(
            "browser.mjs",
            {"url": url, "pages": {"votes": "/proposals", "proposal": f"/proposals/{proposal}"}},
        )


@pytest.fixture(scope="module")
def sold(tools: None, selling: tuple[Client, Database]) -> Any:
    """The same of the auctions while a lot is for sale."""
    client, database = selling
    watching = Near(client)
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    with serving(database, watching) as url:
        return visit("browser.mjs", {"url": url, "pages": {"lots": "/auctions"}})


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


def test_no_page_has_a_number_as_others_write_it(visited: Any, voted: Any, sold: Any) -> None:
    """Germans group by points and have commas before decimals; the pages were asked for in German."""
    pages = visited["seen"] | voted["seen"] | sold["seen"]
    foreign = re.compile(r"(?<![\w.,/-])(?:\d+\.\d{1,2}|\d{1,3}(?:,\d{3}){2,}|\d{2,3},000)(?![\w.])")
    odd = {name: found for name, text in pages.items() if (found := foreign.findall(text))}
    assert odd == {}
    assert re.search(r"use at most \d{1,3}\.\d{3} compute units", pages["transaction"])
    assert "0,50 USD" in pages["models"]


def test_the_page_of_models_has_what_their_service_has_signed(visited: Any) -> None:
    assert "small" in visited["seen"]["models"]
    assert f", at {URL}, until" in visited["seen"]["models"]


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
