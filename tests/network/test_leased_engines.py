"""A model on a node that is leased for it when somebody asks: a real box, Ray Serve, and the market."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.intelligence.conftest import CHAT, Running, inside, running, weights
from tests.sandbox.support import prepared_image

from ionet import AsyncClient, AsyncHttpTransport
from ionet.intelligence.config import IntelligenceConfig, load
from soaking import Net, localnet

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SPEED = 20
SETTINGS = """
listen = "127.0.0.1:0"
environment = "test"
metrics = "127.0.0.1:0"

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
completion = "2"
"""


def settings(net: Net, state: Path) -> IntelligenceConfig:
    text = SETTINGS.format(
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


async def until(seconds: float, there: Callable[[], bool]) -> None:
    async with asyncio.timeout(seconds):
        while not there():  # noqa: ASYNC110 (of other processes' doing)
            await asyncio.sleep(0.5)


async def test_a_request_leases_a_node_and_the_last_one_ends_it(tmp_path: Path) -> None:
    prepared_image()
    with localnet(tmp_path, SPEED) as net:

        def client() -> AsyncClient:
            return AsyncClient(AsyncHttpTransport(net.told["url"]))

        def leases() -> int:
            jobs = net.client.jobs.find_jobs(renter=net.key("renter").pubkey())
            return sum(not job.account.reason for job in jobs)

        async with running(settings(net, tmp_path / "ai"), connect=client, rent=client) as service:
            assert leases() == 0
            assert await answered(service) == 8
            assert leases() == 1
            assert await engines(service) == {CHAT: {"ready": 1, "coming": 0}}
            await until(240, lambda: leases() == 0)
    assert not net.left_over()


async def answered(service: Running) -> int:
    """Tokens of an answer by the model on the leased node."""
    _, secret = service.key()
    async with service.client(secret, timeout=300) as client:
        answer = await client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "What is a GPU?"}], max_tokens=8, seed=1
        )
    assert answer.usage is not None
    assert answer.choices[0].message.content
    return answer.usage.completion_tokens


async def engines(service: Running) -> object:
    """What the service says of its engines."""
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{service.url}/health")).json()["engines"]
