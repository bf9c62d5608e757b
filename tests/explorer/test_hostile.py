"""Text of strangers on chain that would be script were it not taken as text, and bodies that are too deep."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from solders.pubkey import Pubkey
from tests.explorer.browsing import serving, visit
from tests.explorer.conftest import GENESIS, Near, Served
from tests.explorer.test_fetching import Gateway, came, gateway
from tests.explorer.test_wallets import OWN, SENT
from tests.ledger.history import founded, truth
from tests.programs.dao import Dao
from tests.programs.market import Market
from tests.programs.support import Proposal, World

from ionet import ix, pda, types
from ionet.explorer._api import LIVE
from ionet.explorer._fetching import Fetching
from ionet.explorer._leaves import Tables
from ionet.ledger import Database

__all__ = ["gateway"]

NAME: Final = "<script>document.title=1</script>"[:32]
TITLE: Final = "\"'><img src=x onerror=\"document.title='hit'\">{{7*7}}"
PLACE: Final = "javascript:document.title='hit'//\"><script>document.title='hit'</script>"
TEXT: Final = 'https://x.example/"onmouseover="document.title=\'hit\'"<svg/onload=alert(1)>'


def ledger_of(world: World, where: Path) -> str:
    landed = truth(world.client)
    last = max(sent.slot for sent in landed)
    with Database.create(str(where), GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    return str(where)


def hostile_market(named: str = NAME, place: str = PLACE) -> tuple[Market, int]:
    """A network and evidence with such text, and the end of the evidence's hour."""
    market = Market.whole()
    name = named.encode().ljust(32, b"\0")
    market.send(ix.staking.register_network(authority=market.alice.key, name=name))
    market.send(market.staking("join_network", network=pda.staking.network(market.alice.key)))
    world, seat = market.world, market.attesters[0]
    world.advance(3_600)
    hours = (world.now - world.mint_config.start) // 3_600
    made = Proposal(world, hours, evidence_uri=place)
    world.send(ix.mint.emit())
    world.send(made.report(seat.pubkey()), signers=[seat])
    return market, made.args.period_end


def hostile_vote(title: str = TITLE, place: str = TEXT) -> tuple[Dao, Pubkey]:
    """A proposal with such text."""
    dao = founded()
    args = types.governance.ProposalArgs(
        title=title.encode().ljust(64, b"\0"), uri=place.encode().ljust(96, b"\0"), text_hash=bytes(32)
    )
    proposing = dao.proposing(args=args)
    proposal = pda.governance.proposal(dao.alpha.key, dao._nonces)
    dao.send(proposing)
    return dao, proposal


def looked_at(world: World, where: Path, pages: dict[str, str]) -> Any:
    """What the browser says of pages."""
    with Database.open(ledger_of(world, where)) as database, serving(database, Near(world.client)) as url:
        return visit("browser.mjs", {"url": url, "pages": pages, "once": True})


@pytest.mark.slow
def test_text_on_chain_is_text_in_every_page(tools: None, tmp_path: Path) -> None:
    market, end = hostile_market()
    network = pda.staking.network(market.alice.key)
    dao, proposal = hostile_vote()
    pages = {
        "networks": "/networks",
        "node": f"/nodes/{market.alice.node}",
        "network": f"/accounts/{network}",
        "search": "/search?q=%3Cscript%3E",
        "hour": f"/hours/{end}",
        "events": "/events?name=staking.NetworkRegistered&name=proofs.ReportMade",
        "asked": "/devices?owner=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    }
    said = looked_at(market.world, tmp_path / "market.db", pages)
    votes = {
        "proposals": "/proposals",
        "proposal": f"/proposals/{proposal}",
        "vote": f"/accounts/{proposal}",
        "events": "/events?name=governance.Proposed",
    }
    told = looked_at(dao.world, tmp_path / "votes.db", votes)
    # No element, no address, no handler, no dialog, and nothing in the console but that "asked" is none:
    # see browser.mjs.
    asked = "asked: console Failed to load resource: the server responded with a status of 400"
    assert [each for each in said["wrong"] + told["wrong"] if asked not in each] == []
    assert NAME in said["seen"]["networks"]
    assert PLACE in said["seen"]["hour"]
    assert TITLE in told["seen"]["proposals"]
    assert TITLE in told["seen"]["proposal"]
    assert TEXT in told["seen"]["proposal"]


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """Where nobody should connect."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


async def test_nobody_goes_where_a_report_a_proposal_or_a_network_says(
    serving: Callable[..., Served], tmp_path: Path, gateway: Gateway, trap: socket.socket
) -> None:
    place = f"http://127.0.0.1:{trap.getsockname()[1]}"
    market, end = hostile_market(place, f"{place}/evidence")
    dao, proposal = hostile_vote(place, f"{place}/text")
    gateway.status = 404
    stores = Fetching([gateway.url], tmp_path / "fetched")
    network = pda.staking.network(market.alice.key)
    told = {place, f"{place}/evidence", f"{place}/text"}
    for world, addresses in ((market.world, [market.alice.node, network]), (dao.world, [proposal])):
        asked: dict[str, list[Any]] = {"end": [end], "party": addresses, "q": [*told]}
        with Database.open(ledger_of(world, tmp_path / f"{addresses[0]}.db")) as database:
            asked |= {"address": addresses, "signature": [sent.signature for sent in database.page(3)]}
            explorer = serving(watching=Near(world.client), database=database, tables=Tables(None, stores))
            for address in await _questions(explorer, asked, str(database.marks().time)):
                answer = await explorer.get(address)
                assert answer.status_code in (200, 400, 404), (address, answer.text)
                told -= {said for said in told if f'"{said}"' in answer.text and "/search" not in address}
    assert not told, "the addresses have to be among what was answered"
    digest = sha256(b"evidence")
    assert came(stores, digest.digest()).startswith("no store that this explorer asks")
    # Evidence is fetched, where the operator says.
    assert set(gateway.asked) == {f"HEAD /files/{digest.hexdigest()}"}
    with pytest.raises(BlockingIOError):
        trap.accept()


async def _questions(explorer: Served, words: dict[str, list[Any]], time: str) -> list[str]:
    """All that can be asked with GET, with each of these words, now and about the past, also as a table."""
    asked: list[str] = []
    for path, methods in (await explorer.get("/api/v1/openapi.json")).json()["paths"].items():
        if "get" not in methods or path == LIVE:
            continue
        named = [each for each in methods["get"].get("parameters", []) if each["name"] in words]
        known = {each["name"] for each in methods["get"].get("parameters", [])}
        further = [f"{name}={said}" for name, said in (("at", time), ("format", "csv")) if name in known]
        for word in words[named[0]["name"]] if named else [""]:
            inside = bool(named) and named[0]["in"] == "path"
            address = path.format(**{named[0]["name"]: word}) if inside else path
            first = [f"{named[0]['name']}={quote(str(word))}"] if named and not inside else []
            asked += [
                f"{address}?{'&'.join([*first, *more])}" for more in ([], *([each] for each in further))
            ]
    return asked


DEEP: Final = {
    "arrays": "[" * 2_000 + "]" * 2_000,
    "objects": '{"a":' * 600 + "1" + "}" * 600,
    "inside": '{"transaction":' + "[" * 1_500 + "]" * 1_500 + "}",
    "open": "[" * 4_000,
}


@pytest.mark.parametrize("name", DEEP)
async def test_a_deep_body_is_refused_by_a_sentence(serving: Callable[..., Served], name: str) -> None:
    explorer = serving()
    answer = await explorer.get(
        SENT, method="POST", content=DEEP[name].encode(), headers={**OWN, "content-type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    assert len(answer.text) < 300
    said: Any = json.loads(answer.text)
    assert said["error"]["message"]
    assert (await explorer.get("/api/v1/supply")).status_code == 200
