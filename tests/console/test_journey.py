"""Renting and supplying wholly in Chromium, where the job really runs: from a search to a claim."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from tests.console.conftest import config_of
from tests.console.reporting import Reporting, WholeSite
from tests.console.test_renting import PROGRAM
from tests.explorer.test_service import until
from tests.network.renting import Renting, at_work, opened
from tests.network.site import free_port
from tests.programs.market import CLASS
from tests.programs.support import HOUR

from ionet import SOL, AsyncClient, accounts, pda
from ionet.console import Console
from ionet.explorer import Bounds
from ionet.explorer._app import bare, guarded, parts
from ionet.explorer._leaves import Tables
from ionet.explorer._values import class_name
from ionet.explorer._watching import Watching
from ionet.ledger import Database
from ionet.service.guard import Counters
from ionet.service.http import listen, server_of, url_of
from workspace.pages import environment

pytestmark = pytest.mark.slow


@asynccontextmanager
async def running(renting: Renting, **more: Any) -> AsyncIterator[str]:
    """A console as it is, and its URL."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    network = renting.site.market.world.client.network
    config = replace(config_of(renting), **{"origin": "", "port": 0, **more})
    console = Console(config, lambda: AsyncClient.local(network=network, funds=SOL(0)))
    task = asyncio.create_task(console.run(stop, ready.set_result))
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        yield ready.result()
    finally:
        stop.set()
        await task


async def visit(
    what: dict[str, Any], helps: dict[str, Callable[[], Awaitable[Any]]], journey: str = "journey"
) -> Any:
    """What the browser saw; meanwhile the test does what it asks for."""
    if folder := os.environ.get("IONET_SHOTS"):
        what |= {"folder": folder}
    script = str(Path(__file__).parent / f"{journey}.mjs")
    browser = await asyncio.create_subprocess_exec(
        "node",
        script,
        json.dumps(what),
        env=environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    assert browser.stdin is not None
    assert browser.stdout is not None
    assert browser.stderr is not None
    errors = asyncio.create_task(browser.stderr.read())
    last: Any = None
    async for line in browser.stdout:
        last = json.loads(line)
        if "please" in last:
            answer = await helps[last["please"]]()
            browser.stdin.write(json.dumps(answer or {}).encode() + b"\n")
    assert await browser.wait() == 0, (await errors).decode()
    return last


def who(key: Keypair) -> dict[str, str]:
    return {"address": str(key.pubkey()), "seed": key.secret().hex()}


def amount(base: int) -> str:
    """As a page in English writes it."""
    whole, _, fraction = format(Decimal(base).scaleb(-8).normalize(), "f").partition(".")
    return f"{int(whole):,}{f'.{fraction}' if fraction else ''} IO"


def evidence(seat: Path, folder: Path) -> Path:
    """What a seat keeps of its reports, each file by its hash, as an explorer reads it."""
    folder.mkdir()
    for path in (seat / "evidence" / "objects").glob("*/*"):
        shutil.copy(path, folder / f"{path.parent.name}{path.name}")
    return folder


@asynccontextmanager
async def exploring(folder: Path, port: int) -> AsyncIterator[str]:
    """An explorer of what the seat in a folder knows."""
    app, listening = bare(), listen("127.0.0.1", port)
    with Database.open(str(folder / "seat" / "ledger.db")) as database:
        live = parts(app, database, Watching(), Bounds(), Tables(evidence(folder / "seat", folder / "shown")))
        server = server_of(guarded(app, Bounds(), Counters()), Bounds(), alone=True, idle=5)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield url_of(listening)
        finally:
            live.stop()
            server.should_exit = True
            await serving


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    """A market of whose hours reports can be made."""
    async with opened(tmp_path, WholeSite) as renting:
        renting.ready()
        yield renting


async def test_renter_and_supplier_need_nothing_but_a_browser(tools: None, renting: Renting) -> None:
    site, market = renting.site, renting.site.market
    before, seen, port = site.money(), dict[str, Any](), free_port()
    stack = AsyncExitStack()

    async def spend() -> None:
        (keyed,) = await renting.client.jobs.find_jobs(refund_to=market.renter.pubkey())
        await renting.spend(3_900)
        seen["job"] = keyed.account

    async def close() -> None:
        (keyed,) = await renting.client.jobs.find_jobs(refund_to=market.renter.pubkey())
        await renting.until_closed(keyed.address)
        seen["after"] = site.money()

    async def ready() -> None:
        renting.ready()

    async def decide() -> None:
        # For the renter: nothing of the price is due, of which ten minutes were attested.
        (keyed,) = await renting.client.jobs.find_jobs(refund_to=market.renter.pubkey())
        dispute = pda.jobs.dispute(keyed.address, keyed.account.renter)
        seen["bond"] = market.world.client.fetch(accounts.jobs.Dispute, dispute).bond
        market.world.advance(600)
        market.attest(keyed.address, 600)
        market.send(market.jobs("resolve", keyed.address, dispute=dispute, gross=0))

    async def reward() -> None:
        seen["before"] = market.node().own.due
        await Reporting(market, renting.folder / "seat").until_credited()
        seen["due"], seen["purse"] = market.node().own.due, market.purse(market.alice.owner)
        explorer = await stack.enter_async_context(exploring(renting.folder, port))
        async with httpx.AsyncClient(base_url=explorer, timeout=90) as http:
            told = await until(
                http,
                f"/api/v1/nodes/{market.alice.node}/hours",
                lambda told: all(each["source"] != "checking" for each in told["hours"]),
            )
        seen["hours"] = [each["reward"] and each["reward"]["amount"] for each in told["hours"]]

    async with (
        at_work(site),
        running(renting, explorer=f"http://127.0.0.1:{port}") as url,
        stack,
    ):
        told = await visit(
            {
                "url": url,
                "node": str(market.alice.node),
                "renter": who(market.renter),
                "supplier": who(market.alice.owner),
                "program": PROGRAM.decode(),
                "go": str(renting.folder / "go"),
                "class_name": class_name(CLASS),
            },
            {"spend": spend, "close": close, "ready": ready, "decide": decide, "reward": reward},
        )
    saw, job, after = told["saw"], seen["job"], seen["after"]
    assert told["wrong"] == []
    assert saw["first"] == "Skip to the content"
    # Each wish by itself finds the node by what it has, and not by more.
    assert [each[1:] for each in saw["search"]] == [[1, 0, 1]] * 6
    assert saw["cheap"] == ["The price is in dollars, such as 12.5, and not cheap.", 0]
    assert saw["german"] == [1, 0, 1, "The price is in dollars, such as 12,5, and not 2.000."]
    # What was said before the booking, and before the stop.
    booking = saw["booking"]["does"][0]
    assert booking.startswith(
        f"Books the node {market.alice.node} for 2 h as the job {saw['job']}: moves at most"
    )
    assert str(job.renter) in booking
    assert job.renter != market.renter.pubkey()
    assert job.refund_to == market.renter.pubkey()
    assert saw["extending"]["does"][0].startswith(f"Books the job {saw['job']} on the node ")
    assert " for 1 h more: " in saw["extending"]["does"][0].replace("\u202f", " ")
    assert [each.seconds for each in job.segments[: job.segment_count]] == [2 * HOUR, HOUR]
    due = job.segments[0].price * 3_900 // (2 * HOUR)
    assert saw["meter"] == {"paid": amount(due + job.fee), "refund": amount(job.price - due)}
    assert f"{amount(job.price - due)} come back" in saw["stopping"]["said"][0]
    # What came of it: to the base unit.
    assert after.renter == before.renter - due - job.fee
    assert saw["closed"]["refund"] == amount(job.price - due)
    assert "the program has succeeded" in saw["closed"]["outcome"]
    assert "begins <script>alert(1)</script>" in saw["log"]
    assert saw["file"] == {"name": "page.html", "text": "<script>alert(1)</script>"}
    assert "closed" in saw["list"]
    (pdf, invoice), (sheet, rows) = saw["files"]
    assert (pdf, invoice[:5], sheet) == (f"{saw['job']}.pdf", "%PDF-", f"{saw['job']}.csv")
    (refund,) = [row for row in csv.DictReader(rows.splitlines()) if row["what"] == "refund"]
    assert Decimal(refund["amount"]) == -Decimal(job.price - due).scaleb(-8)
    # The bond of a dispute goes through the key that rents, and comes back whole.
    bond = amount(seen["bond"])
    assert f"Moves {bond} from your account to that of the key {job.renter}" in saw["disputing"]["does"][2]
    assert bond in saw["disputed"]
    assert f"Moves {bond} from the account of the key {job.renter} to yours." in saw["back"]["does"]
    # Keys and sessions end when they are ended.
    assert saw["key"] == [200, 401]
    assert saw["stolen"] == 401
    assert set(json.loads(saw["stored"])) <= {"theme"}
    # The supplier's reward, by reports of the market's hours.
    assert seen["before"] == 0 < seen["due"]
    config = market.world.client.proofs.get_config()
    assert config.final_height > 0
    assert saw["claimable"] == amount(seen["due"])
    assert saw["secret"].startswith("whsec_")
    # Hour by hour, of which the last day is not credited yet.
    assert len(saw["hours"]) == len(seen["hours"])
    assert sum(Decimal(each) for each in seen["hours"] if each) * 10**8 >= seen["due"]
    for shown, earned in zip(saw["hours"], seen["hours"], strict=True):
        assert (f"{Decimal(earned):f} IO" in shown) if earned and Decimal(earned) else "UTC" in shown
    assert saw["claiming"]["does"][0].startswith(f"Pays all rewards of your node {market.alice.node}")
    assert market.purse(market.alice.owner) == seen["purse"] + seen["due"]
    assert market.node().own.due == 0
