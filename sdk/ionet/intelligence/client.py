"""Accounts of a service, from another machine: sign in with a keypair, make keys, end them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from solders.keypair import Keypair

from ionet.intelligence.errors import ServiceAway, ServiceRefused
from ionet.service.settings import checked_url

_ORDER: Final = (
    ("URI", "uri"),
    ("Version", "version"),
    ("Chain ID", "chainId"),
    ("Nonce", "nonce"),
    ("Issued At", "issuedAt"),
    ("Expiration Time", "expirationTime"),
)
_PATIENCE: Final = httpx.Timeout(30.0, read=300.0)


class AccountClient:
    """An account of a service.

    Args:
        url: of the service.
        key: an API key, to act with it; None: sign in first.
        transport: for tests; by default httpx's own.

    Raises:
        ConfigError: the URL is none, or is not encrypted and leads to another machine.
    """

    def __init__(
        self, url: str, key: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = checked_url(url, {"https": "http"}, "the service's URL").rstrip("/")
        parts = urlsplit(self.url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        headers = {"origin": self._origin}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._client = httpx.Client(
            base_url=self.url, headers=headers, transport=transport, timeout=_PATIENCE
        )

    def __enter__(self) -> AccountClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def sign_in(self, keypair: Keypair) -> None:
        """Signs in, with what wallets call Sign-In With Solana; the signature moves nothing.

        Args:
            keypair: of the account.

        Raises:
            ServiceRefused: the service asks for the signature of another place.
        """
        asked = self.ask("POST", "/account/challenge")
        # Whoever stands in between could ask for a sign-in somewhere else.
        if asked.get("domain") != urlsplit(self.url).netloc or asked.get("uri") != self._origin:
            raise ServiceRefused(
                f"the service asks to sign in at {asked.get('uri')!r}, and it was reached as {self._origin}"
            )
        message = signed_text(asked, str(keypair.pubkey()))
        signature = bytes(keypair.sign_message(message))
        given = {
            "message": base64.b64encode(message).decode(),
            "signature": base64.b64encode(signature).decode(),
        }
        self.ask("POST", "/account/sign-in", given)

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yields the pieces of an answer that is written token by token, with its usage.

        Raises:
            ServiceRefused: it is not answered, or not to its end.
        """
        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        try:
            with self._client.stream("POST", path, json=asked) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise ServiceRefused(_why(self.url, answer))
                for line in answer.iter_lines():
                    if line == "data: [DONE]":
                        return
                    if line.startswith("data:"):
                        piece = json.loads(line[5:])
                        if "error" in piece:
                            raise ServiceRefused(str(piece["error"].get("message"))[:1_000])
                        yield piece
        except (httpx.HTTPError, ValueError) as bad:
            raise ServiceAway(f"the answer of {self.url} broke off ({type(bad).__name__})") from None
        raise ServiceAway(f"the answer of {self.url} broke off")

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Asks something.

        Raises:
            ServiceRefused: it answers that it does not.
        """
        try:
            answer = self._client.request(method, path, json=body)
            told = answer.json()
        except httpx.HTTPError as bad:
            raise ServiceAway(f"{self.url} does not answer ({type(bad).__name__})") from None
        except ValueError:
            raise ServiceAway(f"{self.url} is no service of this kind: it answers no JSON") from None
        if not isinstance(told, dict):
            raise ServiceAway(f"{self.url} is no service of this kind")
        if answer.status_code >= 400:
            raise ServiceRefused(_why(self.url, answer))
        return told


def _why(url: str, answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])[:1_000]
    except (ValueError, KeyError, TypeError):
        return f"{url} answers {answer.status_code}"


def signed_text(asked: dict[str, Any], address: str) -> bytes:
    """The text that a wallet writes of a challenge.

    Args:
        asked: the challenge.
        address: who signs.
    """
    lines = [f"{asked['domain']} wants you to sign in with your Solana account:", address, ""]
    lines += [str(asked["statement"]), ""]
    lines += [f"{name}: {asked[field]}" for name, field in _ORDER]
    return "\n".join(lines).encode()
