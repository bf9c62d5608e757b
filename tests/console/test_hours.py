"""What nodes earned hour by hour: asked of an explorer, which may be away or answer with garbage."""

from __future__ import annotations

from pathlib import Path

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp
from tests.console.conftest import Served
from tests.explorer.conftest import GENESIS, with_choices
from tests.ledger.history import truth
from tests.programs.market import Market

from ionet.explorer import Bounds
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._watching import Watching
from ionet.ledger import Database
from ionet.service.guard import Counters


def asks(console: Served, explorer: ASGIApp) -> None:
    """Has the console ask an explorer."""
    transport = httpx.ASGITransport(explorer)
    console.parts.explorer = httpx.AsyncClient(transport=transport, base_url="http://explorer.test")


async def test_an_owner_is_told_of_each_hour_what_the_explorer_knows(console: Served, tmp_path: Path) -> None:
    # Of another market: one whose every event is in its history.
    market = Market.whole()
    with_choices(market)
    landed = truth(market.world.client)
    last = max(sent.slot for sent in landed)
    with Database.create(str(tmp_path / "ledger.db"), GENESIS) as database:
        database.write(landed, scanned=last, final=last)
        app = bare()
        live = parts(app, database, Watching(), Bounds())
        asks(console, guarded(app, Bounds(), Counters()))
        async with console.caller(market.alice.owner) as caller:
            await caller.sign_in()
            assert (await caller.get("/supply"))["hours"]
            told = await caller.get(f"/nodes/{market.alice.node}/hours")
            missing = await caller.http.get(f"/api/v1/nodes/{market.alice.device}/hours")
        live.stop()
    assert told["hours"]
    # Without evidence nobody says what was earned.
    assert {hour["source"] for hour in told["hours"]} <= {"events", "nothing"}
    assert missing.status_code == 404


async def test_an_explorer_that_answers_with_garbage_or_elsewhere_is_not_believed(console: Served) -> None:
    node = console.renting.site.market.alice.node
    elsewhere = {"location": "http://127.0.0.1:1/"}
    async with console.caller(console.renting.key) as caller:
        await caller.sign_in()
        nobody = await caller.http.get(f"/api/v1/nodes/{node}/hours")
        assert nobody.status_code == 404
        for answer in (
            PlainTextResponse("{}"),
            PlainTextResponse("<b>"),
            PlainTextResponse("", 302, elsewhere),
        ):
            asks(console, answer)
            told = await caller.http.get(f"/api/v1/nodes/{node}/hours")
            assert told.status_code == 503
