"""The explorer's pages in Chromium: two sizes, light and dark, the keyboard, and what they ask for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from solders.keypair import Keypair
from tests.explorer.browsing import ROOT, serving, visit
from tests.explorer.conftest import Near
from tests.explorer.following import follow
from tests.explorer.test_served import URL, signed
from tests.stateful.arena import Arena

from ionet import Client, events
from ionet.explorer._served import Served
from ionet.explorer._watching import told
from ionet.ledger import Check, Database, Landed, Verified

pytestmark = pytest.mark.slow

VOID = 3
#: Numbers that open no events, by their pages; docs/explorer.md says why of each.
OF_NO_EVENT = {
    ("supply", "Scheduled until now"),
    ("supply", "Scheduled"),
    ("supply", "in the treasury"),
    ("supply", "circulating"),
    ("auctions", "Oracle's price of IO"),
    ("lots", "Oracle's price of IO"),
    ("attesters", "Good time of running rentals"),
    *(
        ("models", name)
        for name in (
            "Answers", "Tokens read and written", "Tokens read", "Tokens written", "Audits passed",
            "Signed hours, all checked", "A million tokens read", "… written", "First token: half within",
            "… 90 %", "… 99 %", "Could not be judged",
        )
    ),
}  # fmt: skip


def followed(url: str, pages: dict[str, str], **more: Any) -> Any:
    """What the browser says of pages, and what is behind their links."""
    said = visit("browser.mjs", {"url": url, "pages": pages, **more})
    return said | {"links": follow(url, said["links"])}


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
        state = database.at(landed[-1].time)
        end = max(report.period_end for report in state.reports.values())
        void = next(report.period_end for report in state.reports.values() if report.state == VOID)
        decided = database.page(1, names=["proofs.ChallengeDecided"])[0].entry.event
        assert isinstance(decided, events.proofs.ChallengeDecided)
        challenged = state.reports[decided.report].period_end
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
            "challenged": f"/hours/{challenged}",
            "void": f"/hours/{void}",
            "challenge": f"/accounts/{next(iter(state.challenges))}",
            "attesters": "/attesters",
            "proposals": "/proposals",
            "events": "/events?name=jobs.Booked",
            "transaction": f"/transactions/{executed}",
            "search": f"/search?q={alice.node}",
            "past": f"/devices?at={landed[len(landed) // 2].time}",
        }
        with serving(database, watching, served=served) as url:
            return followed(url, pages, keyboard=True)


@pytest.fixture(scope="module")
def voted(tools: None, governed_chain: tuple[Client, Database, str]) -> Any:
    """The same of a chain with votes, whose accounts are said to differ."""
    client, database, proposal = governed_chain
    watching = Near(client)
    watching.reconciled = told(
        Verified(7, 1, (Check("supply of IO", 5, 4),), (), ("event 3 of a <b>node</b> is missing",), {})
    )
    with serving(database, watching) as url:
        return followed(url, {"votes": "/proposals", "proposal": f"/proposals/{proposal}"})


@pytest.fixture(scope="module")
def sold(tools: None, selling: tuple[Client, Database]) -> Any:
    """The same of the auctions while a lot is for sale."""
    client, database = selling
    watching = Near(client)
    watching.reconciled = told(Verified(7, 1, (Check("supply of IO", 5, 5),), (), (), {}))
    with serving(database, watching) as url:
        return followed(url, {"lots": "/auctions"})


def test_pages_are_accessible_fit_the_screen_and_ask_nobody_else(visited: Any, voted: Any, sold: Any) -> None:
    """No violation of axe's rules, no line in the console, at 1,280 pixels in light, at 360 in dark."""
    assert visited["wrong"] + voted["wrong"] + sold["wrong"] == []


def test_the_keyboard_reaches_content_search_and_results(visited: Any) -> None:
    assert visited["keyboard"] == {"first": "Skip to the content", "jumped": "#main", "after": "main"}


def test_the_keyboard_alone_reaches_and_uses_what_a_mouse_does(
    tools: None, place: str, client: Client, arena: Arena
) -> None:
    """All of a page in its order, where one sees it, and out again; a past time, a table's order, a row."""
    node = arena.market.alice.node
    pages = {
        "supply": "/",
        "devices": "/devices",
        "stake": "/stake",
        "node": f"/nodes/{node}",
        "hours": "/hours",
    }
    with Database.open(place) as database, serving(database, Near(client)) as url:
        told = visit("keyboard.mjs", {"url": url, "pages": pages})
    assert told["wrong"] == []
    assert min(told["steps"].values()) > 15
    past, now, ordered, row = told["went"]
    assert (past, now) == ("/stake?at=N", "/stake")
    assert ordered.startswith("/stake?")
    assert row.startswith(("/nodes/", "/stake/"))


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


def test_every_link_of_every_page_leads_somewhere(visited: Any, voted: Any, sold: Any) -> None:
    links = visited["links"] + voted["links"] + sold["links"]
    lost = {(it.page, it.href, it.status) for it in links if it.status >= 400}
    assert lost == set()
    assert len({it.href for it in links}) > 150


def test_every_number_that_is_not_nothing_opens_something(visited: Any, voted: Any, sold: Any) -> None:
    links = visited["links"] + voted["links"] + sold["links"]
    empty = {(it.page, it.text, it.href) for it in links if it.opens_nothing}
    # On most days nothing happens to the supply.
    assert {it for it in empty if it[:2] != ("supply", "events")} == set()
    assert sum(it.number for it in links) > 150


def test_numbers_without_a_link_are_those_that_the_documents_name(
    visited: Any, voted: Any, sold: Any
) -> None:
    bare = {(it["page"], it["name"]) for part in (visited, voted, sold) for it in part["bare"]}
    assert bare == OF_NO_EVENT
    missing = (ROOT / "docs/explorer.md").read_text().partition("## What is missing")[2]
    assert {name for _, name in OF_NO_EVENT if f"*{name}*" not in missing} == set()


def test_a_choice_of_a_proposal_opens_its_votes(voted: Any) -> None:
    its = [it for it in voted["links"] if "name=governance.Voted&choice=" in it.href and it.base]
    assert {it.page for it in its} == {"votes", "proposal"}
    for it in its:
        choice = it.href.rpartition("choice=")[2].partition("&")[0]
        assert {row["fields"]["choice"] for row in it.rows or []} == {choice}


def test_the_page_of_an_hour_tells_how_challenges_ended(visited: Any) -> None:
    assert "rejected Node" in visited["seen"]["challenged"]
    assert "open Node" in visited["seen"]["hour"]
