"""Renting by the API, without a browser, where the job really runs: from a search to the refund."""

from __future__ import annotations

import asyncio
import hashlib
import os
from base64 import b64decode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from tests.console.conftest import Caller, Served, served, signed
from tests.network.renting import Renting, at_work
from tests.programs.support import HOUR

from ionet import JobState

PROGRAM = b"""
import os, pathlib, time
print("begins <script>alert(1)</script>")
go = os.environ["WAITS_FOR"]
while not os.path.exists(go):
    time.sleep(0.05)
out = pathlib.Path(os.environ["IONET_OUTPUT"])
(out / "page.html").write_text("<script>alert(1)</script>")
print("ends")
"""


async def until_logged(caller: Caller, job: str, text: str) -> str:
    whole, start = "", 0
    async with asyncio.timeout(60):
        while text not in whole:
            part = await caller.get(f"/jobs/{job}/log", start=start)
            whole, start = whole + part["text"], part["next"]
            await asyncio.sleep(0.1)
    return whole


async def planned(
    caller: Caller, console: Served, files: Mapping[str, bytes] = MappingProxyType({}), **more: Any
) -> Any:
    """The market's node, and a package for it."""
    (offer,) = (await caller.get("/offers", currency="IO"))["offers"]
    package = (await caller.post("/packages"))["id"]
    for name, content in {"train.py": PROGRAM, **files}.items():
        answer = await caller.upload(package, name, content)
        assert answer.status_code == 200, answer.text
    env = {"WAITS_FOR": str(console.renting.folder / "go")}
    asked = {"package": package, "node": offer["node"], "seconds": 2 * HOUR, "env": env, "gpus": 0}
    return await caller.post("/plans", asked | more)


async def test_a_console_that_ends_after_a_booking_delivers_when_it_is_back(renting: Renting) -> None:
    async with at_work(renting.site):
        async with served(renting) as console, console.caller(renting.key) as caller:
            await caller.sign_in()
            # More than the store takes of those who rent nothing.
            plan = await planned(caller, console, {"data": os.urandom(600_000)}, command="python3 train.py")
            call = await caller.post("/calls/book", {"plan": plan["plan"]})
        text = signed(renting.key, call["transaction"])
        await renting.client.request("sendTransaction", text, {"encoding": "base64"})
        async with served(renting) as console, console.caller(renting.key) as caller:
            await caller.sign_in()
            (renting.folder / "go").touch()
            await until_logged(caller, call["job"], "ends")


async def test_a_price_that_gets_better_leaves_the_limit_that_the_page_will_look_for(console: Served) -> None:
    renting = console.renting
    async with console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, console)
        renting.site.market.set_price(price=220_000_000)
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
    message = VersionedTransaction.from_bytes(b64decode(call["transaction"])).message
    (booking,) = (each.data for each in message.instructions if len(each.data) == 64)
    # After the discriminator, nonce and seconds.
    assert int.from_bytes(booking[24:32], "little") == int(plan["limit"]["base"])


async def test_a_program_rents_with_unsigned_transactions_from_search_to_refund(console: Served) -> None:
    renting = console.renting
    before = renting.site.money()
    async with at_work(renting.site), console.caller(renting.key) as caller:
        await caller.sign_in()
        plan = await planned(caller, console)
        call = await caller.post("/calls/book", {"plan": plan["plan"]})
        await caller.land(call)
        job = call["job"]
        assert "<script>alert(1)</script>" in await until_logged(caller, job, "begins")
        await renting.spend(3_900)
        (renting.folder / "go").touch()
        await until_logged(caller, job, "ends")
        account = await console.parts.client.jobs.get_job(Pubkey.from_string(job))
        told = (await caller.get(f"/jobs/{job}"))["cost"]
        await caller.land(await caller.post(f"/jobs/{job}/calls/stop"))
        result: dict[str, Any] = {"known": False}
        async with asyncio.timeout(60):
            while not result["known"]:
                result = await caller.get(f"/jobs/{job}/result")
                await asyncio.sleep(0.1)
        (file,) = result["files"]
        fetched = await caller.http.get(f"/api/v1/jobs/{job}/files/{file['sha256']}")
        await renting.until_closed(Pubkey.from_string(job))
        (closed,) = (await caller.get("/jobs"))["jobs"]
    after = renting.site.money()
    # 65 minutes of two hours; the page said so before the stop.
    due = account.price * 3_900 // (2 * HOUR)
    assert account.state == JobState.RUNNING
    assert int(told["refund"]["base"]) == account.price - due
    assert after.renter == before.renter - due - account.fee
    assert closed["state"] == "closed"
    assert closed["cost"]["refund"]["base"] == told["refund"]["base"]
    assert hashlib.sha256(fetched.content).hexdigest() == file["sha256"]
    assert fetched.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert fetched.headers["x-content-type-options"] == "nosniff"
