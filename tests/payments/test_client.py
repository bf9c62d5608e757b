"""The client of a payments host: what it reads, and what it does not take for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair

from ionet.chain.errors import ConfigError
from ionet.payments.client import PaymentRefused, PaymentsClient, PaymentsDown, shared_key
from ionet.payments.tokens import Customer, read

KEY = b"k" * 32
CAROL = Customer("carol", str(Keypair().pubkey()))
NOW = 1_800_000_000
PAID: dict[str, Any] = {
    "id": "p1", "state": "awaiting", "problem": None, "node": "n", "job": None, "seconds": 3_600,
    "extends": False, "renter": CAROL.renter, "created": NOW, "expires": NOW + 60, "way": "checkout",
    "client_secret": None, "url": "https://checkout.stripe.com/x", "total": "2.56", "charged": "0.00",
    "booked": "0.00", "refunded": "0.00", "held": "0.00", "card_fee": "0.00", "dispute": "none",
}  # fmt: skip


def asked(answer: Callable[[httpx.Request], httpx.Response]) -> Any:
    """What a client makes of an answer."""

    async def ask() -> Any:
        client = PaymentsClient("https://host", KEY, lambda: NOW, httpx.MockTransport(answer))
        try:
            return await client.payment(CAROL, "p1")
        finally:
            await client.close()

    return asyncio.run(ask())


def test_each_request_has_a_token_of_its_customer_that_ends_soon() -> None:
    tokens = []

    def answer(request: httpx.Request) -> httpx.Response:
        tokens.append(request.headers["authorization"].removeprefix("Bearer "))
        return httpx.Response(200, json=PAID)

    assert asked(answer).total == "2.56"
    assert read(KEY, tokens[0], NOW + 899) == CAROL
    with pytest.raises(Exception, match="over"):
        read(KEY, tokens[0], NOW + 900)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"paid"',
        b"x" * (5 << 20),
        *(
            httpx.Request("POST", "https://x", json={**PAID, name: value}).content
            for name, value in {
                "id": "../../v1/terms",
                "state": "paid",
                "total": 2.56,
                "charged": "1e9",
                "job": 7,
                "created": "now",
                "url": ["x"],
                "movements": [{"at": 1}],
            }.items()
        ),
    ],
)
def test_what_no_payments_host_answers_is_no_answer(body: bytes) -> None:
    with pytest.raises(PaymentsDown):
        asked(lambda request: httpx.Response(200, content=body))


def test_a_refusal_has_its_sentence_and_a_failure_is_no_refusal() -> None:
    said = {"error": {"code": "quote_over", "message": "this quote is over; ask for a new one"}}
    with pytest.raises(PaymentRefused, match="this quote is over") as refused:
        asked(lambda request: httpx.Response(409, json=said))
    assert (refused.value.status, refused.value.code) == (409, "quote_over")
    for status in (401, 500, 503):
        with pytest.raises(PaymentsDown):
            asked(lambda request, status=status: httpx.Response(status, json=said))  # type: ignore[misc]
    others: list[Any] = [{}, [], {"error": "no"}, {"error": {"code": 1, "message": "no"}}]
    for other in others:
        with pytest.raises(PaymentsDown):
            asked(lambda request, other=other: httpx.Response(404, json=other))  # type: ignore[misc]


def test_a_token_goes_to_no_other_host() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "host"
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    with pytest.raises(PaymentsDown):
        asked(answer)


def test_the_shared_key_is_read_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(ConfigError, match="cannot be read"):
        shared_key(file)
    file.write_text("c" * 40 + "\n")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        shared_key(file)
    file.chmod(0o600)
    assert shared_key(file) == b"c" * 40
    file.write_text("short")
    with pytest.raises(ConfigError, match="32 characters"):
        shared_key(file)
