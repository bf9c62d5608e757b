"""Co-staking in Chromium on a real node: from rewards to stake to all of it leaving again."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.explorer.browsing import missing, serving, visit
from tests.explorer.conftest import GENESIS, with_choices
from tests.ledger.history import truth
from tests.nodes.starting import account_files, running_validator
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN

import ionet
from ionet import AsyncClient, AsyncHttpTransport, accounts, pda, token_account
from ionet._generated import PROGRAMS
from ionet.chain.ids import PYTH_RECEIVER, TOKEN_PROGRAM
from ionet.explorer._watching import Watching
from ionet.ledger import Database

pytestmark = [pytest.mark.node, pytest.mark.slow]


class Far(Watching):
    """Asks a node by HTTP, as a keeper does."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def ask(self, question: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
        async def asked() -> Any:
            async with AsyncClient(AsyncHttpTransport(self._url, websocket="")) as client:
                return await question(client)

        return asyncio.run(asked())


@dataclass(slots=True)
class Noted:
    """Stands before an explorer, and notes what is on chain after each step."""

    look: Callable[[], tuple[accounts.staking.Position, int]]
    seen: list[tuple[accounts.staking.Position, int]] = field(default_factory=list)

    def around(self, app: ASGIApp) -> ASGIApp:
        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith("/test/"):
                self.seen.append(await asyncio.to_thread(self.look))
                await JSONResponse({})(scope, receive, send)
                return
            await app(scope, receive, send)

        return note


@dataclass(frozen=True, slots=True)
class Moved:
    """What the browser says, and what was on chain before and after each step."""

    said: Any
    seen: list[tuple[accounts.staking.Position, int]]


@pytest.fixture(scope="module")
def moved(validator_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    if lacking := missing():
        sentence = f"the browser's tests need {', '.join(lacking)}: scripts/setup installs what is missing"
        if os.environ.get("CI") and shutil.which("apt-get"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    folder, market = tmp_path_factory.mktemp("browser"), Market.whole()
    with_choices(market)
    dave, node, near = market.dave, market.alice.node, market.world.client
    owners = [*map(Pubkey.from_string, PROGRAMS), TOKEN_PROGRAM, PYTH_RECEIVER]
    there = [address for owner in owners for address, _ in near.network.owned(owner)]
    files = account_files(near, folder / "accounts", [*there, dave.pubkey()])
    landed = truth(near)
    last, place = max(sent.slot for sent in landed), str(folder / "ledger.db")
    with Database.create(place, GENESIS) as database:
        database.write(landed, scanned=last, final=last)
    authority = market.alice.owner.pubkey()
    with (
        running_validator(validator_program, folder, authority, "--account-dir", str(files)) as url,
        ionet.connect(url) as client,
        Database.open(place) as database,
    ):
        position, purse = pda.staking.position(node, dave.pubkey()), token_account(dave.pubkey(), IO_MINT)

        def look() -> tuple[accounts.staking.Position, int]:
            return client.fetch(accounts.staking.Position, position), client.token_account(purse).amount

        noted = Noted(look)
        noted.seen.append(look())
        with serving(database, Far(url), noted.around) as explorer:
            what = {"url": explorer, "node": str(node), "address": str(dave.pubkey())}
            said = visit("wallets.mjs", what | {"seed": dave.secret().hex(), "plain": True})
        yield Moved(said, noted.seen)


def test_a_wallet_claims_stakes_and_leaves_on_a_real_node(moved: Moved) -> None:
    assert moved.said["wrong"] == []
    assert all(step["result"].startswith("Done.") for step in moved.said["journey"]), moved.said["journey"]
    (before, first), (claimed, second), (staked, third), (left, fourth) = moved.seen
    # Of 50 IO: 100 of 600 active parts of stake, less the commission of 10 %, rounded down.
    assert 50 * TOKEN * 100 // 600 * 9 // 10 - (second - first) in (0, 1)
    assert (before.active, before.pending) == (claimed.active, claimed.pending) == (100 * TOKEN, 0)
    assert (staked.active, staked.pending, second - third) == (100 * TOKEN, 10 * TOKEN, 10 * TOKEN)
    # What was pending is back at once, and the rest cools.
    assert (left.active, left.pending, fourth - third) == (0, 0, 10 * TOKEN)
    assert sum(slot.amount for slot in left.cooling.slots) == 100 * TOKEN
