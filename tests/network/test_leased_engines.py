"""A model on a node that is leased for it when somebody asks: a real box, Ray Serve, and the market.

Its service is killed, and its engine; whoever asks has an answer, and the books are what the chain holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import openai
import pytest
from solders.pubkey import Pubkey
from tests.intelligence.conftest import CHAT, DOLLAR, inside, running, weights
from tests.intelligence.test_overspend import answers, free_port, process
from tests.intelligence.test_settling import moving
from tests.sandbox.support import prepared_image

from ionet import AsyncClient, AsyncHttpTransport, Client, pda, token_account
from ionet.intelligence.books import Books
from ionet.intelligence.config import IntelligenceConfig, load
from ionet.intelligence.desk import Desk
from ionet.intelligence.onchain import Tills
from ionet.intelligence.orders import check_job
from ionet.intelligence.records import Key
from ionet.intelligence.reporting import compare
from ionet.intelligence.settling import Settling
from soaking import Net, localnet

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
SETTINGS = """
listen = "127.0.0.1:{port}"
environment = "test"
metrics = "127.0.0.1:0"

[deposits]
io = "{till}"

[fleet]
gateway = "{gateway}"
keypair = "{keypair}"
classes = ["other cpu"]
memory = 2
gpus = 0
hours = 3
pay = "IO"

[fleet.files]
xllamacpp = "{xllamacpp}"

[[models]]
id = "{chat}"
engine = "lease"
file = "{weights}"
memory = 1
context = 512
slots = 2
prompt = "0.50"
completion = "1000000"
"""


PAID = 100_000_000_000


def settings(net: Net, state: Path) -> IntelligenceConfig:
    text = SETTINGS.format(
        port=free_port(),
        till=till(net),
        gateway=net.told["gateway"],
        keypair=net.folder / "renter.json",
        xllamacpp=inside("xllamacpp", ""),
        chat=CHAT,
        weights=weights(),
    )
    state.mkdir(mode=0o700)
    (state / "intelligence.toml").write_text(text)
    config = load(state)
    (model,) = config.models
    assert model.leased is not None
    # Shorter than settings can say it: an engine goes some seconds after the last request.
    leased = replace(model.leased, policy=replace(model.leased.policy, idle=5.0))
    return replace(config, models=(replace(model, leased=leased),))


def till(net: Net) -> Pubkey:
    """Where users pay in, and leases are paid from."""
    return token_account(net.key("renter").pubkey(), pda.mint.MINT)


async def until(seconds: float, there: Callable[[], bool]) -> None:
    async with asyncio.timeout(seconds):
        while not there():  # noqa: ASYNC110 (of other processes' doing)
            await asyncio.sleep(0.2)


@dataclass(slots=True)
class Place:
    """A service on a local network, and who asks it.

    Attributes:
        net: with bob, who has paid in.
        config: of the service.
        key: bob's.
        secret: … as it is sent.
        cost: of all answers, by their tokens: millionths of a dollar.
    """

    net: Net
    config: IntelligenceConfig
    key: Key
    secret: str
    cost: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    def books(self) -> Books:
        return Books(self.config.state / "books.db", "test")

    def leases(self) -> list[Pubkey]:
        jobs = self.net.client.jobs.find_jobs(renter=self.net.key("renter").pubkey())
        return [job.address for job in jobs if not job.account.reason]

    def client(self) -> AsyncClient:
        return AsyncClient(AsyncHttpTransport(self.net.told["url"]))

    async def answered(self, choices: int = 1) -> int:
        """Tokens of an answer by the model on the leased node."""
        async with openai.AsyncOpenAI(
            base_url=f"{self.url}/v1", api_key=self.secret, max_retries=0, timeout=300
        ) as client:
            answer = await client.chat.completions.create(
                model=CHAT,
                messages=[{"role": "user", "content": "What is a GPU?"}],
                max_tokens=8,
                seed=1,
                n=choices,
            )
        assert answer.usage is not None
        assert [choice.index for choice in answer.choices if choice.message.content] == list(range(choices))
        # $0.50 for a million tokens that are read, once for all choices; and more for those that are written
        # than the lease costs.
        self.cost += -(-answer.usage.prompt_tokens // 2) + DOLLAR * answer.usage.completion_tokens
        return answer.usage.completion_tokens

    async def engines(self) -> object:
        """What the service says of its engines."""
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.url}/health")).json()["engines"]

    def pay_in(self) -> None:
        """Bob sends IO to the till."""
        bob = self.net.key("bob")
        client = Client.connect(self.net.told["url"], signer=bob)
        source = token_account(bob.pubkey(), pda.mint.MINT)
        client.call(moving(source, till(self.net), bob.pubkey(), PAID)).send()

    async def differences(self) -> list[str]:
        """Where the books are not what the chain holds, to the base unit, with the leases' escrows."""
        desk = Desk(self.books())
        async with self.client() as client:
            tills = Tills(client, desk, dict(self.config.tills))
            await tills.look()
            # Where the lease was paid out and closed meanwhile, what did not come back is its cost.
            await Settling(client, client, desk, tills)._close_leases()
        shown, wrong = await desk.do(lambda books: compare(books, self.config, self.net.client))
        jobs = self.net.client.jobs.find_jobs(renter=self.net.key("renter").pubkey())
        desk.close()
        facts = shown["io"]
        held = sum(job.account.price + job.account.fee - job.account.paid_refund for job in jobs)
        if facts["escrow"] != held:
            wrong.append(f"the escrows hold {held}, and the books say {facts['escrow']}")
        if facts["deposits"] != facts["accounts"] + facts["spent"] or not facts["spent"]:
            wrong.append(f"what was spent is not what accounts lack: {facts}")
        return wrong


def check_orders(place: Place) -> None:
    """Each answer's receipt names a lease, and what its account on the chain says that it is for."""
    listed = place.net.client.jobs.find_jobs(renter=place.net.key("renter").pubkey())
    jobs = {str(job.address): job.account for job in listed}
    with contextlib.closing(sqlite3.connect(place.config.state / "receipts.db")) as kept:
        receipts = [json.loads(row[0]) for row in kept.execute("SELECT receipt FROM receipts")]
    assert receipts
    for receipt in receipts:
        assert len(receipt["ordered"]["program"]) == 64
        # Unless it was closed already; the chain's clock is faster here.
        if (job := jobs.get(receipt["ordered"]["job"])) is not None:
            check_job({**receipt, "begin": job.started_at}, job)


def engines_of_boxes() -> set[int]:
    """Processes of Ray Serve's replicas, inside boxes."""
    here, told = Path("/proc/self/ns/pid").readlink(), set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name = (path / "cmdline").read_bytes()
            if name.startswith(b"ray::ServeReplica") and (path / "ns/pid").readlink() != here:
                told.add(int(path.name))
    return told


async def test_whoever_asks_is_answered_whatever_dies_and_the_last_request_ends_the_lease(
    tmp_path: Path,
) -> None:
    prepared_image()
    with localnet(tmp_path, SPEED) as net:
        config = settings(net, tmp_path / "ai")
        books = Books(config.state / "books.db", "test")
        key, secret = books.make_key(books.account(str(net.key("bob").pubkey()), 0), "tests", 0)
        books.close()
        place = Place(net, config, key, secret)
        assert place.leases() == []
        place.pay_in()
        run = ("-c", "from ionet.cli import main; main()", "--url", net.told["url"], "intelligence", "run")
        async with process(*run, "--state", str(config.state)) as service:
            await answers(f"{place.url}/health")
            await until(60, lambda: paid_in(place))
            # Both choices at once, as by an engine of the service's own.
            assert await place.answered(2) == 16
            assert await place.engines() == {CHAT: {"ready": 1, "coming": 0}}
            leased = place.leases()
            service.send_signal(signal.SIGKILL)
            await service.wait()
        async with running(config, connect=place.client, rent=place.client):
            assert await place.answered() == 8
            # The next process goes on with the same lease.
            assert (len(leased), place.leases()) == (1, leased)
            (engine,) = engines_of_boxes()
            os.kill(engine, signal.SIGKILL)
            assert await asyncio.gather(*(place.answered() for _ in range(3))) == [8, 8, 8]
            assert engine not in engines_of_boxes()
            check_orders(place)
            await until(240, lambda: not place.leases())
            await until(60, lambda: not engines_of_boxes())
        books = place.books()
        assert books.spent(key, 0) == place.cost
        books.close()
        async with asyncio.timeout(60):
            while wrong := await place.differences():
                # Meanwhile something may come back of an escrow.
                print(wrong)
                await asyncio.sleep(1)
    assert not net.left_over()


def paid_in(place: Place) -> bool:
    """Whether the payment is in the books."""
    books = place.books()
    held = books.funds(place.key.account, 0, 0).io
    books.close()
    return held == PAID
