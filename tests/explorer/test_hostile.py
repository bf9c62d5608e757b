"""Text of strangers on chain that would be script were it not taken as text, and bodies that are too deep."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from solders.pubkey import Pubkey
from tests.explorer.browsing import serving, visit
from tests.explorer.conftest import GENESIS, Near, Served
from tests.explorer.test_wallets import OWN, SENT
from tests.ledger.history import founded, truth
from tests.programs.dao import Dao
from tests.programs.market import Market
from tests.programs.support import Proposal, World

from ionet import ix, pda, types
from ionet.ledger import Database

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


def hostile_market() -> tuple[Market, int]:
    """A network and evidence with such text, and the end of the evidence's hour."""
    market = Market.whole()
    name = NAME.encode().ljust(32, b"\0")
    market.send(ix.staking.register_network(authority=market.alice.key, name=name))
    market.send(market.staking("join_network", network=pda.staking.network(market.alice.key)))
    world, seat = market.world, market.attesters[0]
    world.advance(3_600)
    hours = (world.now - world.mint_config.start) // 3_600
    made = Proposal(world, hours, evidence_uri=PLACE)
    world.send(ix.mint.emit())
    world.send(made.report(seat.pubkey()), signers=[seat])
    return market, made.args.period_end


def hostile_vote() -> tuple[Dao, Pubkey]:
    """A proposal with such text."""
    dao = founded()
    args = types.governance.ProposalArgs(
        title=TITLE.encode().ljust(64, b"\0"), uri=TEXT.encode().ljust(96, b"\0"), text_hash=bytes(32)
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
