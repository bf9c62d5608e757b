"""Asks gateways for the relay of a lease, as the agent of its head."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

import httpx
from solders.pubkey import Pubkey

from ionet.chain.errors import IonetError
from ionet.chain.rpc.tls import tls
from ionet.chain.signers import Signer
from ionet.overlay import Authority, Place
from ionet.store.signing import authorization

_PATIENCE: Final = 15.0
#: Bytes of an answer.
_ANSWER: Final = 16 << 10


class NoRelay(IonetError):
    """A gateway starts no relay; the message says why."""


class GatewayAway(NoRelay):
    """The gateway does not answer."""


async def start_relay(url: str, job: bytes, device: Signer, authority: Authority, seconds: int) -> Place:
    """Has a gateway start the lease's relay, or go on with it under a new certificate.

    Args:
        url: the gateway's, ``https://…``.
        job: the head's own, 32 bytes.
        device: the head's device key.
        authority: the lease's, which certifies the relay.
        seconds: until the lease ends.

    Returns:
        Where members reach it.

    Raises:
        NoRelay: there is none, and why.
        OverlayError: it cannot be certified.
    """
    async with _Gateway(url, device) as gateway:
        made = await gateway.send("POST", f"/relays/{Pubkey(job)}")
        try:
            place, public = Place.parse(str(made["place"])), bytes.fromhex(str(made["public"]))
            if len(public) != 32:
                raise ValueError("a key has 32 bytes")
        except (KeyError, ValueError) as bad:
            raise NoRelay(f"{url} answers what is no relay: {bad}") from None
        texts = {"authority": authority.open(), "certificate": authority.certify_relay(public, seconds)}
        body = json.dumps(texts).encode()
        await gateway.send("PUT", f"/relays/{Pubkey(job)}/{sha256(body).hexdigest()}", body)
        return place


async def end_relay(url: str, job: bytes, device: Signer) -> None:
    """Has a gateway end the lease's relay; repeated, it does nothing. Arguments as for `start_relay`.

    Raises:
        NoRelay: it cannot be asked.
    """
    async with _Gateway(url, device) as gateway:
        await gateway.send("DELETE", f"/relays/{Pubkey(job)}")


class _Gateway:
    def __init__(self, url: str, device: Signer) -> None:
        self._url, self._device = url.rstrip("/"), device
        self._client = httpx.AsyncClient(verify=tls(), timeout=_PATIENCE, follow_redirects=False)

    async def __aenter__(self) -> _Gateway:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        """Sends a signed request and returns the answer's object, empty where there is none."""
        nonce = (await self._exchange("GET", "/relays", {}, b"")).get("nonce")
        if not isinstance(nonce, str) or not nonce.isascii() or len(nonce) > 200:
            raise NoRelay(f"{self._url} has no relays")
        header = authorization(self._device, method, self._url + path, len(body), nonce)
        return await self._exchange(method, path, {"authorization": header}, body)

    async def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        try:
            async with self._client.stream(method, self._url + path, headers=headers, content=body) as answer:
                data = b""
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > _ANSWER:
                        raise NoRelay(f"{self._url} answers too much")
        except httpx.HTTPError as bad:
            raise GatewayAway(f"{self._url} cannot be asked for a relay: {bad!r}") from None
        try:
            value = json.loads(data) if data else {}
        except ValueError:
            value = {}
        value = value if isinstance(value, dict) else {}
        if answer.status_code >= 300:
            error = value.get("error")
            words = str(error.get("message")) if isinstance(error, dict) else f"status {answer.status_code}"
            printable = "".join(c for c in words[:300] if c.isprintable())
            raise NoRelay(f"{self._url} starts no relay: {printable}")
        return value
