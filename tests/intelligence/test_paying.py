"""Paid in, asked, killed, and what was spent in the buyback's vaults: the service's process on a chain."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from solders.pubkey import Pubkey
from tests.cli.conftest import write_key
from tests.intelligence.test_overspend import answers, charges, free_port, process
from tests.intelligence.test_settling import allowing, moving
from tests.programs.market import IO_MINT, Market
from tests.programs.people import TOKEN

from ionet import IO, pda, token_account
from ionet.intelligence.books import Books
from ionet.intelligence.treasury import PERIOD, Treasury

PAID: Final = 100 * TOKEN
#: The command as it is, on a clock that is so many seconds ahead; it is killed where a surplus is sent.
SERVICE: Final = """
import os, signal, sys, time
real, ahead, dies = time.time, float(sys.argv.pop(1)), sys.argv.pop(1)
time.time = lambda: real() + ahead
from ionet.intelligence.settling import Settling
hand_over = Settling._hand_over
async def dying(self, send):
    if dies == "sent":
        await hand_over(self, send)
    os.kill(os.getpid(), signal.SIGKILL)
if dies:
    Settling._hand_over = dying
from ionet.cli import main
main()
"""
SETTINGS: Final = """
listen = "127.0.0.1:{port}"
environment = "test"
metrics = "127.0.0.1:0"

[deposits]
io = "{till}"

[surplus]
keypair = "session.json"

[[models]]
id = "steady"
engine = "url"
url = "http://127.0.0.1:{engine}"
context = 1000
prompt = "1"
completion = "10"
"""


@dataclass(slots=True)
class Place:
    """A market whose network others reach, and a service's folder.

    Attributes:
        market: with carol, who pays in.
        url: of its network.
        state: the service's folder.
        till: an IO account, of which the service's key may spend.
        port: of the service.
    """

    market: Market
    url: str
    state: Path
    till: Pubkey
    port: int

    @property
    def vaulted(self) -> int:
        return sum(self.market.world.balance(pda.buyback.vault(IO_MINT, shard)) for shard in range(8))

    def books(self) -> Books:
        return Books(self.state / "books.db", "test")

    @asynccontextmanager
    async def service(self, ahead: int = 0, dies: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        run = ("-c", SERVICE, str(ahead), dies, "--url", self.url, "intelligence")
        async with process(*run, "run", "--state", str(self.state)) as made:
            yield made


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    market, state, port, engine = Market.new(), tmp_path / "ai", free_port(), free_port()
    owner, session = market.actor(), market.actor()
    till = market.world.io_account(owner.pubkey())
    market.send(allowing(owner.pubkey(), till, session.pubkey(), PAID))
    state.mkdir(mode=0o700)
    write_key(state / "session.json", session)
    (state / "intelligence.toml").write_text(SETTINGS.format(port=port, engine=engine, till=till))
    with market.world.client.network.serve() as server:
        async with process("-m", "tests.intelligence.steady", str(engine), "200"):
            await answers(f"http://127.0.0.1:{engine}/v1/models")
            yield Place(market, server.url, state, till, port)


async def until_paid(client: httpx.AsyncClient) -> None:
    """Waits until the payment is final and there is a price."""
    async with asyncio.timeout(60):
        while True:
            account = (await client.get("/v1/account")).json()
            if account["balance"]["io"] == str(IO.from_base(PAID)) and account["io_price"]:
                return
            await asyncio.sleep(0.1)


def asked(tokens: int, *, stream: bool) -> dict[str, object]:
    messages = [{"role": "user", "content": "tell me words"}]
    return {"model": "steady", "messages": messages, "max_tokens": tokens, "stream": stream}


async def test_what_was_spent_is_in_the_vaults_and_the_books_balance_whenever_the_service_is_killed(
    place: Place,
) -> None:
    books, carol, before = place.books(), place.market.carol.pubkey(), place.vaulted
    _, secret = books.make_key(books.account(str(carol), 0), "carol", 0)
    place.market.send(moving(token_account(carol, IO_MINT), place.till, carol, PAID))
    headers = {"authorization": f"Bearer {secret}"}
    url = f"http://127.0.0.1:{place.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        async with place.service() as service:
            await answers(f"{url}/health")
            await until_paid(client)
            whole = await client.post("/v1/chat/completions", json=asked(50, stream=False))
            assert whole.json()["usage"]["completion_tokens"] == 50
            async with client.stream("POST", "/v1/chat/completions", json=asked(900, stream=True)) as answer:
                lines = answer.aiter_lines()
                for _ in range(20):
                    await anext(lines)
                service.send_signal(signal.SIGKILL)
                with pytest.raises(httpx.HTTPError):
                    async for _ in lines:
                        pass
        # An hour later it dies when the surplus is in its books, and then when it is on its way.
        for dies in ("noted", "sent"):
            async with place.service(PERIOD, dies) as service, asyncio.timeout(60):
                assert await service.wait() == -signal.SIGKILL
            assert [send.state for send in Treasury(books).sends()] == ["signed"]
        # What was being written at first was charged by the second process: in the next hour it is over, too.
        async with place.service(2 * PERIOD) as service:
            await answers(f"{url}/health")
            async with asyncio.timeout(60):
                while [send.state for send in Treasury(books).sends()] != ["landed"] * 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            service.send_signal(signal.SIGTERM)
            await service.wait()
    spent = charges(place.state)
    assert len(spent) == 2
    assert place.vaulted - before == sum(spent.values()) > 0
    assert place.market.world.balance(place.till) == PAID - sum(spent.values())
    async with process(
        "-c",
        "from ionet.cli import main; main()",
        "--url",
        place.url,
        "--output",
        "json",
        "intelligence",
        "books",
        "--state",
        str(place.state),
    ) as shown:
        said = json.loads((await shown.communicate())[0])
        assert (shown.returncode, said["differences"]) == (0, [])
    facts = said["currencies"]["io"]
    assert (facts["deposits"], facts["accounts"]) == (PAID, PAID - sum(spent.values()))
    assert facts["sent"] == sum(spent.values())
    books.close()
