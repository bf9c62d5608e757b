"""A console on a market whose machine and seat really run jobs, over a real gateway."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.transaction import VersionedTransaction
from starlette.types import ASGIApp
from tests.explorer.browsing import needed
from tests.network.renting import Renting, opened

from ionet.console import ConsoleConfig, Limits
from ionet.console._app import bare, guarded
from ionet.console._parts import Parts
from ionet.console._service import opened as parts_of
from ionet.service.bounds import Bounds
from ionet.service.guard import Counters

ORIGIN = "http://console.test"


@pytest.fixture(scope="package")
def tools() -> None:
    """What the browser's tests need; CI fails without it."""
    needed()


def siws(challenge: dict[str, str], address: str) -> bytes:
    """The text that a wallet writes for a challenge (Sign-In With Solana)."""
    lines = [
        f"{challenge['domain']} wants you to sign in with your Solana account:",
        address,
        "",
        challenge["statement"],
        "",
        f"URI: {challenge['uri']}",
        f"Version: {challenge['version']}",
        f"Chain ID: {challenge['chainId']}",
        f"Nonce: {challenge['nonce']}",
        f"Issued At: {challenge['issuedAt']}",
        f"Expiration Time: {challenge['expirationTime']}",
    ]
    return "\n".join(lines).encode()


def signed(key: Keypair, transaction: str) -> str:
    """A transaction with a wallet's signature before those that it has, base64."""
    bare = VersionedTransaction.from_bytes(b64decode(transaction))
    signatures = [key.sign_message(to_bytes_versioned(bare.message)), *bare.signatures[1:]]
    return b64encode(bytes(VersionedTransaction.populate(bare.message, signatures))).decode()


@dataclass(slots=True)
class Caller:
    """A program that speaks with the console."""

    http: httpx.AsyncClient
    key: Keypair

    async def post(self, path: str, what: Any = None, **more: Any) -> Any:
        answer = await self.http.post(f"/api/v1{path}", json={} if what is None else what, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, **words: Any) -> Any:
        answer = await self.http.get(f"/api/v1{path}", params=words)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def proof(self) -> dict[str, str]:
        """A new challenge, as the wallet signs it."""
        message = siws(await self.post("/challenge"), str(self.key.pubkey()))
        signature = bytes(self.key.sign_message(message))
        return {"message": b64encode(message).decode(), "signature": b64encode(signature).decode()}

    async def sign_in(self) -> Any:
        return await self.post("/signin", await self.proof())

    async def land(self, call: dict[str, Any]) -> str:
        """Signs and sends a transaction."""
        sent = await self.post("/sent", {"transaction": signed(self.key, call["transaction"])})
        return str(sent["signature"])

    async def upload(self, package: str, name: str, content: bytes) -> httpx.Response:
        return await self.http.post(
            f"/api/v1/packages/{package}/files",
            params={"name": name},
            content=content,
            headers={"content-type": "application/octet-stream"},
        )


@dataclass(slots=True)
class Served:
    """A console in this process."""

    parts: Parts
    app: ASGIApp
    renting: Renting

    @asynccontextmanager
    async def caller(self, key: Keypair, source: str = "127.0.0.1", **headers: str) -> AsyncIterator[Caller]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(source, 1))
        usual = {"origin": ORIGIN} if "authorization" not in headers else {}
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={**usual, **headers}
        ) as http:
            yield Caller(http, key)


def config_of(renting: Renting, **more: Any) -> ConsoleConfig:
    usual = {
        "gateway": renting.gateway,
        "state": renting.folder / "console",
        "origin": ORIGIN,
        "bounds": Bounds(per_second=100_000, at_once=100_000, body=16_384),
    }
    return ConsoleConfig(**{**usual, **more})


@asynccontextmanager
async def served(
    renting: Renting, clock: Callable[[], float] = time.time, **more: Any
) -> AsyncIterator[Served]:
    """A console for a market."""
    config = config_of(renting, **more)
    async with parts_of(config, renting.site.reader, ORIGIN, clock) as parts:
        yield Served(parts, guarded(bare(), parts, Counters()), renting)


@pytest.fixture
async def renting(tmp_path: Path) -> AsyncIterator[Renting]:
    async with opened(tmp_path) as renting:
        renting.ready()
        yield renting


@pytest.fixture
async def console(renting: Renting) -> AsyncIterator[Served]:
    async with served(renting, limits=Limits(file=1 << 20, files=5, package=2 << 20, packages=3)) as console:
        yield console
