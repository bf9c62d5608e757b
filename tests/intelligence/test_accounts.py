"""Accounts over HTTP: signing in with a wallet, keys, and keys of keys."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import openai
import pytest
from solders.keypair import Keypair
from tests.intelligence.conftest import CHAT, EMBEDDING, Running

from ionet.chain.errors import ConfigError
from ionet.intelligence.client import AccountClient, signed_text
from ionet.intelligence.config import load
from ionet.intelligence.errors import ServiceRefused
from ionet.intelligence.service import Intelligence


def signed_in(service: Running, keypair: Keypair) -> AccountClient:
    client = AccountClient(service.url)
    client.sign_in(keypair)
    return client


async def ask(client: AccountClient, method: str, path: str, body: Any = None) -> dict[str, Any]:
    return await asyncio.to_thread(client.ask, method, path, body)


async def test_a_wallet_makes_a_key_that_is_shown_once_and_ends_it(service: Running) -> None:
    with await asyncio.to_thread(signed_in, service, Keypair()) as wallet:
        made = await ask(wallet, "POST", "/v1/keys", {"name": "laptop", "models": [CHAT], "cap": "2.50"})
        assert made["secret"].startswith("sk-io-test-")
        (listed,) = (await ask(wallet, "GET", "/v1/keys"))["data"]
        assert "secret" not in listed
        assert (listed["name"], listed["models"], listed["cap"]) == ("laptop", [CHAT], "$2.5")
        async with service.client(made["secret"]) as client:
            assert [model.id async for model in client.models.list()] == [CHAT]
            await ask(wallet, "DELETE", f"/v1/keys/{made['id']}")
            with pytest.raises(openai.AuthenticationError, match="was revoked"):
                await client.models.list()


async def test_a_key_makes_keys_under_it_sees_no_others_and_ends_none_of_them(service: Running) -> None:
    with await asyncio.to_thread(signed_in, service, Keypair()) as wallet:
        parent = await ask(wallet, "POST", "/v1/keys", {"name": "team", "models": [CHAT], "cap": 5})
        other = await ask(wallet, "POST", "/v1/keys", {"name": "other"})
    with AccountClient(service.url, parent["secret"]) as team:
        child = await ask(team, "POST", "/v1/keys", {"name": "member", "cap": "1", "cycle": "day"})
        assert child["models"] == [CHAT]
        seen = (await ask(team, "GET", "/v1/keys"))["data"]
        assert [key["name"] for key in seen] == ["team", "member"]
        with pytest.raises(ServiceRefused, match="has made no key"):
            await ask(team, "DELETE", f"/v1/keys/{other['id']}")
        with pytest.raises(ServiceRefused, match="only for"):
            await ask(team, "POST", "/v1/keys", {"name": "more", "models": [EMBEDDING]})
    async with service.client(child["secret"]) as client:
        with pytest.raises(openai.PermissionDeniedError, match="not for"):
            await client.embeddings.create(model=EMBEDDING, input="text")


async def test_an_account_says_what_is_left_of_it(service: Running) -> None:
    _, secret = service.key(dollars=1_234_567, address="DRpbCBMxVnDK7maPM5tGv6MvB3v1sRMC86PZ8okm21hy")
    with AccountClient(service.url, secret) as client:
        told = await ask(client, "GET", "/v1/account")
    assert told["balance"] == {"usdc": "$1.234567", "io": "0 IO"}
    assert told["stake"] is None
    assert told["quota"]["left"] == "$0"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "a key has a name"),
        ({"name": "x", "models": ["smollm3"]}, "does not exist"),
        ({"name": "x", "cap": "0.0000001"}, "at most 6 decimals"),
        ({"name": "x", "cap": 1.5}, "an amount of dollars"),
        ({"name": "x", "cap": "-1"}, "an amount of dollars"),
        ({"name": "x", "cycle": "hour"}, "one of day, week, month, ever"),
        ({"name": "x", "limit": 3}, "not 'limit'"),
        ({"name": "x" * 65}, "1 to 64"),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(
    service: Running, body: dict[str, Any], said: str
) -> None:
    with await asyncio.to_thread(signed_in, service, Keypair()) as wallet:
        with pytest.raises(ServiceRefused, match=said):
            await ask(wallet, "POST", "/v1/keys", body)
        assert (await ask(wallet, "GET", "/v1/keys"))["data"] == []


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5_000, "1x", "-1"])
async def test_numbers_that_nothing_has_are_not_found(service: Running, number: str) -> None:
    _, secret = service.key(dollars=0)
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
        assert (await client.delete(f"/v1/keys/{number}")).status_code == 404
        assert (await client.get(f"/v1/receipts/hours/{number}/leaves")).status_code == 404


async def test_who_has_nothing_left_is_not_asked_to_try_again(service: Running) -> None:
    _, secret = service.key(dollars=0, address="3xJ8vGkV7yX3qJZ7QJYqkSxZs3bC3m3Vd3mYV5m5n7aQ")
    began = asyncio.get_running_loop().time()
    async with openai.AsyncOpenAI(base_url=f"{service.url}/v1", api_key=secret, max_retries=5) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.embeddings.create(model=EMBEDDING, input="text")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_second_service_takes_no_books_that_are_in_use(service: Running) -> None:
    key, _ = service.key()
    books = service.books
    books.reserve("under way", key, 5, 0, None, 0)
    with pytest.raises(ConfigError, match="another service runs"):
        await Intelligence(load(service.state)).run(asyncio.Event())
    assert books.settle("under way", 5, 0).dollars == 5
    books.close()


async def test_nobody_signs_in_for_somebody_else(service: Running) -> None:
    victim, thief = Keypair(), Keypair()
    async with httpx.AsyncClient(base_url=service.url, headers={"origin": service.url}) as client:
        asked = (await client.post("/account/challenge")).json()
        message = signed_text(asked, str(victim.pubkey()))
        given = {
            "message": base64.b64encode(message).decode(),
            "signature": base64.b64encode(bytes(thief.sign_message(message))).decode(),
        }
        answer = await client.post("/account/sign-in", json=given)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert (await client.get("/v1/keys")).status_code == 401


async def test_a_sign_in_for_another_place_is_not_signed(service: Running) -> None:
    """A service in between would get a session of the real one."""
    elsewhere = httpx.MockTransport(lambda _: httpx.Response(200, json={"domain": "bank.example"}))
    with (
        AccountClient(service.url, transport=elsewhere) as client,
        pytest.raises(ServiceRefused, match=r"bank\.example|another|sign in at"),
    ):
        client.sign_in(Keypair())


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
async def test_another_sites_pages_make_no_keys(service: Running, origin: str | None) -> None:
    with await asyncio.to_thread(signed_in, service, Keypair()) as wallet:
        cookies = dict(wallet._client.cookies)
    headers = {} if origin is None else {"origin": origin}
    async with httpx.AsyncClient(base_url=service.url, cookies=cookies, headers=headers) as client:
        answer = await client.post("/v1/keys", json={"name": "planted"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "origin"


async def test_another_sites_pages_sign_nobody_in(service: Running) -> None:
    thief = Keypair()
    async with httpx.AsyncClient(base_url=service.url) as client:
        asked = (await client.post("/account/challenge")).json()
        message = signed_text(asked, str(thief.pubkey()))
        given = {
            "message": base64.b64encode(message).decode(),
            "signature": base64.b64encode(bytes(thief.sign_message(message))).decode(),
        }
        answer = await client.post("/account/sign-in", json=given, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_keys_are_not_sent_in_the_clear() -> None:
    with pytest.raises(ConfigError, match="encrypted"):
        AccountClient("http://ai.example.org", "sk-io-live-secret")


async def test_one_address_asks_for_no_more_challenges_than_it_can_answer(service: Running) -> None:
    async with httpx.AsyncClient(base_url=service.url) as client:

        async def challenge(address: str) -> httpx.Response:
            return await client.post("/account/challenge", headers={"x-forwarded-for": address})

        answers = [await challenge("203.0.113.5") for _ in range(70)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 1 <= len(refused) <= 10
        assert (refused[0].status_code, refused[0].json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(refused[0].headers["retry-after"]) >= 1
        assert (await challenge("203.0.113.6")).status_code == 200
